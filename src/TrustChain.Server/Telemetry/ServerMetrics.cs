using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Telemetry;

/// <summary>Gauges of what this server stands on: database, clock, disk; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class ServerMetrics
{
    private static readonly TimeSpan CertificatesGood = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<ServingCertificate> _certificates;
    private readonly TimeProvider _time;
    private (DateTimeOffset? Ends, long ReadAt)? _certificate;

    public ServerMetrics(ServerState state, IConfiguration configuration, TimeProvider time, IMeterFactory meters)
    {
        (_certificates, _time) = (ServingCertificate.Find(configuration), time);
        var meter = meters.Create("TrustChain.Server");
        meter.CreateObservableGauge("trustchain.server.uptime", () => (time.GetUtcNow() - state.StartedAt).TotalSeconds, "s", "Time since this server started.");
        meter.CreateObservableGauge("trustchain.database.up", () => state.Seen is { Log: not null, DatabaseAwaySince: null } ? 1 : 0, null, "1 when the database answered the last time it was asked.");
        meter.CreateObservableGauge("trustchain.database.read_only", () => state.Seen.Log is { IsReadOnly: true } ? 1 : 0, null, "1 when the database refuses writes.");
        meter.CreateObservableGauge("trustchain.database.clock_offset", () => state.Seen.ClockOffset.TotalSeconds, "s", "How far the database's clock is ahead of this server's.");
        meter.CreateObservableGauge("trustchain.tls.certificate.remaining", Remaining, "s", "Time until the first of the configured certificates ends.");
        meter.CreateObservableGauge("trustchain.disk.free", () => Disk().AvailableFreeSpace, "By", "Free space where the server is installed.");
        meter.CreateObservableGauge("trustchain.disk.size", () => Disk().TotalSize, "By", "Size of that disk.");
    }

    private IEnumerable<Measurement<double>> Remaining() =>
        FindEnd() is { } end ? [new Measurement<double>((end - _time.GetUtcNow()).TotalSeconds)] : [];

    /// <summary>When the first certificate ends; null where none is configured or none can be read. Files are read once a minute, since they are renewed while the server runs.</summary>
    private DateTimeOffset? FindEnd()
    {
        if (_certificate is not { } known || _time.GetElapsedTime(known.ReadAt) > CertificatesGood)
        {
            _certificate = known = (_certificates.Select(ReadEnd).Min(), _time.GetTimestamp());
        }
        return known.Ends;
    }

    private static DateTimeOffset? ReadEnd(ServingCertificate certificate)
    {
        try
        {
            return certificate.ReadEnd();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null; // The web server says so itself, and so does doctor.
        }
    }

    private static DriveInfo Disk() => new(AppContext.BaseDirectory);
}
