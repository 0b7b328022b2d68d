using System.Diagnostics;
using TrustChain.Core.Log;
using TrustChain.Postgres.Log;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Witness;

/// <summary>How one round with a witness went.</summary>
internal enum WitnessRound
{
    /// <summary>It has cosigned all there is.</summary>
    NothingToDo,

    /// <summary>There is a new cosignature.</summary>
    Cosigned,

    /// <summary>It did not come; try again later.</summary>
    Failed,
}

/// <summary>What the followers of all witnesses work with.</summary>
internal sealed record WitnessParts(LogStore Log, CosignatureStore Cosignatures, LogHead Head, TileCache Tiles, KeyRing Ring, WitnessClient Client, WitnessMetrics Metrics, ILogger<WitnessWorker> Logger);

/// <summary>
/// Brings one witness from the size it cosigned last to the newest checkpoint. Several servers may follow the same witness: it compares sizes itself,
/// and a second cosignature of a size is not kept. Used by one loop at a time.
/// </summary>
internal sealed partial class WitnessFollower(ConfiguredWitness witness, WitnessParts parts)
{
    private long _known; // what the witness is believed to have cosigned last; its answer corrects it
    private long _ahead; // a size it cosigned that this server has no checkpoint of yet

    public async Task<WitnessRound> AdvanceAsync(CancellationToken cancellationToken)
    {
        if (parts.Head.Halted is not null || parts.Head.Checkpoint is not { } newest || newest.Size < _ahead)
        {
            return WitnessRound.NothingToDo;
        }
        var stored = await parts.Cosignatures.FindLatestAsync(witness.Key.Text, cancellationToken);
        if (stored is not null)
        {
            _known = Math.Max(_known, stored.Size);
            parts.Metrics.Known(witness.Name, stored.Size, stored.CosignedAt);
            if (stored.Size >= newest.Size)
            {
                return WitnessRound.NothingToDo;
            }
        }
        // The second time with the size that the witness says it has.
        var round = await AskAsync(newest, Math.Min(_known, newest.Size), corrected: false, cancellationToken);
        return round ?? await AskAsync(newest, _known, corrected: true, cancellationToken) ?? WitnessRound.Failed;
    }

    /// <returns>Null when the witness named another size to start from, which is known now.</returns>
    private async Task<WitnessRound?> AskAsync(StoredCheckpoint newest, long old, bool corrected, CancellationToken cancellationToken)
    {
        var proof = await parts.Tiles.BuildAsync(ProofPlan.Consistency(old, newest.Size), cancellationToken);
        var answer = await parts.Client.AskAsync(witness, new AddCheckpointRequest(old, proof, LogSigned(newest)), newest.SignedAt, cancellationToken);
        switch (answer)
        {
            case WitnessAnswer.Cosigned cosigned:
                await parts.Cosignatures.AddAsync(new StoredCosignature(newest.Size, witness.Key.Text, cosigned.Line, cosigned.Time), cancellationToken);
                (_known, _ahead) = (newest.Size, 0);
                parts.Metrics.Cosigned(witness.Name, newest.Size, cosigned.Time);
                Log.Cosigned(parts.Logger, witness.Name, newest.Size);
                return WitnessRound.Cosigned;
            case WitnessAnswer.OtherSize other when other.Size == old:
                return Alarm("split", () => Log.OtherRoot(parts.Logger, witness.Name, old));
            case WitnessAnswer.OtherSize other when other.Size > newest.Size:
                return await WaitForSizeAsync(other.Size, cancellationToken);
            case WitnessAnswer.OtherSize other when !corrected:
                _known = other.Size;
                return null;
            case WitnessAnswer.OtherSize:
                parts.Metrics.Failed(witness.Name, "conflict", alarm: false); // Another server got in between.
                return WitnessRound.Failed;
            case WitnessAnswer.Inconsistent:
                return Alarm("inconsistent", () => Log.Inconsistent(parts.Logger, witness.Name, newest.Size, old));
            case WitnessAnswer.Forged forged:
                return Alarm("invalid", () => Log.Forged(parts.Logger, witness.Name, newest.Size, forged.Reason));
            case WitnessAnswer.Refused refused:
                return Failure("refused", refused.Reason);
            case WitnessAnswer.Away away:
                return Failure("away", away.Reason);
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Another server has sent a later checkpoint; but no witness can have cosigned more than was ever committed.</summary>
    private async Task<WitnessRound> WaitForSizeAsync(long size, CancellationToken cancellationToken)
    {
        var state = await parts.Log.GetStateAsync(cancellationToken);
        if (size > state.Size)
        {
            return Alarm("ahead", () => Log.Ahead(parts.Logger, witness.Name, size, state.Size));
        }
        (_known, _ahead) = (size, size);
        return WitnessRound.NothingToDo;
    }

    /// <summary>The note with the log's own signature alone.</summary>
    private string LogSigned(StoredCheckpoint checkpoint)
    {
        if (!SignedNote.TryParse(checkpoint.Note, out var note))
        {
            throw new InvalidOperationException($"The checkpoint of {checkpoint.Size} entries is malformed in the database.");
        }
        return $"{note.Text}\n{string.Concat(note.Signatures.Where(s => s.Name == parts.Ring.Verifier.Name && s.KeyId == parts.Ring.Verifier.KeyId).Select(static s => s.ToLine()))}";
    }

    private WitnessRound Failure(string reason, string detail)
    {
        parts.Metrics.Failed(witness.Name, reason, alarm: false);
        Log.NotCosigned(parts.Logger, witness.Name, detail);
        return WitnessRound.Failed;
    }

    private WitnessRound Alarm(string reason, Action log)
    {
        parts.Metrics.Failed(witness.Name, reason, alarm: true);
        log();
        return WitnessRound.Failed;
    }

    private static partial class Log
    {
        [LoggerMessage(3200, LogLevel.Debug, "Witness {Witness} cosigned {Size} entries")]
        public static partial void Cosigned(ILogger logger, string witness, long size);

        [LoggerMessage(3201, LogLevel.Warning, "Witness {Witness} has not cosigned: {Reason}")]
        public static partial void NotCosigned(ILogger logger, string witness, string reason);

        [LoggerMessage(3202, LogLevel.Error, "Witness {Witness} answered for {Size} entries with what does not verify: {Reason}. It is not kept.")]
        public static partial void Forged(ILogger logger, string witness, long size, string reason);

        [LoggerMessage(3203, LogLevel.Critical, "Witness {Witness} holds another root for {Size} entries: it cosigned another history of this log, or lies.")]
        public static partial void OtherRoot(ILogger logger, string witness, long size);

        [LoggerMessage(3204, LogLevel.Critical, "Witness {Witness} finds that {Size} entries do not continue the {Old} it cosigned: it cosigned another history of this log, or lies.")]
        public static partial void Inconsistent(ILogger logger, string witness, long size, long old);

        [LoggerMessage(3205, LogLevel.Critical, "Witness {Witness} says that it cosigned {Size} entries, but the database has only {Committed}: the database was restored from an old dump, or the witness lies.")]
        public static partial void Ahead(ILogger logger, string witness, long size, long committed);
    }
}
