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

    /// <summary>The newest signed checkpoint; null until there is one.</summary>
    public StoredCheckpoint? Checkpoint => _checkpoint;

    /// <summary>The newest final anchor with the checkpoint of its size.</summary>
    public (StoredAnchor Anchor, StoredCheckpoint Checkpoint)? Anchored => _anchor is { } anchor && _anchoredCheckpoint is { } checkpoint && anchor.Size == checkpoint.Size
        ? (anchor, checkpoint)
        : null;

    /// <summary>Why nothing may be signed or captured: the database is behind the registry or differs from it. Null: all is well.</summary>
    public string? Halted => _halted;

    public void SetCheckpoint(StoredCheckpoint? checkpoint) => _checkpoint = checkpoint;

    public void SetAnchored(StoredAnchor? anchor, StoredCheckpoint? checkpoint)
    {
        _anchoredCheckpoint = checkpoint;
        _anchor = anchor;
    }

    public void Halt(string reason) => _halted = reason;
}
