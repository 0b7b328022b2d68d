using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using TrustChain.Core.Log;
using TrustChain.IntegrationTests.Conformance;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Log;
using TrustChain.Server.Log;

namespace TrustChain.IntegrationTests.Log;

/// <summary>The log as C2SP tlog-tiles wants it served, and the proofs beside it.</summary>
public sealed class PublicLogTests(ServerFixture fixture) : IClassFixture<ServerFixture>, IDisposable
{
    private const string Immutable = "public, max-age=31536000, immutable";

    private readonly HttpClient _client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { Timeout = TimeSpan.FromSeconds(30) };

    private RunningServer Server => fixture.Server;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Consistency_BetweenAnyTwoSizes_VerifiesByTheRootsOfTheEntries()
    {
        var copy = await GrowAsync(42);
        var roots = Enumerable.Range(0, 43).Select(n => MerkleTree.ComputeRoot(copy.Leaves.AsSpan(0, n))).ToArray();

        await Parallel.ForAsync(1, 43, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (to, _) =>
        {
            for (var from = 1; from <= to; from++)
            {
                var answer = (await Server.GetAsync($"/log/consistency?from={from}&to={to}")).Expect(200).Json;
                Assert.Equal((from, to), (answer.GetProperty("from").GetInt32(), answer.GetProperty("to").GetInt32()));
                Assert.Equal((roots[from], roots[to]), (Hash(answer.GetProperty("fromRoot")), Hash(answer.GetProperty("toRoot"))));
                Assert.True(MerkleTree.VerifyConsistency(from, to, roots[from], roots[to], Hashes(answer)), $"{from} to {to}");
            }
        });
    }

    [Fact]
    public async Task Inclusion_OfEveryLeafInTheNewestTree_AndInASmallerOne_Verifies()
    {
        var copy = await GrowAsync(30);
        var smaller = (int)copy.Checkpoint.Size - 7;
        var root = MerkleTree.ComputeRoot(copy.Leaves.AsSpan(0, smaller));

        for (var index = 0; index < copy.Checkpoint.Size; index++)
        {
            var answer = (await Server.GetAsync($"/log/inclusion?index={index}&size={copy.Checkpoint.Size}")).Expect(200).Json;
            Assert.Equal(copy.Leaves[index], Hash(answer.GetProperty("leaf")));
            Assert.Equal(copy.Checkpoint.Root, Hash(answer.GetProperty("root")));
            Assert.True(MerkleTree.VerifyInclusion(copy.Leaves[index], index, copy.Checkpoint.Size, Hashes(answer), copy.Checkpoint.Root));
            if (index < smaller)
            {
                Assert.True(MerkleTree.VerifyInclusion(copy.Leaves[index], index, smaller, Hashes((await Server.GetAsync($"/log/inclusion?index={index}&size={smaller}")).Expect(200).Json), root));
            }
        }
    }

    [Fact]
    public async Task Proofs_OutsideOfTheTree_AreRefused_AndOnlyThoseOfNamedSizesAreKept()
    {
        var size = (await GrowAsync(5)).Checkpoint.Size;

        foreach (var query in (string[])["consistency", "consistency?from=0", "consistency?from=-1", "consistency?from=4&to=3", $"consistency?from=1&to={size + 100_000}", "consistency?from=x",
            "inclusion", "inclusion?index=-1", $"inclusion?index={size + 100_000}", "inclusion?index=3&size=3", "inclusion?index=0&size=0", "inclusion?index=0&size=99999999999999999999"])
        {
            (await Server.GetAsync($"/log/{query}")).ExpectProblem(400, "invalid-request");
        }
        Assert.Equal(Immutable, await CachingAsync("consistency?from=1&to=3"));
        Assert.Equal("no-cache", await CachingAsync("consistency?from=1"));
        Assert.Equal(Immutable, await CachingAsync("inclusion?index=1&size=3"));
        Assert.Equal("no-cache", await CachingAsync("inclusion?index=1"));
        Assert.Equal("no-cache", await CachingAsync("consistency?from=0"));
    }

