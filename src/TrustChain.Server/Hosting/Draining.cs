using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace TrustChain.Server.Hosting;

/// <summary>
/// Ends a server without a failed request, for load balancers that only learn from connections. Told to end, it says that it is not ready and closes each
/// connection after its answer, until a balancer holds none that is idle; then it takes no new connections while those that wait are still answered; then the web server
/// stops, which completes what is under way.
/// </summary>
internal sealed partial class Draining(Listeners listeners, IOptions<ServerOptions> options, TimeProvider time, ILogger<Draining> logger) : IHostedLifecycleService
{
    /// <summary>
    /// How long new connections get no answer before they are refused: long enough for one that is being made to be made, and its request to arrive; shorter than the
    /// second after which a client asks again, so that it then finds the port closed and turns elsewhere.
    /// </summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private volatile bool _hasBegun;

    /// <summary>Whether the server was told to end.</summary>
    public bool HasBegun => _hasBegun;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before anything is stopped: workers and web server go on meanwhile.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _hasBegun = true;
        if (options.Value.DrainTime == TimeSpan.Zero)
        {
            return;
        }
        Log.Began(logger, options.Value.DrainTime);
        await Task.Delay(options.Value.DrainTime, time, cancellationToken);
        if (listeners.TryTurnAway(out var reason))
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
        else
        {
            Log.NotTurnedAway(logger, reason);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1010, LogLevel.Information, "Told to end: this server is not ready any more, and serves for another {DrainTime}")]
        public static partial void Began(ILogger logger, TimeSpan drainTime);

        [LoggerMessage(1011, LogLevel.Warning, "New connections cannot be turned away before the port is closed ({Reason}): one that is made at that moment may fail")]
        public static partial void NotTurnedAway(ILogger logger, string reason);
    }
}

/// <summary>Unready once the server was told to end.</summary>
internal sealed class DrainingCheck(Draining draining) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken) =>
        Task.FromResult(draining.HasBegun ? HealthCheckResult.Unhealthy("the server was told to end and serves what still comes") : HealthCheckResult.Healthy("none"));
}
