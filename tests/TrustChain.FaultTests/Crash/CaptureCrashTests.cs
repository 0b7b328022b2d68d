namespace TrustChain.FaultTests.Crash;

/// <summary>SIGKILL before and after each commit between a capture and its place under a signed checkpoint.</summary>
public sealed class CaptureCrashTests(CrashFixture fixture) : IClassFixture<CrashFixture>
{
    [Theory]
    [InlineData("capture.before-commit:5")]
    [InlineData("capture.after-commit:5")]
    [InlineData("sequence.taken:3")]
    [InlineData("sequence.tiles-written:3")]
    [InlineData("sequence.before-commit:3")]
    [InlineData("sequence.after-commit:3")]
    [InlineData("checkpoint.before-insert:3")]
    [InlineData("checkpoint.after-insert:3")]
    public Task Server_KilledAtStep_LosesAndDoublesNothing(string step) => fixture.CrashAtAsync(step);
}
