using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Bench;

/// <summary>Settings of <c>bench query</c>.</summary>
internal sealed record QueryBenchOptions
{
    /// <summary>Events captured before asking.</summary>
    public int Events { get; init; } = 10_000;

    /// <summary>How long to ask each kind of query.</summary>
    public int Seconds { get; init; } = 10;

    /// <summary>Clients asking at once.</summary>
    public int Clients { get; init; } = 16;

    /// <summary>Chooses the events and what is asked.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>
/// <c>bench query</c>: captures a mixed corpus in which each EPC and each lot has about three events, whatever its size, and then asks for random ones. Every
/// answer must be a query document; those by EPC, class and sensor value must hold events.
/// </summary>
internal static class QueryBench
{
    private const int Batch = 500;
    private const int Chunk = 50_000;
    private const int MaxItems = 900_000;

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>Good when every answer was what it must be.</summary>
    public static async Task<int> RunAsync(Shell shell, Uri server, string adminKey, QueryBenchOptions options, CancellationToken cancellationToken)
    {
        using var organisation = await BenchOrganisation.CreateAsync(server, adminKey, keys: 4, cancellationToken);
        var items = new BenchItems(organisation.CompanyPrefix, Math.Clamp(options.Events, 30, MaxItems));
        var corpus = new EventCorpus(CorpusKind.Mixed, options.Seed, items, organisation.Steps, everyItemEvenly: true);
        using var client = new ServerClient(server, organisation.ApiKey, options.Clients);
        await CaptureAsync(shell, client, organisation, corpus, options, cancellationToken);
        var step = Uri.EscapeDataString(organisation.Steps[0]);
        await MeasureAsync(shell, client, "EPC", random => $"epcis/events?MATCH_epc={Uri.EscapeDataString(items.Uri(corpus.ItemsOf(PlainEvent(random, options.Events))[0]))}", true, options, cancellationToken);
        await MeasureAsync(shell, client, "EPC class", random => $"epcis/events?MATCH_anyEPCClass={Uri.EscapeDataString(items.Lot(corpus.LotOf(random.Next(options.Events / 10) * 10)))}", true, options, cancellationToken);
        await MeasureAsync(shell, client, "bizStep and time window", random => $"epcis/events?EQ_bizStep={step}&{WindowOf(random, options.Events)}", false, options, cancellationToken);
        await MeasureAsync(
            shell, client, "sensor value", random => string.Create(CultureInfo.InvariantCulture, $"epcis/events?EQ_type=Temperature&GE_value_CEL=24.9&{WindowOf(random, options.Events)}"), false, options, cancellationToken);
        await MeasureAsync(
            shell, client, "sensor value alone", random => string.Create(CultureInfo.InvariantCulture, $"epcis/events?EQ_value_FAH={59 + (random.Next(1800) / 100.0)}"), false, options, cancellationToken);
        return ExitCodes.Good;
    }

    // The fifth of every ten has EPCs and sensor data, the tenth a lot: the first has EPCs for sure.
    private static int PlainEvent(Random random, int events) => random.Next(Math.Max(1, events / 10)) * 10;

    private static string WindowOf(Random random, int events)
    {
        var from = EventCorpus.TimeOf(random.Next(events));
        return $"GE_eventTime={Time(from)}&LT_eventTime={Time(from + Window)}";
    }

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static async Task CaptureAsync(
        Shell shell, ServerClient client, BenchOrganisation organisation, EventCorpus corpus, QueryBenchOptions options, CancellationToken cancellationToken)
    {
        var trust = await CaptureCommand.GetTrustAsync(client, cancellationToken);
        var size = await CaptureLoad.WaitForSizeAsync(client, trust, organisation.LastKeyEntry + 1, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        for (var first = 0; first < options.Events; first += Chunk)
        {
            var load = CaptureLoad.Sign(corpus, organisation, trust.Origin, Math.Min(Chunk, options.Events - first), Batch, first);
            await load.SendAsync(client, options.Clients, cancellationToken);
            shell.Error.WriteLine($"captured {first + load.Events} of {options.Events} events, {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        }
        await CaptureLoad.WaitForSizeAsync(client, trust, size + options.Events, cancellationToken);
    }

    private static async Task MeasureAsync(
        Shell shell, ServerClient client, string what, Func<Random, string> query, bool mustFind, QueryBenchOptions options, CancellationToken cancellationToken)
    {
        await RunForAsync(client, query, mustFind, options.Clients, TimeSpan.FromSeconds(1), options.Seed, new Latencies(), cancellationToken); // warms the plan and the cache
        var latencies = new Latencies();
        var started = Stopwatch.GetTimestamp();
        var found = await RunForAsync(client, query, mustFind, options.Clients, TimeSpan.FromSeconds(options.Seconds), options.Seed + 1, latencies, cancellationToken);
        var rate = latencies.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        var each = (double)found / Math.Max(1, latencies.Count);
        if (!shell.Json)
        {
            shell.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"by {what}, {options.Events} events: {rate:0} queries/s, {latencies}, {each:0.0} events an answer"));
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("bench", "query");
            json.WriteString("by", what);
            json.WriteNumber("events", options.Events);
            json.WriteNumber("clients", options.Clients);
            json.WriteNumber("queriesPerSecond", Math.Round(rate, 1));
            json.WriteNumber("eventsPerAnswer", Math.Round(each, 2));
            latencies.WriteTo(json, "milliseconds");
        });
    }

    private static async Task<long> RunForAsync(
        ServerClient client, Func<Random, string> query, bool mustFind, int clients, TimeSpan duration, int seed, Latencies latencies, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var found = 0L;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async number =>
        {
            var random = new Random(HashCode.Combine(seed, number));
            var checkedOne = false;
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var path = query(random);
                var sent = Stopwatch.GetTimestamp();
                var answer = (await client.GetAsync(path, "application/json", cancellationToken)).OrThrow();
                latencies.AddSince(sent);
                // Counting members costs the client little; the whole document is read once per client.
                var events = Count(answer.Body, "\"recordTime\":"u8);
                Interlocked.Add(ref found, events);
                if (mustFind && events == 0)
                {
                    throw new CliException($"{answer.Address} found nothing, and must.", ExitCodes.Bad);
                }
                if (!checkedOne)
                {
                    using var document = JsonDocument.Parse(answer.Body);
                    checkedOne = document.RootElement.GetProperty("type").GetString() == "EPCISQueryDocument";
                }
            }
        }));
        return found;
    }

    private static int Count(ReadOnlySpan<byte> text, ReadOnlySpan<byte> member)
    {
        var count = 0;
        for (var at = text.IndexOf(member); at >= 0; at = text.IndexOf(member))
        {
            count++;
            text = text[(at + member.Length)..];
        }
        return count;
    }
}
