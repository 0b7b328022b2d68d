using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using TrustChain.Postgres.Database;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Doctor;

/// <summary>Each host of a connection string that names several: the primary, or a standby of it, and how far behind.</summary>
internal sealed class StandbyHostsCheck(DoctorReport report, string connectionString, NpgsqlDataSource primary)
{
    private const string Check = "standby";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var hosts = DatabaseSources.HostsOf(connectionString);
        foreach (var host in hosts.Count > 1 ? hosts : [])
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString) { Timeout = 3, CommandTimeout = 5, Pooling = false, ApplicationName = "trustchain-doctor" };
            DatabaseSources.Name(settings, host);
            await using var source = NpgsqlDataSource.Create(settings);
            try
            {
                await CheckAsync(host, source, cancellationToken);
            }
            catch (Exception exception) when (Failures.IsOfDatabase(exception) && !cancellationToken.IsCancellationRequested)
            {
                report.Warn(Check, $"{host} does not answer or refuses: {exception.GetBaseException().Message}", "nothing is read there and it cannot take over: see that it runs, with hot_standby on, and that its pg_hba.conf lets this machine in");
            }
        }
    }

    private async Task CheckAsync(string host, NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        if (await WalStore.GetSystemIdAsync(source, cancellationToken) != await WalStore.GetSystemIdAsync(primary, cancellationToken))
        {
            report.Fault(Check, $"{host} belongs to another cluster than the primary", "name only the primary and its standbys in the connection string");
            return;
        }
        var position = await new WalStore(primary).GetPositionAsync(cancellationToken);
        if (await WalStore.FindReplayedAsync(source, cancellationToken) is not { } replayed)
        {
            report.Ok(Check, $"{host} is the primary");
            return;
        }
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        while (replayed < position && !patience.IsCancellationRequested)
        {
            await Task.Delay(100, cancellationToken);
            replayed = await WalStore.FindReplayedAsync(source, cancellationToken) ?? NpgsqlLogSequenceNumber.Invalid;
        }
        if (replayed < position)
        {
            report.Warn(Check, string.Create(CultureInfo.InvariantCulture, $"{host} is a standby that is more than {Patience.TotalSeconds:0} s behind"), "see pg_stat_replication on the primary; while it is behind, reads go to the primary");
        }
        else
        {
            report.Ok(Check, $"{host} is a standby and keeps up");
        }
    }
}
