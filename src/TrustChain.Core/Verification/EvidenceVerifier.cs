using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Verification;

/// <summary>
/// Verifies an evidence bundle by the steps of <c>docs/evidence-format.md</c> section "Verification". Pure: what the chain says comes in as a
/// <see cref="ChainObservation"/>. Each fault is blamed on one check: a check that does not come out right only because something it rests on
/// failed its own check answers "could not check".
/// </summary>
public sealed partial class EvidenceVerifier
{
    private readonly EvidenceBundle _bundle;
    private readonly TrustFile? _trust;
    private readonly ChainObservation? _chain;
    private readonly VerifierCache? _cache;
    private readonly List<Check> _checks = [];
    private readonly Dictionary<long, (KeyChange? Change, bool Sound)> _keys = [];
    private SignedNote? _note;
    private Checkpoint? _checkpoint;
    private bool _checkpointSound;
    private long _anchoredSize;
    private Hash32? _anchoredRoot; // root the chain confirmed for exactly the checkpoint's size

    private EvidenceVerifier(EvidenceBundle bundle, TrustFile? trust, ChainObservation? chain, VerifierCache? cache)
    {
        _cache = cache;
        _bundle = bundle;
        _trust = trust;
        _chain = chain;
    }

    /// <summary>Reads and verifies a bundle.</summary>
    /// <param name="utf8">The bundle's JSON.</param>
    /// <param name="trust">What the asker trusts, or null: then the identity check could not be done.</param>
    /// <param name="chain">What a node answered about the bundle's anchors, or null when none was asked.</param>
    public static VerificationReport Verify(ReadOnlyMemory<byte> utf8, TrustFile? trust, ChainObservation? chain) =>
        EvidenceBundle.TryParse(utf8, out var bundle, out var error)
            ? Verify(bundle, trust, chain)
            : new VerificationReport([new Check(CheckNames.Bundle, "bundle", Outcome.Failed, ReasonCodes.BundleMalformed, error)]);

    /// <summary>Verifies a bundle that has been read.</summary>
    /// <param name="bundle">The bundle.</param>
    /// <param name="trust">As in the other overload.</param>
    /// <param name="chain">As in the other overload.</param>
    /// <param name="cache">Shared by verifications of one process, or null.</param>
    public static VerificationReport Verify(EvidenceBundle bundle, TrustFile? trust, ChainObservation? chain, VerifierCache? cache = null) =>
        new EvidenceVerifier(bundle, trust, chain, cache).Run();

    private VerificationReport Run()
    {
        VerifyIdentity(); // step 1
        VerifyCheckpoint(); // step 2
        VerifyWitnesses(); // step 2b
        for (var i = 0; i < _bundle.Anchors.Count; i++) // step 3
        {
            VerifyAnchor(i);
        }
        if (_bundle.Anchors.Count == 0)
        {
            Unknown(CheckNames.Anchor, "bundle", ReasonCodes.AnchorPending, "The bundle has no anchor yet.");
        }
        for (var i = 0; i < _bundle.Timestamps.Count; i++) // step 3b
        {
            VerifyTimestamp(i);
        }
        VerifyInclusion(); // step 4
        for (var i = 0; i < _bundle.Keys.Count; i++) // step 5
        {
            VerifyKey(i);
        }
        VerifyKeyHistories(); // step 5b
        var status = VerifyStatusEntries(); // step 7: step 6 asks which device entries passed, and is listed before it
        for (var i = 0; i < _bundle.Records.Count; i++) // step 6
        {
            VerifyRecord(i);
        }
        _checks.AddRange(status);
        VerifyDeviceHistories(); // step 7b
        return new VerificationReport(_checks);
    }

