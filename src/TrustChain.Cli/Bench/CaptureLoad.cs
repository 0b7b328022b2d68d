using System.Diagnostics;
using System.Text;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Signing;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Bench;

/// <summary>Statements signed beforehand, and sending them with many clients at once.</summary>
internal sealed class CaptureLoad
{
    private readonly SignedStatement[] _statements;

    private CaptureLoad(SignedStatement[] statements, int batch, int events)
    {
        _statements = statements;
        Batch = batch;
        Events = events;
    }

    /// <summary>Events in each statement but the last.</summary>
    public int Batch { get; }

    /// <summary>Events in all statements.</summary>
    public int Events { get; }

    /// <summary>Latency of the requests sent so far.</summary>
    public Latencies Latencies { get; } = new();

    /// <summary>Digest of the statement that has an event, and the event's position in it.</summary>
    public (Hash32 Statement, int Position) PlaceOf(int number) => (_statements[number / Batch].Digest, number % Batch);

    /// <summary>Makes and signs all statements, with the organisation's keys in turn.</summary>
    /// <param name="corpus">The events.</param>
    /// <param name="organisation">Whose keys sign.</param>
    /// <param name="origin">The log's.</param>
    /// <param name="events">How many.</param>
    /// <param name="batch">Events in each statement.</param>
    /// <param name="first">Number of the first event in the corpus.</param>
    public static CaptureLoad Sign(EventCorpus corpus, BenchOrganisation organisation, string origin, int events, int batch, int first = 0)
    {
        var statements = new SignedStatement[(events + batch - 1) / batch];
        Parallel.For(0, statements.Length, i =>
        {
            var part = new List<ReadOnlyMemory<byte>>(batch);
            for (var number = i * batch; number < Math.Min((i + 1) * batch, events); number++)
            {
                part.Add(corpus.Create(first + number));
            }
            statements[i] = SignedStatement.SignRoot(organisation.Keys[i % organisation.Keys.Count], origin, part);
        });
        return new CaptureLoad(statements, batch, events);
    }

    /// <summary>Sends everything; each client waits for its answer before its next request.</summary>
    /// <exception cref="CliException">A request was refused, or answered for another statement.</exception>
    public async Task SendAsync(ServerClient client, int clients, CancellationToken cancellationToken)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < _statements.Length; i = Interlocked.Increment(ref next))
            {
                var started = Stopwatch.GetTimestamp();
                var answer = (await client.PostAsync("epcis/capture", _statements[i].MediaType, _statements[i].Body, cancellationToken)).OrThrow();
                Latencies.AddSince(started);
                using var json = answer.ToJson();
                if (JsonMembers.Text(json.RootElement, "statement") != _statements[i].Digest.ToHex())
                {
                    throw new CliException($"{answer.Address} answered for another statement than the one that was sent.", ExitCodes.Bad);
                }
            }
        }));
    }

    /// <summary>Entries under the newest checkpoint; its signature is checked. 0 while there is none.</summary>
    /// <exception cref="CliException">The checkpoint is not the log's.</exception>
    private static async Task<long> GetLogSizeAsync(ServerClient client, TrustFile trust, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync("log/checkpoint", "text/plain", cancellationToken);
        if (answer.Status == System.Net.HttpStatusCode.NotFound)
        {
            return 0;
        }
        return SignedNote.TryParse(Encoding.UTF8.GetString(answer.OrThrow().Body), out var note) && NoteVerifier.TryParse(trust.LogKey, out var verifier)
            && note.Verify(verifier) == Core.Signing.SignatureCheck.Valid && Checkpoint.TryParse(note.Text, out var checkpoint) && checkpoint.Origin == trust.Origin
            ? checkpoint.Size
            : throw new CliException("The checkpoint is not signed by the log's key.", ExitCodes.Bad);
    }

    /// <summary>Waits until a checkpoint covers so many entries.</summary>
    /// <returns>How many it covers, which may be more.</returns>
    /// <exception cref="CliException">The log does not get there: it has not grown for a minute.</exception>
    public static async Task<long> WaitForSizeAsync(ServerClient client, TrustFile trust, long size, CancellationToken cancellationToken)
    {
        var (seen, since) = (-1L, Stopwatch.GetTimestamp());
        while (true)
        {
            var now = await GetLogSizeAsync(client, trust, cancellationToken);
            if (now >= size)
            {
                return now;
            }
            if (now > seen)
            {
                (seen, since) = (now, Stopwatch.GetTimestamp());
            }
            if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(1))
            {
                throw new CliException($"The log has {now} entries instead of {size} and has not grown for a minute.", ExitCodes.Bad);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        }
    }
}
