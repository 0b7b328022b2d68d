using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>fsck with a state file, on logs made for it: going on from anywhere says what a whole run says, and nothing slips through where it stopped.</summary>
public sealed class FsckResumeTests : IAsyncLifetime
{
    private const string Origin = "test.example/log";
    private const int Entries = 66_000; // Into the second tile of level 1, so with one of level 2.

    private static readonly List<byte[]> All = [.. ForgedLog.Entries(Entries)];

    private readonly SigningKey _key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private readonly AuditCli _cli = new();
    private readonly ForgedLog _log;
    private TamperingProxy? _proxy;

    public FsckResumeTests()
    {
        _log = new ForgedLog(Origin, _key, All);
        _cli.Trust(_log.Verifier);
    }

    private TamperingProxy Proxy => _proxy ?? throw new InvalidOperationException("The proxy has not started.");

    public async ValueTask InitializeAsync()
    {
        _proxy = await TamperingProxy.StartAsync();
        Serve(_log);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        _cli.Dispose();
        _key.Dispose();
    }

    [Fact]
    public async Task Fsck_ResumedAtManySizes_SaysWhatAWholeRunSays()
    {
        var random = new Random(20261125);
        long[] sizes = [1, 2, 255, 256, 257, 511, 513, 1024, 5000, 65_535, 65_536, 65_537, .. Enumerable.Range(0, 6).Select(_ => random.NextInt64(1, Entries)), Entries];
        Array.Sort(sizes);
        var last = 0L;
        foreach (var size in sizes.Distinct())
        {
            _log.Size = size;
            var resumed = (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0).Json;
            Assert.Equal(last, resumed.GetProperty("from").GetInt64());
            last = size;
            if (size is 257 or 65_535 or 65_537 or Entries)
            {
                var whole = (await _cli.FsckAsync(Proxy.BaseUrl, null)).Expect(0).Json;
                Assert.Equal(WithoutFrom(whole), WithoutFrom(resumed));
                Assert.Equal(size, whole.GetProperty("size").GetInt64());
            }
        }
        // Nothing new is good as well, and from there.
        Assert.Equal(Entries, (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0).Json.GetProperty("from").GetInt64());
    }

    [Fact]
    public async Task Fsck_ServerGoneAtAnyBundle_GoesOnFromThereNextTime()
    {
        _log.Size = 3000;
        var whole = WithoutFrom((await _cli.FsckAsync(Proxy.BaseUrl, null)).Expect(0).Json);
        for (var bundle = 0; bundle < 12; bundle++)
        {
            var path = $"/log/tile/entries/{TileCoordinate.IndexPath(bundle, new TileCoordinate(0, bundle).WidthAt(3000))}";
            Proxy.Instead = request => Task.FromResult(request.Path == path ? new ProxyAnswer(503, []) : _log.Answer(request.Path));
            (await _cli.FsckAsync(Proxy.BaseUrl, $"state-{bundle}.json", "--save-every", "1")).Expect(2);

            Serve(_log);
            var resumed = (await _cli.FsckAsync(Proxy.BaseUrl, $"state-{bundle}.json", "--save-every", "1")).Expect(0).Json;
            Assert.Equal(bundle * 256, resumed.GetProperty("from").GetInt64());
            Assert.Equal(whole, WithoutFrom(resumed));
        }
    }

