using TrustChain.IntegrationTests.Serving;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace TrustChain.IntegrationTests.Serving;

/// <summary>Starts the classes that take longest before all others, so that at the end no thread waits for one that began last.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        "RandomKillTests", "DevnetProgramTests", "CaptureCrashTests", "InstallationTests", "BackupTests", "AnchoringPolicyTests", "JobCrashTests", "AnchorCrashTests", "CaptureJobTests", "SeveralServersTests", "OldDumpTests",
        "StandbyTests", "ChainFaultTests", "PostgresProcessTests", "RoundTripTests", "FsckTamperingTests", "RestartTests", "WitnessedLogTests", "CliJourneyTests", "BenchTests", "ExternalSignerTests", "NodePackagesTests",
        "ChainAwayTests", "MonitorTests", "SubscriptionServersTests", "GatewayTests",
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(static c => Place(c.TestCollectionDisplayName)).ThenBy(static c => c.TestCollectionDisplayName, StringComparer.Ordinal)];

    private static int Place(string name)
    {
        var place = Array.FindIndex(Longest, l => name.Contains($".{l} ", StringComparison.Ordinal));
        return place < 0 ? Longest.Length : place;
    }
}
