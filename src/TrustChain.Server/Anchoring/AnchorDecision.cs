using System.Numerics;
using TrustChain.Postgres.Anchoring;

namespace TrustChain.Server.Anchoring;

/// <summary>What a node said of the chain at the beginning of a round.</summary>
/// <param name="Head">Number of the newest block.</param>
/// <param name="Finalized">Number of the newest block that counts as final by the chain's own rule; null where depth decides.</param>
/// <param name="RegistrySize">The largest size that the contract holds; 0 when none.</param>
/// <param name="NextNonce">How many transactions of the publisher blocks hold.</param>
/// <param name="PendingNonce">The same, with those that wait in the node's pool one after the other.</param>
/// <param name="BaseFee">Wei per gas that the newest block burnt.</param>
/// <param name="Balance">Wei the publisher has.</param>
internal sealed record ChainView(ulong Head, ulong? Finalized, long RegistrySize, ulong NextNonce, ulong PendingNonce, BigInteger BaseFee, BigInteger Balance);

/// <summary>A transaction of the anchor in a block.</summary>
/// <param name="Block">Number of the block.</param>
/// <param name="Succeeded">False when it reverted.</param>
/// <param name="IsCanonical">Whether the block of this number has the hash that the receipt names; if not, the node is between two forks.</param>
/// <param name="IsAsStored">Whether it is the block that is stored for the anchor.</param>
internal sealed record FoundTransaction(ulong Block, bool Succeeded, bool IsCanonical, bool IsAsStored);

/// <summary>The account that sent an anchor, as seen from the one that this server sends from.</summary>
internal enum AnchorSender
{
    /// <summary>It is that one.</summary>
    Ours,

    /// <summary>Another, in whose place the contract takes anchors from ours.</summary>
    Replaced,

    /// <summary>Another, and the contract does not take anchors from ours.</summary>
    Foreign,
}

/// <summary>All that decides what to do with an anchor that is not final.</summary>
internal sealed record AnchorFacts
{
    public required AnchorState State { get; init; }

    public required long Size { get; init; }

    public required ulong Nonce { get; init; }

    public required ChainView Chain { get; init; }

    /// <summary>Who sent it.</summary>
    public AnchorSender Sender { get; init; } = AnchorSender.Ours;

    /// <summary>Null: no block holds any of its transactions.</summary>
    public FoundTransaction? Found { get; init; }

    /// <summary>The largest size among the target's other anchors that wait or are mined; 0 when there are none.</summary>
    public long LargestOther { get; init; }

    /// <summary>How long its newest transaction has waited.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Highest fee per gas of its newest transaction.</summary>
    public BigInteger MaxFee { get; init; }

    public required TimeSpan ReplaceAfter { get; init; }

    public required int ConfirmationDepth { get; init; }
}

/// <summary>What to do with an anchor now.</summary>
internal abstract record AnchorStep
{
    private AnchorStep()
    {
    }

    /// <summary>Nothing yet.</summary>
    public sealed record Keep : AnchorStep;

    /// <summary>Give the newest transaction to the node, for the first time or again: it may have dropped it.</summary>
    public sealed record Send : AnchorStep;

    /// <summary>Make a transaction of the same nonce that pays more, and send it.</summary>
    public sealed record Replace : AnchorStep;

    /// <summary>Note the block that holds it.</summary>
    public sealed record Mine : AnchorStep;

    /// <summary>Call it final.</summary>
    public sealed record Finalise : AnchorStep;

    /// <summary>Note that its block left the chain.</summary>
    public sealed record Reorg(string Reason) : AnchorStep;

    /// <summary>Note that it was executed and reverted.</summary>
    public sealed record Revert(string Reason) : AnchorStep;

    /// <summary>Give it up; another covers it or will. With an alarm where that should not happen.</summary>
    public sealed record Supersede(string Reason, string? Alarm = null) : AnchorStep;
}

/// <summary>The state machine of an anchor: pure, so that every case can be tried without a chain. The worker gathers facts and does what it says.</summary>
internal static class AnchorDecision
{
    /// <summary>What to do with an anchor. States it cannot change: final ones are followed by their block alone.</summary>
    public static AnchorStep Decide(AnchorFacts facts)
    {
        if (facts.Found is { } found)
        {
            return DecideFound(facts, found);
        }
        return facts.State switch
        {
            AnchorState.Mined => new AnchorStep.Reorg("the block that held it left the chain"),
            AnchorState.Superseded or AnchorState.Final => new AnchorStep.Keep(),
            _ => DecideWaiting(facts),
        };
    }

    private static AnchorStep DecideFound(AnchorFacts facts, FoundTransaction found)
    {
        if (!found.IsCanonical)
        {
            return new AnchorStep.Keep();
        }
        if (!found.Succeeded)
        {
            return facts.State == AnchorState.Superseded
                ? new AnchorStep.Keep()
                : new AnchorStep.Revert($"block {found.Block} holds its transaction, which reverted");
        }
        if (facts.State is not (AnchorState.Mined or AnchorState.Final) || !found.IsAsStored)
        {
            return new AnchorStep.Mine();
        }
        var isFinal = facts.Chain.Finalized is { } finalized ? found.Block <= finalized : facts.Chain.Head >= found.Block + (ulong)facts.ConfirmationDepth;
        return facts.State == AnchorState.Mined && isFinal ? new AnchorStep.Finalise() : new AnchorStep.Keep();
    }

    private static AnchorStep DecideWaiting(AnchorFacts facts)
    {
        var chain = facts.Chain;
        if (facts.LargestOther > facts.Size)
        {
            return new AnchorStep.Supersede($"an anchor of {facts.LargestOther} entries covers it");
        }
        if (chain.RegistrySize > facts.Size)
        {
            return new AnchorStep.Supersede($"the registry holds {chain.RegistrySize} entries");
        }
        if (chain.RegistrySize == facts.Size)
        {
            return new AnchorStep.Keep(); // It is there; which transaction did it is found in a later round.
        }
        if (facts.Sender != AnchorSender.Ours)
        {
            // The nonces above are not that account's, and nobody here can replace what it sent. Where it waits in a pool it will revert once its place is taken; a block
            // that has it from before is found while it is watched.
            return facts.Sender == AnchorSender.Replaced ? new AnchorStep.Supersede("the contract takes anchors from another account by now than the one that sent it") : new AnchorStep.Keep();
        }
        if (chain.NextNonce > facts.Nonce)
        {
            return new AnchorStep.Supersede($"a transaction that is not ours used nonce {facts.Nonce} of the publisher's account", AnchorAlarm.NonceTaken);
        }
        var isStuck = facts.Waited >= facts.ReplaceAfter;
        if (facts.Nonce > chain.PendingNonce && (isStuck || facts.State == AnchorState.Reorged))
        {
            // After a reorganisation the transactions before it may be gone for good, and none after them can be mined.
            return new AnchorStep.Supersede($"the chain waits for nonce {chain.PendingNonce}, and its own is {facts.Nonce}");
        }
        if (facts.State != AnchorState.Sent)
        {
            return new AnchorStep.Send();
        }
        return isStuck || chain.BaseFee > facts.MaxFee ? new AnchorStep.Replace() : new AnchorStep.Send();
    }
}
