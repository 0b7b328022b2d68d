namespace TrustChain.Cli.Devices.Simulation;

/// <summary>What becomes of a statement after it was signed.</summary>
internal enum StatementFate
{
    /// <summary>It is sent at once.</summary>
    Sent,

    /// <summary>It is sent days later, in no order.</summary>
    Late,

    /// <summary>It never arrives.</summary>
    Lost,
}

/// <summary>What one telemetry statement is to say. The digest of the statement before it is known once that is signed.</summary>
/// <param name="Key">Which key of the machine signs: 0 the first.</param>
/// <param name="IsCopy">Whether a copy of the key says it.</param>
/// <param name="Sequence">Its number under the key.</param>
/// <param name="Previous">Place of the statement before it in the list; -1 for none.</param>
/// <param name="Boot">How often the module has started.</param>
/// <param name="Clock">What its clock says.</param>
/// <param name="Readings">1 to <see cref="SimulatedDevice.MaxReadings"/>.</param>
/// <param name="Fate">What becomes of it.</param>
internal sealed record SimulatedStatement(
    int Key, bool IsCopy, long Sequence, int Previous, long Boot, DateTimeOffset Clock, IReadOnlyList<SimulatedReading> Readings, StatementFate Fate);

/// <summary>The statements of one machine over all days: pure, the same for the same options.</summary>
internal sealed class SimulatedDevice
{
    /// <summary>Most readings of one statement.</summary>
    public const int MaxReadings = 60;

    private const ulong MachineStream = 1000;
    private const ulong FaultStream = 500_000_000;

    private readonly SimulationOptions _options;
    private readonly IReadOnlyList<PlantedFault> _faults;
    private readonly Machine _machine;
    private readonly Pcg _random;
    private readonly List<SimulatedStatement> _statements = [];
    private List<SimulatedReading> _open = [];
    private double[]? _stuck;
    private double[]? _still;
    private double _rolledBack;
    private double _before;
    private int _key;
    private long _sequence;
    private long _copySequence;
    private int _last = -1;
    private int _lastCopy = -1;
    private long _boot;

    private SimulatedDevice(SimulationOptions options, int number, IReadOnlyList<PlantedFault> faults)
    {
        (_options, _faults) = (options, faults);
        _machine = options.Template.Create(new Pcg(options.Seed, MachineStream + (ulong)number));
        _random = new Pcg(options.Seed, FaultStream + (ulong)number);
    }

    /// <summary>All statements in the order in which they are signed.</summary>
    /// <param name="options">What is simulated.</param>
    /// <param name="number">Which machine, from 0.</param>
    /// <param name="faults">Its faults.</param>
    public static IReadOnlyList<SimulatedStatement> Generate(SimulationOptions options, int number, IReadOnlyList<PlantedFault> faults)
    {
        var device = new SimulatedDevice(options, number, faults);
        device.Run();
        return device._statements;
    }

    /// <summary>Places of the statements in the order in which they arrive; without those that never do.</summary>
    public static IReadOnlyList<int> Arrivals(IReadOnlyList<SimulatedStatement> statements, ulong seed)
    {
        var random = new Pcg(seed, FaultStream - 1);
        var (arrivals, late) = (new List<int>(statements.Count), new List<int>());
        for (var i = 0; i < statements.Count; i++)
        {
            switch (statements[i].Fate)
            {
                case StatementFate.Late:
                    late.Add(i);
                    break;
                case StatementFate.Sent:
                    arrivals.Add(i);
                    random.Shuffle(late);
                    arrivals.AddRange(late);
                    late.Clear();
                    break;
            }
        }
        return [.. arrivals, .. late];
    }

    private void Run()
    {
        var end = new DateTimeOffset(_options.From.AddDays(_options.Days), TimeOnly.MinValue, TimeSpan.Zero);
        var time = new DateTimeOffset(_options.From, TimeOnly.MinValue, TimeSpan.Zero);
        var hours = _options.Interval.TotalHours;
        for (; time < end; time += _options.Interval)
        {
            _machine.WorksLong = Now(FaultKind.StuckValue, time) is not null;
            // A reading is some seconds late, as devices are.
            var reading = new SimulatedReading(time.AddMilliseconds(_random.Next(3000)), _machine.Advance((time + Machine.Zone).DateTime, hours));
            if (_open.Count == MaxReadings || (_open.Count > 0 && _open[^1].Time.UtcDateTime.Date != reading.Time.UtcDateTime.Date) || BeginsAnew(reading.Time))
            {
                Close();
            }
            Begin(reading.Time);
            Falsify(reading);
            _open.Add(reading);
        }
        Close();
    }

