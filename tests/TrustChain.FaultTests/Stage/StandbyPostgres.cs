using Npgsql;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Stage;

/// <summary>Makes streaming standbys of a PostgreSQL.</summary>
internal static class StandbyPostgres
{
    /// <summary>
    /// Makes a standby by the low-level backup interface, since the packaged PostgreSQL has no pg_basebackup, and waits until it follows. The primary needs
    /// <c>wal_keep_size</c>.
    /// </summary>
    /// <param name="primary">Of which it is made.</param>
    /// <param name="isSynchronous">Whether the primary waits for it from now on.</param>
    public static async Task<PrivatePostgres> AddStandbyAsync(this PrivatePostgres primary, bool isSynchronous)
    {
        var place = primary.Process.DataFolder + "-standby";
        await using (var database = NpgsqlDataSource.Create(primary.Process.ConnectionString + ";Pooling=false"))
        await using (var connection = await database.OpenConnectionAsync(Site.Cancel)) // A backup belongs to a session.
        {
            await using (var start = new NpgsqlCommand("select pg_backup_start('standby', true)", connection))
            {
                await start.ExecuteNonQueryAsync(Site.Cancel);
            }
            await PrivatePostgres.CopyAsync(primary.Process.DataFolder, place);
            await using var stop = new NpgsqlCommand("select labelfile from pg_backup_stop(false)", connection);
            await AddFileAsync(place, "backup_label", (string)(await stop.ExecuteScalarAsync(Site.Cancel))!); // A backup that was started has a label.
        }
        File.Delete(Path.Combine(place, "postmaster.pid"));
        await AddFileAsync(place, "standby.signal", "");
        var source = new NpgsqlConnectionStringBuilder(primary.Process.ConnectionString);
        var standby = await PrivatePostgres.StartCopyAsync(primary, place, new Dictionary<string, string>(primary.Parameters)
        {
            ["primary_conninfo"] = $"host=127.0.0.1 port={primary.Process.Port} user={source.Username} password={source.Password} application_name=standby",
        });
        if (isSynchronous)
        {
            await primary.ExecuteAsync("alter system set synchronous_standby_names = 'standby'");
            await primary.ExecuteAsync("select pg_reload_conf()");
        }
        await Eventually.TrueAsync("standby that follows", async () =>
        {
            await using var database = NpgsqlDataSource.Create(primary.Process.ConnectionString + ";Pooling=false");
            await using var command = database.CreateCommand("select exists (select from pg_stat_replication where state = 'streaming' and sync_state = $1)");
            command.Parameters.Add(new() { Value = isSynchronous ? "sync" : "async" });
            return (bool)(await command.ExecuteScalarAsync(Site.Cancel))!; // "exists" always answers.
        });
        return standby;
    }

    /// <summary>Adds a file that PostgreSQL can read and write, whoever it runs as; nobody else gets into its folder.</summary>
    private static async Task AddFileAsync(string place, string name, string text)
    {
        var path = Path.Combine(place, name);
        await File.WriteAllTextAsync(path, text, Site.Cancel);
        File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
    }
}
