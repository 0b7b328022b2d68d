using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace TrustChain.Server.Standby;

/// <summary>Says how each standby is. Never unhealthy: the primary is read from instead.</summary>
internal sealed class StandbyCheck(StandbyHosts hosts) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        var used = hosts.All.Count(h => h.Shows(0, hosts.MaxLag));
        return Task.FromResult(HealthCheckResult.Healthy(
            hosts.All.Count == 0 ? "none is configured"
            : string.Create(CultureInfo.InvariantCulture, $"{used} of {hosts.All.Count} hosts are standbys that are read from; where none is, the primary is")));
    }
}
