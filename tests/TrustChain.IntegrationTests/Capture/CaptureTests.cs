using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

public sealed class CaptureTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Capture_PlainDocument_IsSignedByTheServerAndReadable()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();

        var answer = await company.CaptureAsync(Events.Document(Events.Commissioning(item), Events.Observation(item)));

        ExpectReceipt(answer, 202, events: 2);
        Assert.Equal($"/epcis/capture/{answer.Text("captureID")}", answer.Location);
        await ExpectReadableAsync(company, answer);
        Assert.Equal("custodial", await CustodyOfAsync(company, EventIds(answer)[0]));
    }

    [Theory]
    [InlineData(SignatureAlgorithms.ES256)]
    [InlineData(SignatureAlgorithms.EdDsa)]
    public async Task Capture_DocumentForm_IsStoredUnderTheStatementSent(string algorithm)
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync(algorithm);
        var compact = TestOrganisation.SignDocument(key, Events.Document(Events.Commissioning(company.NewItem())));

        var answer = await company.SendStatementAsync(compact);

        ExpectReceipt(answer, 202, events: 1);
        Assert.Equal(Hash32.Compute(System.Text.Encoding.ASCII.GetBytes(compact)).ToHex(), answer.Text("statement"));
        await ExpectReadableAsync(company, answer);
        Assert.Equal("self", await CustodyOfAsync(company, EventIds(answer)[0]));
    }

    [Theory]
    [InlineData(SignatureAlgorithms.ES256)]
    [InlineData(SignatureAlgorithms.EdDsa)]
    public async Task Capture_RootForm_IsStoredUnderTheStatementSent(string algorithm)
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync(algorithm);
        var item = company.NewItem();
        var body = TestOrganisation.SignRoot(key, Events.Commissioning(item).ToJsonString(), Events.Observation(item).ToJsonString(), Events.Observation(item, "packing").ToJsonString());

        var answer = await company.SendRootAsync(body);

        ExpectReceipt(answer, 202, events: 3);
        var compact = JsonDocument.Parse(body).RootElement.GetProperty("statement").GetString()!;
        Assert.Equal(Hash32.Compute(System.Text.Encoding.ASCII.GetBytes(compact)).ToHex(), answer.Text("statement"));
        await ExpectReadableAsync(company, answer);
        Assert.Equal("self", await CustodyOfAsync(company, EventIds(answer)[2]));
    }

    [Fact]
    public async Task Events_PlainEvent_AnswersWithItsAddress()
    {
        var company = await Server.AddOrganisationAsync();

        var answer = await company.CaptureAsync(Events.Commissioning(company.NewItem()).WithId("urn:uuid:3f1e7c56-9f8b-4f7a-8f43-0f5c0d4b7a01").ToJsonString(), "/epcis/events");

        ExpectReceipt(answer, 201, events: 1);
        Assert.Equal($"/epcis/events/{Uri.EscapeDataString("urn:uuid:3f1e7c56-9f8b-4f7a-8f43-0f5c0d4b7a01")}", answer.Location);
        await ExpectReadableAsync(company, answer);
    }

    [Fact]
    public async Task Events_SignedEvent_AnswersWithItsAddress()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();

        var answer = await company.CaptureDocumentAsync(key, Events.Commissioning(company.NewItem()).ToJsonString(), "/epcis/events");

        ExpectReceipt(answer, 201, events: 1);
        var hash = answer.Json.GetProperty("events")[0].GetProperty("eventHash").GetString()!;
        Assert.Equal($"/epcis/events/{Uri.EscapeDataString(hash)}", answer.Location);
        await ExpectReadableAsync(company, answer);
    }

    [Fact]
    public async Task Capture_WithoutEventId_NamesEventByTheHashOfWhatWasSent()
    {
        var company = await Server.AddOrganisationAsync();
        var e = Events.Commissioning(company.NewItem());
        var read = EpcisReader.Read(JsonSerializer.SerializeToUtf8Bytes(e), EpcisReadOptions.Default);

        var answer = (await company.CaptureAsync(Events.Document(e))).Expect(202);

        Assert.Equal(read.Events[0].EventHashUri, EventIds(answer)[0]);
    }

    [Fact]
    public async Task Capture_GivenEventId_IsKept()
    {
        var company = await Server.AddOrganisationAsync();

        var answer = (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem()).WithId("https://company.example/events/17")))).Expect(202);

        Assert.Equal("https://company.example/events/17", EventIds(answer)[0]);
        await ExpectReadableAsync(company, answer);
    }

    [Fact]
    public async Task Capture_AfterTheCustodialKeyWasRevoked_IsSignedWithANewOne()
    {
        var company = await Server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        var kid = (await Server.GetAsync("/api/keys", company.ApiKey)).Json.GetProperty("keys")[0].GetProperty("kid").GetString();

        (await Server.PostAsync($"/api/keys/{kid}/revoke", new { }, company.ApiKey)).Expect(200);
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);

        var statement = Assert.Single((await Server.GetAsync("/api/keys", company.ApiKey)).Json.GetProperty("keys").EnumerateArray(), k => k.GetProperty("kid").GetString() != kid);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, statement.GetProperty("revokedAt").ValueKind);
        var audit = (await Server.GetAsync($"/api/organisations/{company.Id}/audit", company.ApiKey)).Expect(200).Json.GetProperty("entries");
        Assert.Equal(
            [kid, statement.GetProperty("kid").GetString()],
            audit.EnumerateArray().Where(static e => e.GetProperty("act").GetString() == "key-admitted" && e.GetProperty("actor").GetString() == "service").Select(static e => e.GetProperty("subject").GetString()).Reverse());
    }

    [Fact]
    public async Task Capture_OneBadEventOfThree_StoresNothing()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        var before = await Server.CountAsync();

        var answer = await company.CaptureAsync(Events.Document(
            Events.Commissioning(item).WithId("urn:test:good-1"), Events.Observation(item).With("eventTime", "\"2026-04-05T08:00:00\""), Events.Observation(item).WithId("urn:test:good-2")));

        var problem = answer.ExpectProblem(400, "invalid-events");
        Assert.StartsWith("/epcisBody/eventList/1/eventTime", problem.GetProperty("errors")[0].GetProperty("pointer").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, await Server.CountAsync());
        Assert.Equal(404, (await Server.GetAsync("/epcis/events/urn%3Atest%3Agood-1", company.ApiKey)).Status);
        Assert.Equal(404, (await Server.GetAsync("/epcis/events/urn%3Atest%3Agood-2", company.ApiKey)).Status);
    }

    [Fact]
    public async Task Capture_OneUnauthorisedEventOfThree_StoresNothing()
    {
        var company = await Server.AddOrganisationAsync();
        var other = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var before = await Server.CountAsync();

        var answer = await company.CaptureRootAsync(
            key, Events.Commissioning(company.NewItem()).ToJsonString(), Events.Commissioning(other.NewItem()).ToJsonString(), Events.Commissioning(company.NewItem()).ToJsonString());

        answer.ExpectProblem(403, "no-authority");
        Assert.Equal(before, await Server.CountAsync());
    }

    private void ExpectReceipt(Answer answer, int status, int events)
    {
        answer.Expect(status);
        Assert.Equal(events, answer.Json.GetProperty("events").GetArrayLength());
        Assert.Equal(SignatureCheck.Valid, Receipt.Verify(answer.Text("receipt"), Server.Keys.LogVerifier.Key, out var receipt));
        Assert.NotNull(receipt);
        Assert.Equal(answer.Text("statement"), receipt.Statement.ToHex());
        Assert.Equal(OperatorKeys.Origin, receipt.Origin);
        Assert.Equal(answer.Text("receivedAt"), Core.Log.Record.FormatTime(receipt.ReceivedAt));
        Assert.Equal(receipt.ReceivedAt + TimeSpan.FromSeconds(60), receipt.MustAppearBy);
    }

    /// <summary>The job is finished and every event reads back with its eventID and the time of its capture.</summary>
    private async Task ExpectReadableAsync(TestOrganisation company, Answer capture)
    {
        var job = (await Server.GetAsync($"/epcis/capture/{capture.Text("captureID")}", company.ApiKey)).Expect(200).Json;
        Assert.True(job.GetProperty("success").GetBoolean());
        Assert.False(job.GetProperty("running").GetBoolean());
        Assert.Equal(capture.Text("receivedAt"), job.GetProperty("finishedAt").GetString());
        foreach (var eventId in EventIds(capture))
        {
            var e = Assert.Single((await Server.GetAsync($"/epcis/events/{Uri.EscapeDataString(eventId)}", company.ApiKey)).Expect(200).EventList);
            Assert.Equal(eventId, e.GetProperty("eventID").GetString());
            Assert.Equal(capture.Text("receivedAt"), e.GetProperty("recordTime").GetString());
            Assert.Equal("ObjectEvent", e.GetProperty("type").GetString());
        }
    }

    private async Task<string?> CustodyOfAsync(TestOrganisation company, string eventId)
    {
        await Server.GetCoveringCheckpointAsync();
        var bundle = (await Server.GetAsync($"/evidence?event={Uri.EscapeDataString(eventId)}", company.ApiKey)).Expect(200).Json;
        return bundle.GetProperty("records")[0].GetProperty("record").GetProperty("custody").GetString();
    }

    private static string[] EventIds(Answer capture) => [.. capture.Json.GetProperty("events").EnumerateArray().Select(static e => e.GetProperty("eventID").GetString()!)];
}
