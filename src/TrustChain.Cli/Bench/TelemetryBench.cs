using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Devices;
using TrustChain.Cli.Devices.Simulation;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Bench;

/// <summary>Settings of <c>bench telemetry</c>.</summary>
internal sealed record TelemetryBenchOptions
{
    /// <summary>Template of the devices.</summary>
    public string Template { get; init; } = "e-bike";

    /// <summary>Whether the devices also send what the template has encrypted: a position makes a reading twice as long.</summary>
    public bool Encrypted { get; init; }

    /// <summary>Devices, each enrolled with a key of its own.</summary>
    public int Devices { get; init; } = 10_000;

    /// <summary>Statements signed beforehand; each takes some 60 kB of memory with 60 readings.</summary>
    public int Statements { get; init; } = 10_000;

    /// <summary>How often so many statements are signed and sent, the clock running while they are sent: shows whether a reading costs more when more is stored.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Readings in a statement, one a minute, 1 to 1,000.</summary>
    public int Readings { get; init; } = 60;

    /// <summary>Statements in a request, 1 to 100; 1 goes to the capture interface, as a device sends that is not behind.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>Clients sending at once.</summary>
    public int Clients { get; init; } = 16;

    /// <summary>Longest sending of a round, and how long to ask for history.</summary>
    public int Seconds { get; init; } = 30;

    /// <summary>Days of the device that is asked for its history; 0 for none.</summary>
    public int Days { get; init; } = 90;

