using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Devices;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Server.Commands;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>What the operator erases is gone, and what can be proven without it still is.</summary>
public sealed class ErasureTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Erase_RootForm_TakesOneEvent_AndTheOtherStaysProven()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var item = company.NewItem();
        var first = Events.Commissioning(item).WithId($"urn:uuid:{Guid.NewGuid()}").ToJsonString();
        var answer = (await company.CaptureRootAsync(key, first, Events.Observation(item).ToJsonString())).Expect(202);
        var (index, path) = await FindAsync(company, answer, 0);
        var (_, other) = await FindAsync(company, answer, 1);

        Assert.Contains("1 records", (await EraseAsync(0, index, "--reason", "asked for")).Output, StringComparison.Ordinal);

        var checks = await VerifyAsync(company, path);
        Assert.DoesNotContain(checks, static c => c.Outcome == Outcome.Failed);
        Assert.Contains(checks, static c => c is { Name: CheckNames.Event, Code: ReasonCodes.Erased });
        Assert.Contains(checks, static c => c is { Name: CheckNames.Inclusion, Outcome: Outcome.Passed });
        Assert.Contains(checks, static c => c is { Name: CheckNames.Signature, Outcome: Outcome.Passed });
        Assert.Contains(await VerifyAsync(company, other), static c => c is { Name: CheckNames.Event, Outcome: Outcome.Passed });
        Assert.Single((await Server.GetAsync($"/epcis/events?MATCH_anyEPCClass={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200).EventList);
        Assert.Contains("was erased on", (await EraseAsync(1, index, "--reason", "again")).Errors, StringComparison.Ordinal);
        var audit = (await Server.GetAsync($"/api/organisations/{company.Id}/audit", company.ApiKey)).Expect(200).Json.GetProperty("entries");
        Assert.Single(audit.EnumerateArray(), e => e.GetProperty("act").GetString() == "content-erased" && e.GetProperty("subject").GetString() == $"entry {index}, 1 records");
        // Sent again it is known, and not taken in anew.
        (await company.CaptureRootAsync(key, first)).Expect(202);
        Assert.Contains(await VerifyAsync(company, path), static c => c is { Name: CheckNames.Event, Code: ReasonCodes.Erased });
    }

    [Fact]
    public async Task Erase_DocumentForm_TakesAllOrNothing()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var answer = (await company.CaptureDocumentAsync(key, Events.Document(Events.Commissioning(company.NewItem()), Events.Commissioning(company.NewItem())))).Expect(202);
        var (index, first) = await FindAsync(company, answer, 0);
        var (_, second) = await FindAsync(company, answer, 1);

        Assert.Contains("the content of 2 records", (await EraseAsync(1, index, "--reason", "asked for")).Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(await VerifyAsync(company, first), static c => c.Code == ReasonCodes.Erased);
        Assert.Contains("2 records", (await EraseAsync(0, index, "--reason", "asked for", "--whole-statement")).Output, StringComparison.Ordinal);

        foreach (var path in (string[])[first, second])
        {
            var checks = await VerifyAsync(company, path);
            Assert.Contains(checks, static c => c is { Name: CheckNames.Signature, Code: ReasonCodes.Erased });
            Assert.DoesNotContain(checks, static c => c.Outcome == Outcome.Failed);
        }
    }

    [Fact]
    public async Task Erase_WhatOtherStatementsRepeat_TakesThemToo_AndNoStatementBringsItBack()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var (shared, second, third) = (Commissioning(), Commissioning(), Commissioning());
        var (index, path) = await FindAsync(company, (await company.CaptureRootAsync(key, shared.ToJsonString())).Expect(202), 0);
        // One document repeats the first event with a new one, another that new one with a third: the content of the first hangs on all three.
        var (_, secondPath) = await FindAsync(company, (await company.CaptureDocumentAsync(key, Events.Document(shared, second))).Expect(202), 1);
        var (_, thirdPath) = await FindAsync(company, (await company.CaptureDocumentAsync(key, Events.Document(third, second))).Expect(202), 0);
        var (_, otherPath) = await FindAsync(company, (await company.CaptureDocumentAsync(key, Events.Document(Commissioning()))).Expect(202), 0);

        Assert.Contains("the content of 3 records", (await EraseAsync(1, index, "--reason", "asked for")).Errors, StringComparison.Ordinal);
        Assert.Contains("3 records", (await EraseAsync(0, index, "--reason", "asked for", "--whole-statement")).Output, StringComparison.Ordinal);

        foreach (var erased in (string[])[path, secondPath, thirdPath])
        {
            var checks = await VerifyAsync(company, erased);
            Assert.Contains(checks, static c => c.Code == ReasonCodes.Erased);
            Assert.DoesNotContain(checks, static c => c.Outcome == Outcome.Failed);
        }
        Assert.DoesNotContain(await VerifyAsync(company, otherPath), static c => c.Code == ReasonCodes.Erased);
        await using var bodies = Server.Database.CreateCommand("select count(*) from statement_body b join statement s on s.id = b.statement_id where s.form = 0 and s.organisation_id = (select id from organisation where code = $1)");
        bodies.Parameters.Add(new() { Value = company.Id });
        Assert.Equal(1L, await bodies.ExecuteScalarAsync(TestContext.Current.CancellationToken));

        var fourth = Commissioning();
        var refused = (await company.CaptureDocumentAsync(key, Events.Document(fourth, shared))).ExpectProblem(409, "content-erased");
        Assert.Contains("event 1", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty((await Server.GetAsync($"/epcis/events?EQ_eventID={Uri.EscapeDataString(fourth["eventID"]!.GetValue<string>())}", company.ApiKey)).Expect(200).EventList);
        (await company.CaptureDocumentAsync(key, Events.Document(shared))).Expect(202); // All of it is known: nothing is stored.
        (await company.CaptureRootAsync(key, fourth.ToJsonString(), shared.ToJsonString())).Expect(202); // In root form each event stands alone.
        Assert.Contains(await VerifyAsync(company, path), static c => c is { Name: CheckNames.Event, Code: ReasonCodes.Erased });

        JsonObject Commissioning() => Events.Commissioning(company.NewItem()).WithId($"urn:uuid:{Guid.NewGuid()}");
    }

    [Fact]
    public async Task Erase_WhatAJobRecorded_TakesTheStatementThatRepeatsIt()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        (await company.CaptureDocumentAsync(key, Events.Document(Events.Commissioning(company.NewItem())))).Expect(202); // The writer has its ids, and the job takes later ones.
        var item = company.NewItem();
        var many = LargeDocument.Write(item, 1100);
        Assert.True((await Jobs.FinishAsync(Server, company, await company.CaptureAsync(many))).GetProperty("success").GetBoolean());
        var repeated = JsonNode.Parse(many)!["epcisBody"]!["eventList"]![7]!.DeepClone().AsObject();

        var answer = (await company.CaptureDocumentAsync(key, Events.Document(repeated, Events.Commissioning(company.NewItem())))).Expect(202);
        var (index, _) = await FindAsync(company, answer, 0);
        var (_, path) = await FindAsync(company, answer, 1);

        Assert.Contains("the content of 2 records", (await EraseAsync(1, index, "--reason", "asked for")).Errors, StringComparison.Ordinal);
        Assert.Contains("2 records", (await EraseAsync(0, index, "--reason", "asked for", "--whole-statement")).Output, StringComparison.Ordinal);
        Assert.Contains(await VerifyAsync(company, path), static c => c is { Name: CheckNames.Signature, Code: ReasonCodes.Erased });
        Assert.Equal(1099, (await Pages.FollowAsync(Server, $"/epcis/events?MATCH_anyEPCClass={Uri.EscapeDataString(item)}&perPage=1000", company.ApiKey, static page => page.EventList.ToList())).Count);
    }

    [Fact]
    public async Task Erase_WhatIsNoRecordOrTelemetry_IsRefused()
    {
        Assert.Contains("is no record", (await EraseAsync(1, 999_999_999, "--reason", "a")).Errors, StringComparison.Ordinal);
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var sent = (await device.SendAsync(device.Event(DateTimeOffset.UtcNow.AddHours(-3), 2, 500))).Expect(201);
        var (index, _) = await FindAsync(device.Owner, sent, 0);
        Assert.Contains("is telemetry", (await EraseAsync(1, index, "--reason", "a")).Errors, StringComparison.Ordinal);
    }

    private async Task<(long Index, string Path)> FindAsync(TestOrganisation company, Answer captured, int position)
    {
        var e = captured.Json.GetProperty("events")[position];
        var path = $"/evidence?event={Uri.EscapeDataString(e.GetProperty("eventID").GetString()!)}"; // Every event has one.
        await Server.GetCoveringCheckpointAsync();
        return ((await Server.GetAsync(path, company.ApiKey)).Expect(200).Json.GetProperty("records")[0].GetProperty("index").GetInt64(), path);
    }

    private async Task<IReadOnlyList<Check>> VerifyAsync(TestOrganisation company, string path)
    {
        Assert.True(EvidenceBundle.TryParse((await Server.GetAsync(path, company.ApiKey)).Expect(200).Bytes, out var bundle, out var error), error);
        return EvidenceVerifier.Verify(bundle, Server.Registry.Trust, null).Checks;
    }

    private async Task<(string Output, string Errors)> EraseAsync(int exitCode, long index, params string[] options)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["TrustChain:Database"] = Server.ConnectionString }).Build();
        using var output = new StringWriter();
        using var errors = new StringWriter();
        string[] arguments = ["erase", index.ToString(CultureInfo.InvariantCulture), .. options];
        Assert.True(EraseCommand.IsUsed(arguments));
        Assert.Equal(exitCode, await EraseCommand.RunAsync(arguments, configuration, output, errors));
        return (output.ToString(), errors.ToString());
    }
}
