using System.Diagnostics;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Verification;

/// <summary>Assembles evidence bundles from rows and tiles.</summary>
internal sealed class EvidenceBuilder(RecordStore records, DeviceStore devices, KeyChains chains, KeyDirectory directory, TileCache tiles, LogHead head, AnchoredTrees trees, EvidenceMetrics metrics)
{
    /// <summary>
    /// A bundle of those records that a checkpoint covers, with the given certificates and recalls. The tree is that of the newest anchor if it covers
    /// everything, else that of the newest checkpoint, to which the anchor's is then proven consistent.
    /// </summary>
    /// <param name="tree">What the target on a chain holds, whose anchor the bundle gets.</param>
    /// <param name="events">The records.</param>
    /// <param name="status">Certificates and recalls.</param>
    /// <param name="caller">Who asks: statements that show more than they may see are left out.</param>
    /// <param name="item">Whose records these are, if they are an item's.</param>
    /// <param name="next">Where the next page is.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="mayShowTelemetry">Whether the caller may see the statements of devices, whoever owned them then.</param>
    /// <returns>Null while no checkpoint covers any of the records.</returns>
    public async Task<EvidenceBundle?> BuildAsync(
        AnchoredTree tree,
        IReadOnlyList<VisibleEvent> events,
        IReadOnlyList<StoredPublicEntry> status,
        Caller caller,
        string? item,
        string? next,
        CancellationToken cancellationToken,
        bool mayShowTelemetry = false)
    {
        if (head.Checkpoint is not { } newest)
        {
            return null;
        }
        var logged = events.Select(static e => e.Stored).Where(s => s.LeafIndex is { } index && index < newest.Size).ToList();
        if (logged.Count == 0)
        {
            return null;
        }
        var start = Stopwatch.GetTimestamp();
        using var span = Tracing.Start("evidence");
        span?.SetTag(Tracing.Entries, logged.Count);
        var entries = status.Where(s => s.LeafIndex is { } index && index < newest.Size && s.Jws is not null).ToList();
        // Keys of devices are admitted by entries of their own, each device's in a chain; those of organisations by key entries.
        var telemetry = logged.Where(static l => l.Form == StatementForm.Telemetry).Select(static l => l.Record.KeyEntry).Distinct().ToList();
        var known = telemetry.Count == 0 ? [] : (await devices.ListEntriesOfAsync(telemetry, cancellationToken)).Where(d => d.Entry.LeafIndex < newest.Size).ToList();
        var salts = known.ToDictionary(static d => d.Entry.LeafIndex!.Value, static d => d.Salt); // Filtered before.
        entries.AddRange(known.Select(static d => d.Entry));
        var ofOrganisations = logged.Where(static l => l.Form != StatementForm.Telemetry).Select(static l => l.Record.KeyEntry).Concat(entries.Select(KeyEntryOf)).Where(e => !salts.ContainsKey(e));
        var keys = await chains.GetAsync([.. ofOrganisations.Distinct()], cancellationToken);
        var keyIndices = keys.Select(static k => k.Index).ToHashSet();
        var revocations = (await ListRevocationsAsync([.. keys.Select(static k => k.Kid).OfType<string>()], newest.Size, cancellationToken))
            .Where(r => !keyIndices.Contains(r.LeafIndex!.Value)).ToList(); // Only entries in the log are listed.
        // LeafIndex is set for everything that passed the filters above.
        long[] indices =
            [.. logged.Select(static l => l.LeafIndex!.Value).Concat(keyIndices).Concat(entries.Concat(revocations).Select(static e => e.LeafIndex!.Value)).Distinct().Order()];
        var anchored = tree.Anchored;
        var checkpoint = anchored is { } a && indices[^1] < a.Checkpoint.Size ? a.Checkpoint : newest;
        var statements = new List<string>();
        var places = new Dictionary<string, int>();
        var placesOfStored = new Dictionary<byte[], int>(ReferenceEqualityComparer.Instance); // Records of one statement share its bytes, and a text of a megabyte is made once.
        var bundle = new EvidenceBundle
        {
            Log = tree.Log,
            Item = item,
            Next = next,
            Checkpoint = checkpoint.Note,
            Anchors = anchored is { } latest ? [await trees.MakeAnchorAsync(latest.Anchor, checkpoint.Size, cancellationToken)] : [],
            Timestamps = await trees.ListTimestampsAsync(checkpoint.Size, cancellationToken),
            Proof = await tiles.BuildAsync(ProofPlan.SharedInclusion(indices, checkpoint.Size), cancellationToken),
            Keys = [.. keys.Select(static k => new BundleKey(k.Index, LeafOf(EntryKind.Key, k.Body), k.Body))],
            Records = [.. logged.Select(l => MakeRecord(l, (mayShowTelemetry && (l.Form == StatementForm.Telemetry || l.Record.Custody == Custody.Imported)) || Visibility.MaySeeStatement(caller, l), salts, PlaceStored))],
            Status = [.. entries.Concat(revocations).Select(e => new BundleStatus(e.LeafIndex!.Value, LeafOf(e.Kind, e.Body), e.Kind, e.Body, e.Jws is null ? null : Place(e.Jws)))],
            Statements = statements, // last: the initialisers above fill it
        };
        metrics.Built(logged.Count, Stopwatch.GetElapsedTime(start));
        return bundle;

        int PlaceStored(byte[] stored) => placesOfStored.TryGetValue(stored, out var place) ? place : placesOfStored[stored] = Place(SignedMessage.ToText(stored));

        int Place(string compact)
        {
            if (!places.TryGetValue(compact, out var place))
            {
                place = statements.Count;
                places.Add(compact, place);
                statements.Add(compact);
            }
            return place;
        }
    }

