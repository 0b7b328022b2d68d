using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Log;

namespace TrustChain.Server.Log;

/// <summary>What the workers last saw: the newest checkpoint, the newest final anchor, and whether the log may be signed at all.</summary>
internal sealed class LogHead
{
    private volatile StoredCheckpoint? _checkpoint;
    private volatile StoredAnchor? _anchor;
    private volatile StoredCheckpoint? _anchoredCheckpoint;
    private volatile string? _halted;
    private volatile TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The newest signed checkpoint; null until there is one.</summary>
    public StoredCheckpoint? Checkpoint => _checkpoint;

    /// <summary>The newest final anchor with the checkpoint of its size.</summary>
    public (StoredAnchor Anchor, StoredCheckpoint Checkpoint)? Anchored => _anchor is { } anchor && _anchoredCheckpoint is { } checkpoint && anchor.Size == checkpoint.Size
        ? (anchor, checkpoint)
        : null;

    /// <summary>Why nothing may be signed or captured: the database is behind the registry or differs from it. Null: all is well.</summary>
    public string? Halted => _halted;

    /// <summary>Completes at the next checkpoint of another size. Take it before looking at <see cref="Checkpoint"/>, and nothing is missed.</summary>
    public Task Grown => _grown.Task;

    public void SetCheckpoint(StoredCheckpoint? checkpoint)
    {
        var before = _checkpoint;
        _checkpoint = checkpoint;
        if (before?.Size != checkpoint?.Size)
        {
            Interlocked.Exchange(ref _grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    public void SetAnchored(StoredAnchor? anchor, StoredCheckpoint? checkpoint)
    {
        _anchoredCheckpoint = checkpoint;
        _anchor = anchor;
    }

    public void Halt(string reason) => _halted = reason;
}
