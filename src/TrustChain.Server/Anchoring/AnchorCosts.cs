using System.Collections.Concurrent;
using TrustChain.Postgres.Anchoring;

namespace TrustChain.Server.Anchoring;

/// <summary>What the anchors of the last thirty days cost. Anybody may ask, and the sum goes over all of them: so one sum serves everybody for two seconds.</summary>
internal sealed class AnchorCosts(AnchorStore anchors, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromDays(30);
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Sum> _sums = new(StringComparer.Ordinal);

    /// <summary>The cost of a target's anchors; whoever asks while it is added up waits for the same sum.</summary>
    public async Task<AnchorCost> GetAsync(string target, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        var sum = _sums.AddOrUpdate(target, name => Start(name, now), (name, before) => IsGood(before, now) ? before : Start(name, now));
        return await sum.Cost.Value.WaitAsync(cancellationToken);
    }

    private bool IsGood(Sum sum, long now) => sum.Cost.Value is { IsFaulted: false, IsCanceled: false } && time.GetElapsedTime(sum.StartedAt, now) < Kept;

    // It is not one request's own, so it does not end with that.
    private Sum Start(string target, long now) => new(now, new Lazy<Task<AnchorCost>>(() => anchors.GetCostAsync(target, time.GetUtcNow() - Period, CancellationToken.None)));

    private sealed record Sum(long StartedAt, Lazy<Task<AnchorCost>> Cost);
}
