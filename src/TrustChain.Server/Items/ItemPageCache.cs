namespace TrustChain.Server.Items;

/// <summary>
/// Rendered pages for one second, for callers without credentials who have not just written: the same label scanned by many costs one rendering. A recall set
/// on this server clears it at once; one set on another server shows within that second. Safe for concurrent use.
/// </summary>
internal sealed class ItemPageCache(TimeProvider time)
{
    /// <summary>Most bytes of pages and their keys: what comes then pushes out the oldest.</summary>
    public const int MaxBytes = 32 << 20;

    private const int Overhead = 256; // of an entry in both collections, about

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private sealed record Page(string Key, byte[] Body, string ContentType, long Expires)
    {
        public long Bytes => Body.Length + (2L * Key.Length) + Overhead;
    }

    private readonly Lock _lock = new(); // guards all below
    private readonly Dictionary<string, Page> _pages = [];
    private readonly Queue<Page> _byAge = []; // All live equally long, so the oldest ends first. Replaced ones wait here for their end.
    private long _bytes;
    private long _generation;

    /// <summary>Number of clearings so far: a rendering begun before a clearing is not kept.</summary>
    public long Generation => Volatile.Read(ref _generation);

    /// <summary>What is held, replaced pages too.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    public bool TryGet(string key, out byte[] body, out string contentType)
    {
        lock (_lock)
        {
            if (_pages.TryGetValue(key, out var page) && time.GetTimestamp() < page.Expires)
            {
                (body, contentType) = (page.Body, page.ContentType);
                return true;
            }
        }
        (body, contentType) = ([], "");
        return false;
    }

    public void Put(string key, byte[] body, string contentType, long generation)
    {
        var now = time.GetTimestamp();
        var page = new Page(key, body, contentType, now + (long)(Lifetime.TotalSeconds * time.TimestampFrequency));
        lock (_lock)
        {
            if (generation != _generation || page.Bytes > MaxBytes)
            {
                return;
            }
            while (_byAge.TryPeek(out var oldest) && (oldest.Expires <= now || _bytes + page.Bytes > MaxBytes))
            {
                _byAge.Dequeue();
                _bytes -= oldest.Bytes;
                if (ReferenceEquals(_pages.GetValueOrDefault(oldest.Key), oldest))
                {
                    _pages.Remove(oldest.Key);
                }
            }
            _pages[key] = page;
            _byAge.Enqueue(page);
            _bytes += page.Bytes;
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _generation++;
            _pages.Clear();
            _byAge.Clear();
            _bytes = 0;
        }
    }
}
