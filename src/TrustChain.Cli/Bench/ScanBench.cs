using System.Diagnostics;
using System.Globalization;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Bench;

/// <summary>Settings of <c>bench scan</c>.</summary>
internal sealed record ScanBenchOptions
{
    /// <summary>Items captured and then asked for in turn.</summary>
    public int Items { get; init; } = 1000;

    /// <summary>Ask for one item again and again.</summary>
    public bool Same { get; init; }

    /// <summary>How long to ask for pages, and then for evidence.</summary>
    public int Seconds { get; init; } = 10;

    /// <summary>Clients asking at once.</summary>
    public int Clients { get; init; } = 16;

    /// <summary>Chooses the events.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary><c>bench scan</c>: how many item pages and evidence bundles a second a server gives.</summary>
internal static class ScanBench
{
    private const int EventsPerItem = 3;
    private const int Batch = 100;

    /// <summary>Good when every request was answered with success.</summary>
    public static async Task<int> RunAsync(Shell shell, Uri server, string adminKey, ScanBenchOptions options, CancellationToken cancellationToken)
    {
        shell.Error.WriteLine($"capturing events of {options.Items} items");
        using var organisation = await BenchOrganisation.CreateAsync(server, adminKey, keys: 1, cancellationToken);
        var items = new BenchItems(organisation.CompanyPrefix, options.Items);
        await CaptureAsync(server, organisation, items, options, cancellationToken);
        if (!organisation.IsPublic)
        {
            shell.Warn("the server has no template with public steps, so items are asked for with an API key.");
        }
        using var reader = new ServerClient(server, organisation.IsPublic ? null : organisation.ApiKey, options.Clients);
        await MeasureAsync(shell, reader, "page", "text/html", item => items.Path(item)[1..], options, cancellationToken);
        await MeasureAsync(shell, reader, "evidence", "application/json", item => $"evidence?item={Uri.EscapeDataString(items.Uri(item))}", options, cancellationToken);
        return ExitCodes.Good;
    }

    private static async Task CaptureAsync(Uri server, BenchOrganisation organisation, BenchItems items, ScanBenchOptions options, CancellationToken cancellationToken)
    {
        using var client = new ServerClient(server, organisation.ApiKey, options.Clients);
        var trust = await CaptureCommand.GetTrustAsync(client, cancellationToken);
        var corpus = new EventCorpus(CorpusKind.Object, options.Seed, items, organisation.Steps, everyItemEvenly: true);
        // Each event names three items, so as many events as items give three events to each.
        var load = CaptureLoad.Sign(corpus, organisation, trust.Origin, items.Count * EventsPerItem / EventCorpus.EpcsPerEvent, Batch);
        var sizeBefore = await CaptureLoad.WaitForSizeAsync(client, trust, organisation.LastKeyEntry + 1, cancellationToken);
        await load.SendAsync(client, options.Clients, cancellationToken);
        await CaptureLoad.WaitForSizeAsync(client, trust, sizeBefore + load.Events, cancellationToken);
    }

    private static async Task MeasureAsync(
        Shell shell, ServerClient reader, string what, string accept, Func<int, string> pathOf, ScanBenchOptions options, CancellationToken cancellationToken)
    {
        var latencies = new Latencies();
        var next = -1;
        var started = Stopwatch.GetTimestamp();
        var duration = TimeSpan.FromSeconds(options.Seconds);
        await Task.WhenAll(Enumerable.Range(0, options.Clients).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var item = options.Same ? 0 : (int)((uint)Interlocked.Increment(ref next) % (uint)options.Items);
                var sent = Stopwatch.GetTimestamp();
                (await reader.GetAsync(pathOf(item), accept, cancellationToken)).OrThrow();
                latencies.AddSince(sent);
            }
        }));
        var rate = latencies.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (!shell.Json)
        {
            shell.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{what}, {(options.Same ? "one item" : $"{options.Items} items")}: {rate:0} requests/s, {latencies}"));
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("bench", "scan");
            json.WriteString("what", what);
            json.WriteNumber("items", options.Same ? 1 : options.Items);
            json.WriteNumber("clients", options.Clients);
            json.WriteNumber("requestsPerSecond", Math.Round(rate, 1));
            latencies.WriteTo(json, "milliseconds");
        });
    }
}
