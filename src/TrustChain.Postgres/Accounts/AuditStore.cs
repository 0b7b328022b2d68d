using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Accounts;

/// <summary>An administrative act as it is written down.</summary>
/// <param name="OrganisationId">On whose account; null when it concerns none, such as a failed sign-in.</param>
/// <param name="Actor">Who: <c>person:LOGIN</c>, <c>api-key:ID</c>, <c>operator</c> for the server's own command line, <c>service</c> for what it does by itself, or <c>anonymous</c>.</param>
/// <param name="Act">What, as a kebab-case word: one of those in <c>docs/accounts.md</c>.</param>
/// <param name="Subject">On what: an identifier, never a secret.</param>
/// <param name="Address">From which network address; empty for the command line.</param>
public sealed record AuditAct(int? OrganisationId, string Actor, string Act, string Subject, string Address);

/// <summary>A written act.</summary>
public sealed record AuditEntry(long Id, DateTimeOffset At, string? Organisation, string Actor, string Act, string Subject, string Address);

/// <summary>The list of administrative acts. The database refuses to change what is in it.</summary>
public sealed class AuditStore(NpgsqlDataSource database, TimeProvider time)
{
    private const string Sql = "insert into audit_entry (at, organisation_id, actor, act, subject, address) values ($1, $2, $3, $4, $5, $6)";

    /// <summary>Writes an act that changes nothing else here, such as one that an entry of the log shows too.</summary>
    public async Task AddAsync(AuditAct act, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await AddAsync(connection, act, cancellationToken);
    }

    /// <summary>Runs a change and writes the act down, both or neither.</summary>
    /// <param name="change">Given the open transaction; answers what it did, null for nothing, which is rolled back.</param>
    /// <param name="act">What is written of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<T?> DoAsync<T>(Func<NpgsqlConnection, Task<T?>> change, Func<T, AuditAct> act, CancellationToken cancellationToken)
        where T : class
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await change(connection) is not { } done)
        {
            return null;
        }
        await AddAsync(connection, act(done), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return done;
    }

    /// <summary>Acts, newest first.</summary>
    /// <param name="organisationId">Those on one account, or all when null.</param>
    /// <param name="before">Only those older than this id.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<AuditEntry>> ListAsync(int? organisationId, long? before, int limit, CancellationToken cancellationToken)
    {
        // Two statements, so that each is answered from the one index it is written for.
        var where = organisationId is null ? "true" : "a.organisation_id = $3";
        await using var command = database.CreateCommand($"""
            select a.id, a.at, o.code, a.actor, a.act, a.subject, a.address
            from audit_entry a left join organisation o on o.id = a.organisation_id
            where {where} and a.id < $1 order by a.id desc limit $2
            """);
        command.Parameters.Add(new() { Value = before ?? long.MaxValue });
        command.Parameters.Add(new() { Value = limit });
        if (organisationId is { } id)
        {
            command.Parameters.Add(new() { Value = id });
        }
        var entries = new List<AuditEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            entries.Add(new AuditEntry(
                reader.GetInt64(0),
                reader.GetFieldValue<DateTimeOffset>(1),
                reader.IsDBNull(2) ? null : reader.GetString(2),
                reader.GetString(3),
                reader.GetString(4),
                reader.GetString(5),
                reader.GetString(6)));
        }
        return entries;
    }

    /// <summary>Writes an act within a transaction of the caller's.</summary>
    internal async Task AddAsync(NpgsqlConnection connection, AuditAct act, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = time.GetUtcNow().UtcDateTime },
                new() { Value = (object?)act.OrganisationId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer },
                new() { Value = act.Actor },
                new() { Value = act.Act },
                new() { Value = act.Subject },
                new() { Value = act.Address },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
