using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;
using TrustChain.Server.Signing;

namespace TrustChain.IntegrationTests.Query;

/// <summary>How long a token for a next page is good, by a clock that the test sets.</summary>
[Collection(QueryCollection.Name)]
public sealed class PageTokenTests(QueryFixture fixture)
{
    private static readonly QueryCursor Cursor = new(DateTimeOffset.UnixEpoch, 7, 2.5, "text", 30);

    [Theory]
    [InlineData(0, true)]
    [InlineData(3599, true)]
    [InlineData(3600, false)]
    [InlineData(86_400, false)]
    public async Task Token_AfterItsHour_OpensNothing(int seconds, bool isGood)
    {
        var clock = new SetTime();
        using var ring = OpenRing();
        using var tokens = new PageTokens(ring, new PageTokenStore(fixture.Server.Database), clock);
        var (token, expires) = tokens.Make(1, Hash32.Compute("query"u8), Cursor);

        Assert.Equal(clock.Now.AddHours(1), expires);
        clock.Now = clock.Now.AddSeconds(seconds);
        Assert.Equal(isGood ? Cursor : null, await tokens.OpenAsync(token, 1, Hash32.Compute("query"u8), TestContext.Current.CancellationToken));
    }

    private KeyRing OpenRing() => new(Options.Create(new ServerOptions
    {
        Origin = "example.com/log",
        LogKeyFile = fixture.Server.Keys.LogKeyFile,
        CustodialKeyFile = fixture.Server.Keys.CustodialKeyFile,
        PassPhraseFile = fixture.Server.Keys.PassPhraseFile,
    }));

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 4, 5, 8, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
