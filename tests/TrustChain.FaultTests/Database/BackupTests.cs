using System.Diagnostics;
using System.Globalization;
using Npgsql;
using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Database;

/// <summary>The scripts in deploy/ against a machine that is lost: on the PostgreSQL of Debian, which has the programs for it and is older than the packaged one.</summary>
public sealed class BackupTests(SharedStack stack)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LostMachine_RestoredFromBaseBackupAndArchive_HasEverythingAcknowledged()
    {
        var installation = FindPostgres();
        Assert.SkipWhen(installation is null, "No PostgreSQL with pg_dump and pg_basebackup is below /usr/lib/postgresql.");
        using var temporary = new TemporaryFolder();
        var archive = MakeFolder(temporary, "archive");
        var backups = MakeFolder(temporary, "backups");
        await using var lost = await PrivatePostgres.StartAsync(
            new Dictionary<string, string> { ["archive_mode"] = "on", ["archive_command"] = $"test ! -f {archive}/%f && cp %p {archive}/%f.part && mv {archive}/%f.part {archive}/%f" },
            installation: installation);
        await using var trial = await Trial.StartAsync(lost.Process, stack.Anvil.RpcUrl);
        await CaptureSomeAsync(trial);
        var rehearsal = new Rehearsal(installation!, trial.Site.DatabaseOn(lost.Process)); // Skipped without one.
        var basis = (await rehearsal.RunAsync("backup.sh", "base", backups)).Trim();
        var dump = (await rehearsal.RunAsync("backup.sh", "dump", backups)).Trim();
        var dumped = await CountRecordsAsync(trial.Site.DatabaseOn(lost.Process));
        var moment = await ReadClockAsync(trial);
        await CaptureSomeAsync(trial);
        await trial.Audit.ExpectAnchoredAsync();
        await trial.Site.StopAsync(0);
        await ArchiveTheRestAsync(lost);
        Assert.Equal("ok", (await rehearsal.RunAsync("backup.sh", "check-archive", archive)).Trim());
        await lost.StopAsync(Signal.Kill); // Its data folder is not looked at again.

        // To the last transaction: nothing acknowledged is missing, and the log goes on.
        await using (var restored = await rehearsal.RestoreAsync(lost, basis, archive, temporary.PathOf("latest")))
        {
            trial.Site.Database = trial.Site.DatabaseOn(restored.Process);
            await trial.Site.StartServerAsync(0);
            await CaptureSomeAsync(trial);
            await trial.Audit.ExpectAnchoredAsync();
            await trial.Site.StopAsync(0);
            await RestoreDumpAsync(restored, rehearsal, dump, dumped);
        }

        // To a moment before what was anchored since: the server says so, and takes nothing in.
        await using var earlier = await rehearsal.RestoreAsync(lost, basis, archive, temporary.PathOf("earlier"), moment);
        trial.Site.Database = trial.Site.DatabaseOn(earlier.Process);
        await using var unready = await trial.Site.StartUnreadyAsync(0);
        await Eventually.TrueAsync("refusal to be ready", async () => await trial.Site.GetStatusAsync(trial.Site.BaseUrl(0) + "/health/ready") == 503);
    }

    /// <summary>"Moving to another machine" of the runbook: the dump of the one that was stopped, in an empty database of another, under the same keys.</summary>
    [Fact]
    public async Task MovedMachine_FromADump_GoesOnAsTheSameLog()
    {
        var installation = FindPostgres();
        Assert.SkipWhen(installation is null, "No PostgreSQL with pg_dump and pg_basebackup is below /usr/lib/postgresql.");
        using var temporary = new TemporaryFolder();
        var backups = MakeFolder(temporary, "backups");
        await using var old = await PrivatePostgres.StartAsync(new Dictionary<string, string>(), installation: installation);
        await using var trial = await Trial.StartAsync(old.Process, stack.Anvil.RpcUrl);
        await CaptureSomeAsync(trial);
        await trial.Audit.ExpectAnchoredAsync();
        await trial.Site.StopAsync(0);
        var name = new NpgsqlConnectionStringBuilder(trial.Site.Database).Database!; // It was made with a name.
        var dump = (await new Rehearsal(installation!, trial.Site.DatabaseOn(old.Process)).RunAsync("backup.sh", "dump", backups)).Trim(); // Skipped without one.
        await old.StopAsync(Signal.Kill); // It must not start again.

        await using var moved = await PrivatePostgres.StartAsync(new Dictionary<string, string>(), installation: installation);
        await moved.ExecuteAsync($"create database {name}");
        await new Rehearsal(installation!, trial.Site.DatabaseOn(moved.Process)).RunAsync("restore.sh", "dump", dump);
        trial.Site.Database = trial.Site.DatabaseOn(moved.Process);
        await trial.Site.StartServerAsync(0);

        await CaptureSomeAsync(trial); // Its audit reads the whole log, what was recorded before the move too, and verifies evidence.
        await trial.Audit.ExpectAnchoredAsync();
    }

    private static async Task CaptureSomeAsync(Trial trial)
    {
        trial.Load.Start(3);
        await trial.Load.WaitForAsync(15);
        await trial.Load.DrainAsync();
        await trial.Audit.ExpectWithoutDrainingAsync();
    }

    private static async Task RestoreDumpAsync(PrivatePostgres postgres, Rehearsal rehearsal, string dump, long records)
    {
        await postgres.ExecuteAsync("create database from_dump");
        var target = new Rehearsal(rehearsal.Installation, postgres.Process.ConnectionStringTo("from_dump"));
        await target.RunAsync("restore.sh", "dump", dump);
        Assert.Equal(records, await CountRecordsAsync(postgres.Process.ConnectionStringTo("from_dump")));
        Assert.Contains("not empty", await target.RefuseAsync("restore.sh", "dump", dump), StringComparison.Ordinal);
    }

    private static async Task<long> CountRecordsAsync(string connection)
    {
        await using var database = NpgsqlDataSource.Create(connection + ";Pooling=false");
        await using var command = database.CreateCommand("select count(*) from record");
        return (long)(await command.ExecuteScalarAsync(Cancel))!; // A count has a value.
    }

    /// <summary>The database's clock, with a transaction on either side of it that recovery can tell apart.</summary>
    private static async Task<string> ReadClockAsync(Trial trial)
    {
        await using var database = trial.Site.OpenDatabase();
        await using var command = database.CreateCommand("select clock_timestamp()::text");
        return (string)(await command.ExecuteScalarAsync(Cancel))!; // A function has a value.
    }

    /// <summary>A segment is archived once it is full or left; the last one is left on purpose.</summary>
    private static async Task ArchiveTheRestAsync(PrivatePostgres postgres)
    {
        await using var database = NpgsqlDataSource.Create(postgres.Process.ConnectionString + ";Pooling=false");
        await using var leave = database.CreateCommand("select pg_walfile_name(pg_switch_wal())");
        var segment = (string)(await leave.ExecuteScalarAsync(Cancel))!; // A function has a value.
        await Eventually.TrueAsync($"archived segment {segment}", async () =>
        {
            await using var command = database.CreateCommand("select last_archived_wal >= $1 from pg_stat_archiver");
            command.Parameters.Add(new() { Value = segment });
            return await command.ExecuteScalarAsync(Cancel) is true;
        });
    }

    private static string MakeFolder(TemporaryFolder temporary, string name)
    {
        var path = Directory.CreateDirectory(temporary.PathOf(name)).FullName;
        File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111); // As root, PostgreSQL runs as user nobody.
        return path;
    }

    private static string? FindPostgres() => !Directory.Exists("/usr/lib/postgresql") ? null : Directory.GetDirectories("/usr/lib/postgresql")
        .Where(static f => File.Exists(Path.Combine(f, "bin", "postgres")) && File.Exists(Path.Combine(f, "bin", "pg_basebackup")))
        .MaxBy(static f => int.TryParse(Path.GetFileName(f), CultureInfo.InvariantCulture, out var version) ? version : 0);

    /// <summary>The scripts, run with one PostgreSQL's programs against one database.</summary>
    private sealed record Rehearsal(string Installation, string Connection)
    {
        public async Task<string> RunAsync(string script, params string[] arguments)
        {
            var (exitCode, output, errors) = await StartAsync(Repository.PathOf($"deploy/{script}"), arguments);
            Assert.True(exitCode == 0, $"{script} {string.Join(' ', arguments)} ended with {exitCode}: {output} {errors}");
            return output;
        }

        public async Task<string> RefuseAsync(string script, params string[] arguments)
        {
            var (exitCode, _, errors) = await StartAsync(Repository.PathOf($"deploy/{script}"), arguments);
            Assert.Equal(1, exitCode);
            return errors;
        }

        public async Task<PrivatePostgres> RestoreAsync(PrivatePostgres original, string basis, string archive, string place, params string[] moment)
        {
            await RunAsync("restore.sh", ["base", basis, archive, place, .. moment]);
            if (LinuxProcess.IsRoot)
            {
                var (exitCode, _, errors) = await StartAsync(Tools.Get("chown"), "-R", "nobody", place);
                Assert.True(exitCode == 0, errors);
            }
            return await PrivatePostgres.StartCopyAsync(original, place, new Dictionary<string, string>());
        }

        private async Task<(int ExitCode, string Output, string Errors)> StartAsync(string program, params string[] arguments)
        {
            var settings = new NpgsqlConnectionStringBuilder(Connection);
            var startInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            startInfo.Environment["PATH"] = $"{Installation}/bin:{Environment.GetEnvironmentVariable("PATH")}";
            startInfo.Environment["PGHOST"] = settings.Host;
            startInfo.Environment["PGPORT"] = settings.Port.ToString(CultureInfo.InvariantCulture);
            startInfo.Environment["PGUSER"] = settings.Username;
            startInfo.Environment["PGPASSWORD"] = settings.Password;
            startInfo.Environment["PGDATABASE"] = settings.Database;
            using var process = Process.Start(startInfo)!; // Never null: UseShellExecute is off.
            var output = process.StandardOutput.ReadToEndAsync(Cancel);
            var errors = process.StandardError.ReadToEndAsync(Cancel);
            await process.WaitForExitAsync(Cancel);
            return (process.ExitCode, await output, await errors);
        }
    }
}
