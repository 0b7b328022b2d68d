using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using TrustChain.Cli.Devices;
using TrustChain.Cli.Http;
using TrustChain.Core.Signing;

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
/// While the server does not answer, statements are turned away at once, and every two seconds some are let through to find out.
/// </summary>
internal sealed class StatementRelay(ServerClient client, Action<string> log)
{
    /// <summary>Requests under way at most.</summary>
    public const int Senders = 4;

    private const int MaxWaiting = 256;
    private const int MaxEarly = 64; // statements of devices whose entry is not in the log yet
    private const int EarlyAttempts = 20;
    private const int AwayPause = 2000; // milliseconds
    private const int QuietTime = 10_000; // milliseconds between two lines about the server

    private static readonly TimeSpan EarlyPause = TimeSpan.FromMilliseconds(500);
    private static readonly RelayAnswer Away = new(RelayOutcome.Later, 0, "The server does not take statements at the moment.");
    private static readonly RelayAnswer Stopping = new(RelayOutcome.Later, 0, "The gateway stops.");
    private static readonly SearchValues<byte> JwsCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."u8);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.Wait });
    private readonly Lock _telling = new();
    private long _taken;
    private long _refused;
    private long _later;
    private int _early;
    private long _awayUntil;
    private bool _saidAway;
    private long _saidAt = -QuietTime;

    private sealed record Waiting(string Statement, TaskCompletionSource<RelayAnswer> Answer);

    /// <summary>What there was since the start.</summary>
    public RelayCounts Counts => new(Interlocked.Read(ref _taken), Interlocked.Read(ref _refused), Interlocked.Read(ref _later));

    /// <summary>The text of a statement, if these bytes can be one: a compact JWS (RFC 7515 section 3.1), or a tagged COSE_Sign1 in base64url.</summary>
    public static string? Read(ReadOnlySequence<byte> payload)
    {
        if (payload.Length > Statement.MaxBytes)
        {
            return null;
        }
        var bytes = payload.IsSingleSegment ? payload.FirstSpan : payload.ToArray();
        if (CoseSign1.IsStartOf(bytes))
        {
            return bytes.Length <= CoseSign1.MaxBytes ? SignedMessage.ToText(bytes) : null;
        }
        return bytes.IndexOfAnyExcept(JwsCharacters) < 0 && bytes.Count((byte)'.') == 2 ? Encoding.ASCII.GetString(bytes) : null;
    }

    /// <summary>Queues a statement; waits while too many do, so that its sender is not read from any further.</summary>
    /// <returns>The answer to come.</returns>
    public async Task<Task<RelayAnswer>> AddAsync(string statement, CancellationToken cancellationToken)
    {
        if (Environment.TickCount64 < Interlocked.Read(ref _awayUntil))
        {
            return Task.FromResult(Count(Away));
        }
        var waiting = new Waiting(statement, new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await _waiting.Writer.WriteAsync(waiting, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            return Task.FromResult(Count(Stopping));
        }
        return FollowAsync(waiting);
    }

    /// <summary>Sends until it is told to end; what waits then is answered with "later".</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => SendAllAsync(cancellationToken)));
        _waiting.Writer.TryComplete();
        while (_waiting.Reader.TryRead(out var left))
        {
            left.Answer.TrySetResult(Stopping);
        }
    }

    /// <summary>The final answer. A device that was just enrolled is not in the log for a second: that second is waited for here.</summary>
    private async Task<RelayAnswer> FollowAsync(Waiting waiting)
    {
        var answer = await waiting.Answer.Task;
        if (IsEarly(answer))
        {
            var mayWait = Interlocked.Increment(ref _early) <= MaxEarly;
            for (var attempt = 1; mayWait && IsEarly(answer) && attempt < EarlyAttempts; attempt++)
            {
                await Task.Delay(EarlyPause);
                var again = new Waiting(waiting.Statement, new(TaskCreationOptions.RunContinuationsAsynchronously));
                if (!_waiting.Writer.TryWrite(again))
                {
                    break;
                }
                answer = await again.Answer.Task;
            }
            Interlocked.Decrement(ref _early);
        }
        return Count(answer);

        static bool IsEarly(RelayAnswer answer) => answer is { Outcome: RelayOutcome.Later, Status: 409 };
    }

    private RelayAnswer Count(RelayAnswer answer)
    {
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
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(cancellationToken))
            {
                var batch = new List<Waiting>();
                var bytes = 0;
                while (batch.Count < StatementBatch.MaxStatements && bytes < StatementBatch.MaxBytes - Statement.MaxBytes && _waiting.Reader.TryRead(out var next))
                {
                    batch.Add(next);
                    bytes += next.Statement.Length + 3;
                }
                if (batch.Count > 0)
                {
                    await SendAsync(batch, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The gateway stops.
        }
    }

    /// <summary>Sends statements in one request and answers each, whatever happens.</summary>
    private async Task SendAsync(List<Waiting> batch, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.PostAsync(StatementBatch.Path, StatementBatch.MediaType, StatementBatch.Body([.. batch.Select(static w => w.Statement)]), cancellationToken);
            if (answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.InternalServerError && batch.Count > 1)
            {
                foreach (var one in batch) // One of them spoils it for all.
                {
                    await SendAsync([one], cancellationToken);
                }
                return;
            }
            if (answer.Status == HttpStatusCode.InternalServerError)
            {
                AnswerAll(batch, new RelayAnswer(RelayOutcome.Later, 500, "The server failed at this statement.")); // The others go on.
                return;
            }
            if (answer.Status == HttpStatusCode.TooManyRequests)
            {
                AnswerAll(batch, new RelayAnswer(RelayOutcome.Later, 429, "Too many statements at once."));
                return;
            }
            using var json = answer.OrThrow().ToJson();
            var results = JsonMembers.Array(json.RootElement, "results").ToList();
            if (results.Count != batch.Count)
            {
                throw new InvalidDataException($"{answer.Address} answered for {results.Count} of {batch.Count} statements.");
            }
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Answer.TrySetResult(Read(results[i]));
            }
            Tell(null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            AnswerAll(batch, Stopping);
            throw;
        }
        catch (Exception exception)
        {
            // Whatever it is, the devices have to be told that nothing was taken for sure.
            Interlocked.Exchange(ref _awayUntil, Environment.TickCount64 + AwayPause);
            AnswerAll(batch, Away);
            Tell(exception.Message);
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
        var isEarly = code == "key-not-yet-logged";
        var isFinal = status is >= 400 and < 500 and not (401 or 408 or 429) && !isEarly;
        return new RelayAnswer(isFinal ? RelayOutcome.Refused : RelayOutcome.Later, isEarly ? 409 : status == 409 ? 400 : status, $"{code}: {JsonMembers.Text(part, "detail")}");
    }

    private static void AnswerAll(List<Waiting> batch, RelayAnswer answer) => batch.ForEach(w => w.Answer.TrySetResult(answer));

    /// <summary>Says that the server is away, and that it is back, each at most every ten seconds.</summary>
    private void Tell(string? trouble)
    {
        lock (_telling)
        {
            if (_saidAway == trouble is not null || Environment.TickCount64 - _saidAt < QuietTime)
            {
                return;
            }
            (_saidAway, _saidAt) = (trouble is not null, Environment.TickCount64);
        }
        log(trouble is null ? "the server takes statements again" : $"statements wait at their devices: {trouble}");
    }
}
