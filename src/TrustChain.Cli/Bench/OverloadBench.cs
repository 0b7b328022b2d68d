using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Http;
using TrustChain.Cli.Signing;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Bench;

/// <summary>Settings of <c>bench overload</c>.</summary>
internal sealed record OverloadBenchOptions
{
    /// <summary>Events in a statement.</summary>
    public int Batch { get; init; } = 10;

    /// <summary>How long to send too much.</summary>
    public int Seconds { get; init; } = 60;

    /// <summary>How long to measure what is sustained, after as long a time of warming up.</summary>
    public int CalmSeconds { get; init; } = 20;

    /// <summary>How many times the sustained rate is sent.</summary>
    public int Factor { get; init; } = 2;

    /// <summary>Milliseconds that 99 in 100 of the accepted, over the whole time, may take at most; 0: their time is measured and not judged.</summary>
    public int MaxP99 { get; init; }

    /// <summary>Clients that measure what is sustained, each waiting for its answers.</summary>
    public int Clients { get; init; } = 16;

    /// <summary>Chooses the corpus and the records fetched afterwards.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Distinct items.</summary>
    public int Items { get; init; } = 500_000;

    /// <summary>Records fetched and verified afterwards.</summary>
    public int Sample { get; init; } = 1000;
}

/// <summary>
/// <c>bench overload</c>: what a server does with more than it can take. First the sustained rate is measured with clients that wait; then statements are sent at a
/// multiple of it whether or not earlier ones are answered. Whoever is refused must be told to wait, and everything acknowledged must be in the log, once: nobody else
/// may write there meanwhile.
/// </summary>
internal static class OverloadBench
{
    private const int MaxOpen = 4096;
    private const int Keys = 16;
    private const int Windows = 10;

    /// <summary>Good when refusals asked to wait, nothing acknowledged is missing, the sample verifies, and answers came within the bound, if there is one.</summary>
    public static async Task<int> RunAsync(Shell shell, Uri server, string adminKey, OverloadBenchOptions options, CancellationToken cancellationToken)
    {
        using var organisation = await BenchOrganisation.CreateAsync(server, adminKey, Keys, cancellationToken);
        using var client = new ServerClient(server, organisation.ApiKey, options.Clients);
        using var impatient = new ServerClient(server, organisation.ApiKey, MaxOpen, attempts: 1);
        var trust = await CaptureCommand.GetTrustAsync(client, cancellationToken);
        var items = new BenchItems(organisation.CompanyPrefix, options.Items);
        var corpus = new EventCorpus(CorpusKind.Object, options.Seed, items, organisation.Steps);
        var sizeBefore = await CaptureLoad.WaitForSizeAsync(client, trust, organisation.LastKeyEntry + 1, cancellationToken);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var statements = Channel.CreateBounded<Numbered>(64);
        var signing = SignAsync(statements.Writer, corpus, organisation, trust.Origin, options.Batch, stop.Token);
        var run = new Run(impatient, statements.Reader, options);
        shell.Error.WriteLine($"measuring what is sustained by {options.Clients} clients, {options.CalmSeconds} s after as long to warm up");
        await run.SendCalmlyAsync(new Latencies(), cancellationToken);
        var calm = new Latencies();
        var rate = await run.SendCalmlyAsync(calm, cancellationToken);
        shell.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rate * options.Batch:0} events/s; now {options.Factor} times that for {options.Seconds} s"));
        await run.SendRegardlessAsync(rate * options.Factor, cancellationToken);
        await stop.CancelAsync();
        await signing;

