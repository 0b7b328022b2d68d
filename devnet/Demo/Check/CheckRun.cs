using System.Diagnostics;
using System.Globalization;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>Proves what the demo claims, with the built command line as the judge, and that the judge refuses forgeries.</summary>
internal static class CheckRun
{
    /// <summary>True when every claim was proven and every forgery refused.</summary>
    public static async Task<bool> RunAsync(DevnetHost devnet, TeaDemo demo, DemoClient client, TextWriter output, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var report = new CheckReport(output);
        var evidence = new Evidence(client);
        var cli = new CliProcess(devnet);
        var pages = new PageCheck(client, demo, report);

        await pages.RecallAsync(cancellationToken);
        await output.WriteLineAsync("      waiting for the final anchor");
        foreach (var (name, uri) in demo.Items.All)
        {
            var bundle = await evidence.OfItemAsync(uri, cancellationToken);
            report.Add($"The evidence of {name} verifies end to end", (await cli.VerifyAsync(bundle, [], cancellationToken)).Fault());
        }
        await CheckTinAsync(demo, evidence, cli, report, cancellationToken);
        await pages.TinAsync(cancellationToken);
        await pages.PrivateStepAsync(cancellationToken);
        var reading = new ReadingCheck(client, demo, evidence, cli, report);
        await reading.PrivateEventsAsync(cancellationToken);
        await reading.DocumentAsync(cancellationToken);
        var fsck = await cli.FsckAsync(cancellationToken);
        report.Add("The whole log fits its checkpoint, its tiles and the contract (fsck)", fsck.ExitCode == 0 ? null : fsck.Words);

        await new DeviceCheck(devnet, client, cli, report).RunAsync(cancellationToken);

        await ForgeryCheck.RunAsync(devnet, demo, evidence, cli, report, cancellationToken);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Proven} claims proven, {report.Refused} forgeries refused, {report.Failed} failed, in {clock.Elapsed.TotalSeconds:0} s."));
        return report.Failed == 0;
    }

    /// <summary>What holds of the first tin's records as a whole.</summary>
    private static async Task CheckTinAsync(TeaDemo demo, Evidence evidence, CliProcess cli, CheckReport report, CancellationToken cancellationToken)
    {
        var utf8 = await evidence.OfItemAsync(demo.Items.Tins[0], cancellationToken);
        var bundle = Evidence.Read(utf8);
        var records = bundle.Records.Select(static r =>
        {
            using var json = System.Text.Json.JsonDocument.Parse(r.Record);
            return Record.TryParse(json.RootElement, out var record) ? record : throw new DevnetException("A record of the server is malformed.");
        }).ToList();
        var custodial = records.Where(static r => r.Custody == Custody.Custodial).ToList();
        var isBatch = custodial is [var only] && only.EventHash == demo.State.Events.GetValueOrDefault(TeaDemo.Batch, only.EventHash);
        report.Add(
            $"Of the tin's {records.Count} records one was signed by the service, the batch's registration; the others with keys held by their organisations",
            isBatch ? null : $"{custodial.Count} are custodial");

        var statements = records.Select(static r => r.Statement).ToHashSet();
        var receipts = demo.State.Receipts.Where(r => Promised(r.Value) is { } statement && statements.Contains(statement)).Select(static r => r.Value).ToList();
        var result = await cli.VerifyAsync(utf8, receipts, cancellationToken);
        var kept = result.Checks().Count(static c => c is { Name: "receipt", IsPassed: true });
        report.Add(
            $"The log kept the promises of all {receipts.Count} receipts given for the tin",
            result.Fault() ?? (kept == receipts.Count && kept > 10 ? null : $"{kept} were confirmed"));

        var transformations = bundle.Records.Where(static r => r.Event is not null)
            .SelectMany(static r => EpcisReader.Read(r.Event!.Value, EpcisReadOptions.Default).Events) // Filtered above.
            .Count(static e => e.EventType == "TransformationEvent");
        report.Add("The tin's evidence leads through the four transformations back to the leaf", transformations == 4 ? null : $"there are {transformations}");

        var recalled = Evidence.Read(await evidence.OfItemAsync(demo.Items.Tins[^1], cancellationToken)).Status.Count(static s => s.Kind == EntryKind.Recall);
        report.Add("The recalled tin's evidence holds the recall and its lifting", recalled >= 2 && recalled % 2 == 0 ? null : $"it holds {recalled} entries");
    }

    /// <summary>The statement that a receipt is for.</summary>
    private static Hash32? Promised(string receipt)
    {
        if (!Core.Signing.Jws.TryParse(receipt, out var jws, out _))
        {
            return null;
        }
        using var payload = System.Text.Json.JsonDocument.Parse(jws.Payload);
        return Hash32.TryParseHex(payload.RootElement.GetProperty("statement").GetString(), out var digest) ? digest : null;
    }
}
