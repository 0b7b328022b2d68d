using TrustChain.Postgres.Partitions;
using TrustChain.Server.Verification;

namespace TrustChain.Server.Partitions;

/// <summary>Tells content that is in cold storage from content that was erased: both are missing, but one can be brought back.</summary>
internal sealed class ColdStorage(ArchiveStore archives)
{
    /// <summary>Where the missing content of these records is; empty when none is in cold storage. Costs nothing when no content is missing.</summary>
    public async Task<IReadOnlyList<ColdArchive>> FindAsync(IEnumerable<VisibleEvent> events, CancellationToken cancellationToken)
    {
        var missing = events.Where(IsMissing).Select(static e => e.Stored.RecordId).ToList();
        return missing.Count == 0 ? [] : await archives.FindColdAsync(missing, cancellationToken);
    }

    /// <summary>The archives that alone have the content of some of these records; empty when the database has it.</summary>
    public Task<IReadOnlyList<ColdArchive>> FindAsync(IReadOnlyCollection<long> recordIds, CancellationToken cancellationToken) => archives.FindColdAsync(recordIds, cancellationToken);

    /// <summary>Whether event or statement are not there although nobody erased them.</summary>
    public static bool IsMissing(VisibleEvent e) => e.Stored.ErasedAt is null && (e.Stored.Event is null || e.Stored.Jws is null);
}
