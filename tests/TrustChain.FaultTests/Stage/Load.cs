using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Cli;

namespace TrustChain.FaultTests.Stage;

/// <summary>What the service has promised: a capture, what it answered, and to which organisation's account it goes.</summary>
/// <param name="Capture">The request.</param>
/// <param name="Statement">Digest of the statement, in hexadecimal digits; null for a job, which may have several.</param>
/// <param name="Receipts">The receipts it gave.</param>
/// <param name="Answer">The body of the first answer.</param>
internal sealed record Acknowledged(Capture Capture, string? Statement, IReadOnlyList<string> Receipts, string Answer);

/// <summary>
/// Clients that capture without pause, each a statement at a time, whatever happens to the servers. A client whose statement was not acknowledged sends the
/// same bytes again, to the next server if there are several, until it is. What was acknowledged is written down here, in the test's memory.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private const string Organisation = "load";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(10); // so that the logs, which are checked whole, do not grow too fast
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Site _site;
    private readonly int _seed;
    private readonly string _apiKey;
    private readonly SigningKey _ec;
    private readonly SigningKey _ed;
    private readonly List<CaptureMaker> _makers = [];
    private readonly List<Task> _clients = [];
    private readonly ConcurrentQueue<Acknowledged> _acknowledged = new();
    private readonly CancellationTokenSource _abandon = CancellationTokenSource.CreateLinkedTokenSource(Site.Cancel);
    private volatile bool _draining;
    private long _unanswered;

    private Load(Site site, int seed, string apiKey, SigningKey ec, SigningKey ed)
    {
        (_site, _seed, _apiKey, _ec, _ed) = (site, seed, apiKey, ec, ed);
    }

    /// <summary>The organisation's.</summary>
    public string ApiKey => _apiKey;

    /// <summary>How long a client waits for an answer before it sends the same bytes again.</summary>
    public TimeSpan RequestPatience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Told the time of each capture that was answered with 202.</summary>
    public Action<TimeSpan> Answered { get; set; } = static _ => { };

    /// <summary>Everything acknowledged so far, oldest first.</summary>
    public IReadOnlyCollection<Acknowledged> Acknowledged => _acknowledged;

    /// <summary>Requests that got no answer, or one that asks to try again.</summary>
    public long Unanswered => Interlocked.Read(ref _unanswered);

    /// <summary>An organisation with a custodial key and two self-held ones.</summary>
    public static async Task<Load> PrepareAsync(Site site, int seed)
    {
        using var cli = new CliProcess();
        cli.Write("api.key", await site.AddOrganisationAsync(Organisation));
        var apiKey = cli.Read("api.key");
        var ec = await RegisterAsync(SignatureAlgorithms.ES256, "");
        var ed = await RegisterAsync(SignatureAlgorithms.EdDsa, SignatureAlgorithms.ES256 + ".json");
        var load = new Load(site, seed, apiKey, ec, ed);
        await load.RememberAsync(load.NewMaker().Plain(apiKey, 1)); // The first plain capture makes the custodial key; no step of a key's registration is the load's from here on.
        return load;

        async Task<SigningKey> RegisterAsync(string algorithm, string outgoing)
        {
            var file = algorithm + ".json";
            (await cli.RunAsync("keys", "new", "--alg", algorithm, "--out", file)).Expect(0);
            string[] agreement = outgoing.Length == 0 ? [] : ["--authorize-with", outgoing];
            (await cli.RunAsync(["keys", "register", file, "--server", site.BaseUrl(0), "--api-key-file", "api.key", .. agreement])).Expect(0);
            Assert.True(SigningKey.TryParse(cli.Read(file), out var key, out var error), error);
            return key;
        }
    }

    /// <summary>Starts clients that go on until they are drained.</summary>
    /// <param name="clients">How many; each third one is custodial.</param>
    /// <param name="jobs">Clients that send what is worked at as a job, going on past errors or not.</param>
    public void Start(int clients = 6, params ReadOnlySpan<bool> jobs)
    {
        _draining = false;
        for (var i = 0; i < clients; i++)
        {
            var (maker, random, kind) = (NewMaker(), new Random(HashCode.Combine(_seed, _makers.Count)), i % 3);
            Run(maker, () => kind switch
            {
                0 => maker.Plain(_apiKey, random.Next(8) == 0 ? 150 : random.Next(1, 6)), // 150 records go another way into the database than a few.
                1 => maker.SignedDocument(_ec, random.Next(1, 6)),
                _ => maker.SignedRoot(_ed, random.Next(1, 12)),
            }, random);
        }
        foreach (var proceeds in jobs)
        {
            var maker = NewMaker();
            Run(maker, () => maker.Plain(_apiKey, proceeds ? 3 : 1001, proceeds), new Random(_seed));
        }
    }

    /// <summary>One capture of the load's organisation, signed with a self-held key.</summary>
    public Capture MakeOne() => NewMaker().SignedDocument(_ec, 1);

    /// <summary>From now on other items.</summary>
    public void NextItems() => _makers.ForEach(static m => m.NextItem());

    /// <summary>Makes no new captures, and returns when all that were begun are acknowledged.</summary>
    public async Task DrainAsync()
    {
        _draining = true;
        var all = Task.WhenAll(_clients);
        try
        {
            await all.WaitAsync(Patience, Site.Cancel);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Within 3 minutes {_clients.Count(static c => !c.IsCompleted)} clients of {_clients.Count} did not get their last capture acknowledged.");
        }
        _clients.Clear();
    }

    /// <summary>Waits until so many more captures were acknowledged.</summary>
    public Task WaitForAsync(int more)
    {
        var goal = _acknowledged.Count + more;
        return WaitAsync($"{more} more acknowledged captures", () => _acknowledged.Count >= goal);
    }

    /// <summary>Waits until so many more requests got no answer, or one that asks to try again.</summary>
    public Task WaitForUnansweredAsync(int more)
    {
        var goal = Unanswered + more;
        return WaitAsync($"{more} more unanswered captures", () => Unanswered >= goal);
    }

    /// <summary>Sends some acknowledged captures again: the answers must be the first ones, to the byte.</summary>
    public async Task RepeatAsync(IEnumerable<Acknowledged> some)
    {
        foreach (var one in some.Where(static a => !a.Capture.IsJob))
        {
            var (status, body) = await SendAsync(one.Capture, _site.BaseUrl(0), Site.Cancel);
            Assert.Equal(202, status);
            Assert.Equal(one.Answer, body);
        }
    }

    /// <summary>Sends a capture to one server until it is acknowledged, and writes that down.</summary>
    public async Task<Acknowledged> RememberAsync(Capture capture, int server = 0)
    {
        var answer = await IntegrationTests.Serving.Eventually.GetAsync("acknowledgement", () => TryAsync(capture, _site.BaseUrl(server)), Patience);
        var acknowledged = Read(capture, answer);
        _acknowledged.Enqueue(acknowledged);
        return acknowledged;
    }

    /// <summary>Writes down a capture that the test has sent itself.</summary>
    public void Note(Capture capture, string answer) => _acknowledged.Enqueue(Read(capture, answer));

    /// <summary>Sends one capture once.</summary>
    public async Task<(int Status, string Body)> SendAsync(Capture capture, string baseUrl, CancellationToken cancellationToken)
    {
        using var request = capture.ToRequest(baseUrl);
        using var answer = await _site.Client.SendAsync(request, cancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>The evidence bundle of the events that a capture sent.</summary>
    public async Task<string> GetEvidenceAsync(Capture capture)
    {
        var bundle = await FindEvidenceAsync(capture);
        Assert.True(bundle is not null, "The record is under no checkpoint yet.");
        return bundle;
    }

    /// <summary>The same from one of the servers; null while no checkpoint covers the record.</summary>
    public async Task<string?> FindEvidenceAsync(Capture capture, int server = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_site.BaseUrl(server)}/evidence?event={Uri.EscapeDataString(capture.EventHashes[0])}");
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", _apiKey);
        using var answer = await _site.Client.SendAsync(request, Site.Cancel);
        var body = await answer.Content.ReadAsStringAsync(Site.Cancel);
        Assert.True(answer.IsSuccessStatusCode || (int)answer.StatusCode == 409, body);
        return answer.IsSuccessStatusCode ? body : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _abandon.CancelAsync();
        await Task.WhenAll(_clients.Select(static c => c.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)));
        _abandon.Dispose();
        _ec.Dispose();
        _ed.Dispose();
    }

    private CaptureMaker NewMaker()
    {
        var maker = new CaptureMaker(_makers.Count);
        _makers.Add(maker);
        return maker;
    }

    private void Run(CaptureMaker maker, Func<Capture> make, Random random) => _clients.Add(Task.Run(async () =>
    {
        while (!_draining)
        {
            _acknowledged.Enqueue(await SendUntilAcknowledgedAsync(make(), random));
            await Task.Delay(Breath, _abandon.Token);
        }
    }));

    private async Task<Acknowledged> SendUntilAcknowledgedAsync(Capture capture, Random random)
    {
        for (var server = random.Next(_site.ServerCount); ; server = (server + 1) % _site.ServerCount)
        {
            // Now and then a client sends twice at once, as one does whose connection hangs.
            var twice = !capture.IsJob && random.Next(8) == 0;
            var answers = await Task.WhenAll(
                TryAsync(capture, _site.EntranceTo(server)), twice ? TryAsync(capture, _site.EntranceTo((server + 1) % _site.ServerCount)) : Task.FromResult<string?>(null));
            if (answers[0] is { } first && answers[1] is { } second)
            {
                Assert.Equal(first, second);
            }
            if ((answers[0] ?? answers[1]) is { } answer)
            {
                return capture.IsJob ? await FollowAsync(capture, answer) : Read(capture, answer);
            }
            Interlocked.Increment(ref _unanswered);
            await Task.Delay(Pause, _abandon.Token);
        }
    }

    /// <summary>The body of a 202; null when there was no answer or one that asks to try again.</summary>
    private async Task<string?> TryAsync(Capture capture, string baseUrl)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token);
        patience.CancelAfter(RequestPatience);
        var clock = Stopwatch.StartNew();
        try
        {
            var (status, body) = await SendAsync(capture, baseUrl, patience.Token);
            Assert.True(status is 202 or 503, $"A capture was answered with {status}: {body}");
            Answered(clock.Elapsed);
            return status == 202 ? body : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !_abandon.IsCancellationRequested)
        {
            return null;
        }
    }

    private static Acknowledged Read(Capture capture, string body)
    {
        using var json = JsonDocument.Parse(body);
        var hashes = json.RootElement.GetProperty("events").EnumerateArray().Select(static e => e.GetProperty("eventHash").GetString()!); // Each line has one.
        Assert.Equal(capture.EventHashes, hashes);
        return new Acknowledged(capture, json.RootElement.GetProperty("statement").GetString(), [json.RootElement.GetProperty("receipt").GetString()!], body); // As above.
    }

    /// <summary>Waits for the end of a job, which is acknowledged already: whatever happens to the servers, it must come, and be a success.</summary>
    private async Task<Acknowledged> FollowAsync(Capture capture, string body)
    {
        using var accepted = JsonDocument.Parse(body);
        var path = "/epcis/capture/" + accepted.RootElement.GetProperty("captureID").GetString();
        for (var server = 0; ; server = (server + 1) % _site.ServerCount)
        {
            if (await FindJobAsync(capture, _site.EntranceTo(server) + path) is { } text)
            {
                using var job = JsonDocument.Parse(text);
                if (!job.RootElement.GetProperty("running").GetBoolean())
                {
                    Assert.True(job.RootElement.GetProperty("success").GetBoolean(), text);
                    Assert.Equal(capture.EventHashes.Count, job.RootElement.GetProperty("eventsDone").GetInt32());
                    return new Acknowledged(capture, null, [.. job.RootElement.GetProperty("statements").EnumerateArray().Select(static s => s.GetProperty("receipt").GetString()!)], text); // As above.
                }
            }
            await Task.Delay(Pause, _abandon.Token);
        }
    }

    private async Task<string?> FindJobAsync(Capture capture, string url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = capture.ToRequest("http://any").Headers.Authorization;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_abandon.Token);
        patience.CancelAfter(TimeSpan.FromSeconds(10)); // A halted server takes connections and never answers.
        try
        {
            using var answer = await _site.Client.SendAsync(request, patience.Token);
            var text = await answer.Content.ReadAsStringAsync(patience.Token);
            Assert.True((int)answer.StatusCode is 200 or 503, $"An accepted job was answered with {(int)answer.StatusCode}: {text}");
            return answer.IsSuccessStatusCode ? text : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !_abandon.IsCancellationRequested)
        {
            return null;
        }
    }

    private Task WaitAsync(string awaited, Func<bool> reached) => IntegrationTests.Serving.Eventually.GetAsync(awaited, () =>
    {
        ThrowIfFailed();
        return Task.FromResult(reached() ? "" : null);
    }, Patience);

    private void ThrowIfFailed()
    {
        if (_clients.Find(static c => c.IsFaulted) is { Exception: { } exception })
        {
            throw exception.InnerException ?? exception;
        }
    }
}
