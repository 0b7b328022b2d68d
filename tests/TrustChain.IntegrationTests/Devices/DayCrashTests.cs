using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>SIGKILL while days of devices are computed.</summary>
public sealed class DayCrashTests(SharedStack stack)
{
    [Fact]
    public async Task Server_KilledBeforeADayIsCommitted_ComputesItAgain()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?> { ["TRUSTCHAIN_CRASH_AT"] = "days.before-commit" });
        var company = await server.AddOrganisationAsync();
        using var device = await TestDevice.EnrolAsync(server, company);
        var day = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-2));
        (await device.SendAsync(device.Sign(device.Event(new DateTimeOffset(day, new TimeOnly(8, 0), TimeSpan.Zero), 60, 100)))).Expect(201);
        await server.WaitUntilKilledAsync();
        Assert.Equal((1, 0), (await CountAsync(server, "device_day_due"), await CountAsync(server, "device_day")));

        server.Environment.Remove("TRUSTCHAIN_CRASH_AT");
        await server.StartAgainAsync();

        await Eventually.TrueAsync("the day", async () => await CountAsync(server, "device_day") == 1);
        Assert.Equal(0, await CountAsync(server, "device_day_due"));
    }

    private static async Task<long> CountAsync(RunningServer server, string table)
    {
        await using var command = server.Database.CreateCommand($"select count(*) from {table}");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!; // count always answers.
    }
}
