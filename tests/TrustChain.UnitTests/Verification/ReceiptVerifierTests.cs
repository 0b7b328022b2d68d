using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.UnitTests.Verification;

public sealed class ReceiptVerifierTests
{
    private static readonly EvidenceWorld World = EvidenceVectors.Tea;
    private static readonly Record Record = World.Single.Record;
    private static readonly Receipt Promise = new(EvidenceWorld.TeaOrigin, Record.Statement, Record.ReceivedAt, Record.ReceivedAt.AddMinutes(1));
    private static readonly EvidenceBundle Bundle = World.Bundle(World.Single).Build();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Receipt_WhoseRecordIsThere_Passes(bool withTrust) =>
        Assert.Equal((Outcome.Passed, null), Answer(Promise.Sign(World.Log.Key), withTrust ? World.Log.Trust : null, Promise.MustAppearBy.AddDays(1)));

    [Fact]
    public void Receipt_WhoseRecordIsNotThere_IsPendingUntilDue_ThenBroken()
    {
        var receipt = (Promise with { Statement = Fixed.Hash("another statement") }).Sign(World.Log.Key);
        Assert.Equal((Outcome.CouldNotCheck, ReasonCodes.AnchorPending), Answer(receipt, World.Log.Trust, Promise.MustAppearBy));
        Assert.Equal((Outcome.Failed, ReasonCodes.ReceiptBroken), Answer(receipt, World.Log.Trust, Promise.MustAppearBy.AddMilliseconds(1)));
    }

    [Fact]
    public void Receipt_WithAnotherTimeThanTheRecord_IsBroken() =>
        Assert.Equal(
            (Outcome.Failed, ReasonCodes.ReceiptBroken),
            Answer((Promise with { ReceivedAt = Record.ReceivedAt.AddMilliseconds(1) }).Sign(World.Log.Key), World.Log.Trust, Promise.MustAppearBy));

    [Fact]
    public void Receipt_OfAnotherLogKeyOriginOrType_IsInvalid()
    {
        var invalid = new[]
        {
            Promise.Sign(EvidenceVectors.Other.Log.Key),
            (Promise with { Origin = "log.example/other" }).Sign(World.Log.Key),
            Jws.Sign(World.Log.Key, "JWT", null, "{}"u8),
            Jws.Sign(World.Log.Key, Receipt.Type, null, "{}"u8),
            Jws.Sign(World.Log.Key, Receipt.Type, null, "[]"u8),
            Jws.Sign(World.Log.Key, Receipt.Type, null, "{\"v\":1,\"receivedAt\":7}"u8),
            "not a receipt",
            "",
        };
        foreach (var receipt in invalid)
        {
            Assert.Equal((Outcome.Failed, ReasonCodes.ReceiptInvalid), Answer(receipt, World.Log.Trust, Promise.MustAppearBy));
        }
    }

    private static (Outcome, string?) Answer(string receipt, TrustFile? trust, DateTimeOffset now)
    {
        var check = ReceiptVerifier.Verify(receipt, Bundle, trust, now);
        Assert.Equal((CheckNames.Receipt, "receipt"), (check.Name, check.Subject));
        return (check.Outcome, check.Code);
    }
}
