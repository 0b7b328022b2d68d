using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>What is one record and what is two.</summary>
public sealed class RetryTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Capture_SamePlainDocumentAgain_ReturnsFirstResultAndMakesNoEntry()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        var document = Events.Document(Events.Commissioning(item), Events.Observation(item).WithId("urn:test:retry:1"));

        await ExpectRepeatAsync(() => company.CaptureAsync(document), 202);
    }

    [Fact]
    public async Task Capture_SameStatementInDocumentFormAgain_ReturnsFirstResultAndMakesNoEntry()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var compact = TestOrganisation.SignDocument(key, Events.Document(Events.Commissioning(company.NewItem())));

        await ExpectRepeatAsync(() => company.SendStatementAsync(compact), 202);
    }

    [Fact]
    public async Task Capture_SameEventsInAnotherStatement_ReturnsFirstResultAndMakesNoEntry()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync(SignatureAlgorithms.EdDsa);
        var e = Events.Commissioning(company.NewItem()).ToJsonString();

        await ExpectRepeatAsync(() => company.CaptureRootAsync(key, e), 202); // Fresh salts each time.
    }

    [Fact]
    public async Task Events_SameEventAgain_ReturnsFirstLocationAndMakesNoEntry()
    {
        var company = await Server.AddOrganisationAsync();
        var e = Events.Commissioning(company.NewItem()).ToJsonString();

        await ExpectRepeatAsync(() => company.CaptureAsync(e, "/epcis/events"), 201);
    }

    [Fact]
    public async Task Capture_SameBodyManyTimesAtOnce_MakesOneRecord()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var compact = TestOrganisation.SignDocument(key, Events.Document(Events.Commissioning(company.NewItem()).WithId("urn:test:retry:many")));
        var before = await Server.CountAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => company.SendStatementAsync(compact)));

        Assert.All(answers, a => Assert.Equal(answers[0].Body, a.Expect(202).Body));
        Assert.Equal(new StoredCounts(before.Entries + 1, before.Statements + 1, before.Records + 1), await Server.CountAsync());
    }

    [Fact]
    public async Task Capture_KnownAndNewEventTogether_GivesReceiptForTheNewOne()
    {
        var company = await Server.AddOrganisationAsync();
        var known = Events.Commissioning(company.NewItem());
        (await company.CaptureAsync(Events.Document(known))).Expect(202);
        var before = await Server.CountAsync();

        var answer = (await company.CaptureAsync(Events.Document(known, Events.Commissioning(company.NewItem())))).Expect(202);

        Assert.Equal(before.Entries + 1, (await Server.CountAsync()).Entries);
        var fresh = answer.Json.GetProperty("events")[1].GetProperty("eventID").GetString()!;
        Assert.Equal(SignatureCheck.Valid, Receipt.Verify(answer.Text("receipt"), Server.Keys.LogVerifier.Key, out var receipt));
        var record = Assert.Single(await GetRecordsAsync(company, fresh));
        Assert.Equal(record.GetProperty("statement").GetString(), receipt!.Statement.ToHex());
    }

    [Fact]
    public async Task Capture_SameEventByAnotherOrganisation_IsASecondRecord()
    {
        var (first, second) = (await Server.AddOrganisationAsync("tea"), await Server.AddOrganisationAsync("tea"));
        var e = Events.Observation(first.NewItem(), Events.PublicStep);
        var answer = (await first.CaptureAsync(Events.Document(e))).Expect(202);
        var before = await Server.CountAsync();

        var corroboration = (await second.CaptureAsync(Events.Document(e))).Expect(202);

        Assert.NotEqual(answer.Location, corroboration.Location);
        Assert.Equal(before.Records + 1, (await Server.CountAsync()).Records);
        var records = await GetRecordsAsync(first, answer.Json.GetProperty("events")[0].GetProperty("eventHash").GetString()!);
        Assert.Equal(2, records.Count);
        Assert.Equal(2, records.Select(static r => r.GetProperty("kid").GetString()).Distinct().Count());
    }

    [Theory]
    [InlineData("/epcis/capture")]
    [InlineData("/epcis/events")]
    public async Task Capture_EventIdOfAnotherContent_IsRefusedAndStoresNothing(string path)
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        var id = $"urn:test:taken:{path.Length}";
        (await company.CaptureAsync(Events.Document(Events.Commissioning(item).WithId(id)))).Expect(202);
        var before = await Server.CountAsync();
        var other = Events.Observation(item, "packing").WithId(id);

        var answer = await company.CaptureAsync(path == "/epcis/events" ? other.ToJsonString() : Events.Document(Events.Observation(item), other), path);

        var problem = answer.ExpectProblem(409, "event-id-in-use");
        Assert.Equal("epcisException:ResourceAlreadyExistsException", problem.GetProperty("type").GetString());
        Assert.Contains(path == "/epcis/events" ? "event 0" : "event 1", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, await Server.CountAsync());
        var kept = (await Server.GetAsync($"/epcis/events/{Uri.EscapeDataString(id)}", company.ApiKey)).Expect(200);
        Assert.Equal("commissioning", Assert.Single(kept.EventList).GetProperty("bizStep").GetString());
    }

    [Fact]
    public async Task Capture_OneEventIdForTwoContentsInOneDocument_IsRefusedAndStoresNothing()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(item)))).Expect(202);
        var before = await Server.CountAsync();

        var answer = await company.CaptureAsync(Events.Document(Events.Observation(item).WithId("urn:test:twice"), Events.Observation(item, "packing").WithId("urn:test:twice")));

        answer.ExpectProblem(409, "event-id-in-use");
        Assert.Equal(before, await Server.CountAsync());
    }

    [Fact]
    public async Task Capture_SameEventIdByAnotherOrganisation_IsAccepted()
    {
        var (first, second) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());

        (await first.CaptureAsync(Events.Document(Events.Commissioning(first.NewItem()).WithId("urn:test:shared")))).Expect(202);
        (await second.CaptureAsync(Events.Document(Events.Commissioning(second.NewItem()).WithId("urn:test:shared")))).Expect(202);
    }

    [Fact]
    public async Task Capture_ErrorDeclaration_IsARecordOfItsOwn()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        var wrong = Events.Commissioning(item).WithId("urn:test:wrong");
        var answer = (await company.CaptureAsync(Events.Document(wrong))).Expect(202);
        var before = await Server.CountAsync();
        var declaration = Events.Commissioning(item).WithId("urn:test:wrong").With(
            "errorDeclaration", """{"declarationTime":"2026-04-06T08:00:00Z","reason":"incorrect_data","correctiveEventIDs":["urn:test:corrected"]}""");

        var declared = (await company.CaptureAsync(Events.Document(declaration))).Expect(202);

        Assert.NotEqual(answer.Location, declared.Location);
        Assert.Equal(Hash(answer), Hash(declared)); // The hash leaves the declaration out.
        Assert.Equal(new StoredCounts(before.Entries + 1, before.Statements + 1, before.Records + 1), await Server.CountAsync());
        var records = await GetRecordsAsync(company, "urn:test:wrong");
        Assert.Equal(2, records.Count);
        Assert.Equal(2, records.Select(static r => r.GetProperty("statement").GetString()).Distinct().Count());

        static string? Hash(Answer capture) => capture.Json.GetProperty("events")[0].GetProperty("eventHash").GetString();
    }

    private async Task ExpectRepeatAsync(Func<Task<Answer>> send, int status)
    {
        var first = (await send()).Expect(status);
        var before = await Server.CountAsync();

        var second = (await send()).Expect(status);

        Assert.Equal(first.Location, second.Location);
        Assert.Equal(first.Body, second.Body); // Receipt and times included.
        Assert.Equal(before, await Server.CountAsync());
    }

    private async Task<IReadOnlyList<JsonElement>> GetRecordsAsync(TestOrganisation company, string eventId)
    {
        await Server.GetCoveringCheckpointAsync();
        var bundle = (await Server.GetAsync($"/evidence?event={Uri.EscapeDataString(eventId)}", company.ApiKey)).Expect(200).Json;
        return [.. bundle.GetProperty("records").EnumerateArray().Select(static r => r.GetProperty("record"))];
    }
}
