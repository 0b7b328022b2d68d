using System.Diagnostics;
using System.Globalization;
using Npgsql;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Database;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Doctor;

/// <summary>The database: reachable, new enough, set up so that a commit is durable, at this program's schema, and holding this log under these keys.</summary>
internal sealed class DatabaseCheck(DoctorReport report, ServerOptions server, OpenedKeys keys, TimeProvider time) : IAsyncDisposable
{
    private const string Check = "database";

    private NpgsqlDataSource? _source;

    /// <summary>Open once <see cref="RunAsync"/> has reached the database with a usable schema; null otherwise.</summary>
    public NpgsqlConnection? Connection { get; private set; }

    public DatabaseServer? Server { get; private set; }

    /// <summary>The log as the database has it; null when it could not be read.</summary>
    public LogInspection? Log { get; private set; }

    /// <summary>Whether the database is on this machine, as far as its address tells.</summary>
    public bool IsLocal { get; private set; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (ServerOptionsValidator.FindFaultOfDatabase(server) is not null)
        {
            report.Skip(Check, "the connection string is missing or wrong");
            return;
        }
        var settings = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Timeout = 5, CommandTimeout = 10, Pooling = false, ApplicationName = "trustchain-doctor" };
        IsLocal = settings.Host is { } host && (host.StartsWith('/') || host is "localhost" or "127.0.0.1" or "::1");
        try
        {
            _source = settings.Host!.Contains(',', StringComparison.Ordinal) // The validator asked for a host.
                ? new NpgsqlDataSourceBuilder(settings.ConnectionString).BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary)
                : NpgsqlDataSource.Create(settings.ConnectionString);
            var connection = await _source.OpenConnectionAsync(cancellationToken);
            Server = await DatabaseInspection.ReadServerAsync(connection, cancellationToken);
            CheckServer(Server, new NpgsqlConnectionStringBuilder(server.ConnectionString).MaxPoolSize);
            await CheckClockAsync(connection, cancellationToken);
            await new StandbyHostsCheck(report, server.ConnectionString, _source).RunAsync(cancellationToken);
            if (await CheckSchemaAsync(connection, Server, cancellationToken))
            {
                Connection = connection;
                Log = await DatabaseInspection.ReadLogAsync(connection, cancellationToken);
                CheckLog(Log);
                if (keys.Ring is { } ring && Log.Origin == server.Origin)
                {
                    SealedCheck.Run(report, ring, await DatabaseInspection.ReadSealedAsync(connection, cancellationToken));
                }
            }
        }
        catch (Exception exception) when (exception is NpgsqlException or System.Net.Sockets.SocketException || (exception is TimeoutException && !cancellationToken.IsCancellationRequested))
        {
            report.Fault(Check, $"{settings.Host} does not answer or refuses: {Reason(exception)}", "see that it runs, that pg_hba.conf lets this machine and role in, and that the password is right");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Connection is not null)
        {
            await Connection.DisposeAsync();
        }
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }
    }

    private void CheckServer(DatabaseServer database, int poolSize)
    {
        var version = string.Create(CultureInfo.InvariantCulture, $"PostgreSQL {database.Version / 10000}.{database.Version % 10000}");
        if (database.Version < 150000)
        {
            report.Fault(Check, $"{version} is too old", "PostgreSQL 15 or newer is needed");
        }
        else
        {
            report.Ok(Check, $"{version}, {DiskCheck.Format(database.SizeBytes)}");
        }
        if (database.Encoding != "UTF8")
        {
            report.Fault(Check, $"its encoding is {database.Encoding}", "create the database anew with encoding UTF8");
        }
        if (database.IsStandby)
        {
            report.Fault(Check, "this is a standby, which takes no writes", "name the primary, or all hosts (Host=db1,db2), in the connection string");
        }
        CheckDurability(database);
        CheckArchive(database);
        var free = database.MaxConnections - database.OpenConnections;
        if (database.MaxConnections < poolSize)
        {
            report.Warn(Check, $"it allows {database.MaxConnections} connections, but one server's pool may open {poolSize}", "set \"Maximum Pool Size\" in the connection string so that the pools of all servers fit, or raise max_connections");
        }
        else if (free < 10)
        {
            report.Warn(Check, $"{free} of {database.MaxConnections} connections are free", "end what holds them, or raise max_connections");
        }
        else
        {
            report.Ok(Check, $"{free} of {database.MaxConnections} connections are free");
        }
    }

    private void CheckDurability(DatabaseServer database)
    {
        if (!database.Fsync || database.SynchronousCommit == "off")
        {
            report.Fault(
                Check, $"fsync is {(database.Fsync ? "on" : "off")} and synchronous_commit {database.SynchronousCommit}: records that were acknowledged can be lost", "set both to on in postgresql.conf, and see \"alter role\" and \"alter database\" settings");
        }
        else if (!database.FullPageWrites)
        {
            report.Warn(Check, "full_page_writes is off: a power cut can damage pages", "set it to on, unless the file system writes whole pages");
        }
        else
        {
            report.Ok(Check, $"commits are durable (fsync on, synchronous_commit {database.SynchronousCommit})");
        }
    }

    private void CheckArchive(DatabaseServer database)
    {
        const string Backup = "backup";
        if (database.ArchiveFault is { } fault)
        {
            report.Warn(
                Backup, $"{fault}: with the disk everything since the last base backup is lost, and a log that is behind its anchors has ended",
                "see \"Backup and restore\" in docs/operations.md; it is well where WAL is received in another way (pg_receivewal) or a synchronous standby has it");
        }
        else
        {
            report.Ok(Backup, "WAL is archived");
        }
    }

    private async Task CheckClockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await DatabaseInspection.ReadClockAsync(connection, cancellationToken); // The first one has the price of planning.
        var before = time.GetTimestamp();
        var theirs = await DatabaseInspection.ReadClockAsync(connection, cancellationToken);
        var away = theirs - (time.GetUtcNow() - (time.GetElapsedTime(before) / 2));
        var text = string.Create(CultureInfo.InvariantCulture, $"the database's clock differs by {Math.Abs(away.TotalSeconds):0.0} s from this machine's");
        const string Mend = "let both machines follow the same time servers (chrony or systemd-timesyncd)";
        if (away.Duration() > TimeSpan.FromSeconds(30))
        {
            report.Fault("clock", text, Mend);
        }
        else if (away.Duration() > TimeSpan.FromSeconds(2))
        {
            report.Warn("clock", text, Mend);
        }
        else
        {
            report.Ok("clock", text);
        }
    }

    private async Task<bool> CheckSchemaAsync(NpgsqlConnection connection, DatabaseServer database, CancellationToken cancellationToken)
    {
        const string Schema = "schema";
        var state = await Migrator.ReadStateAsync(connection, cancellationToken);
        if (state.Unknown.Count > 0)
        {
            report.Fault(Schema, $"a newer program applied {string.Join(", ", state.Unknown)}", "run the newer trustchain-server");
        }
        if (state.Changed.Count > 0)
        {
            report.Fault(Schema, $"{string.Join(", ", state.Changed)} had another text when it was applied", "run the program that this database belongs to");
        }
        if (state.Missing.Count > 0)
        {
            if (!database.MayCreate)
            {
                report.Fault(Schema, $"{state.Missing.Count} migrations are missing, and this role may not create tables", "make the role the owner of the database, or grant it create on the schema");
            }
            else
            {
                report.Warn(Schema, state.Applied == 0 ? "the database is empty" : $"missing: {string.Join(", ", state.Missing)}", "trustchain-server migrate; serving does it too");
            }
            return false;
        }
        if (state.Unknown.Count > 0 || state.Changed.Count > 0)
        {
            return false;
        }
        report.Ok(Schema, $"{state.Applied} migrations, none missing");
        return true;
    }

    private void CheckLog(LogInspection log)
    {
        const string Log = "log";
        if (log.Origin is null)
        {
            report.Ok(Log, "the database holds no log yet; the first start makes it");
            return;
        }
        if (log.Origin != server.Origin)
        {
            report.Fault(Log, $"the database holds the log \"{log.Origin}\", not \"{server.Origin}\"", "a log keeps its name: correct TrustChain:Origin, or use another database");
            return;
        }
        var size = log.State?.Size ?? 0;
        if (keys.Ring is null || log.Checkpoint is not { } checkpoint)
        {
            report.Ok(Log, string.Create(CultureInfo.InvariantCulture, $"\"{log.Origin}\" with {size} entries"));
        }
        else if (SignedNote.TryParse(checkpoint.Note, out var note) && note.Verify(keys.Ring.Verifier) == SignatureCheck.Valid)
        {
            report.Ok(Log, string.Create(CultureInfo.InvariantCulture, $"\"{log.Origin}\" with {size} entries, the newest checkpoint is signed by our log key"));
            CheckReadOnly(log, size);
        }
        else
        {
            report.Fault(
                Log, $"the checkpoint of {checkpoint.Size} entries was not signed by the key {(server.LogKey.Length > 0 ? "that TrustChain:LogKey names" : "in " + server.LogKeyFile)}",
                "bring this log's own key back; another key would be another log. Where it is lost: \"A lost log key\" in docs/operations.md");
        }
    }

    /// <summary>Where nothing is signed any more: what was taken in and promised, and is under no checkpoint.</summary>
    private void CheckReadOnly(LogInspection log, long size)
    {
        var waiting = size - (log.Checkpoint?.Size ?? 0) + log.Queued;
        if (server.LogKey.Length > 0 && waiting > 0)
        {
            report.Warn(
                "log", string.Create(CultureInfo.InvariantCulture, $"{waiting} entries were taken in and never came under a checkpoint, so that nothing proves them"),
                "\"A lost log key\" in docs/operations.md lists them: they have to be recorded in the new log");
        }
    }

    /// <summary>The innermost message: what the network or the server said.</summary>
    private static string Reason(Exception exception) => exception is PostgresException postgres ? postgres.MessageText : exception.GetBaseException().Message;
}
