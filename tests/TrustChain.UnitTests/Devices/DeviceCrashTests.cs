using TrustChain.DeviceClient;

namespace TrustChain.UnitTests.Devices;

/// <summary>The power goes before each step on the disk in turn. Afterwards no number was used twice, nothing that was stored is lost, and the chain is whole.</summary>
public sealed class DeviceCrashTests
{
    private const int Steps = 60; // There are more: the loop ends where the scenario comes to its end.

    [Fact]
    public async Task Device_LosesThePowerBeforeAnyStep_GoesOnWithoutForkOrGap()
    {
        for (var at = 1; ; at++)
        {
            using var folder = new DeviceFolder();
            var flushed = new List<DateTimeOffset>();
            if (!await CutAsync(folder, at, flushed))
            {
                Assert.True(at > Steps, $"Only {at} steps were cut.");
                return;
            }
            folder.Step = null;
            await GoOnAsync(folder, flushed);
            var times = folder.Service.RequireWhole();
            Assert.Equal(times.Order(), times);
            Assert.Empty(flushed.Except(times));
            Assert.Equal(times.Count, times.Distinct().Count());
            Assert.Empty(folder.Files("out"));
        }
    }

    /// <summary>Runs until the power goes; false where it never does.</summary>
    private static async Task<bool> CutAsync(DeviceFolder folder, int at, List<DateTimeOffset> flushed)
    {
        var steps = 0;
        folder.Step = _ =>
        {
            if (++steps >= at)
            {
                throw new PowerCutException();
            }
        };
        TelemetryDevice? device = null;
        try
        {
            device = await folder.ClaimAsync();
            Store(device, 0, 3, flushed);
            await device.SendAsync(TestContext.Current.CancellationToken);
            Store(device, 3, 2, flushed);
            folder.Service.Prepare(static _ => null); // The answer is lost: both are sent again.
            await device.SendAsync(TestContext.Current.CancellationToken);
            await device.SendAsync(TestContext.Current.CancellationToken);
            Store(device, 5, 1, flushed);
            await device.RotateAsync(null, TestContext.Current.CancellationToken);
            Store(device, 6, 2, flushed);
            await device.SendAsync(TestContext.Current.CancellationToken);
            return false;
        }
        catch (PowerCutException)
        {
            return true;
        }
        finally
        {
            device?.Dispose();
        }
    }

    private static async Task GoOnAsync(DeviceFolder folder, List<DateTimeOffset> flushed)
    {
        TelemetryDevice device;
        try
        {
            device = folder.Open();
        }
        catch (DeviceException)
        {
            device = await folder.ClaimAsync();
        }
        using (device)
        {
            if (device.IsRotating)
            {
                device.Add(DeviceFolder.Reading(20));
                Assert.Throws<DeviceException>(device.Flush);
                await device.RotateAsync(null, TestContext.Current.CancellationToken);
            }
            Store(device, 21, 2, flushed);
            await device.SendAsync(TestContext.Current.CancellationToken);
        }
    }

    private static void Store(TelemetryDevice device, int first, int count, List<DateTimeOffset> flushed)
    {
        for (var i = first; i < first + count; i++)
        {
            device.Add(DeviceFolder.Reading(i));
            device.Flush();
            flushed.Add(DeviceFolder.Start.AddMinutes(i));
        }
    }

    private sealed class PowerCutException : Exception;
}
