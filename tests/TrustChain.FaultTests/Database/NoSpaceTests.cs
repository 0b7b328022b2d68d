using System.Diagnostics;
using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Database;

/// <summary>A disk that is full: the database lies on a small file system of its own, which the test fills.</summary>
public sealed class NoSpaceTests(SharedStack stack)
{
    private const string Size = "300m";

    [Fact]
    public async Task Disk_Full_CapturesWaitAndNothingAcknowledgedIsLost()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        Assert.SkipUnless(LinuxProcess.IsRoot, "Mounting a small file system needs root.");
        using var temporary = new TemporaryFolder();
        using var disk = SmallDisk.Mount(temporary.PathOf("disk"));
        Assert.SkipWhen(disk is null, "This machine does not let root mount a file system.");
        await using var postgres = await PrivatePostgres.StartAsync(
            new Dictionary<string, string> { ["min_wal_size"] = "32MB", ["max_wal_size"] = "64MB" }, Path.Combine(temporary.PathOf("disk"), "postgres"));
        await using var trial = await Trial.StartAsync(postgres.Process, stack.Anvil.RpcUrl);
        trial.Load.Start(6, true);
        await trial.Load.WaitForAsync(30);

        var filler = temporary.PathOf("disk/filler");
        Fill(filler);
        await trial.Load.WaitForUnansweredAsync(20);
        File.Delete(filler);
        // Where there was no room for its log of changes, PostgreSQL has stopped itself; an operator starts it again.
        await postgres.ReviveAsync();

        await trial.Load.WaitForAsync(30);
        await trial.Audit.ExpectSoundAsync();
        Assert.True(trial.Site.IsRunning(0));
    }

    private static void Fill(string path)
    {
        var zeros = new byte[64 << 10];
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(zeros);
            }
        }
        catch (IOException)
        {
            // It is full, which was the aim.
        }
    }

    /// <summary>A file system in memory, gone when disposed.</summary>
    private sealed class SmallDisk(string path) : IDisposable
    {
        public static SmallDisk? Mount(string path)
        {
            Directory.CreateDirectory(path);
            return Run("mount", "-t", "tmpfs", "-o", $"size={Size},mode=755", "tmpfs", path) ? new SmallDisk(path) : null;
        }

        public void Dispose() => Run("umount", "--lazy", path);

        private static bool Run(string program, params string[] arguments)
        {
            if (Tools.FindOnPath(program) is not { } found)
            {
                return false;
            }
            using var process = Process.Start(new ProcessStartInfo(found, arguments) { RedirectStandardError = true })!; // Never null: UseShellExecute is off.
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}
