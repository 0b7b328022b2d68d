using System.Collections.Concurrent;

namespace TrustChain.Server.Items;

/// <summary>
/// Rendered pages for one second, for callers without credentials who have not just written: the same label scanned by many costs one rendering. A recall set
/// on this server clears it at once; one set on another server shows within that second.
/// </summary>
internal sealed class ItemPageCache(TimeProvider time)
{
    private const int MaxPages = 2_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, (byte[] Body, string ContentType, long Expires)> _pages = new();
    private long _generation;

    /// <summary>Number of clearings so far: a rendering begun before a clearing is not kept.</summary>
    public long Generation => Volatile.Read(ref _generation);

    public bool TryGet(string key, out byte[] body, out string contentType)
    {
        if (_pages.TryGetValue(key, out var page) && time.GetTimestamp() < page.Expires)
        {
            (body, contentType) = (page.Body, page.ContentType);
            return true;
        }
        (body, contentType) = ([], "");
        return false;
    }

    public void Put(string key, byte[] body, string contentType, long generation)
    {
        if (generation != Generation)
        {
            return;
        }
        if (_pages.Count >= MaxPages)
        {
            _pages.Clear();
        }
        _pages[key] = (body, contentType, time.GetTimestamp() + (long)(Lifetime.TotalSeconds * time.TimestampFrequency));
    }

    public void Clear()
    {
        Interlocked.Increment(ref _generation);
        _pages.Clear();
    }
}
