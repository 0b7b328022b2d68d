using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Items;

namespace TrustChain.IntegrationTests.Items;

/// <summary>Of more certificates and recalls than are listed, those that count are.</summary>
public sealed class StatusStoreTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Recall_InForce_IsListed_HoweverManyWereLiftedBeforeAndAfter()
    {
        var (company, item) = await AddAsync("""
            insert into recall (id, organisation_id, item, item_key, reason, instructions, set_at, set_entry_id, lifted_at)
            select $3 || n, o.id, $3, $2, 'mould', 'return it', timestamptz '2026-01-01' + n * interval '1 hour', 1, case when n <> 250 then now() end
            from organisation o, generate_series(1, 500) n where o.code = $1
            """);

        var recalls = await new StatusStore(Server.Database).ListRecallsAsync([ItemKey.Compute(item)], TestContext.Current.CancellationToken);

        Assert.Equal([item + 250, .. Enumerable.Range(302, 199).Select(n => item + n)], recalls.Select(static r => r.Id));
        var listed = (await Server.GetAsync($"/api/recalls?item={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200).Json.GetProperty("recalls");
        Assert.Contains(listed.EnumerateArray(), static r => r.GetProperty("liftedAt").ValueKind == System.Text.Json.JsonValueKind.Null);
    }

    [Fact]
    public async Task Certificates_ThatAreNewest_AreListed_AndRevokedOnesLast()
    {
        var (_, item) = await AddAsync("""
            insert into certificate (id, organisation_id, item, item_key, details, valid_from, valid_until, issue_entry_id, revoked_at)
            select $3 || n, o.id, $3, $2, '{}', timestamptz '2026-01-01' + n * interval '1 hour', timestamptz '2027-01-01', 1, case when n > 400 then now() end
            from organisation o, generate_series(1, 500) n where o.code = $1
            """);

        var certificates = await new StatusStore(Server.Database).ListCertificatesAsync([ItemKey.Compute(item)], TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(201, 200).Select(n => item + n), certificates.Select(static c => c.Id));
    }

    private async Task<(TestOrganisation Company, string Item)> AddAsync(string sql)
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        await using var command = Server.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = company.Id });
        command.Parameters.Add(new() { Value = ItemKey.Compute(item) });
        command.Parameters.Add(new() { Value = item });
        Assert.Equal(500, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        return (company, item);
    }
}
