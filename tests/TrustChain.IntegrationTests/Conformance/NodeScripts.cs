using TrustChain.Devnet;
using TrustChain.UnitTests;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>Runs the scripts of this project's tests with the packages of its lock file.</summary>
internal static class NodeScripts
{
    private static string Project => Repository.PathOf("tests/TrustChain.IntegrationTests");

    /// <summary>What a script of this folder writes; fails with its errors when it fails.</summary>
    public static Task<string> RunAsync(string script, params IEnumerable<string> arguments) => RunInAsync("Conformance", script, arguments);

    /// <summary>The same for a script of another folder.</summary>
    public static async Task<string> RunInAsync(string folder, string script, params IEnumerable<string> arguments)
    {
        var node = Programs.FindOnPath("node");
        var npm = Programs.FindOnPath("npm");
        Assert.True(node is not null && npm is not null, "These tests need Node.js 20 with npm on PATH.");
        await Programs.InstallPackagesAsync(npm, Project);
        var (exitCode, output, errors) = await Programs.RunAsync(node, [Path.Combine(Project, folder, script), .. arguments], Project);
        Assert.True(exitCode == 0, $"{script} failed: {output}{errors}");
        return output;
    }
}
