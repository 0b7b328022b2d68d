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

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Server.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
