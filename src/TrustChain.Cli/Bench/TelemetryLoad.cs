using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TrustChain.Cli.Devices;
using TrustChain.Cli.Devices.Simulation;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.DeviceClient;

namespace TrustChain.Cli.Bench;

/// <summary>Devices of one run, and telemetry statements that were signed beforehand.</summary>
internal sealed class TelemetryLoad : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly List<(byte[] Body, int Count)> _requests = [];
    private readonly bool _encrypted;
    private End[]? _ends;

    /// <summary>Makes devices with a key each.</summary>
    /// <param name="template">What they measure.</param>
    /// <param name="companyPrefix">Start of their identifiers.</param>
    /// <param name="count">How many.</param>
    /// <param name="encrypted">Whether what the template has encrypted is sent too; else it is left out.</param>
    public TelemetryLoad(MachineTemplate template, string companyPrefix, int count, bool encrypted)
    {
        (Template, _encrypted) = (template, encrypted);
        var devices = new NewDevice[count];
        Parallel.For(0, count, i =>
        {
            var serial = string.Create(CultureInfo.InvariantCulture, $"B{i + 1:000000}");
            devices[i] = new NewDevice($"https://id.gs1.org/8004/{companyPrefix}{serial}", $"Bench {i + 1}", template.Name, template.Maker, template.Model, serial, new ManagedKey());
        });
        Devices = devices;
    }

    /// <summary>What the devices measure.</summary>
    public MachineTemplate Template { get; }

    /// <summary>The devices.</summary>
    public IReadOnlyList<NewDevice> Devices { get; }

    /// <summary>Latency of the requests sent so far.</summary>
    public Latencies Latencies { get; } = new();

    /// <summary>Statements the server took.</summary>
    public long Taken { get; private set; }

    /// <summary>Statements the server refused.</summary>
    public long Refused { get; private set; }

    /// <summary>Why the first of them was refused.</summary>
    public string? FirstProblem { get; private set; }

    /// <summary>Whether everything that was signed was sent.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Signs the next statements of devices in turn, each device's without a pause, in place of those that were sent.</summary>
    /// <param name="statements">How many.</param>
    /// <param name="readings">Readings in each, the same in every call.</param>
    /// <param name="batch">Statements in a request.</param>
    /// <param name="from">The day with which every device begins.</param>
    /// <param name="origin">The log's.</param>
    /// <param name="seed">Chooses the readings.</param>
    public void Sign(int statements, int readings, int batch, DateOnly from, string origin, ulong seed)
    {
        var signed = new string[statements];
        var perDay = (int)(TimeSpan.FromDays(1) / Interval) / readings;
        var first = new DateTimeOffset(from, TimeOnly.MinValue, TimeSpan.Zero);
        _ends ??= [.. Devices.Select((_, number) => new End(Template.Create(new Pcg(seed, (ulong)number))))];
        Parallel.For(0, Math.Min(Devices.Count, statements), number =>
        {
            var (device, end) = (Devices[number], _ends[number]);
            using var ring = _encrypted && Template.IsEncrypted ? new DayKeyRing(end.MasterKey, device.Uri) : null;
            Func<Measurement, string?>? encrypt = ring is null ? null : m => Template.GroupOf(m) is { } group ? ring.Encrypt(m, group) : null;
            for (var place = number; place < statements; place += Devices.Count, end.Statements++)
            {
                var start = first.AddDays(end.Statements / perDay) + (end.Statements % perDay * readings * Interval); // None crosses midnight.
                var all = Enumerable.Range(0, readings).Select(i => start + (i * Interval))
                    .Select(time => new SimulatedReading(time, end.Machine.Advance((time + Machine.Zone).DateTime, Interval.TotalHours))).ToList();
                var payload = TelemetryFormat.WriteEvent(device.Uri, [.. all.SelectMany(Template.ToMeasurements).Where(m => _encrypted || Template.GroupOf(m) is null)], encrypt);
                signed[place] = TelemetryFormat.Sign(device.Key, origin, device.Uri, end.Statements + 1, end.Digest, 0, all[^1].Time.AddSeconds(1), payload);
                end.Digest = TelemetryFormat.Digest(signed[place]);
            }
        });
        _requests.Clear();
        _requests.AddRange(batch == 1 ? signed.Select(static s => (Encoding.ASCII.GetBytes(s), 1)) : StatementBatch.Bodies(signed, batch));
    }

    /// <summary>The day with which devices have to begin so that all that is said ends before another day.</summary>
    public DateOnly FindFirstDay(DateOnly until, long statements, int readings)
    {
        var (perDay, perDevice) = ((int)(TimeSpan.FromDays(1) / Interval) / readings, ((statements - 1) / Devices.Count) + 2); // Rounds that do not come out even take one more of some.
        return until.AddDays(-(int)((perDevice + perDay - 1) / perDay));
    }

    /// <summary>Sends what was signed, until it is spent or the time is over; each client waits for its answer before its next request.</summary>
    /// <exception cref="CliException">The server does not answer, or refuses a whole request of several.</exception>
    public async Task SendAsync(ServerClient client, int clients, TimeSpan duration, CancellationToken cancellationToken)
    {
        IsSpent = false;
        var (next, started, gate) = (-1, Stopwatch.GetTimestamp(), new Lock());
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var place = Interlocked.Increment(ref next);
                if (place >= _requests.Count)
                {
                    IsSpent = true;
                    return;
                }
                var sent = Stopwatch.GetTimestamp();
                var answer = await SendAsync(client, _requests[place], cancellationToken);
                Latencies.AddSince(sent);
                lock (gate)
                {
                    Taken += answer.Taken;
                    Refused += answer.Refused;
                    FirstProblem ??= answer.FirstProblem;
                }
            }
        }));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var device in Devices)
        {
            device.Key.Dispose();
        }
    }

    private static async Task<BatchAnswer> SendAsync(ServerClient client, (byte[] Body, int Count) request, CancellationToken cancellationToken)
    {
        if (request.Count > 1)
        {
            return await StatementBatch.SendAsync(client, request.Body, request.Count, cancellationToken);
        }
        var answer = await DeviceEnrolment.UntilLoggedAsync(() => client.PostAsync("epcis/events", "application/jose", request.Body, cancellationToken), cancellationToken);
        if (answer.IsSuccess)
        {
            return new BatchAnswer(1, 0, null);
        }
        using var problem = answer.ToJson();
        return new BatchAnswer(0, 1, $"{(int)answer.Status} {JsonMembers.Text(problem.RootElement, "code") ?? JsonMembers.Text(problem.RootElement, "type")}: {JsonMembers.Text(problem.RootElement, "detail")}");
    }

    /// <summary>How far a device has come.</summary>
    private sealed class End(Machine machine)
    {
        public Machine Machine { get; } = machine;

        public byte[] MasterKey { get; } = RandomNumberGenerator.GetBytes(DayKeyRing.KeySize);

        public long Statements { get; set; }

        public string? Digest { get; set; }
    }
}
