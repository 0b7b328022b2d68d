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

    [Fact]
    public async Task Grants_InForce_AreAtMostAThousand()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        var (bank, insurer) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var first = await GrantTests.GiveAsync(Server, device, bank, GrantTests.Terms());
        await ExecuteAsync($"""
            insert into device_grant (id, uri, device_id, owner_id, grantee_id, terms, granted_at)
            select substr(encode(sha256((g.id || i)::bytea), 'hex'), 1, 22), g.uri, g.device_id, g.owner_id, g.grantee_id, g.terms, g.granted_at - i * interval '1 second' from device_grant g, generate_series(1, 997) i where g.id = '{first}'
            """);
        var asked = (await Server.PostAsync("/api/grants", new { device = device.Uri, terms = GrantTests.Terms() }, insurer.ApiKey)).Expect(202).Text("grant");

        // Two more are given, whoever comes first.
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => OfferAsync()));
        Assert.Equal(2, answers.Count(static a => a.Status == 201));
        Assert.All(answers.Where(static a => a.Status != 201), static a => a.ExpectProblem(409, "too-many-grants"));
        (await ApproveAsync()).ExpectProblem(409, "too-many-grants");

        // Those that have ended are not counted.
        (await Server.PostAsync($"{device.Path}/grants/{first}/revoke", new { }, device.Owner.ApiKey)).Expect(200);
        (await ApproveAsync()).Expect(200);
        (await OfferAsync()).ExpectProblem(409, "too-many-grants");
        await ExecuteAsync($"""
            update device_grant set terms = terms || '{Expired}' where id = (select id from device_grant where uri = '{device.Uri}' and revoked_at is null order by granted_at limit 1)
            """);
        (await OfferAsync()).Expect(201);
        (await OfferAsync()).ExpectProblem(409, "too-many-grants");

        // Whoever hands over keys is judged by as many as whoever reads.
        var kid = new string('k', 43);
        await ExecuteAsync($"insert into encryption_key (organisation_id, kid, jwk, statement, custody, created_at) select id, '{kid}', '', '', 0, now() from organisation where code = '{bank.Id}'");
        await using var command = Server.Database.CreateCommand($"select id from device where uri = '{device.Uri}'");
        var id = (int)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // It is there.
        var given = await new GrantStore(Server.Database).ListGivenToKeyAsync(id, kid, TestContext.Current.CancellationToken);
        Assert.Equal(100, given.Count);
        Assert.Contains(first, given.Select(static g => g.Id)); // among the newest

        Task<Answer> OfferAsync() => Server.PostAsync($"{device.Path}/grants", new { grantee = bank.Id, terms = GrantTests.Terms() }, device.Owner.ApiKey);

        Task<Answer> ApproveAsync() => Server.PostAsync($"{device.Path}/grants/{asked}/approve", new { }, device.Owner.ApiKey);
    }

    private const string Expired = """{"expires":"2026-01-01T00:00:00.000Z"}""";

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Server.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
