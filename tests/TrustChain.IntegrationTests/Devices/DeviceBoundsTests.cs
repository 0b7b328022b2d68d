using System.Globalization;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Devices;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>How much of what belongs to a device there may be, and what is said beyond it.</summary>
public sealed class DeviceBoundsTests(FreshServerFixture fixture) : IClassFixture<FreshServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Evidence_OfMoreStatementsThanAFileHas_IsRefused_AndOfAShorterPeriodGiven()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var day = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-2);
        (await device.SendAsync(device.Event(new DateTimeOffset(day.ToDateTime(new TimeOnly(8, 0)), TimeSpan.Zero), 10, 500))).Expect(201);
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        await AddAsync(1, 149_999);
        (await EvidenceAsync(day.AddDays(-100))).Expect(200);

        await AddAsync(150_000, 1);
        var problem = (await EvidenceAsync(day.AddDays(-100))).ExpectProblem(422, "period-too-large");
        Assert.Contains("shorter", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await EvidenceAsync(day)).Expect(200);

        Task<Answer> EvidenceAsync(DateOnly from) => Server.GetAsync($"{device.Path}/evidence?from={from:yyyy-MM-dd}&to={day:yyyy-MM-dd}", device.Owner.ApiKey);

        // Some of a hundred days before; they wait for their places in the log.
        Task AddAsync(int from, int count) => ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"""
            insert into telemetry (device_id, key_number, sequence, digest, boot, clock, received_at, day, record_id, imported, readings, summary)
            select id, 0, 1000 + i, sha256(i::text::bytea), 1, now(), now(), date '{day:yyyy-MM-dd}' - 1 - i % 99, -i, false, 1, '' from device, generate_series({from}, {from + count - 1}) i where uri = '{device.Uri}'
            """));
    }

    [Fact]
    public async Task Act_BeyondTheMost_IsRefused_ButTheDeviceCanBeRevokedAndRetired()
    {
        var owner = await Server.AddOrganisationAsync();
        var other = await Server.AddOrganisationAsync();
        using var device = await TestDevice.EnrolAsync(Server, owner);
        for (var entries = 1; entries < 300; entries++) // A later offer takes the place of an open one.
        {
            await ActAsync(new { act = "transfer", to = other.Id });
        }
        await RefusedAsync(new { act = "transfer", to = other.Id }, owner);
        await RefusedAsync(new { act = "accept" }, other);

        await ActAsync(new { act = "revoke", reason = "stolen" });
        using var key = SigningKey.Generate(SignatureAlgorithms.ES256);
        await RefusedAsync(new { act = "replace", jwk = System.Text.Json.JsonDocument.Parse(key.PublicKey.Jwk).RootElement, proof = device.Prove(Core.Devices.DeviceActKind.Replace, key) }, owner);
        await ActAsync(new { act = "retire" });

        Task ActAsync(object act) => Eventually.TrueAsync("act that was taken", async () => (await TryAsync(act, owner)).Status == 200);

        async Task RefusedAsync(object act, TestOrganisation by) =>
            (await Eventually.GetAsync("answer other than that an entry waits", async () => await TryAsync(act, by) is var answer && answer is { Status: 409 } && answer.Text("code") == "key-not-yet-logged" ? null : answer))
            .ExpectProblem(409, "too-many-acts");

        Task<Answer> TryAsync(object act, TestOrganisation by) => Server.PostAsync($"{device.Path}/acts", act, by.ApiKey);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Server.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
