namespace TrustChain.FaultTests.Stage;

/// <summary>How much is run: <c>TRUSTCHAIN_FAULTS=all</c> runs every step; without it the suite stays short.</summary>
internal static class Extent
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("TRUSTCHAIN_FAULTS") == "all";
}