        shell.Error.WriteLine("sending again what was not answered, and waiting for the log");
        var unanswered = await run.SettleAsync(client, cancellationToken);
        var expected = sizeBefore + ((long)run.Taken.Count * options.Batch);
        var size = await CaptureLoad.WaitForSizeAsync(client, trust, expected, cancellationToken);
        shell.Error.WriteLine($"fetching and verifying {options.Sample} records");
        var taken = run.Taken.Keys.Order().ToArray();
        var random = new Random(options.Seed);
        var sample = new EvidenceSample(client, trust, corpus, items, number => (run.Taken[number / options.Batch], number % options.Batch));
        await sample.CheckAsync(
            Enumerable.Range(0, options.Sample).Select(_ => (taken[random.Next(taken.Length)] * options.Batch) + random.Next(options.Batch)), options.Clients, cancellationToken);
        Write(shell, options, run, calm, rate, unanswered, size - expected);
        return run.Faults.IsEmpty && size == expected && IsWithin(options, run) ? ExitCodes.Good : ExitCodes.Bad;
    }

    private static bool IsWithin(OverloadBenchOptions options, Run run) => options.MaxP99 == 0 || run.Accepted.Percentile(0.99) <= options.MaxP99;

    private static async Task SignAsync(
        ChannelWriter<Numbered> statements, EventCorpus corpus, BenchOrganisation organisation, string origin, int batch, CancellationToken cancellationToken)
    {
        try
        {
            for (var number = 0; ; number++)
            {
                var events = Enumerable.Range(number * batch, batch).Select(n => (ReadOnlyMemory<byte>)corpus.Create(n)).ToList();
                await statements.WriteAsync(new Numbered(number, SignedStatement.SignRoot(organisation.Keys[number % Keys], origin, events)), cancellationToken);
                await Task.Yield();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            statements.Complete();
        }
    }

    private static void Write(Shell shell, OverloadBenchOptions options, Run run, Latencies calm, double rate, int unanswered, long surplus)
    {
        var offered = run.Sent / run.Elapsed.TotalSeconds;
        var accepted = run.Windows.Sum(static w => w.Accepted.Count) / run.Elapsed.TotalSeconds;
        if (!shell.Json)
        {
            shell.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sustained: {rate * options.Batch:0} events/s, {calm}"));
            shell.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"offered for {run.Elapsed.TotalSeconds:0} s: {offered * options.Batch:0} events/s ({offered / rate:0.00} times), of which {accepted * options.Batch:0} were accepted; {run.Skipped} statements not sent, {MaxOpen} being open"));
            for (var i = 0; i < Windows; i++)
            {
                shell.Output.WriteLine($"  tenth {i + 1}: accepted {run.Windows[i].Accepted.Count}, {run.Windows[i].Accepted}; refused {run.Windows[i].Refused.Count}, {run.Windows[i].Refused}");
            }
            shell.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"accepted in all: {run.Accepted}, p99 {run.Accepted.Percentile(0.99) / Math.Max(calm.Percentile(0.99), 0.1):0.0} times that of the sustained rate{(options.MaxP99 == 0 ? "" : $"; at most {options.MaxP99} ms wanted: {(IsWithin(options, run) ? "kept" : "EXCEEDED")}")}"));
            shell.Output.WriteLine($"{run.Taken.Count} statements acknowledged, {unanswered} of them only when sent again; {surplus} entries more in the log than acknowledged; {options.Sample} records verified");
            foreach (var fault in run.Faults.Take(20))
            {
                shell.Output.WriteLine($"fault: {fault}");
            }
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("bench", "overload");
            json.WriteNumber("sustainedPerSecond", Math.Round(rate * options.Batch, 1));
            json.WriteNumber("seconds", Math.Round(run.Elapsed.TotalSeconds, 1));
            json.WriteNumber("offeredPerSecond", Math.Round(offered * options.Batch, 1));
            json.WriteNumber("acceptedPerSecond", Math.Round(accepted * options.Batch, 1));
            json.WriteNumber("notSent", run.Skipped);
            calm.WriteTo(json, "sustainedMilliseconds");
            run.Accepted.WriteTo(json, "acceptedMilliseconds");
            if (options.MaxP99 > 0)
            {
                json.WriteNumber("maxP99", options.MaxP99);
                json.WriteBoolean("withinBound", IsWithin(options, run));
            }
            json.WriteStartArray("tenths");
            foreach (var (accepts, refusals) in run.Windows)
            {
                json.WriteStartObject();
                accepts.WriteTo(json, "acceptedMilliseconds");
                refusals.WriteTo(json, "refusedMilliseconds");
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteNumber("acknowledged", run.Taken.Count);
            json.WriteNumber("sentAgain", unanswered);
            json.WriteNumber("surplus", surplus);
            json.WriteNumber("verified", options.Sample);
            json.WriteStartArray("faults");
            foreach (var fault in run.Faults.Take(20))
            {
                json.WriteStringValue(fault);
            }
            json.WriteEndArray();
        });
    }

    /// <summary>A statement and its place in the corpus, counted in statements.</summary>
    private sealed record Numbered(int Number, SignedStatement Statement);

    /// <summary>What was sent, and what became of it.</summary>
    private sealed class Run(ServerClient client, ChannelReader<Numbered> statements, OverloadBenchOptions options)
    {
        private readonly ConcurrentBag<Numbered> _unanswered = [];
        private int _open;

        /// <summary>Digests of the statements acknowledged, by number.</summary>
        public ConcurrentDictionary<int, Hash32> Taken { get; } = new();

        /// <summary>Answers that are neither an acknowledgement nor a request to wait.</summary>
        public ConcurrentQueue<string> Faults { get; } = new();

        /// <summary>Times of the accepted and the refused, by tenths of the time.</summary>
        public (Latencies Accepted, Latencies Refused)[] Windows { get; } = [.. Enumerable.Range(0, OverloadBench.Windows).Select(static _ => (new Latencies(), new Latencies()))];

        /// <summary>Times of all that were accepted while too much was sent.</summary>
        public Latencies Accepted { get; private set; } = new();

        public int Sent { get; private set; }

        /// <summary>Turns at which too many requests were open already.</summary>
        public int Skipped { get; private set; }

        public TimeSpan Elapsed { get; private set; }

        /// <summary>Sends with clients that wait for their answers.</summary>
        /// <returns>Statements accepted in a second.</returns>
        public async Task<double> SendCalmlyAsync(Latencies latencies, CancellationToken cancellationToken)
        {
            var refused = new Latencies();
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, options.Clients).Select(async _ =>
            {
                while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(options.CalmSeconds))
                {
                    await SendAsync(await statements.ReadAsync(cancellationToken), latencies, refused, cancellationToken);
                }
            }));
            return latencies.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        /// <summary>Sends so many statements a second, whether or not the ones before are answered.</summary>
        public async Task SendRegardlessAsync(double perSecond, CancellationToken cancellationToken)
        {
            var length = TimeSpan.FromSeconds(options.Seconds);
            var open = new List<Task>();
            var started = Stopwatch.GetTimestamp();
            var due = 0L;
            for (var now = TimeSpan.Zero; now < length; now = Stopwatch.GetElapsedTime(started))
            {
                for (; due < now.TotalSeconds * perSecond; due++)
                {
                    if (Volatile.Read(ref _open) >= MaxOpen)
                    {
                        Skipped++;
                        continue;
                    }
                    var statement = await statements.ReadAsync(cancellationToken);
                    Interlocked.Increment(ref _open);
                    Sent++;
                    var (accepted, refused) = Windows[Math.Min(OverloadBench.Windows - 1, (int)(Stopwatch.GetElapsedTime(started) / length * OverloadBench.Windows))];
                    open.Add(Task.Run(() => SendOpenAsync(statement, accepted, refused, cancellationToken), cancellationToken));
                }
                open.RemoveAll(static t => t.IsCompletedSuccessfully);
                await Task.Delay(TimeSpan.FromMilliseconds(2), cancellationToken);
            }
            Elapsed = Stopwatch.GetElapsedTime(started);
            await Task.WhenAll(open);
            Accepted = Latencies.Join(Windows.Select(static w => w.Accepted));
        }

        /// <summary>Sends again what got no answer: whether it was stored is not known otherwise.</summary>
        /// <returns>How many there were.</returns>
        public async Task<int> SettleAsync(ServerClient patient, CancellationToken cancellationToken)
        {
            await Parallel.ForEachAsync(_unanswered, cancellationToken, async (numbered, token) =>
            {
                (await patient.PostAsync("epcis/capture", numbered.Statement.MediaType, numbered.Statement.Body, token)).OrThrow();
                Taken[numbered.Number] = numbered.Statement.Digest;
            });
            return _unanswered.Count;
        }

        private async Task SendOpenAsync(Numbered numbered, Latencies accepted, Latencies refused, CancellationToken cancellationToken)
        {
            try
            {
                await SendAsync(numbered, accepted, refused, cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _open);
            }
        }

        private async Task SendAsync(Numbered numbered, Latencies accepted, Latencies refused, CancellationToken cancellationToken)
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                var answer = await client.PostAsync("epcis/capture", numbered.Statement.MediaType, numbered.Statement.Body, cancellationToken);
                if (answer.IsSuccess)
                {
                    accepted.AddSince(started);
                    Taken[numbered.Number] = numbered.Statement.Digest;
                }
                else if (answer.AsksToWait)
                {
                    refused.AddSince(started);
                }
                else
                {
                    Faults.Enqueue($"{(int)answer.Status} without Retry-After");
                }
            }
            catch (CliException exception)
            {
                Faults.Enqueue(exception.Message);
                _unanswered.Add(numbered);
            }
        }
    }
}
