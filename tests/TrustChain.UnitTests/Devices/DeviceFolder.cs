using TrustChain.DeviceClient;

namespace TrustChain.UnitTests.Devices;

/// <summary>A device's folder in a temporary place, with the service that the device speaks to.</summary>
internal sealed class DeviceFolder : IDisposable
{
    public const string Hours = "https://trustchain.example/measure/operatingHours";

    public static readonly DateTimeOffset Start = new(2026, 11, 2, 8, 0, 0, TimeSpan.Zero);

    public StubService Service { get; } = new();

    // In memory where there is such a place: what is tested here does not depend on a disk, and each statement waits for it twice.
    public string Path { get; } = Directory.CreateDirectory(System.IO.Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath(), $"trustchain-device-{Guid.NewGuid():N}")).FullName;

    public Action<string>? Step { get; set; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public DeviceEncryption? Encryption { get; set; }

    public DeviceOptions Options => new(new Uri("https://service.example")) { Handler = Service, Step = Step, Clock = Clock, Encryption = Encryption };

    public Task<TelemetryDevice> ClaimAsync() => TelemetryDevice.ClaimAsync(Path, Options, StubService.Claim, TestContext.Current.CancellationToken);

    public TelemetryDevice Open() => TelemetryDevice.Open(Path, Options);

    /// <summary>Names of the files of a part, in order.</summary>
    public string[] Files(string part) => [.. Directory.GetFiles(System.IO.Path.Combine(Path, part)).Select(static f => System.IO.Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    public static Measurement Reading(int minute, decimal value = 5) => Measurement.Number(Start.AddMinutes(minute), Hours, value, "HUR");

    /// <summary>Statements of one reading each, stored.</summary>
    public static void Store(TelemetryDevice device, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            device.Add(Reading(i));
            device.Flush();
        }
    }

    public void Dispose()
    {
        Service.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}
