using System.Buffers.Text;
using System.Globalization;
using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices.Simulation;

/// <summary>The machines of one simulation: who they are, and their statements signed.</summary>
internal sealed class SimulatedFleet : IDisposable
{
    private readonly ManagedKey[] _second;

    /// <summary>Makes the machines with their keys.</summary>
    /// <param name="options">What is simulated.</param>
    /// <param name="companyPrefix">Start of their asset identifiers (GIAI).</param>
    /// <exception cref="Terminal.CliException">The faults do not fit.</exception>
    public SimulatedFleet(SimulationOptions options, string companyPrefix)
    {
        Options = options;
        Faults = SimulationPlan.Plant(options);
        Devices = [.. Enumerable.Range(0, options.Devices).Select(number =>
        {
            var serial = string.Create(CultureInfo.InvariantCulture, $"{Initials(options.Template.Name)}{options.Seed}-{number + 1:0000}");
            return new NewDevice(
                $"https://id.gs1.org/8004/{companyPrefix}{serial}", $"{options.Template.Model} {number + 1}", options.Template.Name, options.Template.Maker, options.Template.Model, serial, new ManagedKey());
        })];
        _second = [.. Faults.Select(static faults => faults.Any(static f => f.Kind == FaultKind.ModuleSwap) ? new ManagedKey() : null!)]; // Asked for only where there is one.
    }

    /// <summary>What is simulated.</summary>
    public SimulationOptions Options { get; }

    /// <summary>The machines.</summary>
    public IReadOnlyList<NewDevice> Devices { get; }

    /// <summary>The faults of each.</summary>
    public IReadOnlyList<IReadOnlyList<PlantedFault>> Faults { get; }

    /// <summary>A key of a machine: 0 the first, 1 the one that is put in its place.</summary>
    public ManagedKey Key(int number, int key) => key == 0 ? Devices[number].Key : _second[number];

    /// <summary>The statements of a machine in the order in which they arrive, each with the key that signed it; a COSE_Sign1 in base64url.</summary>
    public IReadOnlyList<(int Key, long Sequence, string Statement, int Readings)> Sign(int number, string origin)
    {
        var plan = SimulatedDevice.Generate(Options, number, Faults[number]);
        var signed = new string[plan.Count];
        for (var i = 0; i < signed.Length; i++)
        {
            var next = plan[i];
            signed[i] = Sign(Key(number, next.Key), origin, Devices[number].Uri, next, next.Previous < 0 ? null : signed[next.Previous]);
        }
        return [.. SimulatedDevice.Arrivals(plan, Options.Seed + (ulong)number).Select(i => (plan[i].Key, plan[i].Sequence, signed[i], plan[i].Readings.Count))];
    }

    private string Sign(ManagedKey key, string origin, string device, SimulatedStatement next, string? previous)
    {
        List<Measurement> measurements = [.. next.Readings.SelectMany(Options.Template.ToMeasurements)];
        if (!Options.Cbor)
        {
            return TelemetryFormat.Sign(key, origin, device, next.Sequence, previous is null ? null : TelemetryFormat.Digest(previous), next.Boot, next.Clock, TelemetryFormat.WriteEvent(device, measurements));
        }
        var digest = previous is null ? null : TelemetryCbor.Digest(Base64Url.DecodeFromChars(previous));
        return Base64Url.EncodeToString(TelemetryCbor.Sign(key, origin, device, next.Sequence, digest, next.Boot, next.Clock, TelemetryCbor.WriteEvent(device, measurements)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var device in Devices)
        {
            device.Key.Dispose();
        }
        foreach (var key in _second)
        {
            key?.Dispose();
        }
    }

    private static string Initials(string name) => string.Concat(name.Split('-').Select(static part => char.ToUpperInvariant(part[0])));
}
