namespace TrustChain.Postgres.Query;

/// <summary>Rows with events, of which a statement gives no more bytes than were asked for.</summary>
/// <param name="Rows">In order; one at least where there is any, whatever its size.</param>
/// <param name="IsLast">Whether nothing comes after them. False where the limit or the bytes ended them: then the next ones begin after the last row.</param>
public sealed record BoundedRows<T>(IReadOnlyList<T> Rows, bool IsLast);

/// <summary>
/// Bounds what a statement sends by bytes: rows end where the events before them have reached the bound. The database knows a size without unpacking the
/// event, so that what is left out is neither read nor sent.
/// </summary>
internal static class BoundedEvents
{
    /// <summary>Most bytes of events of one read; the last row may go beyond it. An event has 1 MiB at most.</summary>
    public const int MaxBytes = 8 << 20;

    /// <summary>The rows of a limited and ordered select that has a column <c>event</c>, with how many there would be without the bound as last column.</summary>
    /// <param name="select">The statement.</param>
    /// <param name="order">Its order, by its columns' names.</param>
    /// <param name="maxBytes">The parameter with the bound.</param>
    public static string Sql(string select, string order, string maxBytes) => $"""
        select * from (
            select found.*, sum(octet_length(event)) over (order by {order} rows unbounded preceding) as bytes, count(*) over () as rows from ({select}) as found) as counted
        where bytes - octet_length(event) < {maxBytes} order by {order}
        """;

    /// <summary>The rows as read.</summary>
    /// <param name="rows">What came.</param>
    /// <param name="found">How many rows there were without the bound.</param>
    /// <param name="limit">Most rows that were asked for.</param>
    public static BoundedRows<T> Of<T>(IReadOnlyList<T> rows, long found, int limit) => new(rows, rows.Count == found && found < limit);
}