    /// <summary>Entries that revoke one of the keys. Few keys ever are, and the directory knows which.</summary>
    private async Task<IReadOnlyList<StoredPublicEntry>> ListRevocationsAsync(IReadOnlyList<string> kids, long size, CancellationToken cancellationToken)
    {
        var revoked = new List<string>();
        foreach (var kid in kids)
        {
            if ((await directory.FindAsync(kid, cancellationToken))?.Stored.RevokedAt is not null)
            {
                revoked.Add(kid);
            }
        }
        return revoked.Count == 0 ? [] : [.. (await records.ListRevocationsAsync(revoked, cancellationToken)).Where(r => r.LeafIndex is { } index && index < size)];
    }

    private static BundleRecord MakeRecord(StoredEvent stored, bool maySeeStatement, Dictionary<long, Hash32> salts, Func<byte[], int> place)
    {
        var jcs = stored.Record.ToJcs();
        var leaf = MerkleTree.HashLeaf(LogEntry.ForEvent(stored.Salt, jcs));
        int? statement = stored.Jws is not null && maySeeStatement ? place(stored.Jws) : null;
        var inRootForm = stored.Form == StatementForm.Root && stored.Event is not null && stored.EventSalt is not null;
        return new BundleRecord(
            stored.LeafIndex!.Value, // The caller keeps only logged records.
            leaf,
            jcs,
            new Hash32(stored.Salt),
            statement,
            inRootForm ? stored.Event : null,
            inRootForm ? new Hash32(stored.EventSalt) : null,
            inRootForm && stored.Leaves is { } leaves ? MerkleTree.ComputeInclusionProof(Split(leaves), stored.Record.Position) : [],
            stored.ErasedAt)
        {
            DeviceSalt = stored.Form == StatementForm.Telemetry && statement is not null && salts.TryGetValue(stored.Record.KeyEntry, out var salt) ? salt : null,
        };
    }

    private static Hash32[] Split(byte[] leaves)
    {
        var hashes = new Hash32[leaves.Length / Hash32.Size];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i] = new Hash32(leaves.AsSpan(i * Hash32.Size, Hash32.Size));
        }
        return hashes;
    }

    private static long KeyEntryOf(StoredPublicEntry entry)
    {
        using var document = System.Text.Json.JsonDocument.Parse(entry.Body);
        return document.RootElement.GetProperty("keyEntry").GetInt64();
    }

    private static Hash32 LeafOf(EntryKind kind, byte[] body) => MerkleTree.HashLeaf(LogEntry.ForPublic(kind, body));
}
