using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using TrustChain.Cli.Devices;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Gateway;

/// <summary>What became of a statement.</summary>
internal enum RelayOutcome
{
    /// <summary>The server has it, durably.</summary>
    Taken,

    /// <summary>The server will never take it.</summary>
    Refused,

    /// <summary>Nobody can tell yet; the device has to send it again.</summary>
    Later,
}

/// <summary>The answer for one statement.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Status">HTTP status for the statement; 0 when there was none.</param>
/// <param name="Text">The receipt of what was taken, else the reason.</param>
internal sealed record RelayAnswer(RelayOutcome Outcome, int Status, string Text);

/// <summary>How many statements ended how.</summary>
internal readonly record struct RelayCounts(long Taken, long Refused, long Later);

/// <summary>
/// Passes statements of all devices on to the server, as many in a request as are waiting: alone each goes at once, and under load requests fill. It keeps none of them beyond its answer.
/// </summary>
internal sealed class StatementRelay(ServerClient client, TextWriter log)
{
    /// <summary>Requests under way at most.</summary>
    public const int Senders = 4;

    private const int MaxWaiting = 256;
    private const int EarlyAttempts = 20;

    private static readonly TimeSpan EarlyPause = TimeSpan.FromMilliseconds(500);
    private static readonly SearchValues<byte> JwsCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.Wait });
    private long _taken;
    private long _refused;
    private long _later;
    private volatile bool _isAway;

    private sealed record Waiting(string Statement, TaskCompletionSource<RelayAnswer> Answer);

    /// <summary>What there was since the start.</summary>
    public RelayCounts Counts => new(Interlocked.Read(ref _taken), Interlocked.Read(ref _refused), Interlocked.Read(ref _later));

    /// <summary>The text of a statement, if these bytes can be one: a compact JWS (RFC 7515 section 3.1).</summary>
    public static string? Read(ReadOnlySequence<byte> payload)
    {
        var bytes = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
        return bytes.IndexOfAnyExcept(JwsCharacters) < 0 && bytes.Count((byte)'.') == 2 ? Encoding.ASCII.GetString(bytes) : null;
    }

    /// <summary>Queues a statement; waits while too many do, so that its sender is not read from any further.</summary>
    /// <returns>The answer to come.</returns>
    public async Task<Task<RelayAnswer>> AddAsync(string statement, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(statement, new(TaskCreationOptions.RunContinuationsAsynchronously));
        await _waiting.Writer.WriteAsync(waiting, cancellationToken);
        return FollowAsync(waiting);
    }

    /// <summary>Sends until it is told to end; what waits then is answered with "later".</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => SendAllAsync(cancellationToken)));
        while (_waiting.Reader.TryRead(out var left))
        {
            left.Answer.TrySetResult(new RelayAnswer(RelayOutcome.Later, 0, "The gateway stops."));
        }
    }

    /// <summary>The final answer. A device that was just enrolled is not in the log for a second: that second is waited for here.</summary>
    private async Task<RelayAnswer> FollowAsync(Waiting waiting)
    {
        var answer = await waiting.Answer.Task;
        for (var attempt = 1; answer is { Outcome: RelayOutcome.Later, Status: 409 } && attempt < EarlyAttempts; attempt++)
        {
            await Task.Delay(EarlyPause);
            var again = new Waiting(waiting.Statement, new(TaskCreationOptions.RunContinuationsAsynchronously));
            if (!_waiting.Writer.TryWrite(again))
            {
                break;
            }
            answer = await again.Answer.Task;
        }
        switch (answer.Outcome)
        {
            case RelayOutcome.Taken:
                Interlocked.Increment(ref _taken);
                break;
            case RelayOutcome.Refused:
                Interlocked.Increment(ref _refused);
                break;
            default:
                Interlocked.Increment(ref _later);
                break;
        }
        return answer;
    }

    private async Task SendAllAsync(CancellationToken cancellationToken)
    {
        var batch = new List<Waiting>();
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
            {
                var bytes = 0;
                while (batch.Count < StatementBatch.MaxStatements && bytes < StatementBatch.MaxBytes - Core.Signing.Statement.MaxBytes && _waiting.Reader.TryRead(out var next))
                {
                    batch.Add(next);
                    bytes += next.Statement.Length + 3;
                }
                if (batch.Count > 0)
                {
                    await SendAsync(batch, cancellationToken);
                    batch.Clear();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            AnswerAll(batch, new RelayAnswer(RelayOutcome.Later, 0, "The gateway stops."));
        }
    }

    private async Task SendAsync(List<Waiting> batch, CancellationToken cancellationToken)
    {
        try
        {
            var answer = (await client.PostAsync(StatementBatch.Path, StatementBatch.MediaType, StatementBatch.Body(batch.Select(static w => w.Statement)), cancellationToken)).OrThrow();
            using var json = answer.ToJson();
            var results = JsonMembers.Array(json.RootElement, "results").ToList();
            if (results.Count != batch.Count)
            {
                throw new CliException($"{answer.Address} answered for {results.Count} of {batch.Count} statements.");
            }
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Answer.TrySetResult(Read(results[i]));
            }
            Tell(null);
        }
        catch (CliException exception)
        {
            Tell(exception.Message);
            AnswerAll(batch, new RelayAnswer(RelayOutcome.Later, 0, "The server does not take statements at the moment."));
        }
    }

    private static RelayAnswer Read(JsonElement result)
    {
        var status = (int)(JsonMembers.Integer(result, "status") ?? 0);
        var part = result.ValueKind == JsonValueKind.Object && (result.TryGetProperty("capture", out var member) || result.TryGetProperty("problem", out member)) ? member : default;
        if (status is 200 or 201 or 202 && JsonMembers.Text(part, "receipt") is { Length: > 0 } receipt)
        {
            return new RelayAnswer(RelayOutcome.Taken, status, receipt);
        }
        var code = JsonMembers.Text(part, "code");
        var isFinal = status is >= 400 and < 500 and not (401 or 408 or 429) && code != "key-not-yet-logged";
        return new RelayAnswer(isFinal ? RelayOutcome.Refused : RelayOutcome.Later, code == "key-not-yet-logged" ? 409 : status, $"{code}: {JsonMembers.Text(part, "detail")}");
    }

    private static void AnswerAll(List<Waiting> batch, RelayAnswer answer) => batch.ForEach(w => w.Answer.TrySetResult(answer));

    /// <summary>Says once that the server is away, and once that it is back.</summary>
    private void Tell(string? trouble)
    {
        if (trouble is not null && !_isAway)
        {
            log.WriteLine($"trustchain: statements wait at their devices: {trouble}");
        }
        else if (trouble is null && _isAway)
        {
            log.WriteLine("trustchain: the server takes statements again");
        }
        _isAway = trouble is not null;
    }
}
