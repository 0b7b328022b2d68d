using TrustChain.FaultTests.Stage;

namespace TrustChain.FaultTests.Crash;

/// <summary>SIGKILL before and after each step of anchoring: the log is anchored all the same, and nothing twice.</summary>
public sealed class AnchorCrashTests(CrashFixture fixture) : IClassFixture<CrashFixture>
{
    /// <summary>Before a transaction is sent, after, and at the end; in full runs every step.</summary>
    public static TheoryData<string> Steps() => Extent.IsFull
        ? ["anchor.before-prepared", "anchor.prepared", "anchor.before-send", "anchor.after-send", "anchor.sent", "anchor.before-mined", "anchor.mined", "anchor.before-final", "anchor.final"]
        : ["anchor.prepared", "anchor.after-send", "anchor.final"];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Server_KilledAtStep_AnchorsOnce(string step)
    {
        await fixture.CrashAtAsync(step);
        await fixture.Trial.Audit.ExpectAnchoredAsync();
    }
}
