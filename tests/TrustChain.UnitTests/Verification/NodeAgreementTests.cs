using TrustChain.Cli.Verification;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>Several nodes say one thing, or nothing: one that lies cannot make an anchor good, nor bad.</summary>
public sealed class NodeAgreementTests
{
    private static readonly TransactionObservation Mined = new(true, "0x01", 7, "0x07", DateTimeOffset.UnixEpoch);

    private static readonly ChainObservation Honest = new()
    {
        ChainId = 31337,
        Genesis = "0x00",
        Anchors = [new AnchorObservation { HasCode = true, OriginHash = Hash32.Compute("log"u8), RootAt = Hash32.Compute("root"u8), Transaction = Mined }],
    };

    public static TheoryData<string, string> Lies() => new()
    {
        { "chain", "the chain id (31337 and 1)" },
        { "genesis", "the chain's first block" },
        { "code", "the contract of anchors[0]" },
        { "origin", "the contract of anchors[0]" },
        { "root", "the root" },
        { "none", "and none) of anchors[0]" },
        { "transaction", "the transaction of anchors[0]" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void NodesThatDisagree_CountAsNone_AndTheReasonNamesThem(string lie, string about)
    {
        var anchor = Honest.Anchors[0];
        var other = lie switch
        {
            "chain" => Honest with { ChainId = 1 },
            "genesis" => Honest with { Genesis = "0x11" },
            "code" => Honest with { Anchors = [anchor with { HasCode = false }] },
            "origin" => Honest with { Anchors = [anchor with { OriginHash = Hash32.Compute("other"u8) }] },
            "root" => Honest with { Anchors = [anchor with { RootAt = Hash32.Compute("other"u8) }] },
            "none" => Honest with { Anchors = [anchor with { RootAt = default }] },
            _ => Honest with { Anchors = [anchor with { Transaction = Mined with { Block = 8 } }] },
        };

        var combined = NodeAgreement.Combine([("one", Honest), ("two", other)]);

        Assert.StartsWith("one and two disagree about ", combined.Unavailable, StringComparison.Ordinal);
        Assert.Contains(about, combined.Unavailable, StringComparison.Ordinal);
        Assert.Empty(combined.Anchors);
    }

    [Fact]
    public void NodeThatDroppedTheTransaction_OrIsAway_TakesNothingFromTheOther()
    {
        var pruned = Honest with { Anchors = [Honest.Anchors[0] with { Transaction = null }] };
        var away = new ChainObservation { Unavailable = "three is away" };

        Assert.Equal(Mined, Assert.Single(NodeAgreement.Combine([("one", pruned), ("two", Honest), ("three", away)]).Anchors).Transaction);
        Assert.Null(NodeAgreement.Combine([("three", away), ("two", Honest)]).Unavailable);
        Assert.Equal("three is away; three is away", NodeAgreement.Combine([("three", away), ("four", away)]).Unavailable);
    }
}