    private void VerifyIdentity()
    {
        if (_trust is null)
        {
            Unknown(CheckNames.Identity, "bundle", ReasonCodes.NoTrustFile, "No trust file was given, so any log could have made this bundle.");
            return;
        }
        var differs = new List<string>();
        Compare("origin", _bundle.Log.Origin, _trust.Origin, StringComparison.Ordinal);
        Compare("log key", _bundle.Log.Key, _trust.LogKey, StringComparison.Ordinal);
        Compare("registry", _bundle.Log.Registry, _trust.Registry, StringComparison.OrdinalIgnoreCase);
        if (_bundle.Log.ChainId != _trust.ChainId)
        {
            differs.Add("chain id");
        }
        if (_chain is { Unavailable: null } && !string.Equals(_chain.Genesis, _trust.Genesis, StringComparison.OrdinalIgnoreCase))
        {
            differs.Add("genesis block");
        }
        if (differs.Count > 0)
        {
            Fail(CheckNames.Identity, "bundle", ReasonCodes.ForeignLog, $"This bundle is not of the trusted log: {string.Join(", ", differs)} differ.");
            return;
        }
        Pass(CheckNames.Identity, "bundle", $"The bundle is of the trusted log {_trust.Origin}.");

        void Compare(string what, string left, string right, StringComparison comparison)
        {
            if (!string.Equals(left, right, comparison))
            {
                differs.Add(what);
            }
        }
    }

    private void VerifyCheckpoint()
    {
        if (!SignedNote.TryParse(_bundle.Checkpoint, out var note) || !Checkpoint.TryParse((_note = note).Text, out _checkpoint)
            || _checkpoint.Size is < 1 or > SharedInclusionProof.MaxTreeSize)
        {
            _checkpoint = null;
            Fail(CheckNames.Checkpoint, "bundle", ReasonCodes.CheckpointMalformed, "The checkpoint is not a signed note of origin, size and root.");
            return;
        }
        if (!NoteVerifier.TryParse(_bundle.Log.Key, out var verifier) || verifier.Name != _bundle.Log.Origin || _checkpoint.Origin != _bundle.Log.Origin)
        {
            Fail(CheckNames.Checkpoint, "bundle", ReasonCodes.CheckpointSignatureInvalid, "The checkpoint, the log's key and its origin do not belong together.");
            return;
        }
        switch (note.Verify(verifier))
        {
            case SignatureCheck.Valid:
                _checkpointSound = true;
                Pass(CheckNames.Checkpoint, "bundle", $"The log signed a tree of {_checkpoint.Size} entries.");
                break;
            case SignatureCheck.CouldNotCheck:
                Unknown(CheckNames.Checkpoint, "bundle", ReasonCodes.AlgorithmNotAvailable, "This machine cannot check Ed25519 signatures.");
                break;
            default:
                Fail(CheckNames.Checkpoint, "bundle", ReasonCodes.CheckpointSignatureInvalid, "The checkpoint's signature is not the log's.");
                break;
        }
    }

    private void VerifyAnchor(int i)
    {
        var anchor = _bundle.Anchors[i];
        var subject = $"anchors[{i}]";
        if (_chain is null || _chain.Unavailable is not null)
        {
            Unknown(CheckNames.Anchor, subject, ReasonCodes.ChainUnreachable, $"The chain could not be asked: {_chain?.Unavailable ?? "no RPC address was given"}.");
            return;
        }
        if (_chain.ChainId != anchor.ChainId || anchor.ChainId != _bundle.Log.ChainId || !SameHex(anchor.Registry, _bundle.Log.Registry))
        {
            Fail(CheckNames.Anchor, subject, ReasonCodes.ChainMismatch, $"The anchor is on chain {anchor.ChainId}; the node serves {_chain.ChainId}, the log names {_bundle.Log.ChainId}.");
            return;
        }
        var seen = _chain.Anchors[i];
        if (!seen.HasCode)
        {
            Fail(CheckNames.Anchor, subject, ReasonCodes.RegistryMissing, $"There is no contract at {anchor.Registry}.");
            return;
        }
        if (seen.OriginHash != Hash32.Compute(Encoding.UTF8.GetBytes(_bundle.Log.Origin)))
        {
            Fail(CheckNames.Anchor, subject, ReasonCodes.RegistryOriginMismatch, "The contract belongs to another log.");
            return;
        }
        if (seen.RootAt.IsDefault)
        {
            Fail(CheckNames.Anchor, subject, ReasonCodes.AnchorNotFound, $"The contract holds no root for size {anchor.Size}.");
            return;
        }
        if (seen.RootAt != anchor.Root)
        {
            Fail(CheckNames.Anchor, subject, ReasonCodes.AnchorRootMismatch, $"The contract holds another root for size {anchor.Size}.");
            return;
        }
        if (seen.Transaction is { } transaction
            && (!transaction.Succeeded || !SameHex(transaction.To, anchor.Registry) || transaction.Block != anchor.Block
                || !SameHex(transaction.BlockHash, anchor.BlockHash) || transaction.BlockTime != anchor.Time))
        {
            Fail(CheckNames.Anchor, subject, ReasonCodes.AnchorTransactionMismatch, "The transaction is not in the block that the anchor names.");
            return;
        }
        if (_checkpoint is not null && !Continues(anchor.Size, anchor.Root, anchor.Consistency))
        {
            if (_checkpointSound)
            {
                Fail(CheckNames.Anchor, subject, ReasonCodes.AnchorInconsistent, "The signed tree is not shown to continue the anchored one.");
                return;
            }
            if (anchor.Size != _checkpoint.Size)
            {
                Depends(CheckNames.Anchor, subject, CheckNames.Checkpoint); // Nothing ties the tree of the proofs to the chain.
                return;
            }
            // For exactly this size the chain itself says which root the tree has; the inclusion check uses it.
        }
        _anchoredSize = Math.Max(_anchoredSize, anchor.Size);
        if (anchor.Size == _checkpoint?.Size)
        {
            _anchoredRoot = seen.RootAt;
        }
        if (seen.Transaction is null)
        {
            Unknown(CheckNames.Anchor, subject, ReasonCodes.AnchorTransactionNotFound, $"The root is on the chain, but this node does not know transaction {anchor.Transaction}.");
            return;
        }
        Pass(CheckNames.Anchor, subject, $"The root of {anchor.Size} entries is on chain {anchor.ChainId} since block {anchor.Block} of {Core.Log.Record.FormatTime(anchor.Time)}.");
    }

