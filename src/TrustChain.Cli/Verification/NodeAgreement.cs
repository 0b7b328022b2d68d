using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Verification;

/// <summary>
/// Makes one observation of several nodes' answers. Nodes that disagree prove nothing against a bundle, because any of them may lie or lag, and nothing
/// for it: the chain then counts as unavailable, with what they disagree about as the reason.
/// </summary>
internal static class NodeAgreement
{
    /// <summary>The common answer.</summary>
    /// <param name="answers">Each node's name and answer, in the order of the command line; at least one.</param>
    public static ChainObservation Combine(IReadOnlyList<(string Node, ChainObservation Answer)> answers)
    {
        var reachable = answers.Where(static a => a.Answer.Unavailable is null).ToList();
        if (reachable.Count == 0)
        {
            return new ChainObservation { Unavailable = string.Join("; ", answers.Select(static a => a.Answer.Unavailable)) };
        }
        var (name, combined) = reachable[0];
        foreach (var (otherName, other) in reachable.Skip(1))
        {
            if (Difference(combined, other) is { } what)
            {
                return new ChainObservation { Unavailable = $"{name} and {otherName} disagree about {what}" };
            }
            combined = combined with { Anchors = [.. combined.Anchors.Zip(other.Anchors, static (a, b) => a.Transaction is null ? b : a)] };
        }
        return combined;
    }

    private static string? Difference(ChainObservation left, ChainObservation right)
    {
        if (left.ChainId != right.ChainId)
        {
            return $"the chain id ({left.ChainId} and {right.ChainId})";
        }
        if (left.Genesis != right.Genesis)
        {
            return "the chain's first block";
        }
        for (var i = 0; i < left.Anchors.Count; i++)
        {
            if (Difference(left.Anchors[i], right.Anchors[i]) is { } what)
            {
                return $"{what} of anchors[{i}]";
            }
        }
        return null;
    }

    private static string? Difference(AnchorObservation left, AnchorObservation right)
    {
        if (left.HasCode != right.HasCode || left.OriginHash != right.OriginHash)
        {
            return "the contract";
        }
        if (left.RootAt != right.RootAt)
        {
            return $"the root ({Describe(left.RootAt)} and {Describe(right.RootAt)})";
        }
        // A node may have dropped old transactions; that is no disagreement.
        return left.Transaction is { } one && right.Transaction is { } two && one != two ? "the transaction" : null;
    }

    private static string Describe(Hash32 root) => root.IsDefault ? "none" : root.ToBase64Url();
}
