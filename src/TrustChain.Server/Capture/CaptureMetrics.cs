using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http.HttpResults;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Capture;

/// <summary>Counters of capture; names and units are listed in <c>docs/operations.md</c>.</summary>
internal sealed class CaptureMetrics
{
    private readonly Counter<long> _events;
    private readonly Counter<long> _records;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _jobs;

    public CaptureMetrics(IMeterFactory meters, CaptureWriter writer)
    {
        var meter = meters.Create("TrustChain.Capture");
        _accepted = meter.CreateCounter<long>("trustchain.capture.accepted", "{request}", "Capture requests taken, jobs included.");
        _refused = meter.CreateCounter<long>("trustchain.capture.refused", "{request}", "Capture requests refused, by the problem's code.");
        _events = meter.CreateCounter<long>("trustchain.capture.events", "{event}", "Events captured, repeats included.");
        _records = meter.CreateCounter<long>("trustchain.capture.records", "{record}", "Records that were new; those of jobs that write everything or nothing are counted as events.");
        _jobs = meter.CreateCounter<long>("trustchain.capture.jobs", "{job}", "Capture jobs done.");
        meter.CreateObservableGauge("trustchain.capture.queue.depth", () => writer.Depth, "{statement}", "Statements that wait for the group commit, or are in it.");
        meter.CreateObservableGauge("trustchain.capture.queue.size", () => writer.WaitingBytes, "By", "Length of these statements and their events.");
        meter.CreateObservableGauge("trustchain.capture.queue.age", () => writer.OldestAge.TotalSeconds, "s", "How long the oldest of them has waited.");
        _accepted.Add(0);
        _records.Add(0);
    }

    public void Captured(int events, Custody custody) => _events.Add(events, new KeyValuePair<string, object?>("custody", Record.Name(custody)));

    public void Recorded(CaptureResult.Stored stored) => _records.Add(stored.Records.Count(static r => r.IsNew));

    public void JobDone(bool isSuccess) => _jobs.Add(1, new KeyValuePair<string, object?>("outcome", isSuccess ? "success" : "errors"));

    /// <summary>Counts what became of a request, whoever refused it after the caller was known.</summary>
    public async ValueTask<object?> CountAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            var result = await next(context);
            if (result is ProblemHttpResult problem)
            {
                Refused(problem.ProblemDetails.Extensions.TryGetValue("code", out var code) ? code as string : null);
            }
            else
            {
                _accepted.Add(1);
            }
            return result;
        }
        catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            Refused("aborted"); // The sender left.
            throw;
        }
        catch (Exception exception)
        {
            Refused(Failures.CodeOf(exception));
            throw;
        }
    }

    private void Refused(string? code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code ?? "other"));
}

/// <summary>Registers the counting of a route's answers.</summary>
internal static class CaptureCounting
{
    public static TBuilder CountCaptures<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilter(static (context, next) => context.HttpContext.RequestServices.GetRequiredService<CaptureMetrics>().CountAsync(context, next));
}
