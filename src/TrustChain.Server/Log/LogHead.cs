using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Log;

namespace TrustChain.Server.Log;

/// <summary>What the workers last saw: the newest checkpoint, the newest final anchor, and whether the log may be signed at all.</summary>
internal sealed class LogHead
{
    private static readonly TimeSpan WitnessPatience = TimeSpan.FromSeconds(30);

    private readonly Lock _setting = new(); // between the worker that signs and the one that brings cosignatures
    private volatile StoredCheckpoint? _checkpoint;
    private volatile StoredCheckpoint? _cosigned;
    private volatile StoredAnchor? _anchor;
    private volatile StoredCheckpoint? _anchoredCheckpoint;
    private volatile string? _halted;
    private volatile TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The newest signed checkpoint, with the cosignatures there are for it; null until there is one.</summary>
    public StoredCheckpoint? Checkpoint => _checkpoint;

    /// <summary>
    /// The newest checkpoint that enough of the configured witnesses cosigned; null without witnesses and until there is one. It may be far behind
    /// <see cref="Checkpoint"/> while witnesses are away.
    /// </summary>
    public StoredCheckpoint? CosignedCheckpoint => _cosigned;

    /// <summary>
    /// The checkpoint to anchor next: the cosigned one if it is larger than what is anchored and not much older than the newest, so that bundles carry the
    /// witnesses' lines; else the newest, so that witnesses that are away do not hold up anchors.
    /// </summary>
    /// <param name="anchoredSize">Entries that are anchored already.</param>
    /// <returns>Null when nothing larger is signed.</returns>
    public StoredCheckpoint? FindCheckpointToAnchor(long anchoredSize)
    {
        if (_checkpoint is not { } newest || newest.Size <= anchoredSize)
        {
            return null;
        }
        return _cosigned is { } cosigned && cosigned.Size > anchoredSize && newest.SignedAt - cosigned.SignedAt <= WitnessPatience ? cosigned : newest;
    }

    /// <summary>The newest final anchor with the checkpoint of its size.</summary>
    public (StoredAnchor Anchor, StoredCheckpoint Checkpoint)? Anchored => _anchor is { } anchor && _anchoredCheckpoint is { } checkpoint && anchor.Size == checkpoint.Size
        ? (anchor, checkpoint)
        : null;

    /// <summary>Why nothing may be signed or captured: the database is behind the registry or differs from it. Null: all is well.</summary>
    public string? Halted => _halted;

    /// <summary>Why the log is only read from this start on, though nothing is wrong with it; null: it is not. What is signed is still anchored and cosigned.</summary>
    public string? ReadOnly { get; init; }

    /// <summary>Why nothing is captured or signed, for either reason; null: the log grows.</summary>
    public string? Stopped => _halted ?? ReadOnly;

    /// <summary>Completes at the next checkpoint of another size. Take it before looking at <see cref="Checkpoint"/>, and nothing is missed.</summary>
    public Task Grown => _grown.Task;

    public void SetCheckpoint(StoredCheckpoint? checkpoint)
    {
        lock (_setting)
        {
            var before = _checkpoint;
            if (before is not null && before.Size == checkpoint?.Size && before.Cosignatures > checkpoint.Cosignatures)
            {
                return; // Read before the cosignatures came.
            }
            _checkpoint = checkpoint;
            if (before?.Size != checkpoint?.Size)
            {
                Interlocked.Exchange(ref _grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            }
        }
    }

    /// <summary>Takes a checkpoint with more cosignatures than it had where it is the newest or the anchored one.</summary>
    public void AddCosignatures(StoredCheckpoint checkpoint)
    {
        lock (_setting)
        {
            if (Gains(_checkpoint))
            {
                _checkpoint = checkpoint;
            }
            if (Gains(_anchoredCheckpoint))
            {
                _anchoredCheckpoint = checkpoint;
            }
        }

        bool Gains(StoredCheckpoint? held) => held is not null && held.Size == checkpoint.Size && held.Cosignatures < checkpoint.Cosignatures;
    }

    public void SetCosigned(StoredCheckpoint checkpoint) => _cosigned = checkpoint;

    public void SetAnchored(StoredAnchor? anchor, StoredCheckpoint? checkpoint)
    {
        lock (_setting)
        {
            _anchoredCheckpoint = checkpoint;
            _anchor = anchor;
        }
    }

    public void Halt(string reason) => _halted = reason;
}