    [Fact]
    public async Task Fsck_KilledInTheMiddle_GoesOnFromTheLastSave()
    {
        using var held = new SemaphoreSlim(0);
        _log.Size = 5000;
        Proxy.Instead = async request =>
        {
            if (request.Path == "/log/tile/entries/012")
            {
                await held.WaitAsync(TestContext.Current.CancellationToken);
            }
            return _log.Answer(request.Path);
        };
        var state = _cli.PathOf("state.json");
        using (var process = CliProcess.Start(null, "fsck", "--server", Proxy.BaseUrl, "--trust", _cli.TrustFile, "--state", state, "--save-every", "500"))
        {
            await Eventually.TrueAsync("state of 3072 entries", () => Task.FromResult(File.Exists(state) && SizeIn(state) == 3072));
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        Serve(_log);
        held.Release(10);

        var resumed = (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0).Json;

        Assert.Equal(3072, resumed.GetProperty("from").GetInt64());
        Assert.Equal(WithoutFrom((await _cli.FsckAsync(Proxy.BaseUrl, null)).Expect(0).Json), WithoutFrom(resumed));
    }

    [Theory]
    [InlineData("/log/tile/entries/003.p/232", "leaf 900")] // The last bundle, in what was checked before …
    [InlineData("/log/tile/0/003.p/232", "level 0, tile 3, entry 132")]
    [InlineData("/log/tile/1/000.p/3", "level 1, tile 0, entry 2")]
    public async Task Fsck_LastTilesAltered_IsBadAlsoWhenNothingIsNew(string path, string subject)
    {
        _log.Size = 1000;
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0);
        var leafSize = path.Contains("entries", StringComparison.Ordinal) ? 36 : 32;
        Index at = path.Contains("/1/", StringComparison.Ordinal) ? ^1 : ((132 + 1) * leafSize) - 1; // Last byte of the hash or entry of leaf 900.
        Alter(path, answer => answer.Damaged(at));

        foreach (var state in (string?[])["state.json", null])
        {
            var bad = (await _cli.FsckAsync(Proxy.BaseUrl, state)).Expect(1).Json;
            Assert.Equal("bad-entry", bad.GetProperty("code").GetString());
            // A whole run has no earlier hash to compare the entry with, but the tile.
            Assert.Equal(state is null && subject == "leaf 900" ? "level 0, tile 3, entry 132" : subject, bad.GetProperty("subject").GetString());
        }
        Serve(_log);
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0);
    }

    [Theory]
    [InlineData("/log/tile/entries/001")]
    [InlineData("/log/tile/0/001")]
    public async Task Fsck_AlteredBelowTheState_IsSeenByAFullRunOnly(string path)
    {
        _log.Size = 1000;
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0);
        Alter(path, static answer => answer.Damaged(^1));
        _log.Size = 1500;

        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0); // Says so: docs/auditing.md.
        var bad = (await _cli.FsckAsync(Proxy.BaseUrl, "state.json", "--full")).Expect(1).Json;
        Assert.Equal("level 0, tile 1, entry 255", bad.GetProperty("subject").GetString());
        Assert.Equal("level 0, tile 1, entry 255", (await _cli.FsckAsync(Proxy.BaseUrl, null)).Expect(1).Json.GetProperty("subject").GetString());
    }

    [Fact]
    public async Task Fsck_FullRunOfASoundLog_ReplacesTheState()
    {
        _log.Size = 1000;
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0);
        _log.Size = 2000;
        Assert.Equal(0, (await _cli.FsckAsync(Proxy.BaseUrl, "state.json", "--full")).Expect(0).Json.GetProperty("from").GetInt64());
        Assert.Equal(2000, (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0).Json.GetProperty("from").GetInt64());
    }

    [Theory]
    [InlineData(1000)] // Another root of the same size.
    [InlineData(1700)] // A longer log with another beginning.
    public async Task Fsck_Fork_IsBadWithAProof(long size)
    {
        _log.Size = 1000;
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0);
        var forged = new ForgedLog(Origin, _key, [.. All[..700], .. ForgedLog.Entries(1300, "another")]) { Size = size };
        Serve(forged);
        (await _cli.FsckAsync(Proxy.BaseUrl, null)).Expect(0); // Each history alone is sound.

        foreach (var full in (string[][])[[], ["--full"]])
        {
            var bad = (await _cli.FsckAsync(Proxy.BaseUrl, "state.json", full)).Expect(1).Json;
            Assert.Equal("fork", bad.GetProperty("code").GetString());
            AuditCli.RequireProvesFork(bad.GetProperty("evidence").GetString()!, _log.Verifier);
        }
        var elsewhere = (await _cli.FsckAsync(Proxy.BaseUrl, "state.json", "--evidence", _cli.PathOf("proof.json"))).Expect(1).Json;
        Assert.Equal(_cli.PathOf("proof.json"), elsewhere.GetProperty("evidence").GetString());
        AuditCli.RequireProvesFork(_cli.PathOf("proof.json"), _log.Verifier);

        _log.Size = 1200;
        Serve(_log);
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0); // The state is still the one of the first history.
    }

    [Fact]
    public async Task Fsck_Rollback_IsBadWithBothCheckpoints()
    {
        _log.Size = 1000;
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0);
        _log.Size = 900;
        (await _cli.FsckAsync(Proxy.BaseUrl, null)).Expect(0);

        var bad = (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(1).Json;

        Assert.Equal("rollback", bad.GetProperty("code").GetString());
        var notes = JsonDocument.Parse(File.ReadAllBytes(bad.GetProperty("evidence").GetString()!)).RootElement.GetProperty("checkpoints");
        Assert.Equal([_log.Note(1000), _log.Note(900)], notes.EnumerateArray().Select(static n => n.GetString()));
    }

    [Fact]
    public async Task Fsck_ForkWhileAnInterruptedWalkWaits_IsBad()
    {
        _log.Size = 3000;
        Proxy.Instead = request => Task.FromResult(request.Path.EndsWith("/entries/008", StringComparison.Ordinal) ? new ProxyAnswer(503, []) : _log.Answer(request.Path));
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json", "--save-every", "256")).Expect(2);

        // The entries walked over so far are the same; what had been signed beyond them is not.
        Serve(new ForgedLog(Origin, _key, [.. All[..2500], .. ForgedLog.Entries(1000, "another")]));
        var bad = (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(1).Json;

        Assert.Equal("fork", bad.GetProperty("code").GetString());
        AuditCli.RequireProvesFork(bad.GetProperty("evidence").GetString()!, _log.Verifier);
    }

    [Fact]
    public async Task Fsck_StateOfAnotherLog_CannotCheck()
    {
        _log.Size = 300;
        (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(0);
        using var otherKey = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var other = new ForgedLog(Origin, otherKey, All) { Size = 400 };
        _cli.Trust(other.Verifier);
        Serve(other);

        Assert.Contains("another log", (await _cli.FsckAsync(Proxy.BaseUrl, "state.json")).Expect(2).Errors, StringComparison.Ordinal);
    }

    private static long SizeIn(string state)
    {
        using var json = JsonDocument.Parse(File.ReadLines(state).First());
        return json.RootElement.GetProperty("size").GetInt64();
    }

    private static string WithoutFrom(JsonElement report)
    {
        var json = JsonNode.Parse(report.GetRawText())!.AsObject();
        json.Remove("from");
        return json.ToJsonString();
    }

    private void Serve(ForgedLog log) => Proxy.Instead = request => Task.FromResult(log.Answer(request.Path));

    private void Alter(string path, Func<ProxyAnswer, ProxyAnswer> change) => Proxy.Instead = request =>
        Task.FromResult(_log.Answer(request.Path) is { } answer && request.Path == path ? change(answer) : _log.Answer(request.Path));
}
