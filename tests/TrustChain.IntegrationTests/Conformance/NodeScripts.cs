using TrustChain.Devnet;
using TrustChain.UnitTests;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>Runs the scripts beside these tests with the packages of the project's lock file.</summary>
internal static class NodeScripts
{
    private static string Project => Repository.PathOf("tests/TrustChain.IntegrationTests");

    /// <summary>What the script writes; fails with its errors when it fails.</summary>
    public static async Task<string> RunAsync(string script, params IEnumerable<string> arguments)
    {
        var node = Programs.FindOnPath("node");
        var npm = Programs.FindOnPath("npm");
        Assert.True(node is not null && npm is not null, "These tests need Node.js 20 with npm on PATH.");
        await Programs.InstallPackagesAsync(npm, Project);
        var (exitCode, output, errors) = await Programs.RunAsync(node, [Path.Combine(Project, "Conformance", script), .. arguments], Project);
        Assert.True(exitCode == 0, $"{script} failed: {output}{errors}");
        return output;
    }
}
