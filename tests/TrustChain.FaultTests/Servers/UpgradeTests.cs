using TrustChain.Core.Verification;
using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Installation;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Servers;

/// <summary>From the version before to this one, server by server under load: what was promised is kept, and evidence of either time verifies.</summary>
public sealed class UpgradeTests(SharedStack stack)
{
    private const string PreviousVersion = "3aaa5a1490bc8d93c8b6873e7082b93e6a4ae7a3"; // 0.1.0-preview.1, by its commit: not every clone has tags

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PreviousVersion_UpgradedServerByServer_KeepsEverything()
    {
        Assert.SkipUnless(Extent.IsFull, "Builds the version before and takes minutes; TRUSTCHAIN_FAULTS=all runs it.");
        using var temporary = new TemporaryFolder();
        var (previous, reason) = await Publication.MakeFromCommitAsync(PreviousVersion, temporary.PathOf("previous"));
        Assert.SkipWhen(previous is null, $"The version before ({PreviousVersion}) cannot be taken from this clone: {reason}");
        await using var trial = await Trial.StartAsync(stack.Postgres, stack.Anvil.RpcUrl, servers: 2, assembly: previous.Server + ".dll");
        var (site, load) = (trial.Site, trial.Load);

        // The version before captures, anchors and gives evidence.
        load.Start(6, true, false);
        await load.WaitForAsync(60);
        await WaitForAnchorAsync(site);
        var old = load.Acknowledged.Take(12).Select(static a => a.Capture).ToList();
        var oldBundles = await GetBundlesAsync(load, old, server: 0);
        AssertVerify(site, oldBundles);

        // The schema moves on under it.
        await site.MigrateAsync();
        await load.WaitForAsync(60);
        var during = load.Acknowledged.TakeLast(6).Select(static a => a.Capture).ToList();
        AssertVerify(site, await GetBundlesAsync(load, [.. old, .. during], server: 1));

        // Two versions side by side: both take captures, both show what either took.
        await site.StopAsync(1);
        site.UseVersion(null);
        await site.StartServerAsync(1);
        await load.WaitForAsync(60);
        var beside = load.Acknowledged.TakeLast(12).Select(static a => a.Capture).ToList();
        foreach (var server in (int[])[0, 1])
        {
            AssertVerify(site, await GetBundlesAsync(load, [.. old, .. during, .. beside], server));
            await load.RememberAsync(load.MakeOne(), server);
        }

        // The version before does not start on a schema it does not know.
        await site.StopAsync(0);
        site.UseVersion(previous.Server + ".dll");
        var refusal = await Assert.ThrowsAsync<DevnetException>(() => site.StartServerAsync(0));
        Assert.Contains("did not start", refusal.Message, StringComparison.Ordinal);
        Assert.Matches("The database has migration 001\\d_\\w+, which this program does not know; run a newer server", await site.ReadLogAsync(0));
        site.UseVersion(null);
        await site.StartServerAsync(0);
        await load.WaitForAsync(60);

        await trial.Audit.ExpectSoundAsync();
        var newBundles = await GetBundlesAsync(load, [.. old, .. during, .. beside, .. load.Acknowledged.TakeLast(6).Select(static a => a.Capture)], server: 0);
        AssertVerify(site, oldBundles);
        AssertVerify(site, newBundles);
        // Both versions' command lines say the same of bundles of either, with the chain asked.
        await WaitForAnchorAsync(site);
        using var cli = new CliProcess();
        foreach (var (name, bundle) in new[] { ("old.json", oldBundles[0]), ("new.json", newBundles[0]), ("newest.json", newBundles[^1]) })
        {
            cli.Write(name, bundle);
            (await cli.RunAsync("verify", name, "--trust", site.TrustFile, "--rpc", site.RpcUrl)).Expect(0);
            await File.WriteAllTextAsync(temporary.PathOf(name), bundle, Cancel);
            (await Publication.RunAsync(previous.Cli, "verify", temporary.PathOf(name), "--trust", site.TrustFile, "--rpc", site.RpcUrl)).Expect(0);
        }
    }

    /// <summary>Waits for a final anchor of all that is in the log now.</summary>
    private static async Task WaitForAnchorAsync(Site site)
    {
        await using var database = site.OpenDatabase();
        await using var read = database.CreateCommand("select size from log_state");
        var size = (long)(await read.ExecuteScalarAsync(Cancel))!; // The log has begun.
        await Eventually.TrueAsync($"final anchor of {size} entries", async () =>
        {
            await using var command = database.CreateCommand($"select exists (select from anchor where state = 'final' and size >= {size})");
            return (bool)(await command.ExecuteScalarAsync(Cancel))!; // An expression has a value.
        });
    }

    private static async Task<List<string>> GetBundlesAsync(Load load, IReadOnlyList<Capture> captures, int server)
    {
        var bundles = new List<string>();
        foreach (var capture in captures)
        {
            bundles.Add(await Eventually.GetAsync("evidence of a record under a checkpoint", async () => await load.FindEvidenceAsync(capture, server)));
        }
        return bundles;
    }

    private static void AssertVerify(Site site, IEnumerable<string> bundles)
    {
        foreach (var text in bundles)
        {
            Assert.True(EvidenceBundle.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out var bundle, out var error), error);
            var report = EvidenceVerifier.Verify(bundle, site.Registry.Trust, null, new VerifierCache());
            // The chain is not asked here: the command line does. Everything else must pass.
            Assert.DoesNotContain(report.Checks, static c => c.Outcome != Outcome.Passed && c.Name is not (CheckNames.Anchor or CheckNames.Anchored));
        }
    }
}
