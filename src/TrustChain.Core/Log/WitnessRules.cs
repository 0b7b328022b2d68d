using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>What a witness answers to a submitted checkpoint; the numbers are the HTTP statuses of C2SP tlog-witness.</summary>
public abstract record WitnessDecision
{
    private WitnessDecision()
    {
    }

    /// <summary>Whether the log's signature is good but the tree does not continue the one cosigned before: it may prove that the log misbehaves.</summary>
    public virtual bool IsSuspicious => false;

    /// <summary>200: keep this checkpoint durably, then cosign <paramref name="Text"/>.</summary>
    /// <param name="Checkpoint">The new latest checkpoint.</param>
    /// <param name="Text">The note's text.</param>
    public sealed record Cosign(Checkpoint Checkpoint, string Text) : WitnessDecision;

    /// <summary>400: the checkpoint is malformed, or smaller than the size it is said to continue.</summary>
    /// <param name="Reason">What is wrong.</param>
    public sealed record Malformed(string Reason) : WitnessDecision;

    /// <summary>403: no signature by a key that is trusted for this origin, or one that does not verify.</summary>
    public sealed record NotSigned : WitnessDecision;

    /// <summary>404: the origin is not one of the logs witnessed.</summary>
    public sealed record UnknownLog : WitnessDecision;

    /// <summary>409: the latest cosigned checkpoint has another size than the one proven from, or this size under another root.</summary>
    /// <param name="LatestSize">Size of the latest cosigned checkpoint; 0 when there is none.</param>
    /// <param name="HasOtherRoot">The sizes agree, the roots do not: the log has signed two histories.</param>
    public sealed record Conflict(long LatestSize, bool HasOtherRoot) : WitnessDecision
    {
        /// <inheritdoc/>
        public override bool IsSuspicious => HasOtherRoot;
    }

    /// <summary>422: the consistency proof does not verify.</summary>
    public sealed record Inconsistent : WitnessDecision
    {
        /// <inheritdoc/>
        public override bool IsSuspicious => true;
    }
}

/// <summary>When a witness cosigns, by the rules of C2SP tlog-witness. Pure: the caller keeps the latest checkpoint of each log and holds its lock.</summary>
public static class WitnessRules
{
    /// <summary>Origin of the log whose lock and latest checkpoint <see cref="Decide"/> needs; null when the request has no checkpoint.</summary>
    public static string? FindOrigin(AddCheckpointRequest request) =>
        SignedNote.TryParse(request.Checkpoint, out var note) && Checkpoint.TryParse(note.Text, out var checkpoint) ? checkpoint.Origin : null;

    /// <summary>Judges one request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="logKeys">Keys trusted for logs; a key counts for the log whose origin is its name.</param>
    /// <param name="latest">The latest checkpoint cosigned for the request's origin; null when there is none.</param>
    public static WitnessDecision Decide(AddCheckpointRequest request, IEnumerable<NoteVerifier> logKeys, Checkpoint? latest)
    {
        if (!SignedNote.TryParse(request.Checkpoint, out var note) || !Checkpoint.TryParse(note.Text, out var checkpoint))
        {
            return new WitnessDecision.Malformed("The checkpoint is malformed.");
        }
        var keys = logKeys.Where(k => k.Name == checkpoint.Origin).ToList();
        if (keys.Count == 0)
        {
            return new WitnessDecision.UnknownLog();
        }
        // Lines of unknown keys are ignored; one of a known key that does not verify spoils the note (C2SP signed-note).
        var signed = keys.FindAll(k => note.Signatures.Any(s => s.Name == k.Name && s.KeyId == k.KeyId));
        if (signed.Count == 0 || signed.Exists(k => note.Verify(k) != SignatureCheck.Valid))
        {
            return new WitnessDecision.NotSigned();
        }
        if (request.OldSize > checkpoint.Size)
        {
            return new WitnessDecision.Malformed($"The old size {request.OldSize} is larger than the checkpoint's {checkpoint.Size}.");
        }
        var (latestSize, latestRoot) = latest is null ? (0, MerkleTree.EmptyRoot) : (latest.Size, latest.Root);
        if (request.OldSize != latestSize)
        {
            return new WitnessDecision.Conflict(latestSize, HasOtherRoot: false);
        }
        if (checkpoint.Size == latestSize && checkpoint.Root != latestRoot)
        {
            return new WitnessDecision.Conflict(latestSize, HasOtherRoot: true);
        }
        return MerkleTree.VerifyConsistency(latestSize, checkpoint.Size, latestRoot, checkpoint.Root, request.Proof)
            ? new WitnessDecision.Cosign(checkpoint, note.Text)
            : new WitnessDecision.Inconsistent();
    }
}
