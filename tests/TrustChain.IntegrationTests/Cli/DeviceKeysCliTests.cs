using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Devices;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>Encrypted values from the device to who may read them, with the command line alone.</summary>
public sealed class DeviceKeysCliTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly DateOnly Yesterday = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-1);

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task SealedDevice_IsReadByTheOwnerAndByWhoIsGivenKeys_AndByNobodyElse()
    {
        using var cli = new CliProcess();
        var (owner, bank) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        cli.Write("owner.key", owner.ApiKey);
        cli.Write("bank.key", bank.ApiKey);
        (await cli.RunAsync("device", "encryption-key", "new", "--out", "owner.jwk")).Expect(0);
        (await cli.RunAsync("device", "encryption-key", "publish", "--key", "owner.jwk", "--server", Server.BaseUrl, "--api-key-file", "owner.key")).Expect(0);
        cli.Write("master", Base64UrlText.Encode([.. Enumerable.Range(0, 32).Select(static i => (byte)i)]));
        var id = await ClaimAndSendAsync(cli, owner, "e-bike", "--master-key", "master", "--encryption-key", "owner.jwk");

        var readings = await ReadAsync(cli, id, "owner.key", "--key", "owner.jwk");
        Assert.Equal(["latitude,31.2,DD", "latitude,31.2001,DD", "longitude,121.4,DD", "longitude,121.4,DD"], Places(readings.Expect(0)));
        Assert.Contains(",operatingHours,600,MIN", readings.Output, StringComparison.Ordinal);
        Assert.Contains(",riderPower,210,WTT", readings.Output, StringComparison.Ordinal); // The template that the claim brought says that this is about the rider.
        Assert.Equal(4, Places((await ReadAsync(cli, id, "owner.key", "--master-key", "master")).Expect(0)).Count); // The secret opens all of them.
        var without = (await ReadAsync(cli, id, "owner.key")).Expect(2);
        Assert.Contains("6 encrypted values could not be read", without.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("31.2", without.Output, StringComparison.Ordinal);

        // The bank has a grant and no key, until the owner wraps it. Its key is signed by one that it holds itself, so nobody has to be believed.
        var terms = GrantTests.Terms(["position"], "exact");
        (await Server.PostAsync($"/api/devices/{id}/grants", new { grantee = bank.Id, terms }, owner.ApiKey)).Expect(201);
        (await cli.RunAsync("keys", "new", "--out", "signing.jwk")).Expect(0);
        (await cli.RunAsync("keys", "register", "signing.jwk", "--server", Server.BaseUrl, "--api-key-file", "bank.key")).Expect(0);
        (await cli.RunAsync("device", "encryption-key", "new", "--out", "bank.jwk")).Expect(0);
        var published = await cli.RunAsync("device", "encryption-key", "publish", "--key", "bank.jwk", "--sign-with", "signing.jwk", "--server", Server.BaseUrl, "--api-key-file", "bank.key");
        Assert.Contains("self", published.Expect(0).Output, StringComparison.Ordinal);
        (await ReadAsync(cli, id, "bank.key", "--key", "bank.jwk")).Expect(2);
        var brought = (await WrapAsync(cli, id, "--to", bank.Id)).Expect(0);
        Assert.DoesNotContain("warning", brought.Errors, StringComparison.Ordinal);
        var read = (await ReadAsync(cli, id, "bank.key", "--key", "bank.jwk")).Expect(0);
        Assert.Equal(4, Places(read).Count);
        Assert.DoesNotContain("riderPower", read.Output, StringComparison.Ordinal);
        Assert.Contains("neither the owner nor somebody whose grant covers", (await WrapAsync(cli, id, "--to", bank.Id, "--group", "rider")).Expect(1).Errors, StringComparison.Ordinal);

        // The service takes no key of a sealed device, and must not put one of its own in the bank's place.
        Assert.Contains("sealed", (await WrapAsync(cli, id, "--to-service")).Expect(1).Errors, StringComparison.Ordinal);
        using var another = DecryptionKey.Generate();
        var forged = Jws.Sign(
            SigningKey.Generate(SignatureAlgorithms.ES256), EncryptionKeyStatement.Type, TrustChain.Devnet.Serving.OperatorKeys.Origin, new EncryptionKeyStatement(bank.Id, another.PublicKey).ToJcs());
        await using var command = Server.Database.CreateCommand("update encryption_key set jwk = $1, kid = $2, statement = $3 where organisation_id = (select id from organisation where code = $4)");
        foreach (var value in (string[])[another.PublicKey.Jwk, another.PublicKey.Kid, forged, bank.Id])
        {
            command.Parameters.Add(new() { Value = value });
        }
        Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        Assert.Contains("is not signed by a key that its entries in the log admit", (await WrapAsync(cli, id, "--to", bank.Id)).Expect(1).Errors, StringComparison.Ordinal);
        Assert.Contains("warning: the service holds the key", (await WrapAsync(cli, id, "--to", owner.Id)).Expect(0).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServiceReadableDevice_HandsItsKeysToTheServiceByItself_AndItsPlacesAreChecked()
    {
        using var cli = new CliProcess();
        var owner = await Server.AddOrganisationAsync();
        cli.Write("owner.key", owner.ApiKey);
        var id = await ClaimAndSendAsync(cli, owner, "shared-bike");
        var passed = (JsonElement)await Eventually.GetAsync<object>("places", async () =>
            (await Server.GetAsync($"/api/devices/{id}/verdicts?from={Day}&to={Day}", owner.ApiKey)).Expect(200).Json.GetProperty("verdicts").EnumerateArray()
                .Single(static v => v.GetProperty("check").GetString() == "place") is var place && place.GetProperty("outcome").GetString() == "passed" ? place : null);
        Assert.Equal("service", passed.GetProperty("basis").GetString());
        // The folder has the secret, and the owner reads with it.
        Assert.Equal(4, Places((await ReadAsync(cli, id, "owner.key", "--master-key", Path.Combine("device", "master.key"))).Expect(0)).Count);
    }

    private static string Day => Yesterday.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Registers a device, claims it, and sends two readings with a place, and of a rider where there is one.</summary>
    /// <returns>The device's pseudonym.</returns>
    private async Task<string> ClaimAndSendAsync(CliProcess cli, TestOrganisation owner, string template, params string[] options)
    {
        var registered = (await Server.PostAsync("/api/devices", new { device = $"https://id.gs1.org/8004/{owner.Prefix}CLI1", name = "Bicycle", template }, owner.ApiKey)).Expect(201);
        (await cli.RunAsync(["device", "claim", "--server", Server.BaseUrl, "--claim", registered.Text("claim"), "--state", "device", .. options])).Expect(0);
        var csv = new StringBuilder("time,type,component,value,unit\n");
        for (var minute = 0; minute < 2; minute++)
        {
            var time = $"{Day}T08:0{minute}:00Z";
            csv.Append(CultureInfo.InvariantCulture, $"{time},urn:trustchain:measure:operating-time,,{600 + minute},MIN\n{time},Angle,https://ref.gs1.org/cbv/Comp-latitude,31.200{minute},DD\n{time},Angle,longitude,121.4,DD\n");
            if (template == "e-bike")
            {
                csv.Append(CultureInfo.InvariantCulture, $"{time},urn:trustchain:measure:rider-power,,21{minute},WTT\n");
            }
        }
        cli.Write("readings.csv", csv.ToString());
        var sent = (await cli.RunAsync("device", "send", "--state", "device", "--file", "readings.csv", "--wait", "--json")).Expect(0).Json;
        Assert.Equal((1, 0, 0), (sent.GetProperty("sent").GetInt32(), sent.GetProperty("refused").GetInt32(), sent.GetProperty("left").GetInt32()));
        return registered.Text("id");
    }

    private Task<CliResult> ReadAsync(CliProcess cli, string id, string apiKey, params string[] options) =>
        cli.RunAsync(["device", "readings", "--device", id, "--day", Day, "--server", Server.BaseUrl, "--api-key-file", apiKey, .. options]);

    private Task<CliResult> WrapAsync(CliProcess cli, string id, params string[] options) => cli.RunAsync(
        ["device", "day-keys", "--device", id, "--master-key", "master", "--from", Day, "--until", Day, "--server", Server.BaseUrl, "--api-key-file", "owner.key", .. options]);

    /// <summary>Places that were read, without their times.</summary>
    private static List<string> Places(CliResult result) =>
        [.. result.Output.Split('\n').Where(static l => l.TrimEnd().EndsWith(",DD", StringComparison.Ordinal)).Select(static l => l.TrimEnd()[(l.IndexOf(',', StringComparison.Ordinal) + 1)..]).Order(StringComparer.Ordinal)];
}
