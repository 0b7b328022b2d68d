using System.Security.Cryptography;
using System.Text;
using Npgsql;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Postgres.Accounts;

/// <summary>A person's role in an organisation.</summary>
public sealed record Membership(Organisation Organisation, OrganisationRole Role);

/// <summary>A member of an organisation.</summary>
public sealed record Member(Guid PersonId, string Login, string Name, OrganisationRole Role, DateTimeOffset Since);

/// <summary>Some members of an organisation, by login.</summary>
/// <param name="Members">They.</param>
/// <param name="Next">The login after which the next page begins; null on the last one.</param>
public sealed record MemberPage(IReadOnlyList<Member> Members, string? Next);

/// <summary>An open or used invitation, without its token.</summary>
public sealed record Invitation(
    Guid Id, Organisation Organisation, OrganisationRole Role, string Note, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? UsedAt, DateTimeOffset? WithdrawnAt)
{
    /// <summary>Whether it still makes somebody a member.</summary>
    public bool IsOpen(DateTimeOffset now) => UsedAt is null && WithdrawnAt is null && now < ExpiresAt;
}

/// <summary>An invitation just made, and its token, which is shown this once.</summary>
public sealed record NewInvitation(Guid Id, string Token);

/// <summary>Who belongs to which organisation, and who is invited. Methods that change something run in a transaction of the caller's.</summary>
public sealed class MemberStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>How long an invitation is open.</summary>
    public static readonly TimeSpan InvitationLifetime = TimeSpan.FromDays(7);

    private const string InvitationColumns = """
        i.id, i.role, i.note, i.created_by, i.created_at, i.expires_at, i.used_at, i.withdrawn_at
        """;

    /// <summary>The organisations of a person, by code.</summary>
    public async Task<IReadOnlyList<Membership>> ListOrganisationsAsync(Guid personId, CancellationToken cancellationToken)
    {
        const string Sql = """
            select o.id, o.code, o.name, o.roles, o.template, m.role from membership m join organisation o on o.id = m.organisation_id
            where m.person_id = $1 order by o.code
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = personId });
        var memberships = new List<Membership>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            memberships.Add(new Membership(OrganisationStore.Read(reader), (OrganisationRole)reader.GetInt16(5)));
        }
        return memberships;
    }

    /// <summary>A page of an organisation's members, by login.</summary>
    /// <param name="organisationId">The organisation.</param>
    /// <param name="search">What login or name contain, in whichever case; empty for all.</param>
    /// <param name="after">The page begins with the first login after this one; empty for the first page.</param>
    /// <param name="limit">How many there are on a page.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<MemberPage> ListAsync(int organisationId, string search, string after, int limit, CancellationToken cancellationToken)
    {
        const string Sql = """
            select p.id, p.login, p.name, m.role, m.created_at from membership m join person p on p.id = m.person_id
            where m.organisation_id = $1 and p.login > $3 and ($2 = '' or strpos(lower(p.login), lower($2)) > 0 or strpos(lower(p.name), lower($2)) > 0)
            order by p.login limit $4
            """;
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = organisationId });
        command.Parameters.Add(new() { Value = search });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit + 1 });
        var members = new List<Member>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            members.Add(new Member(reader.GetGuid(0), reader.GetString(1), reader.GetString(2), (OrganisationRole)reader.GetInt16(3), reader.GetFieldValue<DateTimeOffset>(4)));
        }
        if (members.Count <= limit)
        {
            return new MemberPage(members, null);
        }
        members.RemoveAt(limit);
        return new MemberPage(members, members[^1].Login);
    }

    /// <summary>Gives a member a role, or takes the membership away when null. Null when there is no such member, or no admin would be left.</summary>
    /// <returns>The member's login.</returns>
    public async Task<string?> ChangeAsync(NpgsqlConnection connection, int organisationId, Guid personId, OrganisationRole? role, CancellationToken cancellationToken)
    {
        // One change of members of an organisation at a time, so that two admins cannot remove each other.
        await ExecuteAsync(connection, "select 1 from organisation where id = $1 for update", cancellationToken, organisationId);
        const string Others = "select count(*) from membership where organisation_id = $1 and person_id <> $2 and role = 2";
        if (role != OrganisationRole.Admin && await ExecuteAsync(connection, Others, cancellationToken, organisationId, personId) is 0L)
        {
            return null;
        }
        var sql = role is null
            ? "delete from membership m using person p where p.id = m.person_id and m.organisation_id = $1 and m.person_id = $2 returning p.login"
            : "update membership m set role = $3 from person p where p.id = m.person_id and m.organisation_id = $1 and m.person_id = $2 returning p.login";
        object[] values = role is { } given ? [organisationId, personId, (short)given] : [organisationId, personId];
        return await ExecuteAsync(connection, sql, cancellationToken, values) as string;
    }

    /// <summary>Invites whoever gets the token.</summary>
    public async Task<NewInvitation?> InviteAsync(
        NpgsqlConnection connection, int organisationId, OrganisationRole role, string note, string createdBy, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var token = $"tci_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24))}";
        var (id, now) = (Guid.CreateVersion7(), time.GetUtcNow());
        await ExecuteAsync(
            connection,
            "insert into invitation (hash, id, organisation_id, role, note, created_by, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
            cancellationToken,
            Hash(token),
            id,
            organisationId,
            (short)role,
            note,
            createdBy,
            now.UtcDateTime,
            (now + lifetime).UtcDateTime);
        return new NewInvitation(id, token);
    }

    /// <summary>The newest invitations of an organisation.</summary>
    public Task<IReadOnlyList<Invitation>> ListInvitationsAsync(int organisationId, CancellationToken cancellationToken) =>
        ReadInvitationsAsync("i.organisation_id = $1 order by i.created_at desc limit 100", organisationId, cancellationToken);

    /// <summary>The invitation of a token, open or not.</summary>
    public async Task<Invitation?> FindInvitationAsync(string token, CancellationToken cancellationToken) =>
        (await ReadInvitationsAsync("i.hash = $1", Hash(token), cancellationToken)).SingleOrDefault();

    /// <summary>Withdraws an open invitation; null when there is none.</summary>
    public async Task<string?> WithdrawAsync(NpgsqlConnection connection, int organisationId, Guid id, CancellationToken cancellationToken) =>
        await ExecuteAsync(
            connection,
            "update invitation set withdrawn_at = $3 where id = $2 and organisation_id = $1 and used_at is null and withdrawn_at is null returning note",
            cancellationToken,
            organisationId,
            id,
            time.GetUtcNow().UtcDateTime) as string;

    /// <summary>Uses up an invitation and makes the person a member, or gives the member the role if it is more than before. Null when the invitation is not open.</summary>
    /// <returns>The invitation.</returns>
    public async Task<Invitation?> AcceptAsync(NpgsqlConnection connection, Invitation invitation, Guid personId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        const string Use = "update invitation set used_at = $2 where id = $1 and used_at is null and withdrawn_at is null and expires_at > $2 returning id";
        if (await ExecuteAsync(connection, Use, cancellationToken, invitation.Id, now) is null)
        {
            return null;
        }
        const string Join = """
            insert into membership (person_id, organisation_id, role, created_at) values ($1, $2, $3, $4)
            on conflict (person_id, organisation_id) do update set role = greatest(membership.role, excluded.role)
            """;
        await ExecuteAsync(connection, Join, cancellationToken, personId, invitation.Organisation.Id, (short)invitation.Role, now);
        return invitation;
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private async Task<IReadOnlyList<Invitation>> ReadInvitationsAsync(string where, object value, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"""
            select o.id, o.code, o.name, o.roles, o.template, {InvitationColumns} from invitation i join organisation o on o.id = i.organisation_id where {where}
            """);
        command.Parameters.Add(new() { Value = value });
        var invitations = new List<Invitation>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            invitations.Add(new Invitation(
                reader.GetGuid(5),
                OrganisationStore.Read(reader),
                (OrganisationRole)reader.GetInt16(6),
                reader.GetString(7),
                reader.GetString(8),
                reader.GetFieldValue<DateTimeOffset>(9),
                reader.GetFieldValue<DateTimeOffset>(10),
                reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11),
                reader.IsDBNull(12) ? null : reader.GetFieldValue<DateTimeOffset>(12)));
        }
        return invitations;
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
