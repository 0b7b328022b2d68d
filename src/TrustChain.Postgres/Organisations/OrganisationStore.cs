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

/// <summary>Organisations and their claims.</summary>
public sealed class OrganisationStore(NpgsqlDataSource database, TimeProvider time)
{
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

    /// <summary>All organisations by code.</summary>
    public async Task<IReadOnlyList<Organisation>> ListAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select id, code, name, roles, template from organisation order by code");
        var list = new List<Organisation>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            list.Add(Read(reader));
        }
        return list;
    }

    /// <summary>
    /// Adds a claim within a transaction of the caller's. Null when it overlaps a claim of another organisation: one prefix or namespace begins with the other, or the same key. An equal
    /// claim of the same organisation is returned as it is.
    /// </summary>
    public async Task<Claim?> AddClaimAsync(NpgsqlConnection connection, int organisationId, ClaimKind kind, string value, CancellationToken cancellationToken)
    {
        await using (var lockClaims = new NpgsqlCommand($"select pg_advisory_xact_lock({ClaimLock})", connection))
        {
            await lockClaims.ExecuteNonQueryAsync(cancellationToken);
        }
        foreach (var known in await ListClaimsAsync(null, cancellationToken))
        {
            if (known.OrganisationId == organisationId && known.Kind == kind && known.Value == value)
            {
                return known;
            }
            if (known.OrganisationId != organisationId && Overlap(known.Kind, known.Value, kind, value))
            {
                return null;
            }
        }
        var now = time.GetUtcNow();
        await using var insert = new NpgsqlCommand("insert into claim (organisation_id, kind, value, created_at) values ($1, $2, $3, $4) returning id", connection)
        {
            Parameters = { new() { Value = organisationId }, new() { Value = Name(kind) }, new() { Value = value }, new() { Value = now.UtcDateTime } },
        };
        var id = (int)(await insert.ExecuteScalarAsync(cancellationToken))!; // "returning" always answers.
        return new Claim(id, organisationId, kind, value, now, null);
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

    /// <summary>Claims of one organisation, or of all when null.</summary>
    public async Task<IReadOnlyList<Claim>> ListClaimsAsync(int? organisationId, CancellationToken cancellationToken)
    {
        const string Sql = """
            select id, organisation_id, kind, value, created_at, verified_at from claim where $1::integer is null or organisation_id = $1 order by id
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = (object?)organisationId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        var claims = new List<Claim>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            claims.Add(new Claim(
                reader.GetInt32(0),
                reader.GetInt32(1),
                Enum.Parse<ClaimKind>(reader.GetString(2), ignoreCase: true),
                reader.GetString(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5)));
        }
        return claims;
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

    private async Task<Organisation?> FindAsync(string where, object value, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select id, code, name, roles, template from organisation {where}");
        command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    /// <summary>Reads id, code, name, roles and template from the first columns of a row.</summary>
    internal static Organisation Read(NpgsqlDataReader reader) =>
        new(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<string[]>(3), reader.IsDBNull(4) ? null : reader.GetString(4));
}
