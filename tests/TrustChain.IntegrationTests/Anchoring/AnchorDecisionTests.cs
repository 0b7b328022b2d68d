using System.Numerics;
using TrustChain.Postgres.Anchoring;
using TrustChain.Server.Anchoring;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>The state machine alone: a sent anchor of 10 entries with nonce 5, and one fact changed at a time.</summary>
public sealed class AnchorDecisionTests
{
    private static readonly ChainView Chain = new(Head: 100, Finalized: null, RegistrySize: 4, NextNonce: 5, PendingNonce: 6, BaseFee: 10, Balance: BigInteger.Pow(10, 18));

    private static readonly AnchorFacts Sent = new()
    {
        State = AnchorState.Sent,
        Size = 10,
        Nonce = 5,
        Chain = Chain,
        MaxFee = 20,
        ReplaceAfter = TimeSpan.FromMinutes(2),
        ConfirmationDepth = 3,
    };

    private static readonly FoundTransaction InBlock98 = new(98, Succeeded: true, IsCanonical: true, IsAsStored: false);

    [Fact]
    public void Waiting_IsSentAgain() => Assert.Equal(new AnchorStep.Send(), AnchorDecision.Decide(Sent));

    [Theory]
    [InlineData("Prepared")]
    [InlineData("Reorged")]
    public void NotYetSent_IsSent_HoweverLongItWaited(string state) =>
        Assert.Equal(new AnchorStep.Send(), AnchorDecision.Decide(Sent with { State = Enum.Parse<AnchorState>(state), Waited = TimeSpan.FromHours(1) }));

    [Fact]
    public void Stuck_IsReplaced() => Assert.Equal(new AnchorStep.Replace(), AnchorDecision.Decide(Sent with { Waited = TimeSpan.FromMinutes(2) }));

    [Fact]
    public void BelowTheBaseFee_IsReplacedAtOnce() => Assert.Equal(new AnchorStep.Replace(), AnchorDecision.Decide(Sent with { Chain = Chain with { BaseFee = 21 } }));

    [Theory]
    [InlineData("Prepared")]
    [InlineData("Sent")]
    [InlineData("Reorged")]
    [InlineData("Superseded")]
    public void FoundInABlock_IsMined(string state) =>
        Assert.Equal(new AnchorStep.Mine(), AnchorDecision.Decide(Sent with { State = Enum.Parse<AnchorState>(state), Found = InBlock98 }));

    [Fact]
    public void BetweenForks_IsLeftAlone() => Assert.Equal(new AnchorStep.Keep(), AnchorDecision.Decide(Sent with { Found = InBlock98 with { IsCanonical = false } }));

    [Fact]
    public void InAnotherBlockThanStored_IsMinedAnew() => Assert.Equal(new AnchorStep.Mine(), AnchorDecision.Decide(Sent with { State = AnchorState.Mined, Found = InBlock98 }));

    [Theory]
    [InlineData(97UL, true)]
    [InlineData(98UL, false)]
    public void Mined_IsFinal_AtItsDepth(ulong block, bool isFinal)
    {
        var step = AnchorDecision.Decide(Sent with { State = AnchorState.Mined, Found = InBlock98 with { Block = block, IsAsStored = true } });
        Assert.Equal(isFinal, step is AnchorStep.Finalise);
        Assert.Equal(!isFinal, step is AnchorStep.Keep);
    }

    [Theory]
    [InlineData(40UL, true)]
    [InlineData(41UL, false)]
    public void Mined_IsFinal_UnderTheFinalizedBlock_WhateverItsDepth(ulong block, bool isFinal)
    {
        var step = AnchorDecision.Decide(
            Sent with { State = AnchorState.Mined, Chain = Chain with { Finalized = 40 }, Found = InBlock98 with { Block = block, IsAsStored = true } });
        Assert.Equal(isFinal, step is AnchorStep.Finalise);
    }

