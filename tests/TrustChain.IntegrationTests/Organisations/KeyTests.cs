using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Organisations;

/// <summary>How signing keys come and go.</summary>
public sealed class KeyTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Registration_OfASecondKey_NeedsTheFirstOnesAgreement()
    {
        var company = await Server.AddOrganisationAsync();
        using var first = await company.RegisterKeyAsync();
        using var second = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        using var stranger = SigningKey.Generate(SignatureAlgorithms.ES256);
        var before = await Server.CountAsync();

        (await company.RegisterKeyAsync(second)).ExpectProblem(403, "signature-invalid");
        (await company.RegisterKeyAsync(second, agreeing: stranger)).ExpectProblem(403, "signature-invalid");
        (await company.RegisterKeyAsync(second, agreeing: second)).ExpectProblem(403, "signature-invalid");
        Assert.Equal(before, await Server.CountAsync());

        (await company.RegisterKeyAsync(second, agreeing: first)).Expect(201);
        (await company.RegisterKeyAsync(second, agreeing: second)).ExpectProblem(409, "already-exists");
    }

    [Fact]
    public async Task Registration_WithoutProofOfTheNewKey_IsRefused()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        using var other = SigningKey.Generate(SignatureAlgorithms.ES256);
        var payload = KeyEntry.ToAuthorizationPayload(company.Id, key.PublicKey.Kid, null);
        string[] proofs =
        [
            Jws.Sign(other, KeyEntry.AuthorizationType, null, payload), // another key
            Jws.Sign(key, "JWT", null, payload), // another purpose
            Jws.Sign(key, KeyEntry.AuthorizationType, null, KeyEntry.ToAuthorizationPayload("company-other", key.PublicKey.Kid, null)), // another organisation
            Jws.Sign(key, KeyEntry.AuthorizationType, null, KeyEntry.ToAuthorizationPayload(company.Id, key.PublicKey.Kid, 0)), // another place in the chain of keys
            "no JWS",
        ];

        foreach (var proof in proofs)
        {
            (await Server.PostAsync("/api/keys", new { jwk = JsonDocument.Parse(key.PublicKey.Jwk).RootElement, proof }, company.ApiKey)).ExpectProblem(400, "signature-invalid");
        }
    }

    [Fact]
    public async Task Registration_OfAnotherOrganisationsKey_IsRefused()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var key = await company.RegisterKeyAsync();

        (await other.RegisterKeyAsync(key)).ExpectProblem(409, "already-exists");
    }

    [Fact]
    public async Task Registration_Accepted_IsAPublicEntryOfTheLog()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var listed = (await Server.GetAsync("/api/keys", company.ApiKey)).Expect(200).Json.GetProperty("keys")[0];
        var index = listed.GetProperty("keyEntry").GetInt32();

        var copy = await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());

        Assert.Equal((byte)EntryKind.Key, copy.Entries[index][1]);
        using var entry = JsonDocument.Parse(copy.Entries[index].AsMemory(2));
        Assert.True(KeyEntry.TryParse(entry.RootElement, out var parsed));
        Assert.Equal((company.Id, key.PublicKey.Kid, Custody.Self), (parsed.Organisation, parsed.Key.Kid, parsed.Custody));
    }

    [Fact]
    public async Task Revocation_BySomebodyElse_IsRefused()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var key = await company.RegisterKeyAsync();

        (await Server.PostAsync($"/api/keys/{key.PublicKey.Kid}/revoke", new { }, other.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.PostAsync($"/api/keys/{key.PublicKey.Kid}/revoke", new { }, null)).ExpectProblem(401, "not-authenticated");
        (await company.CaptureRootAsync(key, Events.Commissioning(company.NewItem()).ToJsonString())).Expect(202);
    }

    [Fact]
    public async Task Revocation_AsCompromisedSince_FailsLaterRecordsAndLeavesEarlierOnes()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var (early, late) = (company.NewItem(), company.NewItem());
        (await company.CaptureRootAsync(key, Events.Commissioning(early).ToJsonString())).Expect(202);
        var since = (await Server.GetCoveringCheckpointAsync()).Size;
        (await company.CaptureRootAsync(key, Events.Commissioning(late).ToJsonString())).Expect(202);

        (await Server.PostAsync($"/api/keys/{key.PublicKey.Kid}/revoke", new { compromisedSince = since }, company.ApiKey)).Expect(200);

        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        Assert.Equal(Outcome.Passed, (await KeyStatusAsync(company, early)).Outcome);
        var compromised = await KeyStatusAsync(company, late);
        Assert.Equal((Outcome.Failed, ReasonCodes.KeyCompromised), (compromised.Outcome, compromised.Code));
        (await company.CaptureRootAsync(key, Events.Observation(late).ToJsonString())).ExpectProblem(403, "key-revoked");
    }

    [Theory]
    [InlineData(SignatureAlgorithms.ES256)]
    [InlineData(SignatureAlgorithms.ES256K)]
    [InlineData(SignatureAlgorithms.EdDsa)]
    [InlineData(SignatureAlgorithms.Sm2)]
    public async Task Key_OfEachAlgorithm_SignsStatementsWhoseEvidencePasses(string algorithm)
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync(algorithm);
        var item = company.NewItem();

        (await company.CaptureRootAsync(key, Events.Commissioning(item).ToJsonString())).Expect(202);
        (await company.CaptureDocumentAsync(key, Events.Observation(item).ToJsonString(), "/epcis/events")).Expect(201);
        using var stranger = SigningKey.Generate(algorithm);
        var forged = TestOrganisation.SignDocument(key, Events.Observation(item).ToJsonString()).Split('.');
        var other = Base64UrlText.Encode(stranger.Sign(System.Text.Encoding.ASCII.GetBytes($"{forged[0]}.{forged[1]}")));
        (await company.SendStatementAsync($"{forged[0]}.{forged[1]}.{other}")).ExpectProblem(403, "signature-invalid");

        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var report = await VerifyAsync(company, item);
        Assert.Equal(2, report.Checks.Count(static c => c.Name == CheckNames.Signature));
        Assert.All(report.Checks, static c => Assert.Equal((Outcome.Passed, null), (c.Outcome, c.Code)));
        var listed = (await Server.GetAsync("/api/keys", company.ApiKey)).Expect(200).Json.GetProperty("keys")[0];
        Assert.True(PublicKey.TryParse(listed.GetProperty("jwk"), out var published, out var error), error);
        Assert.Equal((algorithm, key.PublicKey.Kid), (published.Algorithm, published.Kid));
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("secp256k1")]
    [InlineData("SM2")]
    public async Task Registration_OfAPointThatIsNotOnItsCurve_IsRefused(string curve)
    {
        var company = await Server.AddOrganisationAsync();
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        var proof = Jws.Sign(key, KeyEntry.AuthorizationType, null, KeyEntry.ToAuthorizationPayload(company.Id, key.PublicKey.Kid, null));
        var (x, y) = (Base64UrlText.Encode(new byte[32]), Base64UrlText.Encode(new byte[32]));

        var refused = await Server.PostAsync("/api/keys", new { jwk = new { kty = "EC", crv = curve, x, y }, proof }, company.ApiKey);

        refused.Expect(400);
        Assert.Contains($"not a point of {curve}", refused.Body, StringComparison.Ordinal);
    }

    private async Task<Check> KeyStatusAsync(TestOrganisation company, string item) =>
        Assert.Single((await VerifyAsync(company, item)).Checks, static c => c.Name == CheckNames.KeyStatus);

    private async Task<VerificationReport> VerifyAsync(TestOrganisation company, string item)
    {
        var bundle = (await Server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", company.ApiKey)).Expect(200).Bytes;
        Assert.True(EvidenceBundle.TryParse(bundle, out var parsed, out _));
        return EvidenceVerifier.Verify(parsed, Server.Registry.Trust, await ChainWitness.ObserveAsync(Server.RpcUrl, parsed.Anchors));
    }
}