    /// <summary>Chooses the readings.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>
/// <c>bench telemetry</c>: how many readings a second a server takes from many devices. Enrolment and signing come before the clock starts, which runs until every
/// request is answered. Then one device of many days is asked for its history by day.
/// </summary>
internal static class TelemetryBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Good when nothing was refused and the history has its days.</summary>
    public static async Task<int> RunAsync(Shell shell, Uri server, string adminKey, TelemetryBenchOptions options, CancellationToken cancellationToken)
    {
        using var organisation = await BenchOrganisation.CreateAsync(server, adminKey, keys: 0, cancellationToken);
        using var client = new ServerClient(server, organisation.ApiKey, options.Clients, attempts: 100);
        var origin = (await CaptureCommand.GetTrustAsync(client, cancellationToken)).Origin;
        var template = MachineTemplate.All.First(t => t.Name == options.Template);
        using var load = new TelemetryLoad(template, organisation.CompanyPrefix, options.Devices, options.Encrypted);
        var progress = new ProgressLine(shell);
        var started = Stopwatch.GetTimestamp();
        await DeviceEnrolment.EnrolAsync(client, load.Devices, origin, done => progress.Show(() => $"{done} of {options.Devices} devices enrolled"), cancellationToken);
        progress.Finish();
        shell.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Devices} devices enrolled in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));

        var history = await HistoryDevice.CreateAsync(client, template, organisation.CompanyPrefix, origin, options, cancellationToken);
        var (elapsed, from) = (TimeSpan.Zero, load.FindFirstDay(DateOnly.FromDateTime(DateTime.UtcNow), (long)options.Statements * options.Rounds, options.Readings));
        var rounds = new List<BenchRound>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            shell.Error.WriteLine($"signing {options.Statements} statements of {options.Readings} readings");
            load.Sign(options.Statements, options.Readings, options.Batch, from, origin, (ulong)options.Seed);
            shell.Error.WriteLine($"sending with {options.Clients} clients for at most {options.Seconds} s");
            var before = load.Taken;
            started = Stopwatch.GetTimestamp();
            await load.SendAsync(client, options.Clients, TimeSpan.FromSeconds(options.Seconds), cancellationToken);
            var took = Stopwatch.GetElapsedTime(started);
            elapsed += took;
            rounds.Add(new BenchRound(before * options.Readings, (load.Taken - before) * options.Readings / took.TotalSeconds, await FindMemoryAsync(client, cancellationToken)));
            if (options.Rounds > 1)
            {
                shell.Error.WriteLine($"round {round} of {options.Rounds}, {rounds[^1]}");
            }
            if (!load.IsSpent || load.Refused > 0)
            {
                break; // What was signed next would not follow on what was taken.
            }
        }

        var asked = history is null ? null : await AskAsync(shell, client, history, options, cancellationToken);
        Write(shell, options, load, elapsed, rounds, asked);
        return load.Refused == 0 ? ExitCodes.Good : ExitCodes.Bad;
    }

    /// <summary>Waits until all days are there, and then asks again and again.</summary>
    private static async Task<Latencies> AskAsync(Shell shell, ServerClient client, string path, TelemetryBenchOptions options, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (await DaysAsync(client, path, cancellationToken) < options.Days)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new CliException($"The history has not all {options.Days} days after {Patience.TotalMinutes:0} minutes.", ExitCodes.Bad);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
        }
        shell.Error.WriteLine("asking for the history");
        var latencies = new Latencies();
        for (started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(Math.Min(10, options.Seconds));)
        {
            var sent = Stopwatch.GetTimestamp();
            (await client.GetAsync(path, "application/json", cancellationToken)).OrThrow();
            latencies.AddSince(sent);
        }
        return latencies;
    }

    /// <summary>Physical memory of the server in bytes; null where it does not show its metrics to us.</summary>
    private static async Task<long?> FindMemoryAsync(ServerClient client, CancellationToken cancellationToken)
    {
        const string Name = "dotnet_process_memory_working_set_bytes";
        var answer = await client.GetAsync("metrics", "text/plain", cancellationToken);
        var line = answer.IsSuccess ? Encoding.UTF8.GetString(answer.Body).Split('\n').FirstOrDefault(static l => l.StartsWith(Name, StringComparison.Ordinal)) : null;
        return line is not null && double.TryParse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture, out var bytes) ? (long)bytes : null;
    }

    private static async Task<int> DaysAsync(ServerClient client, string path, CancellationToken cancellationToken)
    {
        using var json = (await client.GetAsync(path, "application/json", cancellationToken)).OrThrow().ToJson();
        return JsonMembers.Array(json.RootElement, "buckets").Count(static b => JsonMembers.Integer(b, "receivedReadings") > 0);
    }

    private static void Write(Shell shell, TelemetryBenchOptions options, TelemetryLoad load, TimeSpan elapsed, IReadOnlyList<BenchRound> rounds, Latencies? history)
    {
        var statements = load.Taken / elapsed.TotalSeconds;
        var readings = statements * options.Readings;
        var latencies = load.Latencies;
        if (!shell.Json)
        {
            shell.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{load.Taken} statements in {elapsed.TotalSeconds:0.0} s{(load.IsSpent ? "" : ", more were left")}: {readings:0} readings/s, {statements:0} statements/s, {load.Refused} refused"));
            shell.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"requests of {options.Batch}: p50 {latencies.Percentile(0.5):0.0} ms, p95 {latencies.Percentile(0.95):0.0} ms, p99 {latencies.Percentile(0.99):0.0} ms"));
            if (rounds.Count > 1)
            {
                shell.Output.WriteLine($"first round: {rounds[0]}");
                shell.Output.WriteLine($"last round:  {rounds[^1]}");
            }
            if (history is not null)
            {
                shell.Output.WriteLine($"history of {options.Days} days by day: {history}");
            }
        }
        else
        {
            shell.WriteJson(json => WriteMembers(json, options, load, elapsed, rounds, history));
        }
        if (load.FirstProblem is not null)
        {
            shell.Error.WriteLine($"trustchain: the first refusal: {load.FirstProblem}");
        }
    }

    private static void WriteMembers(Utf8JsonWriter json, TelemetryBenchOptions options, TelemetryLoad load, TimeSpan elapsed, IReadOnlyList<BenchRound> rounds, Latencies? history)
    {
        var statements = load.Taken / elapsed.TotalSeconds;
        json.WriteString("bench", "telemetry");
        json.WriteString("template", options.Template);
        json.WriteNumber("devices", options.Devices);
        json.WriteNumber("readings", options.Readings);
        json.WriteNumber("batch", options.Batch);
        json.WriteNumber("clients", options.Clients);
        json.WriteNumber("seed", options.Seed);
        json.WriteNumber("taken", load.Taken);
        json.WriteNumber("refused", load.Refused);
        json.WriteBoolean("spent", load.IsSpent);
        json.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 3));
        json.WriteNumber("statementsPerSecond", Math.Round(statements, 1));
        json.WriteNumber("readingsPerSecond", Math.Round(statements * options.Readings, 1));
        json.WriteStartArray("rounds");
        foreach (var round in rounds)
        {
            json.WriteStartObject();
            json.WriteNumber("readingsBefore", round.ReadingsBefore);
            json.WriteNumber("readingsPerSecond", Math.Round(round.ReadingsPerSecond, 1));
            if (round.ServerMemory is { } memory)
            {
                json.WriteNumber("serverMemoryBytes", memory);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        load.Latencies.WriteTo(json, "requestMilliseconds");
        json.WriteNumber("requestMillisecondsP95", Math.Round(load.Latencies.Percentile(0.95), 2));
        history?.WriteTo(json, "historyMilliseconds");
    }

    /// <summary>What one round showed.</summary>
    private readonly record struct BenchRound(long ReadingsBefore, double ReadingsPerSecond, long? ServerMemory)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"with {ReadingsBefore} readings before: {ReadingsPerSecond:0} readings/s{(ServerMemory is { } bytes ? $", the server's memory {bytes / 1_000_000} MB" : "")}");
    }

    /// <summary>One device with many days, which is asked for its history.</summary>
    private static class HistoryDevice
    {
        /// <summary>Path of its history; null where none is wanted.</summary>
        public static async Task<string?> CreateAsync(
            ServerClient client, MachineTemplate template, string companyPrefix, string origin, TelemetryBenchOptions options, CancellationToken cancellationToken)
        {
            if (options.Days == 0)
            {
                return null;
            }
            var first = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-options.Days);
            var simulation = new SimulationOptions
            {
                Template = template,
                Devices = 1,
                Days = options.Days,
                From = first,
                Seed = (ulong)options.Seed,
                Interval = TimeSpan.FromSeconds(Math.Max(60, template.Interval.TotalSeconds)),
                Faults = [],
            };
            using var fleet = new SimulatedFleet(simulation, companyPrefix);
            await DeviceEnrolment.EnrolAsync(client, fleet.Devices, origin, static _ => { }, cancellationToken);
            foreach (var (body, count) in StatementBatch.Bodies(fleet.Sign(0, origin).Select(static s => s.Statement)))
            {
                var answer = await StatementBatch.SendAsync(client, body, count, cancellationToken);
                if (answer.Refused > 0)
                {
                    throw new CliException($"A statement was refused: {answer.FirstProblem}", ExitCodes.Bad);
                }
            }
            return string.Create(CultureInfo.InvariantCulture, $"api/devices/{fleet.Devices[0].Pseudonym}/history?from={first:yyyy-MM-dd}&to={first.AddDays(options.Days - 1):yyyy-MM-dd}&bucket=day");
        }
    }
}
