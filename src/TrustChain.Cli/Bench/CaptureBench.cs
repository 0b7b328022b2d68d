using System.Diagnostics;
using System.Globalization;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Bench;

/// <summary>Settings of <c>bench capture</c>.</summary>
internal sealed record CaptureBenchOptions
{
    /// <summary>Which events.</summary>
    public CorpusKind Corpus { get; init; } = CorpusKind.Object;

    /// <summary>Events in a statement, 1 to 1,000.</summary>
    public int Batch { get; init; } = 100;

    /// <summary>Events in all.</summary>
    public int Events { get; init; } = 100_000;

    /// <summary>Clients sending at once.</summary>
    public int Clients { get; init; } = 16;

    /// <summary>Chooses the corpus and the records fetched afterwards.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Distinct items.</summary>
    public int Items { get; init; } = 10_000;

    /// <summary>Keys that sign.</summary>
    public int Keys { get; init; } = 50;

    /// <summary>Records fetched and verified afterwards.</summary>
    public int Sample { get; init; } = 1000;
}

/// <summary>
/// <c>bench capture</c>: how many signed events a second a server takes in. The clock runs from the first request until a signed checkpoint covers
/// everything; before it everything is signed, after it random records must be there with evidence that verifies.
/// </summary>
internal static class CaptureBench
{
    /// <summary>Good when everything was taken in and the sample verifies.</summary>
    public static async Task<int> RunAsync(Shell shell, Uri server, string adminKey, CaptureBenchOptions options, CancellationToken cancellationToken)
    {
        shell.Error.WriteLine($"registering an organisation with {options.Keys} keys");
        using var organisation = await BenchOrganisation.CreateAsync(server, adminKey, options.Keys, cancellationToken);
        using var client = new ServerClient(server, organisation.ApiKey, options.Clients);
        var trust = await CaptureCommand.GetTrustAsync(client, cancellationToken);

        shell.Error.WriteLine($"signing {options.Events} events in statements of {options.Batch}");
        var items = new BenchItems(organisation.CompanyPrefix, options.Items);
        var corpus = new EventCorpus(options.Corpus, options.Seed, items, organisation.Steps);
        var load = CaptureLoad.Sign(corpus, organisation, trust.Origin, options.Events, options.Batch);

        shell.Error.WriteLine($"sending with {options.Clients} clients");
        var sizeBefore = await CaptureLoad.WaitForSizeAsync(client, trust, organisation.LastKeyEntry + 1, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        await load.SendAsync(client, options.Clients, cancellationToken);
        var acknowledged = Stopwatch.GetElapsedTime(started);
        await CaptureLoad.WaitForSizeAsync(client, trust, sizeBefore + options.Events, cancellationToken);
        var logged = Stopwatch.GetElapsedTime(started);

        shell.Error.WriteLine($"fetching and verifying {options.Sample} records");
        var sample = new EvidenceSample(client, trust, corpus, items, load.PlaceOf);
        var random = new Random(options.Seed);
        await sample.CheckAsync(Enumerable.Range(0, options.Sample).Select(_ => random.Next(options.Events)), options.Clients, cancellationToken);
        Write(shell, options, load.Latencies, acknowledged, logged, sample.Latencies);
        return ExitCodes.Good;
    }

    private static void Write(
        Shell shell, CaptureBenchOptions options, Latencies capture, TimeSpan acknowledged, TimeSpan logged, Latencies evidence)
    {
        var rate = options.Events / logged.TotalSeconds;
        var corpus = options.Corpus == CorpusKind.Sensor ? "sensor" : "object";
        if (!shell.Json)
        {
            shell.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{options.Events} {corpus} events in {logged.TotalSeconds:0.0} s under a signed checkpoint: {rate:0} events/s "
                + $"(acknowledged after {acknowledged.TotalSeconds:0.0} s)"));
            shell.Output.WriteLine($"capture of {options.Batch}: {capture}");
            shell.Output.WriteLine($"evidence by EPC, {options.Sample} records, all verified: {evidence}");
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("bench", "capture");
            json.WriteString("corpus", corpus);
            json.WriteNumber("events", options.Events);
            json.WriteNumber("batch", options.Batch);
            json.WriteNumber("clients", options.Clients);
            json.WriteNumber("keys", options.Keys);
            json.WriteNumber("items", options.Items);
            json.WriteNumber("seed", options.Seed);
            json.WriteNumber("secondsToAcknowledged", Math.Round(acknowledged.TotalSeconds, 3));
            json.WriteNumber("secondsToCheckpoint", Math.Round(logged.TotalSeconds, 3));
            json.WriteNumber("eventsPerSecond", Math.Round(rate, 1));
            capture.WriteTo(json, "captureMilliseconds");
            json.WriteNumber("verified", options.Sample);
            evidence.WriteTo(json, "evidenceMilliseconds");
        });
    }
}
