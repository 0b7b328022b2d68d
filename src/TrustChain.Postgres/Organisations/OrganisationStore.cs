using Npgsql;
using TrustChain.Core.Identifiers;

namespace TrustChain.Postgres.Organisations;

/// <summary>An organisation on this deployment.</summary>
/// <param name="Id">Database id.</param>
/// <param name="Code">Public identifier: a slug.</param>
/// <param name="Name">Name for people.</param>
/// <param name="Roles">Such as <c>admin</c>, <c>producer</c>, <c>certifier</c>.</param>
/// <param name="Template">Template that decides which of its steps and documents are public, if any.</param>
public sealed record Organisation(int Id, string Code, string Name, IReadOnlyList<string> Roles, string? Template)
{
    /// <summary>Role of an organisation that administers the deployment.</summary>
    public const string Admin = "admin";

    /// <summary>Role of an organisation that may read every audit entry.</summary>
    public const string Auditor = "auditor";

    public bool IsAdmin => Roles.Contains(Admin);

    public bool IsAuditor => Roles.Contains(Auditor);
}

/// <summary>Kinds of claims on identifiers.</summary>
public enum ClaimKind
{
    /// <summary>A GS1 company prefix: digits.</summary>
    Gcp,

    /// <summary>A single licensed key: its canonical Digital Link.</summary>
    Key,

    /// <summary>A URI namespace: every URI that starts with it.</summary>
    Namespace,
}

/// <summary>A claim to create items, "self-declared" until an admin verifies it.</summary>
public sealed record Claim(int Id, int OrganisationId, ClaimKind Kind, string Value, DateTimeOffset CreatedAt, DateTimeOffset? VerifiedAt);

/// <summary>Why a claim was not made.</summary>
public enum ClaimRefusal
{
    /// <summary>It overlaps a claim of another organisation.</summary>
    Overlap,

    /// <summary>The organisation has as many as it may have.</summary>
    TooMany,
}

/// <summary>A claim that was made or was there before, or why it was not.</summary>
public sealed record ClaimResult(Claim? Claim, ClaimRefusal? Refusal);

