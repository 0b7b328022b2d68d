namespace TrustChain.FaultTests.Crash;

/// <summary>SIGKILL before and after each step of anchoring: the log is anchored all the same, and nothing twice.</summary>
public sealed class AnchorCrashTests(CrashFixture fixture) : IClassFixture<CrashFixture>
{
    [Theory]
    [InlineData("anchor.before-prepared")]
    [InlineData("anchor.prepared")]
    [InlineData("anchor.before-send")]
    [InlineData("anchor.after-send")]
    [InlineData("anchor.sent")]
    [InlineData("anchor.before-mined")]
    [InlineData("anchor.mined")]
    [InlineData("anchor.before-final")]
    [InlineData("anchor.final")]
    public async Task Server_KilledAtStep_AnchorsOnce(string step)
    {
        await fixture.CrashAtAsync(step);
        await fixture.Trial.Audit.ExpectAnchoredAsync();
    }
}
