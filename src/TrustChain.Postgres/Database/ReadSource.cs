using Npgsql;

namespace TrustChain.Postgres.Database;

/// <summary>
/// Where a read goes that may be a moment old: to the primary, or to the standby that was chosen for the request at hand. Only the stores' methods that ask
/// for it read there; everything else, and everything that fills a cache, reads from the primary.
/// </summary>
public static class ReadSource
{
    private static readonly AsyncLocal<NpgsqlDataSource?> Standby = new();

    /// <summary>The standby chosen for what runs here; the primary where none was.</summary>
    public static NpgsqlDataSource ForReading(this NpgsqlDataSource primary) => Standby.Value ?? primary;

    /// <summary>Chooses a standby for the rest of the asynchronous method that calls this, and for what it calls.</summary>
    public static void UseStandby(NpgsqlDataSource standby) => Standby.Value = standby;
}
