using Npgsql;
using NpgsqlTypes;

namespace TrustChain.Postgres.Accounts;

/// <summary>People and their passkeys.</summary>
public sealed class PersonStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Passkeys that a person may have.</summary>
    public const int MaxPasskeys = 20;

    private const string Columns = """
        id, login, login_normalized, name, password_hash, security_stamp, version, authenticator_key, two_factor, recovery_codes, failed_count, locked_until, created_at, disabled_at
        """;

    /// <summary>Adds a person; false when the login is taken.</summary>
    public async Task<bool> AddAsync(Person person, CancellationToken cancellationToken)
    {
        const string Sql = $"""
            insert into person ({Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            on conflict on constraint person_login_unique do nothing
            """;
        person.CreatedAt = time.GetUtcNow();
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = person.Id });
        AddFields(command, person, person.Version);
        command.Parameters.Add(new() { Value = person.CreatedAt.UtcDateTime });
        AddTime(command, person.DisabledAt);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Stores a person that was read before; false when somebody else stored another version since, or the login is taken.</summary>
    public async Task<bool> UpdateAsync(Person person, CancellationToken cancellationToken)
    {
        const string Sql = """
            update person set login = $2, login_normalized = $3, name = $4, password_hash = $5, security_stamp = $6, version = $7, authenticator_key = $8, two_factor = $9,
                recovery_codes = $10, failed_count = $11, locked_until = $12, disabled_at = $13
            where id = $1 and version = $7 - 1
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = person.Id });
        AddFields(command, person, person.Version + 1);
        AddTime(command, person.DisabledAt);
        try
        {
            if (await command.ExecuteNonQueryAsync(cancellationToken) != 1)
            {
                return false;
            }
        }
        catch (PostgresException exception) when (exception.ConstraintName == "person_login_unique")
        {
            return false;
        }
        person.Version++;
        return true;
    }

    public Task<Person?> FindAsync(Guid id, CancellationToken cancellationToken) => FindAsync("id", id, cancellationToken);

    public Task<Person?> FindAsync(string loginNormalized, CancellationToken cancellationToken) => FindAsync("login_normalized", loginNormalized, cancellationToken);

    /// <summary>Adds a passkey, or takes over what has changed of it, such as its counter.</summary>
    public async Task<PasskeyResult> PutPasskeyAsync(Passkey passkey, CancellationToken cancellationToken)
    {
        const string Sql = """
            insert into passkey (credential_id, person_id, name, data, created_at) values ($1, $2, $3, $4, $5)
            on conflict (credential_id) do update set name = excluded.name, data = excluded.data where passkey.person_id = excluded.person_id
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // One of a person's at a time, so that none slips in beside the last one.
        await using (var hold = new NpgsqlCommand("select from person where id = $1 for no key update", connection) { Parameters = { new() { Value = passkey.PersonId } } })
        {
            await hold.ExecuteNonQueryAsync(cancellationToken);
        }
        const string IsFull = "select count(*) >= $3 and not bool_or(credential_id = $2) from passkey where person_id = $1";
        await using (var count = new NpgsqlCommand(IsFull, connection) { Parameters = { new() { Value = passkey.PersonId }, new() { Value = passkey.CredentialId }, new() { Value = MaxPasskeys } } })
        {
            if (await count.ExecuteScalarAsync(cancellationToken) is true)
            {
                return PasskeyResult.TooMany;
            }
        }
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new() { Value = passkey.CredentialId });
        command.Parameters.Add(new() { Value = passkey.PersonId });
        command.Parameters.Add(new() { Value = passkey.Name });
        command.Parameters.Add(new() { Value = passkey.Data, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = passkey.CreatedAt.UtcDateTime });
        if (await command.ExecuteNonQueryAsync(cancellationToken) != 1)
        {
            return PasskeyResult.OfAnother;
        }
        await transaction.CommitAsync(cancellationToken);
        return PasskeyResult.Kept;
    }

    /// <summary>Removes a passkey; null when the person has no such one.</summary>
    /// <returns>Its name.</returns>
    public async Task<string?> RemovePasskeyAsync(Guid personId, byte[] credentialId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("delete from passkey where person_id = $1 and credential_id = $2 returning name");
        command.Parameters.Add(new() { Value = personId });
        command.Parameters.Add(new() { Value = credentialId });
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    /// <summary>What a person sees of their passkeys, oldest first.</summary>
    public async Task<IReadOnlyList<PasskeyName>> ListPasskeyNamesAsync(Guid personId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select credential_id, name, created_at from passkey where person_id = $1 order by created_at");
        command.Parameters.Add(new() { Value = personId });
        var passkeys = new List<PasskeyName>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            passkeys.Add(new PasskeyName(reader.GetFieldValue<byte[]>(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)));
        }
        return passkeys;
    }

    /// <summary>How many passkeys a person has.</summary>
    public async Task<int> CountPasskeysAsync(Guid personId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select count(*)::integer from passkey where person_id = $1");
        command.Parameters.Add(new() { Value = personId });
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!; // "count" always answers.
    }

    /// <summary>A person's passkeys, oldest first.</summary>
    public Task<IReadOnlyList<Passkey>> ListPasskeysAsync(Guid personId, CancellationToken cancellationToken) => ListPasskeysAsync("person_id", personId, cancellationToken);

    /// <summary>Whether a person has one-time codes on, or a passkey.</summary>
    public async Task<bool> HasSecondFactorAsync(Guid personId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select two_factor or exists (select from passkey where person_id = $1) from person where id = $1");
        command.Parameters.Add(new() { Value = personId });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    public async Task<Passkey?> FindPasskeyAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        (await ListPasskeysAsync("credential_id", credentialId, cancellationToken)).SingleOrDefault();

    private async Task<IReadOnlyList<Passkey>> ListPasskeysAsync(string column, object value, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select credential_id, person_id, name, data::text, created_at from passkey where {column} = $1 order by created_at");
        command.Parameters.Add(new() { Value = value });
        var passkeys = new List<Passkey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            passkeys.Add(new Passkey(reader.GetFieldValue<byte[]>(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4)));
        }
        return passkeys;
    }

    private async Task<Person?> FindAsync(string column, object value, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"select {Columns} from person where {column} = $1");
        command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Person
            {
                Id = reader.GetGuid(0),
                Login = reader.GetString(1),
                LoginNormalized = reader.GetString(2),
                Name = reader.GetString(3),
                PasswordHash = reader.IsDBNull(4) ? null : reader.GetString(4),
                SecurityStamp = reader.GetString(5),
                Version = reader.GetInt32(6),
                AuthenticatorKey = reader.IsDBNull(7) ? null : reader.GetString(7),
                TwoFactor = reader.GetBoolean(8),
                RecoveryCodes = reader.GetFieldValue<byte[][]>(9),
                FailedCount = reader.GetInt32(10),
                LockedUntil = reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11),
                CreatedAt = reader.GetFieldValue<DateTimeOffset>(12),
                DisabledAt = reader.IsDBNull(13) ? null : reader.GetFieldValue<DateTimeOffset>(13),
            }
            : null;
    }

    private static void AddFields(NpgsqlCommand command, Person person, int version)
    {
        command.Parameters.Add(new() { Value = person.Login });
        command.Parameters.Add(new() { Value = person.LoginNormalized });
        command.Parameters.Add(new() { Value = person.Name });
        command.Parameters.Add(new() { Value = (object?)person.PasswordHash ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = person.SecurityStamp });
        command.Parameters.Add(new() { Value = version });
        command.Parameters.Add(new() { Value = (object?)person.AuthenticatorKey ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = person.TwoFactor });
        command.Parameters.Add(new() { Value = person.RecoveryCodes.ToArray() });
        command.Parameters.Add(new() { Value = person.FailedCount });
        AddTime(command, person.LockedUntil);
    }

    private static void AddTime(NpgsqlCommand command, DateTimeOffset? time) =>
        command.Parameters.Add(new() { Value = (object?)time?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
}
