using System.Collections.Concurrent;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Server.Organisations;

/// <summary>Organisations by database id, at most five seconds old: pages name many, and names rarely change.</summary>
internal sealed class OrganisationDirectory(OrganisationStore organisations, TimeProvider time)
{
    private const int MaxEntries = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<int, (Organisation Organisation, long ReadAt)> _known = new();

    /// <summary>The organisations that are needed, and no others.</summary>
    public async ValueTask<IReadOnlyDictionary<int, Organisation>> GetAsync(IEnumerable<int> needed, CancellationToken cancellationToken)
    {
        var (found, missing) = (new Dictionary<int, Organisation>(), new List<int>());
        foreach (var id in needed.Distinct())
        {
            if (_known.TryGetValue(id, out var entry) && time.GetElapsedTime(entry.ReadAt) <= Lifetime)
            {
                found.Add(id, entry.Organisation);
            }
            else
            {
                missing.Add(id);
            }
        }
        if (missing.Count == 0)
        {
            return found;
        }
        if (_known.Count >= MaxEntries)
        {
            _known.Clear();
        }
        var readAt = time.GetTimestamp();
        foreach (var organisation in await organisations.ListAsync(missing, cancellationToken))
        {
            found.Add(organisation.Id, organisation);
            _known[organisation.Id] = (organisation, readAt);
        }
        return found;
    }
}
