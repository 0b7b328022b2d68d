using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>A valid bundle whose parts a test may then break one at a time.</summary>
internal sealed class BundleBuilder(LittleLog log, long checkpointSize)
{
    public LogIdentity Identity { get; set; } = log.Identity;

    public string? Item { get; set; }

    public string? Next { get; set; }

    public string Checkpoint { get; set; } = log.Note(checkpointSize);

    public List<BundleAnchor> Anchors { get; } = [];

    public List<BundleTimestamp> Timestamps { get; } = [];

    public List<Hash32> Proof { get; } = [];

    public List<BundleKey> Keys { get; } = [];

    public List<string> Statements { get; } = [];

    public List<BundleRecord> Records { get; } = [];

    public List<BundleStatus> Status { get; } = [];

    public BundleBuilder AnchoredAt(params IEnumerable<long> sizes)
    {
        Anchors.AddRange(sizes.Select(size => log.Anchor(size, checkpointSize)));
        return this;
    }

    /// <summary>Adds witnesses' lines to the checkpoint.</summary>
    public BundleBuilder CosignedBy(params IReadOnlyList<Witness> witnesses)
    {
        Assert.True(SignedNote.TryParse(Checkpoint, out var note));
        Checkpoint = SignedNote.Append(Checkpoint, witnesses.Select(w => w.Cosign(note.Text)));
        return this;
    }

    /// <summary>Adds the stored token over the log's root of a size.</summary>
    public BundleBuilder StampedAt(long size)
    {
        Timestamps.Add(new BundleTimestamp(size, log.Root(size), StoredTimestamps.Token(log, size), log.Consistency(size, checkpointSize)));
        return this;
    }

    public BundleBuilder With(LoggedEntry key)
    {
        if (!Keys.Exists(k => k.Index == key.Index))
        {
            Keys.Add(new BundleKey(key.Index, key.Leaf, key.Body));
        }
        return this;
    }

    public BundleBuilder With(IEnumerable<LoggedEntry> keys)
    {
        foreach (var key in keys)
        {
            With(key);
        }
        return this;
    }

    public BundleBuilder With(LoggedRecord record)
    {
        Records.Add(record.ToBundle(Place(record.Statement)));
        return this;
    }

    public BundleBuilder WithStatus(LoggedEntry entry)
    {
        Status.Add(new BundleStatus(entry.Index, entry.Leaf, entry.Kind, entry.Body, entry.Statement is null ? null : Place(entry.Statement)));
        return this;
    }

    /// <summary>Computes the proof of everything added so far.</summary>
    public BundleBuilder Prove()
    {
        var indices = Records.Select(static r => r.Index).Concat(Keys.Select(static k => k.Index)).Concat(Status.Select(static s => s.Index));
        Proof.Clear();
        Proof.AddRange(log.SharedProof(indices.Distinct().Order(), checkpointSize));
        return this;
    }

    public EvidenceBundle Build() => new()
    {
        Log = Identity,
        Item = Item,
        Next = Next,
        Checkpoint = Checkpoint,
        Anchors = Anchors,
        Timestamps = Timestamps,
        Proof = Proof,
        Keys = Keys,
        Statements = Statements,
        Records = Records,
        Status = Status,
    };

    private int Place(string statement)
    {
        var place = Statements.IndexOf(statement);
        if (place < 0)
        {
            place = Statements.Count;
            Statements.Add(statement);
        }
        return place;
    }
}
