using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Items;

namespace TrustChain.Server.Items;

/// <summary>Certificates and recalls of a set of items. Both are public.</summary>
internal sealed class ItemStatus(StatusStore status, RecordStore records)
{
    public async Task<IReadOnlyList<StoredCertificate>> ListCertificatesAsync(IReadOnlyCollection<string> items, CancellationToken cancellationToken)
    {
        var wanted = items.Select(ItemUris.Normalise).ToHashSet();
        return [.. (await status.ListCertificatesAsync([.. wanted.Select(ItemKey.Compute)], cancellationToken)).Where(c => wanted.Contains(c.Item))];
    }

    public async Task<IReadOnlyList<StoredRecall>> ListRecallsAsync(IReadOnlyCollection<string> items, CancellationToken cancellationToken)
    {
        var wanted = items.Select(ItemUris.Normalise).ToHashSet();
        return [.. (await status.ListRecallsAsync([.. wanted.Select(ItemKey.Compute)], cancellationToken)).Where(r => wanted.Contains(r.Item))];
    }

    /// <summary>The log entries that certificates and recalls of the items made.</summary>
    public async Task<IReadOnlyList<StoredPublicEntry>> ListEntriesAsync(IReadOnlyCollection<string> items, CancellationToken cancellationToken) =>
        await ListEntriesAsync(await ListCertificatesAsync(items, cancellationToken), await ListRecallsAsync(items, cancellationToken), cancellationToken);

    /// <summary>The log entries that these certificates and recalls made.</summary>
    public async Task<IReadOnlyList<StoredPublicEntry>> ListEntriesAsync(
        IReadOnlyList<StoredCertificate> certificates, IReadOnlyList<StoredRecall> recalls, CancellationToken cancellationToken)
    {
        var ids = new List<long>();
        foreach (var certificate in certificates)
        {
            ids.Add(certificate.IssueEntryId);
            if (certificate.RevokeEntryId is { } revoked)
            {
                ids.Add(revoked);
            }
        }
        foreach (var recall in recalls)
        {
            ids.Add(recall.SetEntryId);
            if (recall.LiftEntryId is { } lifted)
            {
                ids.Add(lifted);
            }
        }
        return ids.Count == 0 ? [] : await records.ListEntriesByIdAsync(ids, cancellationToken);
    }
}