    private bool Continues(long size, Hash32 root, IReadOnlyList<Hash32> consistency) =>
        size > 0 && MerkleTree.VerifyConsistency(size, _checkpoint!.Size, root, _checkpoint.Root, consistency); // The callers checked for null.

    private void VerifyInclusion()
    {
        if (_checkpoint is null)
        {
            Depends(CheckNames.Inclusion, "bundle", CheckNames.Checkpoint);
            return;
        }
        var leaves = _bundle.Leaves();
        var root = leaves is { Length: > 0 } && leaves[^1].Index < _checkpoint.Size
            ? SharedInclusionProof.ComputeRoot(leaves, _checkpoint.Size, _bundle.Proof)
            : null;
        // A checkpoint that did not pass yields to what the chain holds for its size.
        var expected = _checkpointSound || _anchoredRoot is null ? _checkpoint.Root : _anchoredRoot.Value;
        if (root == expected)
        {
            Pass(CheckNames.Inclusion, "bundle", $"All {leaves!.Length} entries of the bundle are in the tree."); // A root was computed from them.
        }
        else if (!_checkpointSound && _anchoredRoot is null)
        {
            // Size and root are those of a checkpoint that nobody vouches for, so the proof cannot be called wrong.
            Depends(CheckNames.Inclusion, "bundle", CheckNames.Checkpoint);
        }
        else
        {
            Fail(CheckNames.Inclusion, "bundle", ReasonCodes.InclusionProofInvalid, "The proof does not lead from these entries to the root of the tree.");
        }
    }

    // A body too long for an entry is in no log.
    private static bool IsPublicLeaf(EntryKind kind, ReadOnlyMemory<byte> body, Hash32 leaf) =>
        body.Length <= LogEntry.MaxBody && MerkleTree.HashLeaf(LogEntry.ForPublic(kind, body.Span)) == leaf;

    private static bool SameHex(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private void Pass(string name, string subject, string message, string? remark = null) => _checks.Add(new Check(name, subject, Outcome.Passed, remark, message));

    private void Fail(string name, string subject, string code, string message) => _checks.Add(new Check(name, subject, Outcome.Failed, code, message));

    private void Unknown(string name, string subject, string code, string message) => _checks.Add(new Check(name, subject, Outcome.CouldNotCheck, code, message));

    private void Depends(string name, string subject, string on) =>
        Unknown(name, subject, ReasonCodes.DependsOn, DependsMessage(on));

    private static string DependsMessage(string on) => $"Could not be told, because the check \"{on}\" it rests on did not pass.";
}
