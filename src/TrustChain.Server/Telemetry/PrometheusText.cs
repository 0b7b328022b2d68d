using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text;

namespace TrustChain.Server.Telemetry;

/// <summary>
/// Collects this server's own instruments, the web server's, the database driver's and the runtime's, and writes them in the Prometheus text format 0.0.4.
/// Writing costs no query: what comes from the database was read by <see cref="StateWatch"/>.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>What is taken from meters that are not ours, all of it listed in <c>docs/operations.md</c>.</summary>
    private static readonly HashSet<string> Foreign =
    [
        "http.server.request.duration", "http.server.active_requests",
        "kestrel.active_connections", "kestrel.queued_connections", "kestrel.rejected_connections",
        "db.client.connection.count", "db.client.connection.max", "db.client.connection.npgsql.pending_requests", "db.client.connection.npgsql.timeouts",
        "db.client.operation.duration", "db.client.operation.failed", "db.client.operation.npgsql.executing",
        "dotnet.exceptions", "dotnet.gc.collections", "dotnet.gc.heap.total_allocated", "dotnet.gc.last_collection.heap.size", "dotnet.gc.last_collection.memory.committed_size",
        "dotnet.gc.pause.time", "dotnet.monitor.lock_contentions", "dotnet.process.cpu.count", "dotnet.process.cpu.time", "dotnet.process.memory.working_set",
        "dotnet.thread_pool.queue.length", "dotnet.thread_pool.thread.count", "dotnet.thread_pool.work_item.count",
    ];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _writing = new(); // an observation is begun, made and written by one request at a time
    private readonly IMeterFactory _meters;

    public PrometheusText(IMeterFactory meters)
    {
        _meters = meters;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (IsWanted(instrument))
            {
                var family = new MetricFamily(instrument);
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(family.Name, family));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>The version of the program, without the commit.</summary>
    public static string Version { get; } =
        (typeof(PrometheusText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0").Split('+')[0];

    public string Write()
    {
        var text = new StringBuilder(64 << 10);
        text.Append("# HELP target_info What is measured.\n# TYPE target_info gauge\ntarget_info{service_name=\"trustchain-server\",service_version=\"").Append(Version).Append("\"} 1\n");
        lock (_writing)
        {
            foreach (var family in _families.Values)
            {
                family.BeginObservation();
            }
            _listener.RecordObservableInstruments();
            foreach (var family in _families.Values.OrderBy(static f => f.Name, StringComparer.Ordinal))
            {
                family.Write(text);
            }
        }
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Meters of another server in the same process have another factory.</summary>
    private bool IsWanted(Instrument instrument) => instrument.Meter.Name switch
    {
        "System.Runtime" or "Npgsql" => Foreign.Contains(instrument.Name),
        "Microsoft.AspNetCore.Hosting" or "Microsoft.AspNetCore.Server.Kestrel" => instrument.Meter.Scope == _meters && Foreign.Contains(instrument.Name),
        var name => name.StartsWith("TrustChain.", StringComparison.Ordinal) && instrument.Meter.Scope == _meters,
    };
}
