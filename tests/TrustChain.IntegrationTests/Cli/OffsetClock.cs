namespace TrustChain.IntegrationTests.Cli;

/// <summary>The machine's clock, put forward by hand.</summary>
internal sealed class OffsetClock : TimeProvider
{
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
}
