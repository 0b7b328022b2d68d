using Npgsql;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>Makes invitations as the operator's command line does for the first admin.</summary>
internal static class Invitations
{
    public static async Task<string> AddAsync(NpgsqlDataSource database, string organisation, string role)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var found = (await new OrganisationStore(database, TimeProvider.System).FindAsync(organisation, cancellationToken))!; // The test has made it.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var invitation = await new MemberStore(database, TimeProvider.System).InviteAsync(
            connection, found.Id, OrganisationRoles.Parse(role)!.Value, "test", "operator", TimeSpan.FromHours(1), cancellationToken); // A role's name.
        return invitation!.Token; // One is always made.
    }
}
