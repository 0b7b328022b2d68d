// The example of docs/device-client.md: DeviceExampleTests compares the two.
using TrustChain.DeviceClient;

internal static class DeviceExample
{
    public static async Task RunAsync(string folder, Uri service, string claimCode, Func<(double Hours, bool Running, double Latitude, double Longitude)> read, CancellationToken stop)
    {
        var options = new DeviceOptions(service)
        {
            BootId = await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", stop),
            Encryption = new DeviceEncryption(static m => m.Type == "Angle" ? "position" : null, ToService: true),
        };
        using var device = File.Exists(Path.Combine(folder, "state.json"))
            ? TelemetryDevice.Open(folder, options)
            : await TelemetryDevice.ClaimAsync(folder, options, claimCode, stop);
        var sending = Task.CompletedTask;
        while (!stop.IsCancellationRequested)
        {
            for (var i = 0; i < 12; i++)
            {
                var (now, values) = (DateTimeOffset.UtcNow, read());
                device.Add(Measurement.Number(now, "https://trustchain.example/measure/operatingHours", (long)values.Hours, "HUR"));
                device.Add(Measurement.Flag(now, "https://trustchain.example/measure/running", values.Running));
                device.Add(Measurement.Number(now, "Angle", Math.Round((decimal)values.Latitude, 6), "DD", "latitude")); // A JWE in the statement.
                device.Add(Measurement.Number(now, "Angle", Math.Round((decimal)values.Longitude, 6), "DD", "longitude"));
                await Task.Delay(TimeSpan.FromMinutes(5), stop);
            }
            device.Flush(); // Signed, numbered and on the disk: from here on a power cut loses nothing.
            if (sending.IsCompleted)
            {
                sending = device.SendAllAsync(stop);
            }
        }
    }
}
