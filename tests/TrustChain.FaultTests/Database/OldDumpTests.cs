using System.Text;
using TrustChain.Core.Log;
using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Database;

/// <summary>A database that is an older copy of itself: nothing acknowledged can come back from it, so it must be said that it was lost.</summary>
public sealed class OldDumpTests(SharedStack stack)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Restored_BehindItsAnchors_IsReadOnlyAndSaysSo()
    {
        await using var postgres = await PrivatePostgres.StartAsync();
        await using var trial = await Trial.StartAsync(postgres.Process, stack.Anvil.RpcUrl);
        await CaptureSomeAsync(trial);
        var copy = await CopyColdAsync(postgres);
        await CaptureSomeAsync(trial);
        var anchored = await WaitForAnchorAsync(trial);
        await trial.Site.StopAsync(0);
        await RestoreAsync(postgres, copy);

        await using var server = await trial.Site.StartUnreadyAsync(0);

        await Eventually.TrueAsync("refusal to be ready", async () => await trial.Site.GetStatusAsync(trial.Site.BaseUrl(0) + "/health/ready") == 503);
        Assert.Contains($"an anchor of {anchored} entries", await ReadAsync(trial, "/health/ready"), StringComparison.Ordinal);
        Assert.Contains("trustchain_log_halted 1", await ReadAsync(trial, "/metrics"), StringComparison.Ordinal);
        Assert.Contains("READ-ONLY", await trial.Site.ReadLogAsync(0), StringComparison.Ordinal);
        Assert.Equal(503, (await trial.Load.SendAsync(trial.Load.MakeOne(), trial.Site.BaseUrl(0), Cancel)).Status);
        await trial.Watcher.ThrowIfContradictedAsync();
    }

    [Fact]
    public async Task Restored_UnderARunningServer_IsReadOnlyAlsoWithoutAnAnchor()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        await using var postgres = await PrivatePostgres.StartAsync();
        await using var trial = await Trial.StartAsync(postgres.Process, stack.Anvil.RpcUrl, settings: OneAnchorOnly);
        await CaptureSomeAsync(trial);
        var copy = await CopyColdAsync(postgres);
        await CaptureSomeAsync(trial);
        await RestoreAsync(postgres, copy);

        await Eventually.TrueAsync("refusal to be ready", async () => await trial.Site.GetStatusAsync(trial.Site.BaseUrl(0) + "/health/ready") == 503
            && (await ReadAsync(trial, "/health/ready")).Contains("entries under a signed checkpoint", StringComparison.Ordinal));

        Assert.Equal(503, (await trial.Load.SendAsync(trial.Load.MakeOne(), trial.Site.BaseUrl(0), Cancel)).Status);
        await trial.Watcher.ThrowIfContradictedAsync();
    }

    [Fact]
    public async Task Restored_WhileTheChainIsAway_SignsNothing_AndIsReadOnlyOnceItIsBack()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        await using var chain = new PrivateStack();
        var anvil = await chain.StartAnvilAsync();
        try
        {
            await using var postgres = await PrivatePostgres.StartAsync();
            await using var trial = await Trial.StartAsync(postgres.Process, anvil.RpcUrl);
            await CaptureSomeAsync(trial);
            var copy = await CopyColdAsync(postgres);
            await CaptureSomeAsync(trial);
            await WaitForAnchorAsync(trial);
            await trial.Site.StopAsync(0);
            await RestoreAsync(postgres, copy);
            await anvil.DisposeAsync();
            await trial.Site.StartServerAsync(0);
            var signed = await ReadAsync(trial, "/log/checkpoint");

            // It cannot know, and takes records. What it promises for them it will not keep, and the receipts show that.
            Assert.Equal(202, (await trial.Load.SendAsync(trial.Load.MakeOne(), trial.Site.BaseUrl(0), Cancel)).Status);
            await Eventually.TrueAsync("sequenced record", async () => await CountAsync(trial, "select count(*) from log_queue") == 0);
            Assert.Equal(signed, await ReadAsync(trial, "/log/checkpoint"));

            anvil = await chain.StartAnvilAsync(anvil.Port);
            await Eventually.TrueAsync("refusal to be ready", async () => await trial.Site.GetStatusAsync(trial.Site.BaseUrl(0) + "/health/ready") == 503);
            Assert.Contains("The registry of primary holds", await ReadAsync(trial, "/health/ready"), StringComparison.Ordinal);
            Assert.Equal(signed, await ReadAsync(trial, "/log/checkpoint"));
            Assert.Equal(503, (await trial.Load.SendAsync(trial.Load.MakeOne(), trial.Site.BaseUrl(0), Cancel)).Status);
            await trial.Watcher.ThrowIfContradictedAsync();
        }
        finally
        {
            await anvil.DisposeAsync();
        }
    }

    [Fact]
    public async Task Restored_BehindUnanchoredEntriesOnly_IsShownByReceiptsAndByCheckpointsSeenBefore()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        await using var postgres = await PrivatePostgres.StartAsync();
        await using var trial = await Trial.StartAsync(
            postgres.Process, stack.Anvil.RpcUrl, settings: new Dictionary<string, string?> { ["TrustChain__ReceiptPromise"] = "00:00:02" });
        await CaptureSomeAsync(trial);
        await WaitForAnchorAsync(trial);
        await trial.Site.StopAsync(0);
        trial.Site.AnchorNoMore();
        await trial.Site.StartServerAsync(0);
        var copy = await CopyColdAsync(postgres);
        var kept = trial.Load.Acknowledged.Last();
        await CaptureSomeAsync(trial);
        var lost = trial.Load.Acknowledged.Last();
        var seen = trial.Watcher.Take();
        await trial.Site.StopAsync(0);
        await RestoreAsync(postgres, copy);
        await trial.Site.StartServerAsync(0); // Nothing on the chain speaks against it.

        using var audit = new Audit(trial.Site, trial.Load, trial.Watcher, trial.Load.ApiKey);
        var missing = await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => audit.ExpectWithoutDrainingAsync());
        Assert.Contains("is there 0 times", missing.Message, StringComparison.Ordinal); // The audit of all these tests does find what is lost.

        // Who was promised something holds the promise against the log.
        using var cli = new CliProcess();
        cli.Write("bundle.json", await trial.Load.GetEvidenceAsync(kept.Capture));
        cli.Write("kept.jws", kept.Receipts[0]);
        cli.Write("lost.jws", lost.Receipts[0]);
        string[] verify = ["verify", "bundle.json", "--trust", trial.Site.TrustFile, "--rpc", trial.Site.RpcUrl, "--receipt"];
        Assert.Contains("The promise of", (await cli.RunAsync([.. verify, "kept.jws"])).Output, StringComparison.Ordinal);
        await Eventually.TrueAsync("promise that fell due", async () => (await cli.RunAsync([.. verify, "lost.jws"])).Output.Contains("receipt-broken", StringComparison.Ordinal));
        (await cli.RunAsync([.. verify, "lost.jws"])).Expect(1);

        // Who kept a checkpoint sees that the log, once it has grown past it again, is not the one that was signed.
        var (size, before) = seen.Select(s => (s.Key, CheckpointWatcher.Read(s.Value, trial.Site).Root)).MaxBy(static s => s.Key);
        while (CheckpointWatcher.Read(await ReadAsync(trial, "/log/checkpoint"), trial.Site).Size < size)
        {
            await trial.Load.RememberAsync(trial.Load.MakeOne());
        }
        Assert.NotEqual(before, await audit.ComputeRootAsync(size));
    }

    [Fact]
    public async Task Restored_BehindUnanchoredEntriesOnly_WhereACheckpointIsKept_IsReadOnly()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        using var folder = new TemporaryFolder();
        await using var postgres = await PrivatePostgres.StartAsync();
        await using var trial = await Trial.StartAsync(
            postgres.Process, stack.Anvil.RpcUrl, settings: new Dictionary<string, string?>(OneAnchorOnly) { ["TrustChain__CheckpointFile"] = folder.PathOf("checkpoint") });
        await CaptureSomeAsync(trial);
        var copy = await CopyColdAsync(postgres);
        await CaptureSomeAsync(trial);
        await trial.Site.StopAsync(0);
        await RestoreAsync(postgres, copy);

        await using var server = await trial.Site.StartUnreadyAsync(0);

        await Eventually.TrueAsync("refusal to be ready", async () => await trial.Site.GetStatusAsync(trial.Site.BaseUrl(0) + "/health/ready") == 503);
        Assert.Contains("under the checkpoint that this machine keeps", await ReadAsync(trial, "/health/ready"), StringComparison.Ordinal);
        var kept = await File.ReadAllTextAsync(folder.PathOf("checkpoint"), Cancel);
        Assert.True(CheckpointWatcher.Read(kept, trial.Site).Size > CheckpointWatcher.Read(await ReadAsync(trial, "/log/checkpoint"), trial.Site).Size); // It is still there for the next start.
        Assert.Equal(503, (await trial.Load.SendAsync(trial.Load.MakeOne(), trial.Site.BaseUrl(0), Cancel)).Status);
        await trial.Watcher.ThrowIfContradictedAsync();
    }

    private static Dictionary<string, string?> OneAnchorOnly => new() { ["Anchoring__Interval"] = "12:00:00" };

    private static async Task CaptureSomeAsync(Trial trial)
    {
        trial.Load.Start(3);
        await trial.Load.WaitForAsync(20);
        await trial.Load.DrainAsync();
        await trial.Audit.ExpectWithoutDrainingAsync();
    }

    private static async Task<string> CopyColdAsync(PrivatePostgres postgres)
    {
        var (from, to) = (postgres.Process.DataFolder, postgres.Process.DataFolder + "-copy");
        await postgres.StopAsync(Signal.Interrupt);
        await PrivatePostgres.CopyAsync(from, to);
        await postgres.StartAgainAsync();
        return to;
    }

    private static async Task RestoreAsync(PrivatePostgres postgres, string copy)
    {
        var place = postgres.Process.DataFolder;
        await postgres.StopAsync(Signal.Interrupt);
        await PrivatePostgres.CopyAsync(copy, place);
        await postgres.StartAgainAsync();
    }

    /// <summary>The size of a final anchor; in a log that anchors all the time, one of all there is.</summary>
    private static async Task<long> WaitForAnchorAsync(Trial trial)
    {
        await using var database = trial.Site.OpenDatabase();
        return (long)await Eventually.GetAsync<object>("final anchor", async () =>
        {
            await using var command = database.CreateCommand(
                trial.Site.AnchorsOnce ? "select max(size) from anchor where state = 'final'" : "select size from anchor where state = 'final' and size = (select size from log_state)");
            return await command.ExecuteScalarAsync(Cancel) is long size ? size : null;
        });
    }

    private static async Task<long> CountAsync(Trial trial, string sql)
    {
        await using var database = trial.Site.OpenDatabase();
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancel))!; // count always answers.
    }

    private static async Task<string> ReadAsync(Trial trial, string path)
    {
        using var answer = await trial.Site.Client.GetAsync(trial.Site.BaseUrl(0) + path, Cancel);
        return await answer.Content.ReadAsStringAsync(Cancel);
    }
}