    /// <summary>The fault of a kind that is under way.</summary>
    private PlantedFault? Now(FaultKind kind, DateTimeOffset time) => _faults.FirstOrDefault(f => f.Kind == kind && time >= f.From && time < f.Until);

    /// <summary>Whether a statement ends before this reading, because what becomes of the next one differs.</summary>
    private bool BeginsAnew(DateTimeOffset time) => _open.Count > 0
        && _faults.Any(f => (_open[^1].Time < f.From && time >= f.From) || (_open[^1].Time < f.Until && time >= f.Until));

    /// <summary>Starts and changes of the module between the last statement and this reading.</summary>
    private void Begin(DateTimeOffset time)
    {
        if (_open.Count > 0 || _statements.Count == 0)
        {
            return;
        }
        var last = _statements[^1].Readings[^1].Time;
        foreach (var fault in _faults.Where(f => last < f.From && time >= f.From))
        {
            if (fault.Kind == FaultKind.Reboot)
            {
                _boot++;
            }
            else if (fault.Kind == FaultKind.ModuleSwap)
            {
                (_key, _sequence, _last, _boot) = (_key + 1, 0, -1, 0);
            }
            else if (fault.Kind == FaultKind.MeterRollback)
            {
                _rolledBack = Math.Max(3, _before * (0.08 + (0.3 * fault.Size)));
            }
        }
    }

    /// <summary>Alters the values of a reading as the faults want.</summary>
    private void Falsify(SimulatedReading reading)
    {
        var (template, values) = (_options.Template, reading.Values);
        _before = values[template.Meter];
        values[template.Meter] -= _rolledBack;
        if (Now(FaultKind.StuckValue, reading.Time) is not null)
        {
            _stuck ??= [.. values];
            values[template.Gauge] = _stuck[template.Gauge];
        }
        if (Now(FaultKind.SpeedImpossible, reading.Time) is { } jump)
        {
            values[template.Latitude] += 2 + (3 * jump.Size);
        }
        if (Now(FaultKind.OutsideGeofence, reading.Time) is { } moved)
        {
            values[template.Latitude] += 0.1 + (0.2 * moved.Size);
        }
    }

    private void Close()
    {
        if (_open.Count == 0)
        {
            return;
        }
        var (readings, first, last) = (_open, _open[0].Time, _open[^1].Time);
        _open = [];
        var fate = Now(FaultKind.Gap, first) is not null ? StatementFate.Lost : Now(FaultKind.Offline, first) is not null ? StatementFate.Late : StatementFate.Sent;
        var clock = last.AddMilliseconds(400 + _random.Next(2500));
        if (Now(FaultKind.ClockDrift, first) is { } drift)
        {
            clock -= (40 + (100 * drift.Size)) * ((last - drift.From) / TimeSpan.FromDays(1)) * TimeSpan.FromMinutes(1);
        }
        if (Now(FaultKind.SequenceFork, first) is not null && _last >= 0)
        {
            SayAgain(readings, clock);
        }
        _statements.Add(new SimulatedStatement(_key, false, ++_sequence, _last, _boot, clock, readings, fate));
        _last = _statements.Count - 1;
    }

    /// <summary>What a copy of the key says at the same time: that nothing happened. It takes the numbers that the machine takes too.</summary>
    private void SayAgain(List<SimulatedReading> readings, DateTimeOffset clock)
    {
        if (_still is null)
        {
            _still = [.. readings[0].Values];
            (_copySequence, _lastCopy) = (_sequence, _last);
            var running = _options.Template.IndexOf("running");
            if (running >= 0)
            {
                _still[running] = 0;
            }
        }
        var copy = readings.Select(r => new SimulatedReading(r.Time.AddMilliseconds(4000 + _random.Next(2000)), [.. _still])).ToList();
        if (copy[^1].Time.UtcDateTime.Date != copy[0].Time.UtcDateTime.Date)
        {
            copy.RemoveAt(copy.Count - 1);
        }
        _statements.Add(new SimulatedStatement(_key, true, ++_copySequence, _lastCopy, _boot, clock.AddSeconds(6), copy, StatementFate.Sent));
        _lastCopy = _statements.Count - 1;
    }
}
