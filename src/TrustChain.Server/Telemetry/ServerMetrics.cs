using System.Diagnostics.Metrics;

namespace TrustChain.Server.Telemetry;

/// <summary>Gauges of what this server stands on: database, clock, disk; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class ServerMetrics
{
    public ServerMetrics(ServerState state, TimeProvider time, IMeterFactory meters)
    {
        var meter = meters.Create("TrustChain.Server");
        meter.CreateObservableGauge("trustchain.server.uptime", () => (time.GetUtcNow() - state.StartedAt).TotalSeconds, "s", "Time since this server started.");
        meter.CreateObservableGauge("trustchain.database.up", () => state.Seen is { Log: not null, DatabaseAwaySince: null } ? 1 : 0, null, "1 when the database answered the last time it was asked.");
        meter.CreateObservableGauge("trustchain.database.read_only", () => state.Seen.Log is { IsReadOnly: true } ? 1 : 0, null, "1 when the database refuses writes.");
        meter.CreateObservableGauge("trustchain.database.clock_offset", () => state.Seen.ClockOffset.TotalSeconds, "s", "How far the database's clock is ahead of this server's.");
        meter.CreateObservableGauge("trustchain.disk.free", () => Disk().AvailableFreeSpace, "By", "Free space where the server is installed.");
        meter.CreateObservableGauge("trustchain.disk.size", () => Disk().TotalSize, "By", "Size of that disk.");
    }

    private static DriveInfo Disk() => new(AppContext.BaseDirectory);
}
