using TrustChain.Postgres.Organisations;

namespace TrustChain.Server.Organisations;

/// <summary>All organisations by database id, at most five seconds old: pages name many, and names rarely change.</summary>
internal sealed class OrganisationDirectory(OrganisationStore organisations, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private volatile Snapshot? _snapshot;

    private sealed record Snapshot(Dictionary<int, Organisation> ById, long ReadAt);

    /// <summary>The organisations, among them every one of <paramref name="needed"/>.</summary>
    public async ValueTask<IReadOnlyDictionary<int, Organisation>> GetAsync(IEnumerable<int> needed, CancellationToken cancellationToken)
    {
        var snapshot = _snapshot;
        if (snapshot is null || time.GetElapsedTime(snapshot.ReadAt) > Lifetime || needed.Any(id => !snapshot.ById.ContainsKey(id)))
        {
            var readAt = time.GetTimestamp();
            snapshot = new Snapshot((await organisations.ListAsync(cancellationToken)).ToDictionary(static o => o.Id), readAt);
            _snapshot = snapshot;
        }
        return snapshot.ById;
    }
}
