using TrustChain.Server.Items;

namespace TrustChain.IntegrationTests.Items;

/// <summary>Kept pages of items: bounded by bytes, whatever keys strangers think of, and forgotten after their second.</summary>
public sealed class ItemPageCacheTests
{
    private readonly SetTime _time = new();

    [Fact]
    public void Cache_OfMorePagesThanFit_ForgetsTheOldest()
    {
        var cache = new ItemPageCache(_time);

        for (var i = 0; i < 100; i++)
        {
            cache.Put($"page {i}", new byte[1 << 20], "text/html", cache.Generation);
            Assert.InRange(cache.Bytes, 1, ItemPageCache.MaxBytes);
        }

        Assert.True(cache.TryGet("page 99", out _, out _));
        Assert.False(cache.TryGet("page 0", out _, out _));
        Assert.True(cache.Bytes > ItemPageCache.MaxBytes / 2);
    }

    [Fact]
    public void Cache_OfLongKeys_CountsThem()
    {
        var cache = new ItemPageCache(_time);

        for (var i = 0; i < 1000; i++)
        {
            cache.Put(new string('x', 60_000) + i, [1], "text/html", cache.Generation);
        }

        Assert.InRange(cache.Bytes, 1, ItemPageCache.MaxBytes);
        Assert.False(cache.TryGet(new string('x', 60_000) + 0, out _, out _));
    }

    [Fact]
    public void Cache_AfterItsSecond_DropsWhatHasEnded_WithTheNextPage()
    {
        var cache = new ItemPageCache(_time);
        cache.Put("old", new byte[1 << 20], "text/html", cache.Generation);
        cache.Put("old", new byte[1 << 20], "text/html", cache.Generation);
        Assert.True(cache.TryGet("old", out var body, out var contentType));
        Assert.Equal((1 << 20, "text/html"), (body.Length, contentType));

        _time.Seconds = 1;
        Assert.False(cache.TryGet("old", out _, out _));
        cache.Put("new", [1], "text/html", cache.Generation);

        Assert.InRange(cache.Bytes, 1, 1000);
        Assert.True(cache.TryGet("new", out _, out _));
    }

    [Fact]
    public void Page_ReplacedByANewerOne_IsNotForgottenWithTheOlder()
    {
        var cache = new ItemPageCache(_time);
        cache.Put("page", [1], "text/html", cache.Generation);
        _time.Seconds = 0.9;
        cache.Put("page", [2], "text/html", cache.Generation);
        _time.Seconds = 1.5;

        cache.Put("other", [3], "text/html", cache.Generation);

        Assert.True(cache.TryGet("page", out var body, out _));
        Assert.Equal([2], body);
    }

    [Fact]
    public void Cache_HoldsNoPageThatIsLargerThanItself_NorOneBegunBeforeAClearing()
    {
        var cache = new ItemPageCache(_time);
        cache.Put("small", [1], "text/html", cache.Generation);
        cache.Put("large", new byte[ItemPageCache.MaxBytes], "text/html", cache.Generation);
        Assert.False(cache.TryGet("large", out _, out _));
        Assert.True(cache.TryGet("small", out _, out _));

        var generation = cache.Generation;
        cache.Clear();
        cache.Put("small", [1], "text/html", generation);

        Assert.False(cache.TryGet("small", out _, out _));
        Assert.Equal(0, cache.Bytes);
    }

    private sealed class SetTime : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
