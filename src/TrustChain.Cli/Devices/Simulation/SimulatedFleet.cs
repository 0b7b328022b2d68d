using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices.Simulation;

/// <summary>The machines of one simulation: who they are, and their statements signed.</summary>
internal sealed class SimulatedFleet : IDisposable
{
    private readonly ManagedKey[] _second;
    private readonly byte[][] _masters;

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
        _masters = [.. Devices.Select(_ => options.Template.IsEncrypted ? RandomNumberGenerator.GetBytes(DayKeyRing.KeySize) : [])];
    }

    /// <summary>What is simulated.</summary>
    public SimulationOptions Options { get; }

    /// <summary>The machines.</summary>
    public IReadOnlyList<NewDevice> Devices { get; }

    /// <summary>The faults of each.</summary>
    public IReadOnlyList<IReadOnlyList<PlantedFault>> Faults { get; }

    /// <summary>A key of a machine: 0 the first, 1 the one that is put in its place.</summary>
    public ManagedKey Key(int number, int key) => key == 0 ? Devices[number].Key : _second[number];

    /// <summary>The secret from which the day keys of a machine come; empty where nothing is encrypted.</summary>
    public byte[] MasterKey(int number) => _masters[number];

    /// <summary>The day keys of all days of a machine, wrapped to each of some recipients.</summary>
    public IReadOnlyList<string> WrapKeys(int number, IReadOnlyCollection<string> recipientJwks)
    {
        using var ring = new DayKeyRing(_masters[number], Devices[number].Uri);
        var first = new DateTimeOffset(Options.From, TimeOnly.MinValue, TimeSpan.Zero);
        return [.. Options.Template.Measures.Select(static m => m.Group).OfType<string>().Distinct()
            .SelectMany(group => Enumerable.Range(0, Options.Days).Select(day => ring.NameOf(first.AddDays(day), group)))
            .SelectMany(name => recipientJwks.Select(jwk => ring.Wrap(name, jwk)))];
    }

    /// <summary>The statements of a machine in the order in which they arrive, each with the key that signed it; a COSE_Sign1 in base64url.</summary>
    public IReadOnlyList<(int Key, long Sequence, string Statement, int Readings)> Sign(int number, string origin)
    {
        var plan = SimulatedDevice.Generate(Options, number, Faults[number]);
        var signed = new string[plan.Count];
        using var ring = Options.Template.IsEncrypted ? new DayKeyRing(_masters[number], Devices[number].Uri) : null;
        Func<Measurement, string?>? encrypt = ring is null ? null : m => Options.Template.GroupOf(m) is { } group ? ring.Encrypt(m, group) : null;
        for (var i = 0; i < signed.Length; i++)
        {
            var next = plan[i];
            signed[i] = Sign(Key(number, next.Key), origin, Devices[number].Uri, next, next.Previous < 0 ? null : signed[next.Previous], encrypt);
        }
        return [.. SimulatedDevice.Arrivals(plan, Options.Seed + (ulong)number).Select(i => (plan[i].Key, plan[i].Sequence, signed[i], plan[i].Readings.Count))];
    }

    private string Sign(ManagedKey key, string origin, string device, SimulatedStatement next, string? previous, Func<Measurement, string?>? encrypt)
    {
        List<Measurement> measurements = [.. next.Readings.SelectMany(Options.Template.ToMeasurements)];
        if (!Options.Cbor)
        {
            return TelemetryFormat.Sign(key, origin, device, next.Sequence, previous is null ? null : TelemetryFormat.Digest(previous), next.Boot, next.Clock, TelemetryFormat.WriteEvent(device, measurements, encrypt));
        }
        var digest = previous is null ? null : TelemetryCbor.Digest(Base64Url.DecodeFromChars(previous));
        return Base64Url.EncodeToString(TelemetryCbor.Sign(key, origin, device, next.Sequence, digest, next.Boot, next.Clock, TelemetryCbor.WriteEvent(device, measurements, encrypt)));
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
        Array.ForEach(_masters, static m => CryptographicOperations.ZeroMemory(m));
    }

    private static string Initials(string name) => string.Concat(name.Split('-').Select(static part => char.ToUpperInvariant(part[0])));
}
