using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using TrustChain.Core.Log;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;

namespace TrustChain.Server.Telemetry;

/// <summary>
/// <c>/health/live</c>: the process answers, nothing is looked at. <c>/health/ready</c>: each check by name with its state. Only the database, the log and
/// the server's own end make it unready; what anchoring or a standby lacks is told as information, because a server without them keeps accepting.
/// </summary>
internal static class ReadinessChecks
{
    /// <summary>Tag of the checks that <c>/health/ready</c> asks.</summary>
    public const string Tag = "ready";

    public static void MapReadiness(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new() { Predicate = static _ => false });
        app.MapHealthChecks("/health/ready", new()
        {
            Predicate = static check => check.Tags.Contains(Tag),
            ResponseWriter = static (context, report) =>
            {
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync(JsonSerializer.Serialize(new { status = Word(report.Status), checks = report.Entries.ToDictionary(static e => e.Key, static e => ToJson(e.Value)) }));
            },
        });
    }

    private static Dictionary<string, object?> ToJson(HealthReportEntry entry)
    {
        var json = new Dictionary<string, object?> { ["status"] = Word(entry.Status), ["detail"] = entry.Description };
        foreach (var (name, value) in entry.Data)
        {
            json[name] = value;
        }
        return json;
    }

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();
}

/// <summary>Whether the database answers, asked now.</summary>
internal sealed class DatabaseCheck(LogStore log) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        try
        {
            var state = await log.GetStateAsync(cancellationToken);
            return HealthCheckResult.Healthy($"answers; the log has {state.Size} entries");
        }
        catch (Exception exception) when (Failures.IsDatabaseAway(exception))
        {
            return HealthCheckResult.Unhealthy("the database is not reachable");
        }
    }
}

/// <summary>Whether the log may grow. One that is only read does what it is there for, and is ready.</summary>
internal sealed class LogCheck(LogHead head) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) => Task.FromResult(
        head.Halted is { } reason
            ? HealthCheckResult.Unhealthy(reason)
            : head.ReadOnly is { } closed ? HealthCheckResult.Healthy($"read-only: {closed} {head.Checkpoint?.Size ?? 0} entries are under a checkpoint, {head.Anchored?.Anchor.Size ?? 0} anchored")
            : HealthCheckResult.Healthy($"{head.Checkpoint?.Size ?? 0} entries are under a checkpoint, {head.Anchored?.Anchor.Size ?? 0} anchored"));
}

/// <summary>Names the open alarms of anchoring. Never unhealthy: they do not keep a server from taking records.</summary>
internal sealed class AnchoringCheck(ServerState state) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        var alarms = state.Seen.Alarms;
        return Task.FromResult(HealthCheckResult.Healthy(
            alarms.Count == 0 ? "no alarm" : "alarms are open, for information: records are taken, their anchoring waits; see docs/anchoring.md",
            new Dictionary<string, object>
            {
                ["alarms"] = alarms.Select(static a => new { target = a.Target, code = a.Code, since = Record.FormatTime(a.BeganAt) }).ToArray(),
            }));
    }
}
