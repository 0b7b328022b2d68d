using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Devnet;

/// <summary>The devnet's npm packages, installed once for all tests.</summary>
internal static class DevnetPackages
{
    public static Task<string> GetAsync(CancellationToken cancellationToken) => NodePackages.EnsureAsync(
        Repository.PathOf("devnet"), Path.Combine(Path.GetTempPath(), "trustchain-test-packages"), PostgresBinaries.CreateLinks, TextWriter.Null, cancellationToken);
}
