using System.Globalization;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Query;

namespace TrustChain.IntegrationTests.Query;

/// <summary>How much master data an organisation may have, and how much of it is read at once.</summary>
[Collection(QueryCollection.Name)]
public sealed class MasterDataQuotaTests(QueryFixture fixture)
{
    private const string Vocabulary = "urn:epcglobal:epcis:vtype:BusinessLocation";

    [Fact]
    public async Task Elements_BeyondTheQuota_AreRefusedAndNothingIsCaptured()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        await FillAsync(company, "insert into master_data (organisation_id, vocabulary, id, attributes, changed_at) select $1, $2, 'urn:example:full:' || n, '{\"attributes\":[],\"index\":[]}', now() from generate_series(1, $3) n", MasterDataStore.MaxElements - 1);

        (await company.CaptureAsync(Corpus.Document([], Places("urn:example:new:1")))).Expect(202);
        (await company.CaptureAsync(Corpus.Document([], Places("urn:example:new:2")))).ExpectProblem(409, "too-many-elements");
        (await company.CaptureAsync(Corpus.Document([Event], Places("urn:example:new:2")))).ExpectProblem(409, "too-many-elements");
        Assert.Empty((await fixture.SendAsync(HttpMethod.Get, "/epcis/events", company.ApiKey)).EventIds);
        // What is there may be replaced, and events without master data go on.
        (await company.CaptureAsync(Corpus.Document([Event], Places("urn:example:new:1")))).Expect(202);
        Assert.Single((await fixture.SendAsync(HttpMethod.Get, "/epcis/events", company.ApiKey)).EventIds);
        Assert.Equal(MasterDataStore.MaxElements, await CountAsync(company, "master_data"));
    }

    [Fact]
    public async Task Children_BeyondTheQuota_AreRefused()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        await FillAsync(company, "insert into master_data_child (organisation_id, vocabulary, parent, child) select $1, $2, 'urn:example:full:1', 'urn:example:full:' || n from generate_series(1, $3) n", MasterDataStore.MaxElements - 2);

        (await company.CaptureAsync(Corpus.Document([], Places("urn:example:new:1", "urn:example:a", "urn:example:b", "urn:example:c")))).ExpectProblem(409, "too-many-elements");
        (await company.CaptureAsync(Corpus.Document([], Places("urn:example:new:1", "urn:example:a", "urn:example:b")))).Expect(202);
        (await company.CaptureAsync(Corpus.Document([], Places("urn:example:full:1", "urn:example:a", "urn:example:b", "urn:example:c")))).Expect(202);
        Assert.Equal(5, await CountAsync(company, "master_data_child"));
    }

    [Theory]
    [InlineData("rollback", 0)]
    [InlineData("proceed", 1)]
    public async Task Job_BeyondTheQuota_SaysSo(string behaviour, int captured)
    {
        var company = await fixture.Server.AddOrganisationAsync();
        await FillAsync(company, "insert into master_data (organisation_id, vocabulary, id, attributes, changed_at) select $1, $2, 'urn:example:full:' || n, '{\"attributes\":[],\"index\":[]}', now() from generate_series(1, $3) n", MasterDataStore.MaxElements);
        // Two MB are a job.
        var document = Corpus.Document([Event], Places("urn:example:new:1")) + new string(' ', 2 << 20);
        var content = TestOrganisation.Content("application/json", System.Text.Encoding.UTF8.GetBytes(document));
        var id = (await fixture.SendAsync(HttpMethod.Post, "/epcis/capture", company.ApiKey, content, ("GS1-Capture-Error-Behaviour", behaviour))).Answer.Expect(202).Text("captureID");

        var job = await Eventually.GetAsync<object>("end of the job", async () =>
            (await fixture.SendAsync(HttpMethod.Get, $"/epcis/capture/{id}", company.ApiKey)).Answer.Expect(200).Json is var state && !state.GetProperty("running").GetBoolean() ? state : null);

        Assert.False(((System.Text.Json.JsonElement)job).GetProperty("success").GetBoolean());
        Assert.Contains("too-many-elements", job.ToString(), StringComparison.Ordinal);
        Assert.Equal(captured, (await fixture.SendAsync(HttpMethod.Get, "/epcis/events", company.ApiKey)).EventIds.Count);
    }

    [Fact]
    public async Task List_OfMoreCharactersThanAsked_EndsWithoutThem()
    {
        var company = await fixture.Server.AddOrganisationAsync();
        var store = new MasterDataStore(fixture.Server.Database);
        var id = await IdOfAsync(company);
        var elements = Enumerable.Range(0, 200).Select(n => new MasterDataElement(Vocabulary, $"urn:example:large:{n}", $"[{{\"id\":\"urn:example:note\",\"attribute\":\"{new string('n', 100_000)}\"}}]", [], [])).ToList();
        Assert.True(await store.PutAsync(id, elements, DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken));

        Assert.Null(await store.ListAsync(id, new MasterDataSearch(), 10_001, 1_000_000, TestContext.Current.CancellationToken));
        Assert.Equal(200, (await store.ListAsync(id, new MasterDataSearch(), 10_001, 30_000_000, TestContext.Current.CancellationToken))!.Count); // They fit.
        Assert.Equal(5, (await store.ListAsync(id, new MasterDataSearch(), 5, 1_000_000, TestContext.Current.CancellationToken))!.Count); // They fit.
    }

    [Fact]
    public async Task Descendants_AreFoundByAnIndex()
    {
        await using var connection = await fixture.Server.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var plan = new Npgsql.NpgsqlCommand(
            "set enable_seqscan = off; explain select c.child from master_data_child c where c.organisation_id = 1 and c.parent = 'urn:example:full:1'", connection);
        var lines = new List<string>();
        await using var reader = await plan.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            lines.Add(reader.GetString(0));
        }

        Assert.Contains("master_data_child_parent", string.Join('\n', lines), StringComparison.Ordinal);
    }

    private static string Event => string.Create(CultureInfo.InvariantCulture, $$"""
        {"type":"ObjectEvent","eventTime":"2026-03-01T00:00:00Z","eventTimeZoneOffset":"+00:00","eventID":"urn:uuid:{{Guid.NewGuid()}}","action":"OBSERVE","epcList":["urn:example:item:1"]}
        """);

    private static string Places(string id, params string[] children) =>
        $$"""{"vocabularyList":[{"type":"{{Vocabulary}}","vocabularyElementList":[{"id":"{{id}}","children":[{{string.Join(',', children.Select(static c => $"\"{c}\""))}}]}]}]}""";

    private async Task FillAsync(TestOrganisation company, string sql, int count)
    {
        await using var command = fixture.Server.Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = await IdOfAsync(company) });
        command.Parameters.Add(new() { Value = Vocabulary });
        command.Parameters.Add(new() { Value = count });
        Assert.Equal(count, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }

    private async Task<long> CountAsync(TestOrganisation company, string table)
    {
        await using var command = fixture.Server.Database.CreateCommand($"select count(*) from {table} where organisation_id = $1");
        command.Parameters.Add(new() { Value = await IdOfAsync(company) });
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // count(*) always answers.
    }

    private async Task<int> IdOfAsync(TestOrganisation company)
    {
        await using var command = fixture.Server.Database.CreateCommand("select id from organisation where code = $1");
        command.Parameters.Add(new() { Value = company.Id });
        return (int)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // It was made.
    }
}
