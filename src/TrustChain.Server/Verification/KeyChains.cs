using System.Collections.Concurrent;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Capture;

namespace TrustChain.Server.Verification;

/// <summary>A key entry with its place in its organisation's chain.</summary>
/// <param name="Index">Leaf index.</param>
/// <param name="Body">Canonical JSON.</param>
/// <param name="Previous">Leaf index of the organisation's key entry before it, if there is one.</param>
/// <param name="Kid">The key it admits; null for other acts.</param>
internal sealed record ChainedKeyEntry(long Index, byte[] Body, long? Previous, string? Kid);

/// <summary>Key entries with all entries of their organisations before them. They never change once they are in the log, so they are kept. Safe for concurrent use.</summary>
internal sealed class KeyChains(RecordStore records)
{
    private const int MaxCachedEntries = 10_000; // up to 5 kB each

    private readonly ConcurrentDictionary<long, ChainedKeyEntry> _known = new();

    /// <summary>
    /// The entries asked for and those before them, ascending by index. Where a bundle cannot hold them all, whole chains are left out: their keys then come
    /// out as "could not check".
    /// </summary>
    /// <exception cref="InvalidOperationException">The database lacks an entry that another names.</exception>
    public async Task<IReadOnlyList<ChainedKeyEntry>> GetAsync(IReadOnlyCollection<long> indices, CancellationToken cancellationToken)
    {
        // Another request may be in the midst of adding an organisation's entries: that the cache has one of a chain does not say that it has those before it.
        var held = new Dictionary<long, ChainedKeyEntry>();
        var entries = new SortedDictionary<long, ChainedKeyEntry>();
        foreach (var index in indices)
        {
            entries[index] = await FindAsync(index);
        }
        foreach (var index in indices)
        {
            var chain = new List<ChainedKeyEntry>();
            for (var previous = entries[index].Previous; previous is { } before && chain.Count < EvidenceBundle.MaxEntries; previous = chain[^1].Previous)
            {
                chain.Add(await FindAsync(before));
            }
            if (entries.Count + chain.Count(c => !entries.ContainsKey(c.Index)) <= EvidenceBundle.MaxEntries)
            {
                chain.ForEach(c => entries[c.Index] = c);
            }
        }
        return [.. entries.Values];

        async ValueTask<ChainedKeyEntry> FindAsync(long index)
        {
            if (held.TryGetValue(index, out var entry) || _known.TryGetValue(index, out entry))
            {
                return entry;
            }
            foreach (var loaded in await LoadAsync([index, .. indices], cancellationToken))
            {
                held[loaded.Index] = loaded;
            }
            return held.GetValueOrDefault(index) ?? throw new InvalidOperationException($"The database has no key entry {index}, which another entry names.");
        }
    }

    /// <summary>Loads all key entries of the organisations at once: a chain is never walked one query at a time.</summary>
    private async Task<IReadOnlyList<ChainedKeyEntry>> LoadAsync(IReadOnlyCollection<long> indices, CancellationToken cancellationToken)
    {
        if (_known.Count > MaxCachedEntries)
        {
            _known.Clear();
        }
        var entries = new List<ChainedKeyEntry>();
        foreach (var stored in await records.ListKeyEntriesAsync(indices, cancellationToken))
        {
            using var document = JsonDocument.Parse(stored.Body);
            if (!KeyChange.TryParse(document.RootElement, out var change))
            {
                throw new InvalidOperationException($"Entry {stored.LeafIndex} in the database is no key entry.");
            }
            var index = stored.LeafIndex!.Value; // Only entries in the log are listed.
            entries.Add(_known.GetOrAdd(index, new ChainedKeyEntry(index, stored.Body, change.Previous, (change as KeyEntry)?.Key.Kid)));
        }
        return entries;
    }
}
