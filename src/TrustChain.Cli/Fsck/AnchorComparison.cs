using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>Compares anchored roots with the roots computed from the log's entries.</summary>
internal static class AnchorComparison
{
    /// <summary>Compares the server's list and each contract's roots.</summary>
    /// <param name="computed">The tree's root at every size that is anchored.</param>
    /// <param name="listed">The server's list.</param>
    /// <param name="onChain">What each node says the contract holds.</param>
    /// <exception cref="LogFaultException">The first difference.</exception>
    public static void Compare(
        IReadOnlyDictionary<long, Hash32> computed,
        IReadOnlyList<ListedAnchor> listed,
        IReadOnlyList<(string Node, IReadOnlyDictionary<long, Hash32> Anchors)> onChain)
    {
        foreach (var anchor in listed)
        {
            if (computed[anchor.Size] != anchor.Root)
            {
                throw new LogFaultException(
                    $"anchor of size {anchor.Size} ({anchor.State}): the server lists {anchor.Root.ToBase64Url()}, "
                    + $"the entries give {computed[anchor.Size].ToBase64Url()}.");
            }
        }
        foreach (var (node, anchors) in onChain)
        {
            foreach (var (size, root) in anchors)
            {
                if (computed[size] != root)
                {
                    throw new LogFaultException(
                        $"anchor of size {size}: the contract holds {root.ToBase64Url()} ({node}), "
                        + $"the entries give {computed[size].ToBase64Url()}: the log shows two histories.");
                }
            }
            if (listed.FirstOrDefault(a => a.IsFinal && !anchors.ContainsKey(a.Size)) is { } missing)
            {
                throw new LogFaultException($"anchor of size {missing.Size}: the server calls it {missing.State}, but the contract does not hold it ({node}).");
            }
        }
    }
}
