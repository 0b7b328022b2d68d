using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Devnet;

public sealed class NodePackagesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EnsureAsync_TwoAtOnce_InstallOnce()
    {
        using var temporary = new TemporaryFolder();
        CopyPins(temporary.Path);
        var completed = 0;
        var output = new StringWriter();
        var shared = TextWriter.Synchronized(output);

        var folders = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => NodePackages.EnsureAsync(
            temporary.Path, temporary.PathOf("fallback"), modules =>
            {
                PostgresBinaries.CreateLinks(modules);
                Interlocked.Increment(ref completed);
            }, shared, Cancellation))));

        Assert.Equal(1, completed);
        Assert.Equal([temporary.PathOf("node_modules"), temporary.PathOf("node_modules")], folders);
        Assert.Contains("Installed npm packages", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureAsync_SourceNotWritable_InstallsInFallbackOnce()
    {
        using var temporary = new TemporaryFolder();
        var source = Directory.CreateDirectory(temporary.PathOf("source")).FullName;
        PinNothing(source);
        // An obstacle that stops root, too.
        await File.WriteAllTextAsync(Path.Combine(source, "obj"), "", Cancellation);
        var output = new StringWriter();

        var modules = await NodePackages.EnsureAsync(source, temporary.PathOf("fallback"), Nothing, TextWriter.Null, Cancellation);
        var again = await NodePackages.EnsureAsync(source, temporary.PathOf("fallback"), Nothing, output, Cancellation);

        Assert.Equal(temporary.PathOf("fallback/node_modules"), modules);
        Assert.Equal(modules, again);
        Assert.Empty(output.ToString());
    }

    [Fact]
    public async Task EnsureAsync_LockChanged_InstallsAgain()
    {
        using var temporary = new TemporaryFolder();
        PinNothing(temporary.Path);
        await NodePackages.EnsureAsync(temporary.Path, temporary.PathOf("fallback"), Nothing, TextWriter.Null, Cancellation);
        await File.AppendAllTextAsync(temporary.PathOf("package-lock.json"), "\n", Cancellation);
        var completed = 0;

        await NodePackages.EnsureAsync(temporary.Path, temporary.PathOf("fallback"), modules =>
        {
            completed++;
            Nothing(modules);
        }, TextWriter.Null, Cancellation);

        Assert.Equal(1, completed);
    }

    [Fact]
    public async Task EnsureAsync_LockThatNpmRefuses_FailsInOneLineAndIsTriedAgain()
    {
        using var temporary = new TemporaryFolder();
        CopyPins(temporary.Path);
        await File.WriteAllTextAsync(temporary.PathOf("package-lock.json"), """{ "lockfileVersion": 3, "packages": {} }""", Cancellation);

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var failure = await Assert.ThrowsAsync<DevnetException>(() => NodePackages.EnsureAsync(
                temporary.Path, temporary.PathOf("fallback"), PostgresBinaries.CreateLinks, TextWriter.Null, Cancellation));
            Assert.StartsWith("npm ci failed in ", failure.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', failure.Message);
        }
    }

    [Fact]
    public void LockFile_NamesNoRegistry()
    {
        Assert.DoesNotContain("resolved", File.ReadAllText(Repository.PathOf("devnet/package-lock.json")), StringComparison.Ordinal);
    }

    /// <summary>Pins of no package at all: what is tested is when they are installed, and the real ones take long.</summary>
    private static void PinNothing(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "package.json"), """{ "name": "nothing", "version": "1.0.0", "private": true }""");
        File.WriteAllText(Path.Combine(folder, "package-lock.json"), """{ "name": "nothing", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "nothing", "version": "1.0.0" } } }""");
    }

    private static void Nothing(string modules) => Directory.CreateDirectory(modules);

    private static void CopyPins(string folder)
    {
        foreach (var name in (string[])["package.json", "package-lock.json"])
        {
            File.Copy(Repository.PathOf(Path.Combine("devnet", name)), Path.Combine(folder, name));
        }
    }
}