/// <summary>Organisations and their claims.</summary>
public sealed class OrganisationStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Claims that an organisation may have.</summary>
    public const int MaxClaims = 1000;

    private const string ClaimColumns = "id, organisation_id, kind, value, created_at, verified_at";
    private const long ClaimLock = 0x54727573744C6D; // one claim at a time, so that overlaps cannot slip in side by side

    /// <summary>Adds an organisation within a transaction of the caller's; null when its code is taken.</summary>
    public async Task<Organisation?> AddAsync(NpgsqlConnection connection, string code, string name, IReadOnlyList<string> roles, string? template, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into organisation (code, name, roles, template, created_at) values ($1, $2, $3, $4, $5)
            on conflict on constraint organisation_code_unique do nothing returning id
            """;
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new() { Value = code });
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = roles.ToArray() });
        command.Parameters.Add(new() { Value = (object?)template ?? DBNull.Value });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        return await command.ExecuteScalarAsync(cancellationToken) is int id ? new Organisation(id, code, name, roles, template) : null;
    }

    public Task<Organisation?> FindAsync(int id, CancellationToken cancellationToken) => FindAsync("where id = $1", id, cancellationToken);

    public Task<Organisation?> FindAsync(string code, CancellationToken cancellationToken) => FindAsync("where code = $1", code, cancellationToken);

    /// <summary>Those organisations of a list of database ids.</summary>
    public async Task<IReadOnlyList<Organisation>> ListAsync(IReadOnlyList<int> ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select id, code, name, roles, template from organisation where id = any($1)");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        return await ReadAllAsync(command, cancellationToken);
    }

    /// <summary>Some organisations, by code.</summary>
    /// <param name="after">Only those whose code comes after this one; empty for the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<Organisation>> ListAsync(string after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select id, code, name, roles, template from organisation where code > $1 order by code limit $2");
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        return await ReadAllAsync(command, cancellationToken);
    }

    /// <summary>Whether some organisation administers the deployment.</summary>
    public async Task<bool> HasAdminAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select exists (select from organisation where $1 = any(roles))");
        command.Parameters.Add(new() { Value = Organisation.Admin });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>
    /// Adds a claim within a transaction of the caller's. It is refused when it overlaps a claim of another organisation: one prefix or namespace begins with the other, or the same key. An equal
    /// claim of the same organisation is returned as it is.
    /// </summary>
    public async Task<ClaimResult> AddClaimAsync(NpgsqlConnection connection, int organisationId, ClaimKind kind, string value, CancellationToken cancellationToken)
    {
        await using (var lockClaims = new NpgsqlCommand($"select pg_advisory_xact_lock({ClaimLock})", connection))
        {
            await lockClaims.ExecuteNonQueryAsync(cancellationToken);
        }
        // All that could overlap and perhaps more, which Overlap decides; on this connection, since whoever waits for the lock holds one.
        const string Sql = $"""
            select {ClaimColumns} from claim
            where kind = $2 and value = $3 or organisation_id <> $1 and (
                kind = $2 and (starts_with(value, $3) or starts_with($3, value))
                or kind = 'key' and $2 = 'gcp' and strpos(value, $3) > 0
                or kind = 'gcp' and $2 = 'key' and strpos($3, value) > 0)
            """;
        await using (var select = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = organisationId }, new() { Value = Name(kind) }, new() { Value = value } } })
        await using (var reader = await select.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var known = ReadClaim(reader);
                if (known.OrganisationId == organisationId)
                {
                    return new ClaimResult(known, null); // Of its own only an equal one is read.
                }
                if (Overlap(known.Kind, known.Value, kind, value))
                {
                    return new ClaimResult(null, ClaimRefusal.Overlap);
                }
            }
        }
        await using (var count = new NpgsqlCommand("select count(*) from claim where organisation_id = $1", connection) { Parameters = { new() { Value = organisationId } } })
        {
            if ((long)(await count.ExecuteScalarAsync(cancellationToken))! >= MaxClaims) // "count" always answers.
            {
                return new ClaimResult(null, ClaimRefusal.TooMany);
            }
        }
        var now = time.GetUtcNow();
        await using var insert = new NpgsqlCommand("insert into claim (organisation_id, kind, value, created_at) values ($1, $2, $3, $4) returning id", connection)
        {
            Parameters = { new() { Value = organisationId }, new() { Value = Name(kind) }, new() { Value = value }, new() { Value = now.UtcDateTime } },
        };
        var id = (int)(await insert.ExecuteScalarAsync(cancellationToken))!; // "returning" always answers.
        return new ClaimResult(new Claim(id, organisationId, kind, value, now, null), null);
    }

    /// <summary>Marks a claim as verified, within a transaction of the caller's; null when there is none with this id.</summary>
    /// <returns>The claim's value.</returns>
    public async Task<string?> VerifyClaimAsync(NpgsqlConnection connection, int id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("update claim set verified_at = coalesce(verified_at, $2) where id = $1 returning value", connection);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    /// <summary>All claims of an organisation, oldest first; <see cref="MaxClaims"/> keeps them few.</summary>
    public Task<IReadOnlyList<Claim>> ListClaimsAsync(int organisationId, CancellationToken cancellationToken) => ListClaimsAsync(organisationId, 0, int.MaxValue, cancellationToken);

    /// <summary>Some claims, oldest first.</summary>
    /// <param name="organisationId">Those of one organisation, or of all when null.</param>
    /// <param name="after">Only those with a higher id.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<Claim>> ListClaimsAsync(int? organisationId, int after, int limit, CancellationToken cancellationToken)
    {
        var where = organisationId is null ? "true" : "organisation_id = $3";
        await using var command = database.CreateCommand($"select {ClaimColumns} from claim where {where} and id > $1 order by id limit $2");
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        if (organisationId is { } id)
        {
            command.Parameters.Add(new() { Value = id });
        }
        var claims = new List<Claim>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            claims.Add(ReadClaim(reader));
        }
        return claims;
    }

    /// <summary>The company prefixes that are claimed.</summary>
    public async Task<IReadOnlySet<string>> ListCompanyPrefixesAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select value from claim where kind = 'gcp'");
        var prefixes = new HashSet<string>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            prefixes.Add(reader.GetString(0));
        }
        return prefixes;
    }

    /// <summary>Name of a claim's kind in the database and in the API.</summary>
    public static string Name(ClaimKind kind) => kind switch
    {
        ClaimKind.Gcp => "gcp",
        ClaimKind.Key => "key",
        _ => "namespace",
    };

    /// <summary>Whether some item would be covered by both: one begins with the other, or a key lies under a company prefix.</summary>
    private static bool Overlap(ClaimKind kind1, string value1, ClaimKind kind2, string value2) => (kind1, kind2) switch
    {
        (ClaimKind.Gcp, ClaimKind.Key) => CompanyPrefix.DigitsOf(value2).StartsWith(value1, StringComparison.Ordinal),
        (ClaimKind.Key, ClaimKind.Gcp) => CompanyPrefix.DigitsOf(value1).StartsWith(value2, StringComparison.Ordinal),
        (ClaimKind.Key, ClaimKind.Key) => $"{value1}/".StartsWith($"{value2}/", StringComparison.Ordinal) || $"{value2}/".StartsWith($"{value1}/", StringComparison.Ordinal),
        _ => kind1 == kind2 && (value1.StartsWith(value2, StringComparison.Ordinal) || value2.StartsWith(value1, StringComparison.Ordinal)),
    };

    private static Claim ReadClaim(NpgsqlDataReader reader) => new(
        reader.GetInt32(0),
        reader.GetInt32(1),
        Enum.Parse<ClaimKind>(reader.GetString(2), ignoreCase: true),
        reader.GetString(3),
        reader.GetFieldValue<DateTimeOffset>(4),
        reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5));

    private async Task<Organisation?> FindAsync(string where, object value, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select id, code, name, roles, template from organisation {where}");
        command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    private static async Task<IReadOnlyList<Organisation>> ReadAllAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var list = new List<Organisation>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(Read(reader));
        }
        return list;
    }

    /// <summary>Reads id, code, name, roles and template from the first columns of a row.</summary>
    internal static Organisation Read(NpgsqlDataReader reader) =>
        new(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<string[]>(3), reader.IsDBNull(4) ? null : reader.GetString(4));
}
