using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>Silence is found however many devices are quiet.</summary>
public sealed class SilenceTests(SharedStack stack)
{
    [Fact]
    public async Task Silence_BehindTenThousandQuietDevices_IsFound()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        using var device = await TestDevice.EnrolAsync(server, await server.AddOrganisationAsync());
        (await device.SendAsync(device.Event(DateTimeOffset.UtcNow.AddDays(-4), 1, 500))).Expect(201);
        await server.StopAsync();
        // Bicycles that may be quiet for three days and are for one, with ids before the device's; other machines are silent after less.
        await ExecuteAsync("""
            insert into device (id, uri, pseudonym, salt, organisation_id, template, name, state, created_at) overriding system value
            select -i, 'urn:test:quiet:' || i, sha256(i::text::bytea), sha256(i::text::bytea), (select organisation_id from device limit 1), 'e-bike', 'Bicycle', 1, now() from generate_series(1, 10000) i
            """);
        await ExecuteAsync("""
            insert into device_status (device_id, last_key_number, last_sequence, last_record_id, first_reading_at, last_reading_at, last_seen_at, statements, readings)
            select -i, 0, 1, 1, now() - interval '30 hours', now() - interval '30 hours', now() - interval '30 hours', 1, 1 from generate_series(1, 10000) i
            """);
        await ExecuteAsync("update device_status set last_seen_at = last_seen_at - interval '1 hour' where device_id > 0"); // It is not just sending.
        await server.StartAgainAsync(); // Silences are looked for at once.

        await Eventually.TrueAsync("silence of the device", async () => await CountAsync("device_id > 0") == 1);
        Assert.Equal(0, await CountAsync("device_id < 0"));

        async Task ExecuteAsync(string sql)
        {
            await using var command = server.Database.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        async Task<long> CountAsync(string where)
        {
            await using var command = server.Database.CreateCommand($"select count(*) from device_finding where code = 'silence' and ended_at is null and {where}");
            return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // count always answers.
        }
    }
}
