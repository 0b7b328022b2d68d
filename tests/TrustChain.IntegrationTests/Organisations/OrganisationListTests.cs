using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Organisations;

namespace TrustChain.IntegrationTests.Organisations;

/// <summary>Organisations are read as far as they are asked for, however many there are.</summary>
public sealed class OrganisationListTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Organisations_AreListedAHundredAtATime()
    {
        var company = await Server.AddOrganisationAsync();
        await using (var command = Server.Database.CreateCommand(
            "insert into organisation (code, name, roles, created_at) select $1 || '-' || lpad(n::text, 3, '0'), 'One of many', '{producer}', now() from generate_series(1, 230) n"))
        {
            command.Parameters.Add(new() { Value = company.Id });
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var first = (await Server.GetAsync("/api/organisations", company.ApiKey)).Expect(200).Json;
        Assert.Equal(100, first.GetProperty("organisations").GetArrayLength());
        var all = (await Server.ListAsync("/api/organisations", "organisations", company.ApiKey)).Select(static o => o.GetProperty("id").GetString()!).ToList();

        Assert.Equal(all.Count, all.Distinct().Count());
        Assert.Equal(230, all.Count(code => code.StartsWith(company.Id + "-", StringComparison.Ordinal)));
        Assert.Contains(company.Id, all);
        (await Server.GetAsync("/api/organisations?after=%00", company.ApiKey)).ExpectProblem(400, "invalid-request");
    }

    [Fact]
    public async Task Directory_ReadsTheOrganisationsThatAreNeeded_AndNoOthers()
    {
        var (one, other, third) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var store = new OrganisationStore(Server.Database, TimeProvider.System);
        var directory = new OrganisationDirectory(store, TimeProvider.System);
        var (first, second) = (await IdAsync(store, one), await IdAsync(store, other));

        var found = await directory.GetAsync([first, second, first], TestContext.Current.CancellationToken);
        Assert.Equal([one.Id, other.Id], found.Values.Select(static o => o.Code).Order());

        var further = await directory.GetAsync([second, await IdAsync(store, third)], TestContext.Current.CancellationToken);
        Assert.Equal([other.Id, third.Id], further.Values.Select(static o => o.Code).Order());
    }

    private static async Task<int> IdAsync(OrganisationStore store, TestOrganisation organisation) =>
        (await store.FindAsync(organisation.Id, TestContext.Current.CancellationToken))!.Id; // It was added above.
}
