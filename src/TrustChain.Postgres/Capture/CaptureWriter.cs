using System.Diagnostics;
using System.Threading.Channels;
using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Postgres.Partitions;

namespace TrustChain.Postgres.Capture;

/// <summary>The queue of the group commit is full: the caller answers 503 and the client tries again.</summary>
public sealed class CaptureBusyException() : Exception("Too many statements wait to be written.");

/// <summary>
/// The group commit: one writer per process takes everything that waits, writes it in one transaction, and answers everybody after the commit. What
/// arrives while a transaction runs forms the next one, so batches grow with the load by themselves.
/// </summary>
public sealed class CaptureWriter : IAsyncDisposable
{
    private const int MaxStatementsPerBatch = 1024;
    private const int MaxRecordsPerBatch = 5_000;
    private const int MaxWaiting = 20_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CaptureBatch _batch;
    private readonly Channel<Pending> _waiting = Channel.CreateBounded<Pending>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly CommitPace _pace = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private int _depth;
    private long _bytes;
    private long _records;
    private long _writingSince; // when the oldest statement of the batch that is being written came; 0 between batches

    /// <summary>Starts the writer.</summary>
    public CaptureWriter(NpgsqlDataSource database, PartitionStore partitions)
    {
        _batch = new CaptureBatch(database, partitions);
        _loop = Task.Run(RunAsync);
    }

    private sealed record Pending(NewStatement Statement, long Since, TaskCompletionSource<CaptureResult> Done);

    /// <summary>Statements that wait.</summary>
    public int Depth => Volatile.Read(ref _depth);

    /// <summary>Bytes of the statements and events that wait.</summary>
    public long WaitingBytes => Math.Max(0, Volatile.Read(ref _bytes)); // counted just after it is in the queue

    /// <summary>How long the oldest of them has waited; zero when none does.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            var since = Volatile.Read(ref _writingSince);
            if (since == 0 && _waiting.Reader.TryPeek(out var first))
            {
                since = first.Since;
            }
            return since == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(since);
        }
    }

    /// <summary>What a commit takes however little is in it.</summary>
    public TimeSpan CommitTime => _pace.CommitTime;

    /// <summary>How long what waits takes to be written, beside the commits themselves.</summary>
    public TimeSpan ExpectedWait => _pace.Expect(Interlocked.Read(ref _records));

    /// <summary>Raised after each commit that added records.</summary>
    public event Action? Committed;

    /// <summary>Writes a statement; returns when it is durable.</summary>
    /// <exception cref="CaptureBusyException">The queue is full; nothing was written.</exception>
    /// <exception cref="NpgsqlException">
    /// The database is away or refused the data. If the connection broke during commit the statement may have been written; sending it again is safe,
    /// because an equal record is found and not written twice.
    /// </exception>
    /// <exception cref="TimeoutException">It was not durable within 30 s, as when a synchronous standby is away. It may become so later; sending it again is safe.</exception>
    public Task<CaptureResult> WriteAsync(NewStatement statement)
    {
        var pending = new Pending(statement, Stopwatch.GetTimestamp(), new TaskCompletionSource<CaptureResult>(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_waiting.Writer.TryWrite(pending))
        {
            return Task.FromException<CaptureResult>(new CaptureBusyException());
        }
        Interlocked.Increment(ref _depth);
        Interlocked.Add(ref _bytes, statement.SizeBytes);
        Interlocked.Add(ref _records, statement.Records.Count);
        return pending.Done.Task.WaitAsync(Patience);
    }

    /// <summary>Stops taking statements and finishes what waits, if that ends within 30 s.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await Task.WhenAny(_loop, Task.Delay(Patience)); // A commit that waits for a standby may never end; its senders were not answered and will repeat.
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var batch = new List<Pending>();
        Pending? held = null;
        while (held is not null || await _waiting.Reader.WaitToReadAsync())
        {
            batch.Clear();
            var records = 0;
            while (batch.Count < MaxStatementsPerBatch && (held is not null || _waiting.Reader.TryRead(out held)))
            {
                records += held.Statement.Records.Count;
                if (batch.Count > 0 && records > MaxRecordsPerBatch)
                {
                    break; // stays held for the next batch
                }
                batch.Add(held);
                held = null;
            }
            Volatile.Write(ref _writingSince, batch[0].Since);
            var started = Stopwatch.GetTimestamp();
            var isCommitted = await WriteBatchAsync(batch);
            Volatile.Write(ref _writingSince, 0);
            var written = batch.Sum(static p => p.Statement.Records.Count);
            if (isCommitted)
            {
                _pace.Learn(Stopwatch.GetElapsedTime(started), written);
            }
            Interlocked.Add(ref _records, -written);
            Interlocked.Add(ref _depth, -batch.Count);
            Interlocked.Add(ref _bytes, -batch.Sum(static p => (long)p.Statement.SizeBytes));
        }
    }

    /// <returns>Whether the batch was committed as it is: else the time it took says nothing.</returns>
    private async Task<bool> WriteBatchAsync(List<Pending> batch)
    {
        try
        {
            var results = await _batch.WriteAsync([.. batch.Select(static p => p.Statement)], _stop.Token);
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Done.SetResult(results[i]);
            }
            Committed?.Invoke();
            return true;
        }
        catch (PostgresException exception) when ((!exception.IsTransient || exception.SqlState == PostgresErrorCodes.LockNotAvailable) && batch.Count > 1)
        {
            // Some statement carries data that the database refuses, or is just being written by a server that has halted. Each is tried alone, so that only that one fails.
            foreach (var pending in batch)
            {
                await WriteBatchAsync([pending]);
            }
            return false;
        }
        catch (Exception exception)
        {
            // Every waiter learns of the failure; the loop itself must live on for when the database is back.
            foreach (var pending in batch)
            {
                pending.Done.TrySetException(exception);
            }
            return false;
        }
    }
}
