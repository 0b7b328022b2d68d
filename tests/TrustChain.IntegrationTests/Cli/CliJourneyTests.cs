using System.Text;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Devices;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>What a producer and a stranger do with the command line and a server, as processes.</summary>
public sealed class CliJourneyTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    /// <summary>All algorithms on one way, since it waits for an anchor and starts a process for each step.</summary>
    [Fact]
    public async Task Journey_WithAnyAlgorithm_EndsInVerifiedEvidence()
    {
        using var cli = new CliProcess();
        cli.Write("trust.json", Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));
        var statements = new List<(TestOrganisation Company, string Item, string EventHash)>();
        foreach (var algorithm in (string[])[SignatureAlgorithms.ES256K, SignatureAlgorithms.EdDsa, SignatureAlgorithms.Sm2])
        {
            var company = await Server.AddOrganisationAsync();
            var item = company.NewItem();
            cli.Write("api.key", company.ApiKey);
            cli.Write("events.json", Events.Document(Events.Commissioning(item)));
            (await cli.RunAsync("keys", "new", "--alg", algorithm, "--out", algorithm + ".json")).Expect(0);
            (await cli.RunAsync("keys", "register", algorithm + ".json", "--server", Server.BaseUrl, "--api-key-file", "api.key")).Expect(0);
            var captured = (await cli.RunAsync("capture", "events.json", "--server", Server.BaseUrl, "--key", algorithm + ".json", "--json")).Expect(0);
            statements.Add((company, item, captured.Json.GetProperty("events")[0].GetProperty("eventHash").GetString()!)); // Each line has one.
        }
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        foreach (var (owner, item, eventHash) in statements)
        {
            cli.Write("bundle.json", await GetAnchoredBundleAsync(owner, item, eventHash));
            (await cli.RunAsync("verify", "bundle.json", "--trust", "trust.json", "--rpc", Server.RpcUrl)).Expect(0);
        }
    }

    [Fact]
    public async Task Journey_FromKeyToVerifiedEvidence_Succeeds()
    {
        const string algorithm = SignatureAlgorithms.ES256;
        using var cli = new CliProcess();
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        cli.Write("api.key", company.ApiKey + "\n");
        cli.Write("trust.json", Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));
        cli.Write("events.json", Events.Document(Events.Commissioning(item), Events.Observation(item)));

        var kid = (await cli.RunAsync("keys", "new", "--alg", algorithm, "--out", "key.json")).Expect(0).Output;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(cli.PathOf("key.json")));
        Assert.Contains(kid, (await cli.RunAsync("keys", "show", "key.json")).Expect(0).Output, StringComparison.Ordinal);
        var registered = (await cli.RunAsync("keys", "register", "key.json", "--server", Server.BaseUrl, "--api-key-file", "api.key", "--json")).Expect(0);
        Assert.Equal(kid, registered.Json.GetProperty("kid").GetString());

        (await cli.RunAsync("sign", "events.json", "--key", "key.json", "--aud", Server.Registry.Trust.Origin, "--out", "statement.json")).Expect(0);
        var captured = (await cli.RunAsync("capture", "statement.json", "--server", Server.BaseUrl, "--receipt", "receipt.jws", "--json")).Expect(0);
        var hashes = (await cli.RunAsync("hash", "events.json")).Expect(0).Output.Split('\n');
        Assert.Equal(captured.Json.GetProperty("events").EnumerateArray().Select(static e => e.GetProperty("eventHash").GetString()), hashes);

        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var bundle = await GetAnchoredBundleAsync(company, item, captured.Json.GetProperty("events")[1].GetProperty("eventHash").GetString()!);
        cli.Write("bundle.json", bundle);
        var verified = (await cli.RunAsync("verify", "bundle.json", "--trust", "trust.json", "--rpc", Server.RpcUrl, "--receipt", "receipt.jws", "--json")).Expect(0);
        Assert.Equal("passed", verified.Json.GetProperty("verdict").GetString());
        Assert.Contains(verified.Json.GetProperty("checks").EnumerateArray(), static c => c.GetProperty("name").GetString() == "receipt");
        Assert.Contains("verdict: passed", (await cli.RunAsync("verify", "bundle.json", "--trust", "trust.json", "--rpc", Server.RpcUrl)).Expect(0).Output, StringComparison.Ordinal);

        (await cli.RunAsync("verify", "bundle.json", "--trust", "trust.json", "--rpc", "http://127.0.0.1:9")).Expect(2); // Nobody there.
        (await cli.RunAsync("verify", "bundle.json", "--rpc", Server.RpcUrl)).Expect(2); // Whose log is it?
        cli.Write("altered.json", bundle.Replace("\"custody\":\"self\"", "\"custody\":\"imported\"", StringComparison.Ordinal));
        Assert.Contains("record-altered", (await cli.RunAsync("verify", "altered.json", "--trust", "trust.json", "--rpc", Server.RpcUrl)).Expect(1).Output, StringComparison.Ordinal);
        cli.Write("foreign.json", cli.Read("trust.json").Replace(Server.Registry.Address.ToString(), "0x" + new string('1', 40), StringComparison.OrdinalIgnoreCase));
        Assert.Contains("foreign-log", (await cli.RunAsync("verify", "bundle.json", "--trust", "foreign.json", "--rpc", Server.RpcUrl)).Expect(1).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capture_SignedOnTheWayOrByTheServer_IsAccepted()
    {
        using var cli = new CliProcess();
        var company = await Server.AddOrganisationAsync();
        cli.Write("api.key", company.ApiKey);
        (await cli.RunAsync("keys", "new", "--out", "key.json")).Expect(0);
        (await cli.RunAsync("keys", "register", "key.json", "--server", Server.BaseUrl, "--api-key-file", "api.key")).Expect(0);

        cli.Write("one.json", Events.Document(Events.Commissioning(company.NewItem())));
        (await cli.RunAsync("capture", "one.json", "--server", Server.BaseUrl, "--key", "key.json")).Expect(0);
        (await cli.RunAsync("capture", "one.json", "--server", Server.BaseUrl, "--key", "key.json")).Expect(0); // A retry has other salts, and is the same record.
        cli.Write("two.json", Events.Document(Events.Commissioning(company.NewItem())));
        (await cli.RunAsync("capture", "two.json", "--server", Server.BaseUrl, "--api-key-file", "api.key")).Expect(0);
        (await cli.RunAsync("sign", "two.json", "--key", "key.json", "--aud", "other.example/log", "--form", "document", "--out", "foreign.jws")).Expect(0);
        Assert.Contains("aud", (await cli.RunAsync("capture", "foreign.jws", "--server", Server.BaseUrl)).Expect(1).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capture_OfWhatADeviceSignedInCbor_IsAcceptedAndItsRepeatIsTheSame()
    {
        using var cli = new CliProcess();
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var statement = device.SignCbor(new DateTimeOffset(DateTime.UtcNow.Date.AddDays(-2), TimeSpan.Zero), 5, 100);
        File.WriteAllBytes(cli.PathOf("statement.cose"), TestDevice.BytesOf(statement));
        var before = await Server.CountAsync();

        foreach (var result in (CliResult[])[await CaptureAsync(), await CaptureAsync()])
        {
            Assert.Equal(TestDevice.Digest(statement).ToHex(), result.Expect(0).Json.GetProperty("statement").GetString());
            Assert.Equal("", result.Errors);
        }
        Assert.Equal(before.Records + 1, (await Server.CountAsync()).Records);

        Task<CliResult> CaptureAsync() => cli.RunAsync("capture", "statement.cose", "--server", Server.BaseUrl, "--json");
    }

    [Fact]
    public async Task Fsck_OfASoundLog_IsGoodWithChainAndWithout()
    {
        using var cli = new CliProcess();
        var company = await Server.AddOrganisationAsync();
        cli.Write("trust.json", Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));
        (await company.CaptureAsync(Events.Document([.. Enumerable.Range(0, 300).Select(i => Events.Observation(company.NewItem()))]))).Expect(202);
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);

        var report = (await cli.RunAsync("fsck", "--server", Server.BaseUrl, "--trust", "trust.json", "--rpc", Server.RpcUrl, "--json")).Expect(0).Json;

        Assert.Equal("good", report.GetProperty("result").GetString());
        Assert.True(report.GetProperty("size").GetInt64() > 300);
        Assert.True(report.GetProperty("upperTiles").GetInt64() >= 1);
        Assert.True(report.GetProperty("chainAnchors").GetInt64() >= 1);
        Assert.StartsWith("good:", (await cli.RunAsync("fsck", "--server", Server.BaseUrl)).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Jws_OfThePublishedKey_IsGoodAndOfAnotherBad()
    {
        using var cli = new CliProcess();
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        using var other = SigningKey.Generate(SignatureAlgorithms.ES256);
        cli.Write("statement.jws", Jws.Sign(key, "epcis+jws", "log", "{}"u8));
        cli.Write("key.json", key.PublicKey.Jwk);
        cli.Write("other.json", other.PublicKey.Jwk);

        (await cli.RunAsync("jws", "verify", "--key", "key.json", "statement.jws")).Expect(0);
        (await cli.RunAsync("jws", "verify", "--key", "other.json", "statement.jws")).Expect(1);
        (await cli.RunAsync("jws", "verify", "--key", "absent.json", "statement.jws")).Expect(2);
    }

    [Fact]
    public async Task Id_OfAllSpellings_IsTheSameDigitalLink()
    {
        using var cli = new CliProcess();

        var good = (await cli.RunAsync("id", "(01)09521141000014(21)7", "urn:epc:id:sgtin:9521141.000001.7", "https://shop.example/01/09521141000014/21/7?x=1")).Expect(0);
        var bad = (await cli.RunAsync("id", "--json", "(01)09521141000017")).Expect(1);

        Assert.Equal(3, good.Output.Split('\n').Count(static line => line == "https://id.gs1.org/01/09521141000014/21/7"));
        Assert.NotEqual("", bad.Json.GetProperty("error").GetString());
    }

    [Fact]
    public async Task Qr_ToSvgAndPng_WritesImages()
    {
        using var cli = new CliProcess();

        (await cli.RunAsync("qr", Server.BaseUrl + "/01/09521141000014/21/7", "--out", "label.svg")).Expect(0);
        (await cli.RunAsync("qr", Server.BaseUrl + "/01/09521141000014/21/7", "--out", "label.png")).Expect(0);
        (await cli.RunAsync("qr", "x", "--out", "label.gif")).Expect(2);

        Assert.StartsWith("<svg", cli.Read("label.svg"), StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(cli.PathOf("label.png"))[..4]);
    }

    [Fact]
    public async Task Usage_Bad_ExitsWith2AndASentence()
    {
        using var cli = new CliProcess();

        foreach (var arguments in (string[][])[["nonsense"], ["verify"], ["hash", "absent.json"], ["fsck", "--server", "http://127.0.0.1:9"], ["verify", "absent.json"]])
        {
            var result = (await cli.RunAsync(arguments)).Expect(2);
            Assert.StartsWith("trustchain:", result.Errors.Split('\n')[^1], StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal); // A sentence, not a stack.
        }
        cli.Write("bad.json", Events.Document(Events.Observation("urn:a:b").With("eventTime", "5")));
        Assert.Contains("eventTime", (await cli.RunAsync("hash", "bad.json")).Expect(1).Errors, StringComparison.Ordinal);
    }

    private async Task<string> GetAnchoredBundleAsync(TestOrganisation company, string item, string hash) => await Eventually.GetAsync($"anchored bundle of {item}", async () =>
    {
        var answer = (await Server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200);
        var last = answer.Json.GetProperty("records").EnumerateArray().Max(static r => r.GetProperty("index").GetInt64());
        Assert.Contains(hash, answer.Body, StringComparison.Ordinal);
        return answer.Json.GetProperty("anchors").EnumerateArray().Any(a => a.GetProperty("size").GetInt64() > last) ? answer.Body : null;
    });
}
