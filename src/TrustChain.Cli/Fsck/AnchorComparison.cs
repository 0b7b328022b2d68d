using System.Globalization;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>Compares anchored roots with the roots that the log has at those sizes.</summary>
/// <param name="history">The checkpoint, and its tiles for sizes that were not walked over now.</param>
/// <param name="walked">Roots computed from the entries.</param>
/// <param name="fitting">Anchors that were found to fit a tree which this one continues: they need no second look. Those that fit now are added.</param>
internal sealed class AnchorComparison(TreeHistory history, IReadOnlyDictionary<long, Hash32> walked, HashSet<RootOfSize> fitting)
{
    /// <summary>What an anchor is called as the subject of a fault.</summary>
    public static string Subject(long size) => string.Create(CultureInfo.InvariantCulture, $"anchor {size}");

    /// <summary>Size of the largest anchor that was read.</summary>
    public static long FindLargest(IReadOnlyList<ListedAnchor> listed, IReadOnlyList<ChainAnchors> onChain) =>
        listed.Select(static a => a.Size).Concat(onChain.SelectMany(static c => c.Anchors.Keys.Append(c.Latest.Size))).DefaultIfEmpty().Max();

    /// <summary>Fails when an anchor is larger than the checkpoint that was read after it.</summary>
    /// <exception cref="LogFaultException">One is.</exception>
    public static void RequireCovered(SignedCheckpoint checkpoint, IReadOnlyList<ListedAnchor> listed, IReadOnlyList<ChainAnchors> onChain)
    {
        var largest = FindLargest(listed, onChain);
        if (largest > checkpoint.Size)
        {
            throw new LogFaultException(
                FaultCodes.AnchorMismatch,
                Subject(largest),
                $"checkpoint: it covers {checkpoint.Size} entries, but {largest} were anchored before.")
            {
                Evidence = new FaultEvidence { Checkpoints = [checkpoint.Note] },
            };
        }
    }

    /// <summary>Compares the server's list.</summary>
    /// <exception cref="LogFaultException">The first difference.</exception>
    public async Task CompareAsync(IReadOnlyList<ListedAnchor> listed, CancellationToken cancellationToken)
    {
        foreach (var anchor in listed.Where(a => !fitting.Contains(new RootOfSize(a.Size, a.Root))))
        {
            var (root, subtrees) = await GetRootAsync(anchor.Size, cancellationToken);
            if (root != anchor.Root)
            {
                throw Differs(
                    new RootOfSize(anchor.Size, anchor.Root),
                    subtrees,
                    $"the server lists {anchor.Root.ToBase64Url()} ({anchor.State}), the entries give {root.ToBase64Url()}.");
            }
            fitting.Add(new RootOfSize(anchor.Size, anchor.Root));
        }
    }

    /// <summary>Compares what the contract holds.</summary>
    /// <exception cref="LogFaultException">The first difference.</exception>
    public async Task CompareAsync(ChainAnchors onChain, CancellationToken cancellationToken)
    {
        foreach (var (size, anchored) in onChain.Anchors.Where(a => !fitting.Contains(new RootOfSize(a.Key, a.Value))).OrderBy(static a => a.Key))
        {
            var (root, subtrees) = await GetRootAsync(size, cancellationToken);
            if (root != anchored)
            {
                throw Differs(
                    new RootOfSize(size, anchored),
                    subtrees,
                    $"the contract holds {anchored.ToBase64Url()} ({onChain.Node}), the entries give {root.ToBase64Url()}: the log shows two histories.");
            }
            fitting.Add(new RootOfSize(size, anchored));
        }
    }

    /// <summary>Compares anchors that the server calls final with what the contract holds under their sizes.</summary>
    /// <exception cref="LogFaultException">The contract does not hold one.</exception>
    public static void RequireHeld(IEnumerable<ListedAnchor> final, IReadOnlyDictionary<long, Hash32> held, string node)
    {
        if (final.FirstOrDefault(a => held.GetValueOrDefault(a.Size) != a.Root) is { } missing)
        {
            throw new LogFaultException(
                FaultCodes.AnchorMismatch,
                Subject(missing.Size),
                $"anchor of size {missing.Size}: the server calls it {missing.State}, but the contract does not hold it ({node}).");
        }
    }

    private async Task<(Hash32 Root, IReadOnlyList<Hash32> Subtrees)> GetRootAsync(long size, CancellationToken cancellationToken) =>
        walked.TryGetValue(size, out var root) ? (root, []) : await history.GetRootAtAsync(size, cancellationToken);

    private LogFaultException Differs(RootOfSize anchor, IReadOnlyList<Hash32> subtrees, string difference) =>
        new(FaultCodes.AnchorMismatch, Subject(anchor.Size), $"anchor of size {anchor.Size}: {difference}")
        {
            Evidence = new FaultEvidence { Checkpoints = [history.Later.Note], Subtrees = subtrees, Anchor = anchor },
        };
}
