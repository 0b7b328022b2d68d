using System.Collections.Concurrent;
using TrustChain.Core.Log;

namespace TrustChain.Core.Verification;

/// <summary>
/// What a verifier that verifies much need not do twice: key entries by the leaf hash that commits to them, with their imported keys, and signatures found
/// valid by statement and key. It changes no answer. Bounded; safe for concurrent use.
/// </summary>
public sealed class VerifierCache
{
    private const int MaxEntries = 100_000;

    private readonly ConcurrentDictionary<Hash32, KeyChange> _keys = new();
    private readonly ConcurrentDictionary<(Hash32 Statement, string Kid), bool> _valid = new();

    internal KeyChange? FindKey(Hash32 leaf) => _keys.GetValueOrDefault(leaf);

    internal void KeepKey(Hash32 leaf, KeyChange entry) => Keep(_keys, leaf, entry);

    internal bool IsKnownValid(Hash32 statement, string kid) => _valid.ContainsKey((statement, kid));

    internal void KeepValid(Hash32 statement, string kid) => Keep(_valid, (statement, kid), true);

    private static void Keep<TKey, TValue>(ConcurrentDictionary<TKey, TValue> cache, TKey key, TValue value)
        where TKey : notnull
    {
        if (cache.Count >= MaxEntries)
        {
            cache.Clear();
        }
        cache[key] = value;
    }
}
