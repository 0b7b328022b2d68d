using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Evm.Rpc;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Log;

public sealed class LogTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Log_RebuiltFromItsEntries_HasTheSignedRootAndEveryTile()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        for (var i = 0; i < 3; i++)
        {
            var item = company.NewItem();
            // More than 256 leaves, so that there is a full tile, a partial one and a second level.
            (await company.CaptureRootAsync(key, [.. Enumerable.Range(0, 100).Select(n => Events.Observation(item, $"urn:test:step:{n}").ToJsonString())])).Expect(202);
        }

        var copy = await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());

        Assert.True(copy.Checkpoint.Size > 300);
        Assert.Equal(copy.Checkpoint.Root, MerkleTree.ComputeRoot(copy.Leaves));
        var tiles = 0;
        for (var level = 0; level < 8; level++)
        {
            for (var index = 0L; new TileCoordinate(level, index).WidthAt(copy.Checkpoint.Size) is var width and > 0; index++, tiles++)
            {
                var coordinate = new TileCoordinate(level, index);
                var tile = (await Server.GetAsync("/log/" + coordinate.PathFor(width))).Expect(200);
                Assert.Equal(copy.ComputeTile(coordinate), tile.Bytes);
            }
        }
        Assert.True(tiles >= 3);
    }

    [Fact]
    public async Task Log_BeyondTheCheckpoint_IsNotPublished()
    {
        var company = await Server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        var checkpoint = await Server.GetCoveringCheckpointAsync();
        var lastTile = (checkpoint.Size - 1) / 256;
        var beyond = checkpoint.Size % 256 == 0 ? 1 : (int)(checkpoint.Size % 256) + 1;

        Assert.Equal(404, (await Server.GetAsync($"/log/tile/0/{TileCoordinate.IndexPath(checkpoint.Size % 256 == 0 ? lastTile + 1 : lastTile, beyond)}")).Status);
        Assert.Equal(404, (await Server.GetAsync($"/log/tile/entries/{TileCoordinate.IndexPath(checkpoint.Size % 256 == 0 ? lastTile + 1 : lastTile, beyond)}")).Status);
        Assert.Equal(404, (await Server.GetAsync("/log/tile/0/x001/000")).Status);
        Assert.Equal(404, (await Server.GetAsync("/log/tile/0/1")).Status); // Only the one canonical spelling.
        Assert.Equal(404, (await Server.GetAsync("/log/tile/9/000")).Status);
    }

    [Fact]
    public async Task Log_AcknowledgedBeforeAnotherWasSent_HasTheLowerIndex()
    {
        var company = await Server.AddOrganisationAsync();
        var eventIds = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            var answer = (await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem())))).Expect(202);
            eventIds.Add(answer.Json.GetProperty("events")[0].GetProperty("eventID").GetString()!);
        }
        await Server.GetCoveringCheckpointAsync();

        var indices = new List<long>();
        foreach (var eventId in eventIds)
        {
            var bundle = (await Server.GetAsync($"/evidence?event={Uri.EscapeDataString(eventId)}", company.ApiKey)).Expect(200).Json;
            indices.Add(bundle.GetProperty("records")[0].GetProperty("index").GetInt64());
        }

        Assert.Equal(indices.Order(), indices);
        Assert.Equal(indices.Count, indices.Distinct().Count());
    }

    [Fact]
    public async Task Log_ManyClientsAtOnce_HoldsEveryRecordOnce()
    {
        var company = await Server.AddOrganisationAsync();
        var before = (await Server.CountAsync()).Records;

        await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ => (await company.CaptureAsync(Events.Document(Events.Observation(company.NewItem())))).Expect(202)));

        Assert.Equal(before + 40, (await Server.CountAsync()).Records);
        var copy = await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());
        Assert.Equal(copy.Checkpoint.Root, MerkleTree.ComputeRoot(copy.Leaves));
        Assert.Equal((await Server.CountAsync()).Records, copy.Entries.LongCount(static e => e[1] == (byte)EntryKind.Event));
        Assert.Equal(copy.Entries.Count, copy.Leaves.Distinct().Count());
    }

    [Theory]
    [InlineData(SignatureAlgorithms.ES256, true)]
    [InlineData(SignatureAlgorithms.EdDsa, true)]
    [InlineData(SignatureAlgorithms.ES256, false)]
    public async Task Evidence_OfAnAnchoredRecord_PassesEveryCheck(string algorithm, bool rootForm)
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync(algorithm);
        var item = company.NewItem();
        var answer = (rootForm
            ? await company.CaptureRootAsync(key, Events.Commissioning(item).ToJsonString(), Events.Observation(item).ToJsonString())
            : await company.CaptureDocumentAsync(key, Events.Document(Events.Commissioning(item), Events.Observation(item)))).Expect(202);
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);

        var bundle = await GetAnchoredBundleAsync(company, $"/evidence?item={Uri.EscapeDataString(item)}");

        Assert.Equal(2, bundle.Records.Count);
        var report = EvidenceVerifier.Verify(bundle, Server.Registry.Trust, await ChainWitness.ObserveAsync(Server.RpcUrl, bundle.Anchors));
        Assert.True(report.Outcome == Outcome.Passed, Describe(report));
        var receipt = ReceiptVerifier.Verify(answer.Text("receipt"), bundle, Server.Registry.Trust, DateTimeOffset.UtcNow);
        Assert.Equal(Outcome.Passed, receipt.Outcome);
    }

    [Fact]
    public async Task Evidence_WithOneThingAltered_FailsThere()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var item = company.NewItem();
        (await company.CaptureRootAsync(key, Events.Commissioning(item).ToJsonString())).Expect(202);
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var bundle = await GetAnchoredBundleAsync(company, $"/evidence?item={Uri.EscapeDataString(item)}");
        var chain = await ChainWitness.ObserveAsync(Server.RpcUrl, bundle.Anchors);
        var trust = Server.Registry.Trust;
        var json = System.Text.Encoding.UTF8.GetString(bundle.ToUtf8());

        ExpectFailure("foreign-log", EvidenceVerifier.Verify(bundle, trust with { Registry = "0x" + new string('1', 40) }, chain));
        ExpectFailure("checkpoint-signature-invalid", EvidenceVerifier.Verify(Changed(json, bundle.Checkpoint.Split('\n')[2], MerkleTree.EmptyRoot), trust, chain));
        var otherRoot = chain with { Anchors = [.. chain.Anchors.Select(static a => a with { RootAt = MerkleTree.EmptyRoot })] };
        ExpectFailure("anchor-root-mismatch", EvidenceVerifier.Verify(bundle, trust, otherRoot));
        var silent = EvidenceVerifier.Verify(bundle, trust, new ChainObservation { Unavailable = "no answer" });
        Assert.Equal(Outcome.CouldNotCheck, silent.Outcome);

        static byte[] Changed(string json, string rootBase64, Hash32 root) =>
            System.Text.Encoding.UTF8.GetBytes(json.Replace(JsonSerializer.Serialize(rootBase64)[1..^1], Convert.ToBase64String(root.ToArray()), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Anchor_OfAGrownLog_BecomesFinalAndVerifiesARealLeafOnChain()
    {
        var company = await Server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
        var anchor = await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var size = anchor.GetProperty("size").GetInt64();
        var copy = await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());
        var anchored = copy.Leaves[..(int)size];
        Assert.Equal(anchor.GetProperty("root").GetString(), MerkleTree.ComputeRoot(anchored).ToBase64Url());

        using var chain = new ChainWitness(Server.RpcUrl);
        var registry = chain.Registry(Server.Registry.Address);
        var index = anchored.Length - 1;
        var proof = MerkleTree.ComputeInclusionProof(anchored, index);

        Assert.Equal(MerkleTree.ComputeRoot(anchored), await registry.GetRootAtAsync((ulong)size, BlockTag.Latest, TestContext.Current.CancellationToken));
        Assert.True(await VerifyLeafAsync(anchored[index], index));
        Assert.False(await VerifyLeafAsync(anchored[0], index));
        Assert.False(await VerifyLeafAsync(anchored[index], index - 1));

        Task<bool> VerifyLeafAsync(Hash32 leaf, int at) =>
            registry.VerifyLeafAsync(leaf, (ulong)at, (ulong)size, proof, BlockTag.Latest, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Trust_FromTheServer_IsWhatTheOperatorGaveOut()
    {
        var served = await Eventually.GetAsync("trust file", async () => await Server.GetAsync("/log/trust") is { Status: 200 } answer ? answer : null);

        Assert.True(TrustFile.TryParse(served.Bytes, out var trust, out _));
        Assert.Equal(Server.Registry.Trust.ToUtf8(), trust.ToUtf8());
    }

    /// <summary>A bundle whose checkpoint an anchor covers; until the server has seen the anchor itself it may answer with a younger one.</summary>
    private Task<EvidenceBundle> GetAnchoredBundleAsync(TestOrganisation company, string path) => Eventually.GetAsync($"anchored bundle {path}", async () =>
    {
        var answer = (await Server.GetAsync(path, company.ApiKey)).Expect(200);
        Assert.True(EvidenceBundle.TryParse(answer.Bytes, out var bundle, out var error), error);
        return bundle.Anchors.Any(a => bundle.Records.All(r => r.Index < a.Size)) ? bundle : null;
    });

    private static void ExpectFailure(string code, VerificationReport report)
    {
        Assert.Equal(Outcome.Failed, report.Outcome);
        Assert.Contains(code, report.Checks.Where(static c => c.Outcome == Outcome.Failed).Select(static c => c.Code));
    }

    private static string Describe(VerificationReport report) => string.Join('\n', report.Checks.Select(static c => $"{c.Name} {c.Subject} {c.Outcome} {c.Code} {c.Message}"));
}
