using System.Text;
using TrustChain.Devnet.Serving;

namespace TrustChain.FaultTests.Crash;

/// <summary>SIGKILL before and after each step of anchoring. A step that this server's anchoring does not have is skipped, and says so.</summary>
public sealed class AnchorCrashTests(CrashFixture fixture) : IClassFixture<CrashFixture>
{
    [Theory]
    [InlineData("anchor.prepared")]
    [InlineData("anchor.before-send")]
    [InlineData("anchor.after-send")]
    [InlineData("anchor.sent")]
    [InlineData("anchor.mined")]
    [InlineData("anchor.final")]
    public async Task Server_KilledAtStep_AnchorsOnce(string step)
    {
        // Names stand in the program as UTF-16 text.
        var program = await File.ReadAllBytesAsync(ServerProcess.PathOf("TrustChain.Server", "trustchain-server"), TestContext.Current.CancellationToken);
        Assert.SkipUnless(program.AsSpan().IndexOf(Encoding.Unicode.GetBytes(step)) >= 0, $"The server has no step {step}.");
        await fixture.CrashAtAsync(step);
        await fixture.Trial.Audit.ExpectAnchoredAsync();
    }
}
