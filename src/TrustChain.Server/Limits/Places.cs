using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace TrustChain.Server.Limits;

/// <summary>How many requests of a kind a server works at, and how many may wait for that, the oldest first.</summary>
internal sealed class Places : IDisposable
{
    private readonly Dictionary<RouteKind, ConcurrencyLimiter> _limiters;

    public Places(IOptions<LimitsOptions> options)
    {
        var limits = options.Value;
        _limiters = new Dictionary<RouteKind, ConcurrencyLimiter>
        {
            [RouteKind.Evidence] = Make(limits.EvidenceConcurrency),
            [RouteKind.Query] = Make(limits.QueryConcurrency),
            [RouteKind.Page] = Make(limits.PageConcurrency),
            [RouteKind.Label] = Make(limits.LabelConcurrency),
            [RouteKind.Upload] = Make(limits.UploadConcurrency),
            [RouteKind.Account] = Make(limits.AccountConcurrency),
        };

        ConcurrencyLimiter Make(int places) => new(new ConcurrencyLimiterOptions
        {
            PermitLimit = places,
            QueueLimit = places * limits.WaitingPerPlace,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>Null for a kind without.</summary>
    public ConcurrencyLimiter? Of(RouteKind kind) => _limiters.GetValueOrDefault(kind);

    public void Dispose()
    {
        foreach (var limiter in _limiters.Values)
        {
            limiter.Dispose();
        }
    }
}
