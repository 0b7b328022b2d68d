using System.Globalization;
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
