using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Server.Hosting;

namespace TrustChain.IntegrationTests.Organisations;

/// <summary>Keys that were lost, stolen or are vouched for by others than the operator.</summary>
public sealed class KeyRecoveryTests(KeyFixture fixture) : IClassFixture<KeyFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Recovery_AfterItsDelay_AdmitsTheKey_AndEveryVerdictSaysSo()
    {
        var company = await Server.AddOrganisationAsync();
        using var lost = await company.RegisterKeyAsync();
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        var path = $"/api/organisations/{company.Id}/keys/recoveries";
        (await Server.PostAsync(path, new { jwk = Parse(key.PublicKey.Jwk), reason = "The key file was lost." }, company.ApiKey)).ExpectProblem(403, "not-allowed");
        (await Server.PostAsAdminAsync(path, new { jwk = Parse(key.PublicKey.Jwk), reason = "The key file was lost." })).Expect(202);
        var (index, payload) = await AnnouncedAsync(company, key);
        var proof = new { proof = Jws.Sign(key, KeyChange.AuthorizationType, null, payload) };

        (await Server.PostAsAdminAsync($"{path}/{index}/complete", proof)).ExpectProblem(409, "recovery-not-due");
        (await company.CaptureRootAsync(key, Events.Commissioning(company.NewItem()).ToJsonString())).ExpectProblem(403, "key-unknown");
        await Eventually.TrueAsync("the end of the delay", async () => (await Server.PostAsAdminAsync($"{path}/{index}/complete", proof)).Status == 201);

        var item = company.NewItem();
        (await company.CaptureRootAsync(key, Events.Commissioning(item).ToJsonString())).Expect(202);
        var history = await CheckAsync(company, item, CheckNames.KeyHistory);
        Assert.Equal([(Outcome.Passed, null), (Outcome.Passed, ReasonCodes.KeyRecovered)], history.Select(static c => (c.Outcome, c.Code)));

        (await Server.PostAsAdminAsync($"/api/organisations/{company.Id}/keys/{lost.PublicKey.Kid}/revoke", new { })).Expect(200);
        var acts = (await Server.GetAsync($"/api/organisations/{company.Id}/audit", company.ApiKey)).Expect(200).Json.GetProperty("entries").EnumerateArray()
            .Where(static e => e.GetProperty("act").GetString()!.StartsWith("key-", StringComparison.Ordinal)).Select(static e => (e.GetProperty("act").GetString(), e.GetProperty("subject").GetString()));
        Assert.Equal(
            [("key-ended", lost.PublicKey.Kid), ("key-recovered", key.PublicKey.Kid), ("key-recovery-announced", key.PublicKey.Kid), ("key-admitted", lost.PublicKey.Kid)], acts); // Newest first; what was refused is not among them.
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recovery_ObjectedToByTheOldKey_IsOver(bool operatorEndsItBefore)
    {
        var company = await Server.AddOrganisationAsync();
        using var own = await company.RegisterKeyAsync();
        if (operatorEndsItBefore)
        {
            (await Server.PostAsAdminAsync($"/api/organisations/{company.Id}/keys/{own.PublicKey.Kid}/revoke", new { })).Expect(200);
        }
        using var foreign = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var path = $"/api/organisations/{company.Id}/keys/recoveries";
        (await Server.PostAsAdminAsync(path, new { jwk = Parse(foreign.PublicKey.Jwk), reason = "Somebody called." })).Expect(202);
        var (index, payload) = await AnnouncedAsync(company, foreign);
        var objection = KeyObjection.ToAuthorizationPayload(company.Id, index, index);

        (await Server.PostAsync($"/api/keys/recoveries/{index}/object", new { authorization = Authorize(foreign, objection) }, company.ApiKey)).ExpectProblem(403, "signature-invalid");
        (await Server.PostAsync($"/api/keys/recoveries/{index}/object", new { authorization = Authorize(own, objection) }, company.ApiKey)).Expect(200);

        await Eventually.TrueAsync("the end of the recovery", async () =>
            (await Server.PostAsAdminAsync($"{path}/{index}/complete", new { proof = Jws.Sign(foreign, KeyChange.AuthorizationType, null, payload) })).Status == 404);
        Assert.Equal(0, (await Server.GetAsync("/api/keys", company.ApiKey)).Json.GetProperty("recoveries").GetArrayLength());
        Assert.Contains(
            (await Server.GetAsync($"/api/organisations/{company.Id}/audit", company.ApiKey)).Expect(200).Json.GetProperty("entries").EnumerateArray(),
            e => e.GetProperty("act").GetString() == "key-recovery-stopped" && e.GetProperty("subject").GetString() == index.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Revocation_OfAStolenKey_TakesTheThiefsKeyWithIt()
    {
        var company = await Server.AddOrganisationAsync();
        using var stolen = await company.RegisterKeyAsync();
        var early = company.NewItem();
        (await company.CaptureRootAsync(stolen, Events.Commissioning(early).ToJsonString())).Expect(202);
        var since = (await Server.GetCoveringCheckpointAsync()).Size;
        using var thiefs = await company.RegisterKeyAsync(SignatureAlgorithms.EdDsa, stolen);
        var late = company.NewItem();
        (await company.CaptureRootAsync(thiefs, Events.Commissioning(late).ToJsonString())).Expect(202);

        (await company.RevokeKeyAsync(stolen, compromisedSince: since)).ExpectProblem(403, "signature-invalid");
        (await company.RevokeKeyAsync(stolen, stolen, since)).Expect(200);

        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        Assert.Equal((Outcome.Passed, null), Single(await CheckAsync(company, early, CheckNames.KeyStatus)));
        Assert.Equal((Outcome.Failed, ReasonCodes.KeyCompromised), Single(await CheckAsync(company, late, CheckNames.KeyStatus)));
    }

    [Fact]
    public async Task Revocation_CompromisedAtAMoment_GoesBackToTheLastAnchorBefore()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var anchored = await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var at = anchored.GetProperty("time").GetDateTimeOffset().AddMilliseconds(1);

        var answer = (await company.RevokeKeyAsync(key, key, null, at)).Expect(200);

        Assert.Equal(anchored.GetProperty("size").GetInt64(), answer.Json.GetProperty("compromisedSince").GetInt64());
    }

    [Fact]
    public async Task Registration_VouchedForByDidWeb_NeedsTheDocumentsWord()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        var did = $"{fixture.Voucher.Did}:companies:{company.Id}";
        (await company.RegisterKeyAsync(key, null, did)).ExpectProblem(400, "not-vouched-for");

        fixture.Voucher.Documents[$"/companies/{company.Id}/did.json"] = $$"""
            {"id":"{{did}}","verificationMethod":[{"id":"#1","type":"JsonWebKey","controller":"{{did}}","publicKeyJwk":{{key.PublicKey.Jwk}}}]}
            """;
        (await company.RegisterKeyAsync(key, null, did)).ExpectProblem(400, "not-vouched-for"); // not for assertions
        fixture.Voucher.Documents[$"/companies/{company.Id}/did.json"] = $$"""
            {"id":"{{did}}","verificationMethod":[{"id":"#1","type":"JsonWebKey","controller":"{{did}}","publicKeyJwk":{{key.PublicKey.Jwk}}}],"assertionMethod":["{{did}}#1"]}
            """;
        (await company.RegisterKeyAsync(key, null, did)).Expect(201);

        Assert.Equal(did, (await Server.GetAsync($"/api/organisations/{company.Id}/keys/history")).Expect(200).Json.GetProperty("entries")[0].GetProperty("entry").GetProperty("vouchedBy").GetString());
    }

    /// <summary>As a deployment is that allows nothing special: names that lead inside are asked for nothing, and whoever names them does not learn whether something listens there.</summary>
    [Fact]
    public async Task Registration_VouchedForByADidWebWhoseNameLeadsInside_IsRefusedAndAskedForNothing()
    {
        await using var server = await RunningServer.StartAsync(fixture.Stack.Postgres, fixture.Stack.Anvil);
        var company = await server.AddOrganisationAsync();
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        using var inside = new TcpListener(IPAddress.Loopback, 0);
        inside.Start();
        var port = ((IPEndPoint)inside.LocalEndpoint).Port;
        var closed = LocalPort.FindFree();
        var answers = new List<string>();
        foreach (var host in (string[])[$"localhost%3A{port}", $"127.0.0.1%3A{port}", $"localhost%3A{closed}"])
        {
            var answer = (await company.RegisterKeyAsync(key, null, $"did:web:{host}")).ExpectProblem(400, "not-vouched-for");
            answers.Add(answer.GetProperty("detail").GetString()!.Replace(Uri.UnescapeDataString(host), "HOST", StringComparison.Ordinal));
        }
        Assert.Single(answers.Distinct());
        Assert.False(inside.Pending(), "The server has connected to an address of its own network.");

        // The same way, with private addresses allowed, does lead there.
        using var client = new HttpClient(GuardedConnection.CreateHandler(allowPrivateAddresses: true)) { Timeout = TimeSpan.FromSeconds(5) };
        var asked = client.GetAsync(new Uri($"https://localhost:{port}/.well-known/did.json"), TestContext.Current.CancellationToken);
        using (var connection = await inside.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
        {
            Assert.True(connection.Connected);
        }
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => asked); // What listens there speaks no TLS.
    }

    [Fact]
    public async Task Registration_VouchedForByDns_NeedsTheTextRecord()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        (await company.RegisterKeyAsync(key, null, "dns:nothing")).ExpectProblem(400, "not-vouched-for");
        (await company.RegisterKeyAsync(key, null, $"dns:{company.Id}.example")).ExpectProblem(400, "not-vouched-for");

        fixture.Voucher.Texts[$"_trustchain.{company.Id}.example"] = $"trustchain-key={key.PublicKey.Kid}";

        (await company.RegisterKeyAsync(key, null, $"dns:{company.Id}.example")).Expect(201);
    }

    [Fact]
    public async Task DidDocument_OfAnOrganisation_HasItsKeysInForce()
    {
        var company = await Server.AddOrganisationAsync();
        using var first = await company.RegisterKeyAsync();
        using var second = await company.RegisterKeyAsync(SignatureAlgorithms.EdDsa, first);
        (await company.RevokeKeyAsync(first, second)).Expect(200);

        var document = (await Server.GetAsync($"/organisations/{company.Id}/did.json")).Expect(200).Json;

        Assert.EndsWith($":organisations:{company.Id}", document.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(second.PublicKey.Kid, Assert.Single(document.GetProperty("assertionMethod").EnumerateArray()).GetString()!.Split('#')[1]);
        Assert.Equal(200, (await Server.GetAsync("/.well-known/did.json")).Status);
    }

    private static (Outcome, string?) Single(IReadOnlyList<Check> checks) => (Assert.Single(checks).Outcome, checks[0].Code);

    /// <summary>Leaf index of the announcement, and what the new key must sign.</summary>
    private async Task<(long Index, byte[] Payload)> AnnouncedAsync(TestOrganisation company, SigningKey key)
    {
        long? index = null;
        await Eventually.TrueAsync("the announcement in the log", async () =>
        {
            var recoveries = (await Server.GetAsync("/api/keys", company.ApiKey)).Json.GetProperty("recoveries");
            index = recoveries.GetArrayLength() == 1 ? recoveries[0].GetProperty("index").GetInt64() : null;
            return index is not null;
        });
        return (index!.Value, KeyEntry.ToAuthorizationPayload(company.Id, key.PublicKey.Kid, index)); // Waited for.
    }

    private async Task<IReadOnlyList<Check>> CheckAsync(TestOrganisation company, string item, string check)
    {
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var bundle = (await Server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200).Bytes;
        Assert.True(EvidenceBundle.TryParse(bundle, out var parsed, out _));
        var report = EvidenceVerifier.Verify(parsed, Server.Registry.Trust, await ChainWitness.ObserveAsync(Server.RpcUrl, parsed.Anchors));
        return [.. report.Checks.Where(c => c.Name == check)];
    }

    private static string Authorize(SigningKey key, byte[] payload) => Jws.Sign(key, KeyChange.AuthorizationType, OperatorKeys.Origin, payload);

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
