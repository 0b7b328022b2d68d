using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>How devices come to their keys, and what becomes of both.</summary>
public sealed class DeviceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Enrolment_WithKeyAndProof_IsAnEntryOfTheLog()
    {
        var owner = await Server.AddOrganisationAsync();
        using var device = await TestDevice.EnrolAsync(Server, owner);

        var shown = (await Server.GetAsync(device.Path, owner.ApiKey)).Expect(200).Json;
        Assert.Equal(device.Uri, shown.GetProperty("device").GetString());
        Assert.Equal("active", shown.GetProperty("state").GetString());
        Assert.Equal(owner.Id, shown.GetProperty("owner").GetString());
        var key = Assert.Single(shown.GetProperty("keys").EnumerateArray());
        Assert.Equal(device.Key.PublicKey.Kid, key.GetProperty("kid").GetString());
        // The public log has the pseudonym and not the device.
        var copy = await LogCopy.FetchAsync(Server, await Server.GetCoveringCheckpointAsync());
        var entry = copy.Entries[key.GetProperty("entry").GetInt32()];
        Assert.Equal((byte)EntryKind.Device, entry[1]);
        var body = System.Text.Encoding.UTF8.GetString(entry);
        Assert.Contains(device.Id, body, StringComparison.Ordinal);
        Assert.DoesNotContain("8004", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enrolment_WithoutClaimOrProofOrTemplate_IsRefused()
    {
        var owner = await Server.AddOrganisationAsync();
        var stranger = await Server.AddOrganisationAsync();
        using var device = TestDevice.Make(Server, owner);
        (await device.EnrolAsync(apiKey: stranger.ApiKey)).ExpectProblem(403, "no-authority");
        (await device.EnrolAsync("no-such-template")).ExpectProblem(400, "invalid-request");
        using var other = TestDevice.Make(Server, owner);
        (await Server.PostAsync("/api/devices", new { device = device.Uri, name = "x", template = TestDevice.Template, salt = device.Salt, jwk = other.Jwk, proof = device.Prove(DeviceActKind.Enrol) }, owner.ApiKey))
            .ExpectProblem(403, "signature-invalid");
        (await Server.PostAsync("/api/devices", new { device = device.Uri, name = "x", template = TestDevice.Template, salt = device.Salt, jwk = device.Jwk, proof = device.Prove(DeviceActKind.Replace) }, owner.ApiKey))
            .ExpectProblem(403, "signature-invalid");
        (await Server.PostAsync("/api/devices", new { device = device.Uri, name = "x", template = TestDevice.Template, jwk = device.Jwk }, owner.ApiKey)).ExpectProblem(400, "invalid-request");

        (await device.EnrolAsync()).Expect(201);
        (await device.EnrolAsync()).ExpectProblem(409, "already-exists");
        using var twin = TestDevice.Make(Server, owner);
        twin.Take(device.Key);
        (await twin.EnrolAsync()).ExpectProblem(409, "already-exists"); // one key, two devices
    }

    [Fact]
    public async Task Attestation_OfAMaker_IsCheckedAndShown()
    {
        var (owner, maker) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var makersKey = await maker.RegisterKeyAsync();
        using var device = TestDevice.Make(Server, owner);
        object Word(SigningKey signer, string uri, string kid) => new
        {
            jws = Jws.Sign(signer, "device-attestation+jws", OperatorKeys.Origin, JsonSerializer.SerializeToUtf8Bytes(new { device = uri, kid, maker = "Liftworks", model = "S-10", serial = "0007" })),
        };
        using var nobody = SigningKey.Generate(SignatureAlgorithms.ES256);
        foreach (var wrong in (object[])
            [Word(makersKey, "urn:test:another", device.Key.PublicKey.Kid), Word(makersKey, device.Uri, nobody.PublicKey.Kid), Word(nobody, device.Uri, device.Key.PublicKey.Kid), new { x5c = new[] { "bm8=" } }, new { }])
        {
            (await device.EnrolAsync(attestation: wrong)).ExpectProblem(400, "invalid-request");
        }
        await Eventually.TrueAsync("enrolment with the maker's word", async () => (await device.EnrolAsync(attestation: Word(makersKey, device.Uri, device.Key.PublicKey.Kid))).Status == 201);
        await device.UntilLoggedAsync();
        var shown = (await Server.GetAsync(device.Path, owner.ApiKey)).Expect(200).Json.GetProperty("attestation");
        Assert.Equal(("passed", maker.Id), (shown.GetProperty("verdict").GetString(), shown.GetProperty("organisation").GetString()));

        // A chain whose maker this deployment does not know is no lie, and no proof.
        using var certified = TestDevice.Make(Server, owner);
        using var chained = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=Module 0007,O=Liftworks", chained, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var chain = new { x5c = new[] { Convert.ToBase64String(certificate.RawData) } };
        (await certified.EnrolAsync(attestation: chain)).ExpectProblem(400, "invalid-request"); // for another key
        var point = chained.ExportParameters(true);
        Assert.True(SigningKey.TryParse($$"""{"kty":"EC","crv":"P-256","x":"{{Base64UrlText.Encode(point.Q.X)}}","y":"{{Base64UrlText.Encode(point.Q.Y)}}","d":"{{Base64UrlText.Encode(point.D)}}"}""", out var key, out var error), error);
        certified.Take(key);
        (await certified.EnrolAsync(attestation: chain)).Expect(201);
        Assert.Equal("could-not-check", (await Server.GetAsync(certified.Path, owner.ApiKey)).Expect(200).Json.GetProperty("attestation").GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task ClaimCode_WorksOnce()
    {
        var owner = await Server.AddOrganisationAsync();
        using var device = TestDevice.Make(Server, owner);
        var registered = (await Server.PostAsync("/api/devices", new { device = device.Uri, name = "Loom 3", template = "loom" }, owner.ApiKey)).Expect(201);
        var code = registered.Text("claim");
        Assert.Equal("unclaimed", registered.Text("state"));
        (await Server.GetAsync($"/api/devices/claim/{code[..^2]}")).ExpectProblem(404, "not-found");

        var told = (await Server.GetAsync($"/api/devices/claim/{code.ToLowerInvariant()}")).Expect(200);
        Assert.Equal(device.Uri, told.Text("device"));
        Assert.Equal(registered.Text("id"), told.Text("pseudonym"));
        device.Learn(registered);
        var claim = new { claim = code, jwk = device.Jwk, proof = device.Prove(DeviceActKind.Enrol) };
        (await Server.PostAsync("/api/devices/claim", claim with { proof = device.Prove(DeviceActKind.Rotate) }, null)).ExpectProblem(403, "signature-invalid");
        (await Server.PostAsync("/api/devices/claim", claim, null)).Expect(201);
        (await Server.PostAsync("/api/devices/claim", claim, null)).ExpectProblem(404, "not-found");
        (await Server.PostAsync($"{device.Path}/claim", new { }, owner.ApiKey)).ExpectProblem(409, "device-act-refused");
    }

    [Fact]
    public async Task ClaimCode_Renewed_EndsTheOneBefore()
    {
        var owner = await Server.AddOrganisationAsync();
        using var device = TestDevice.Make(Server, owner);
        var registered = (await Server.PostAsync("/api/devices", new { device = device.Uri, name = "Loom 4", template = "loom" }, owner.ApiKey)).Expect(201);
        device.Learn(registered);
        var renewed = (await Server.PostAsync($"{device.Path}/claim", new { }, owner.ApiKey)).Expect(201);
        (await Server.GetAsync($"/api/devices/claim/{registered.Text("claim")}")).ExpectProblem(404, "not-found");
        (await Server.GetAsync($"/api/devices/claim/{renewed.Text("claim")}")).Expect(200);
    }

    [Fact]
    public async Task NobodyElse_LearnsWhetherADeviceExists()
    {
        var owner = await Server.AddOrganisationAsync();
        var stranger = await Server.AddOrganisationAsync();
        using var device = await TestDevice.EnrolAsync(Server, owner);
        var nowhere = $"/api/devices/{new string('A', 43)}";
        foreach (var part in (string[])["", "/history", "/statements", "/verdicts", "/live"])
        {
            foreach (var key in (string?[])[null, stranger.ApiKey])
            {
                var refused = (await Server.GetAsync(device.Path + part, key)).ExpectProblem(404, "not-found");
                var missing = (await Server.GetAsync(nowhere + part, key)).ExpectProblem(404, "not-found");
                Assert.Equal(missing.GetProperty("detail").GetString(), refused.GetProperty("detail").GetString());
            }
        }
        Assert.Empty((await Server.GetAsync("/api/devices", stranger.ApiKey)).Expect(200).Json.GetProperty("devices").EnumerateArray());
        Assert.Contains(device.Id, (await Server.GetAsync("/api/devices", owner.ApiKey)).Expect(200).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_IsRotatedByTheDeviceAndReplacedByTheOwner()
    {
        var owner = await Server.AddOrganisationAsync();
        using var device = await TestDevice.EnrolAsync(Server, owner);
        var now = Yesterday;
        (await device.SendAsync(device.Event(now, 3, 10))).Expect(201);

        using var second = SigningKey.Generate(SignatureAlgorithms.ES256);
        var entry = (await Server.GetAsync(device.Path, owner.ApiKey)).Json.GetProperty("keys")[0].GetProperty("entry").GetInt64();
        var rotation = new DeviceAct
        {
            Act = DeviceActKind.Rotate,
            Device = device.Pseudonym,
            Organisation = owner.Id,
            Previous = entry,
            Key = second.PublicKey,
            Proof = device.Prove(DeviceActKind.Rotate, second),
        };
        (await SendActAsync(device, second, rotation)).ExpectProblem(403, "key-unknown"); // the new key cannot admit itself
        (await SendActAsync(device, device.Key, rotation with { Previous = entry + 1 })).ExpectProblem(409, "device-act-refused");
        (await SendActAsync(device, device.Key, rotation with { Proof = device.Prove(DeviceActKind.Rotate) })).ExpectProblem(403, "signature-invalid");
        (await SendActAsync(device, device.Key, rotation)).Expect(200);
        await device.UntilLoggedAsync();
        (await device.SendAsync(device.Event(now.AddMinutes(10), 3, 10.2))).ExpectProblem(403, "key-revoked");
        device.Take(second);
        (await device.SendAsync(device.Event(now.AddMinutes(10), 3, 10.2))).Expect(201);

        using var third = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        (await Server.PostAsync($"{device.Path}/acts", new
        {
            act = "replace",
            reason = "module broken",
            jwk = JsonDocument.Parse(third.PublicKey.Jwk).RootElement,
            proof = device.Prove(DeviceActKind.Replace, third),
        }, owner.ApiKey)).Expect(200);
        await device.UntilLoggedAsync();
        device.Take(third);
        (await device.SendAsync(device.Event(now.AddMinutes(20), 3, 10.4))).Expect(201);
        var keys = await ListKeysAsync();
        Assert.Equal(3, keys.Count);
        Assert.All(keys, static k => Assert.Equal(JsonValueKind.Null, k.GetProperty("compromisedSince").ValueKind));

        // That the device was in wrong hands reaches every key that it has had.
        var revocation = new { act = "revoke", compromisedSince = (decimal)entry };
        (await Server.PostAsync($"{device.Path}/acts", revocation with { compromisedSince = 1m + long.MaxValue }, owner.ApiKey)).ExpectProblem(400, "invalid-request");
        (await Server.PostAsync($"{device.Path}/acts", revocation with { compromisedSince = 1_000_000 }, owner.ApiKey)).ExpectProblem(409, "device-act-refused"); // not in the log yet
        (await Server.PostAsync($"{device.Path}/acts", revocation, owner.ApiKey)).Expect(200);
        var ended = await ListKeysAsync();
        Assert.Equal([entry, entry, entry], ended.Select(static k => k.GetProperty("compromisedSince").GetInt64()));
        Assert.Equal(keys.SkipLast(1).Select(EndedAt), ended.SkipLast(1).Select(EndedAt)); // Those had ended before.
        Assert.NotNull(EndedAt(ended[2]));

        async Task<IReadOnlyList<JsonElement>> ListKeysAsync() => [.. (await Server.GetAsync(device.Path, owner.ApiKey)).Expect(200).Json.GetProperty("keys").EnumerateArray()];

        static string? EndedAt(JsonElement key) => key.GetProperty("endedAt").GetString();
    }

    [Fact]
    public async Task Transfer_NeedsBothSides_AndRetirementEndsAll()
    {
        var owner = await Server.AddOrganisationAsync();
        var buyer = await Server.AddOrganisationAsync();
        using var device = await TestDevice.EnrolAsync(Server, owner);
        (await Server.PostAsync($"{device.Path}/acts", new { act = "accept" }, buyer.ApiKey)).ExpectProblem(404, "not-found");
        (await Server.PostAsync($"{device.Path}/acts", new { act = "transfer", to = "nobody-here" }, owner.ApiKey)).ExpectProblem(400, "invalid-request");
        (await device.SendAsync(device.Event(Yesterday.AddHours(-1), 3, 10))).Expect(201);
        (await Server.PostAsync($"{device.Path}/acts", new { act = "transfer", to = buyer.Id }, owner.ApiKey)).Expect(200);
        // What is offered is named to the buyer; what it measured is not.
        var offered = Assert.Single((await Server.GetAsync("/api/devices", buyer.ApiKey)).Expect(200).Json.GetProperty("devices").EnumerateArray());
        Assert.Equal(device.Uri, offered.GetProperty("device").GetString());
        Assert.False(offered.TryGetProperty("newest", out _));
        Assert.True((await Server.GetAsync("/api/devices", owner.ApiKey)).Expect(200).Json.GetProperty("devices")[0].TryGetProperty("newest", out _));
        await Eventually.TrueAsync("acceptance", async () => (await Server.PostAsync($"{device.Path}/acts", new { act = "accept" }, buyer.ApiKey)).Status == 200);

        (await Server.GetAsync(device.Path, owner.ApiKey)).ExpectProblem(404, "not-found");
        Assert.Equal(buyer.Id, (await Server.GetAsync(device.Path, buyer.ApiKey)).Expect(200).Text("owner"));
        (await device.SendAsync(device.Event(Yesterday, 3, 10))).Expect(201); // the device itself goes on with its key
        await Eventually.TrueAsync("retirement", async () => (await Server.PostAsync($"{device.Path}/acts", new { act = "retire", reason = "scrapped" }, buyer.ApiKey)).Status == 200);
        (await device.SendAsync(device.Event(Yesterday.AddMinutes(5), 3, 10.1))).ExpectProblem(403, "key-revoked");
        await Eventually.TrueAsync("refusal of what comes after", async () =>
            (await Server.PostAsync($"{device.Path}/acts", new { act = "transfer", to = owner.Id }, buyer.ApiKey)) is { Status: 409 } refused && refused.Text("code") == "device-act-refused");
    }

    [Fact]
    public async Task Act_SignedByTheOwnersOwnKey_IsTaken()
    {
        var owner = await Server.AddOrganisationAsync();
        var stranger = await Server.AddOrganisationAsync();
        using var own = await owner.RegisterKeyAsync();
        using var foreign = await stranger.RegisterKeyAsync();
        using var device = await TestDevice.EnrolAsync(Server, owner);
        var entry = (await Server.GetAsync(device.Path, owner.ApiKey)).Json.GetProperty("keys")[0].GetProperty("entry").GetInt64();
        var act = new DeviceAct { Act = DeviceActKind.Revoke, Device = device.Pseudonym, Organisation = owner.Id, Previous = entry, Reason = "stolen", CompromisedSince = entry + 1 };

        await Eventually.TrueAsync("foreign key in the log", async () => (await SendActAsync(device, foreign, act)).Text("code") == "device-act-refused");
        (await SendActAsync(device, foreign, act with { Organisation = stranger.Id })).ExpectProblem(409, "device-act-refused");
        await Eventually.TrueAsync("act of the owner's key", async () => (await SendActAsync(device, own, act)).Status == 200);
        Assert.Equal("without-key", (await Server.GetAsync(device.Path, owner.ApiKey)).Text("state"));
    }

    private static DateTimeOffset Yesterday => new(DateTimeOffset.UtcNow.UtcDateTime.Date.AddDays(-1).AddHours(8), TimeSpan.Zero);

    private Task<Answer> SendActAsync(TestDevice device, SigningKey key, DeviceAct act) => Server.SendAsync(
        HttpMethod.Post, $"{device.Path}/acts", null, TestOrganisation.Content("application/jose", System.Text.Encoding.ASCII.GetBytes(Jws.Sign(key, DeviceAct.Type, OperatorKeys.Origin, act.ToJcs()))));
}