    [Fact]
    public async Task Checkpoint_IsTextThatIsAskedForAnew()
    {
        await GrowAsync(5);
        using var answer = await SendAsync(HttpMethod.Get, "checkpoint");

        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-cache", answer.Headers.CacheControl?.ToString());
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        using var again = await SendAsync(HttpMethod.Get, "checkpoint", m => m.Headers.IfNoneMatch.Add(answer.Headers.ETag!)); // Every answer has one.
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        using var head = await SendAsync(HttpMethod.Head, "checkpoint");
        Assert.Equal((HttpStatusCode.OK, answer.Content.Headers.ContentLength), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Tiles_OfEveryPublishedWidth_AreServedForEver_AndTheLikeByHead()
    {
        var copy = await GrowAsync(270); // a full tile, and a partial one
        foreach (var (path, expected) in (IEnumerable<(string, byte[])>)
        [
            ("tile/0/000", Bytes(copy.Leaves[..256])),
            ("tile/0/001.p/3", Bytes(copy.Leaves[256..259])),
            ("tile/0/000.p/1", Bytes(copy.Leaves[..1])), // partial tiles of a tile that has become full since
            ("tile/0/000.p/255", Bytes(copy.Leaves[..255])),
            ("tile/1/000.p/1", MerkleTree.ComputeRoot(copy.Leaves.AsSpan(0, 256)).ToArray()),
            ("tile/entries/000", Bundle(copy, 0, 256)),
            ("tile/entries/001.p/2", Bundle(copy, 256, 2)),
            ("tile/entries/000.p/7", Bundle(copy, 0, 7)),
        ])
        {
            using var answer = await SendAsync(HttpMethod.Get, path);
            Assert.True(answer.IsSuccessStatusCode, path);
            Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.ToString());
            Assert.Equal(Immutable, Assert.Single(answer.Headers.GetValues("Cache-Control")));
            Assert.Empty(answer.Content.Headers.ContentEncoding);
            Assert.Equal(expected.Length, answer.Content.Headers.ContentLength);

            using var head = await SendAsync(HttpMethod.Head, path);
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
            Assert.Equal(expected.Length, head.Content.Headers.ContentLength);
            Assert.Equal(answer.Headers.ETag, head.Headers.ETag);
            Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            using var unchanged = await SendAsync(HttpMethod.Get, path, m => m.Headers.IfNoneMatch.Add(answer.Headers.ETag!)); // Every answer has one.
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        }
    }

    [Theory]
    [InlineData("tile/00/000.p/1")]
    [InlineData("tile/+0/000.p/1")]
    [InlineData("tile/-1/000.p/1")]
    [InlineData("tile/64/000.p/1")]
    [InlineData("tile/7/000.p/1")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/x000/000.p/1")]
    [InlineData("tile/0/999")]
    [InlineData("tile/0/")]
    [InlineData("tile/entries/999")]
    [InlineData("tile/entries/000.p/0")]
    [InlineData("tile/data/000.p/1")]
    public async Task Tile_ThatIsNotThere_Is404_AndNotKept(string path)
    {
        await GrowAsync(1);
        using var answer = await SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.NotEqual(Immutable, answer.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task EntryBundle_IsCompressedOnceForWhoAsks_AndTilesAreNot()
    {
        var copy = await GrowAsync(20);
        var width = (int)Math.Min(256, copy.Checkpoint.Size);
        var path = $"tile/entries/{TileCoordinate.IndexPath(0, width)}";
        var expected = Bundle(copy, 0, width);

        using var zipped = await SendAsync(HttpMethod.Get, path, static m => m.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip")));
        Assert.Equal("gzip", Assert.Single(zipped.Content.Headers.ContentEncoding));
        Assert.Contains("Accept-Encoding", zipped.Headers.Vary, StringComparer.OrdinalIgnoreCase);
        using var gzip = new GZipStream(await zipped.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        await gzip.CopyToAsync(plain, TestContext.Current.CancellationToken);
        Assert.Equal(expected, plain.ToArray());

        foreach (var refused in (StringWithQualityHeaderValue[])[new("gzip", 0), new("identity")])
        {
            using var answer = await SendAsync(HttpMethod.Get, path, m => m.Headers.AcceptEncoding.Add(refused));
            Assert.Empty(answer.Content.Headers.ContentEncoding);
            Assert.Equal(expected, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
        using var tile = await SendAsync(HttpMethod.Get, $"tile/0/{TileCoordinate.IndexPath(0, width)}", static m => m.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip")));
        Assert.Empty(tile.Content.Headers.ContentEncoding);
    }

    /// <summary>A verifier that another project made for its own log: it knows signed notes, checkpoints and RFC 6962, and nothing of ours.</summary>
    [Fact]
    public async Task SigstoresVerifier_FollowsTheLog()
    {
        using var folder = new TemporaryFolder();
        var state = folder.PathOf("state.json");
        var size = 0;
        foreach (var least in (int[])[20, 280, 300]) // within the first tile, beyond it, and a little more
        {
            await GrowAsync(least);
            using var result = JsonDocument.Parse(await NodeScripts.RunInAsync("Log", "sigstore-client.mjs", Server.BaseUrl, Server.Keys.LogVerifier.Text, state));
            TestContext.Current.TestOutputHelper?.WriteLine(result.RootElement.ToString());
            Assert.Equal(Server.Keys.LogVerifier.Name, result.RootElement.GetProperty("origin").GetString());
            Assert.Equal(size, result.RootElement.GetProperty("from").GetInt32());
            size = result.RootElement.GetProperty("size").GetInt32();
            Assert.True(size >= least);
            Assert.Equal(size, result.RootElement.GetProperty("verified").GetInt32());
        }

        // Had it seen another entry then, it would say so now.
        var kept = await File.ReadAllTextAsync(state, TestContext.Current.CancellationToken);
        var leaf = JsonDocument.Parse(kept).RootElement.GetProperty("leaves")[7].GetString()!; // It just wrote them.
        await File.WriteAllTextAsync(state, kept.Replace(leaf, new string('A', leaf.Length), StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => NodeScripts.RunInAsync("Log", "sigstore-client.mjs", Server.BaseUrl, Server.Keys.LogVerifier.Text, state));
        Assert.Contains("entry 7 is another than before", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkpoint_SignedTwiceForOneSize_StaysTheFirst()
    {
        var log = new LogStore(Server.Database);
        var first = (await log.FindCheckpointAsync((await GrowAsync(1)).Checkpoint.Size, TestContext.Current.CancellationToken))!; // It covers what is stored.

        await log.AddCheckpointAsync(first with { Note = first.Note + "— another.example AAAAAAAAAAAA\n", Root = MerkleTree.EmptyRoot }, TestContext.Current.CancellationToken);

        Assert.Equal(first, await log.FindCheckpointAsync(first.Size, TestContext.Current.CancellationToken));
    }

    /// <summary>A server that was paused holds a state older than an anchor another server has made since; that is no restored backup.</summary>
    [Fact]
    public async Task RegistryGuard_AskedWithAnOutdatedState_LooksAgainBeforeItHalts()
    {
        var size = (await GrowAsync(3)).Checkpoint.Size;
        await Server.GetFinalAnchorAsync(size);
        using var chain = new ChainWitness(Server.RpcUrl);
        var (log, head) = (new LogStore(Server.Database), new LogHead());
        var guard = new RegistryGuard(chain.Registry(Server.Registry.Address), log, new TileCache(log), head, TimeProvider.System, NullLogger<RegistryGuard>.Instance);

        Assert.True(await guard.MaySignAsync(new LogState(1, MerkleTree.EmptyRoot), fresh: true, TestContext.Current.CancellationToken));
        Assert.Null(head.Halted);
    }

    /// <summary>The log with at least so many entries.</summary>
    private async Task<LogCopy> GrowAsync(int size)
    {
        var checkpoint = await Server.FindCheckpointAsync();
        var missing = size - (int)(checkpoint?.Size ?? 0);
        if (missing > 0)
        {
            var company = await Server.AddOrganisationAsync();
            (await company.CaptureAsync(Events.Document([.. Enumerable.Range(0, missing).Select(_ => Events.Observation(company.NewItem()))]))).Expect(202);
        }
        return await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());
    }

    private async Task<string?> CachingAsync(string path)
    {
        using var answer = await SendAsync(HttpMethod.Get, path);
        return Assert.Single(answer.Headers.GetValues("Cache-Control"));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Action<HttpRequestMessage>? prepare = null)
    {
        using var request = new HttpRequestMessage(method, $"{Server.BaseUrl}/log/{path}");
        prepare?.Invoke(request);
        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static byte[] Bytes(IEnumerable<Hash32> hashes) => [.. hashes.SelectMany(static h => h.ToArray())];

    private static byte[] Bundle(LogCopy copy, int start, int count)
    {
        using var bytes = new MemoryStream();
        foreach (var entry in copy.Entries.Skip(start).Take(count))
        {
            EntryBundle.Append(bytes, entry);
        }
        return bytes.ToArray();
    }

    private static Hash32[] Hashes(JsonElement answer) => [.. answer.GetProperty("proof").EnumerateArray().Select(Hash)];

    private static Hash32 Hash(JsonElement hash) => new(Convert.FromBase64String(hash.GetString()!)); // A hash is not null.
}
