using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace TrustChain.Server.Telemetry;

/// <summary>
/// What of a span may leave this server: its name, its times, and the tags named here. Addresses with paths and queries, SQL texts, messages of exceptions
/// and whatever a later version of a library may add stay here.
/// </summary>
internal sealed class SpanFilter : BaseProcessor<Activity>
{
    public const string WebServer = "Microsoft.AspNetCore";
    public const string HttpClient = "System.Net.Http";
    public const string Database = "Npgsql";

    /// <summary>Tag: a request's route template.</summary>
    public const string Route = "http.route";

    /// <summary>Tag: a request's method, one of those that are known.</summary>
    public const string Method = "http.request.method";

    /// <summary>Tag: the answer's status.</summary>
    public const string Status = "http.response.status_code";

    private const string FirstResponse = "received-first-response"; // the one event of a command that went well: a time and nothing else

    private static readonly HashSet<string> Allowed =
    [
        Tracing.Entries, Tracing.LogSize, Tracing.Target,
        Method, Route, Status, "error.type", "db.system.name", "db.response.status_code",
    ];

    /// <summary>Routes that machines ask every few seconds.</summary>
    private static readonly HashSet<string> Unheard = ["/metrics", "/health/live", "/health/ready"];

    public override void OnEnd(Activity data)
    {
        // The event of a failure holds its message, and events cannot be taken out: such a span stays here, the one around it has the kind of error.
        if (data.Events.Any(static e => e.Name != FirstResponse) || (data.GetTagItem(Route) is string asked && Unheard.Contains(asked)))
        {
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            return;
        }
        data.DisplayName = data.Source.Name switch
        {
            WebServer => $"{data.GetTagItem(Method) ?? "request"} {data.GetTagItem(Route) ?? ""}".TrimEnd(),
            HttpClient => $"http {data.GetTagItem(Method)}",
            Database => "postgresql",
            _ => data.DisplayName,
        };
        foreach (var (name, _) in data.TagObjects.Where(static t => !Allowed.Contains(t.Key)).ToList())
        {
            data.SetTag(name, null);
        }
        data.SetStatus(data.Status); // without its words
    }
}

/// <summary>
/// Keeps a part of the traces, chosen by their ids. Strangers may send a trace's id, but not choose that it is kept. What workers ask of the database and
/// of nodes every second is no trace of its own.
/// </summary>
internal sealed class TraceSampler(double ratio) : Sampler
{
    private readonly TraceIdRatioBasedSampler _part = new(ratio);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        if (parent.TraceId == default)
        {
            return samplingParameters.Kind == ActivityKind.Client ? new SamplingResult(SamplingDecision.Drop) : _part.ShouldSample(samplingParameters);
        }
        return parent.IsRemote ? _part.ShouldSample(samplingParameters)
            : new SamplingResult(parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }
}