    [Fact]
    public void MinedWithoutBlock_IsReorged() => Assert.IsType<AnchorStep.Reorg>(AnchorDecision.Decide(Sent with { State = AnchorState.Mined }));

    [Fact]
    public void Reverted_IsSaid() => Assert.IsType<AnchorStep.Revert>(AnchorDecision.Decide(Sent with { Found = InBlock98 with { Succeeded = false } }));

    [Fact]
    public void CoveredByALargerOne_IsSuperseded_AndNotSentAgain()
    {
        Assert.IsType<AnchorStep.Supersede>(AnchorDecision.Decide(Sent with { State = AnchorState.Reorged, LargestOther = 11 }));
        Assert.IsType<AnchorStep.Supersede>(AnchorDecision.Decide(Sent with { State = AnchorState.Reorged, Chain = Chain with { RegistrySize = 11 } }));
        Assert.IsType<AnchorStep.Send>(AnchorDecision.Decide(Sent with { State = AnchorState.Reorged, LargestOther = 9 }));
    }

    [Fact]
    public void InTheRegistryByAnUnknownTransaction_IsLookedForAndNotSentAgain() =>
        Assert.Equal(new AnchorStep.Keep(), AnchorDecision.Decide(Sent with { Chain = Chain with { RegistrySize = 10, NextNonce = 6 } }));

    [Fact]
    public void NonceTaken_IsSupersededWithAnAlarm()
    {
        var step = Assert.IsType<AnchorStep.Supersede>(AnchorDecision.Decide(Sent with { Chain = Chain with { NextNonce = 6 } }));
        Assert.Equal(AnchorAlarm.NonceTaken, step.Alarm);
    }

    [Fact]
    public void NonceAboveAGap_IsSuperseded_OnceReorgedOrStuck()
    {
        var gap = Sent with { Chain = Chain with { NextNonce = 3, PendingNonce = 3 } };
        Assert.IsType<AnchorStep.Supersede>(AnchorDecision.Decide(gap with { State = AnchorState.Reorged }));
        Assert.IsType<AnchorStep.Supersede>(AnchorDecision.Decide(gap with { Waited = TimeSpan.FromMinutes(3) }));
        Assert.IsType<AnchorStep.Send>(AnchorDecision.Decide(gap)); // The node may be behind.
    }

    [Theory]
    [InlineData("Prepared", 3UL, 3UL)] // Nonces of the account that sends now, which say nothing of the other's.
    [InlineData("Sent", 5UL, 6UL)]
    [InlineData("Sent", 9UL, 9UL)]
    [InlineData("Reorged", 9UL, 9UL)]
    public void OfAReplacedPublisher_IsSuperseded_WithoutAnAlarmAndWithoutAReplacement(string state, ulong next, ulong pending)
    {
        var facts = Sent with { State = Enum.Parse<AnchorState>(state), Sender = AnchorSender.Replaced, Waited = TimeSpan.FromHours(1), Chain = Chain with { NextNonce = next, PendingNonce = pending } };
        Assert.Null(Assert.IsType<AnchorStep.Supersede>(AnchorDecision.Decide(facts)).Alarm);
        Assert.Equal(new AnchorStep.Keep(), AnchorDecision.Decide(facts with { Chain = facts.Chain with { RegistrySize = 10 } }));
        Assert.Equal(new AnchorStep.Mine(), AnchorDecision.Decide(facts with { Found = InBlock98 }));
        Assert.Equal(new AnchorStep.Keep(), AnchorDecision.Decide(facts with { Sender = AnchorSender.Foreign }));
    }

    [Fact]
    public void FinalAndSuperseded_StayWhatTheyAre()
    {
        Assert.Equal(new AnchorStep.Keep(), AnchorDecision.Decide(Sent with { State = AnchorState.Superseded }));
        Assert.Equal(new AnchorStep.Keep(), AnchorDecision.Decide(Sent with { State = AnchorState.Final, Found = InBlock98 with { IsAsStored = true } }));
    }
}
