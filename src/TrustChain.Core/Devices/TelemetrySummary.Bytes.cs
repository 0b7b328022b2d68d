using System.Buffers;

namespace TrustChain.Core.Devices;

public sealed partial class TelemetrySummary
{
    private const byte Version = 1;
    private const int MaxBytes = 65_536;

    // What a measure has beside its count and ends.
    private const int HasTimes = 1;
    private const int HasRange = 2;
    private const int HasSum = 4;
    private const int HasIncrease = 8;
    private const int HasPlainIncrease = 16;
    private const int HasDecrease = 32;
    private const int HasExcess = 64;
    private const int HasRuns = 128;
    private const int HasTrueTime = 256;

    private const int HasRunning = 1;
    private const int HasPosition = 2;
    private const int HasFastest = 4;
    private const int HasOutside = 8;

    /// <summary>The summary in bytes, under 400 for an hour of five measures: the same summary gives the same bytes.</summary>
    public byte[] ToBytes()
    {
        var output = new SummaryWriter(new ArrayBufferWriter<byte>(400));
        output.Byte(Version);
        output.Whole(_day);
        output.Whole(_from);
        output.Whole(_until - _from);
        output.Whole(Readings);
        output.Whole((_runningTime is null ? 0 : HasRunning) | (Position is null ? 0 : HasPosition)
            | (Position is { FastestMetres: > 0 } ? HasFastest : 0) | (Position is { Outside: > 0 } ? HasOutside : 0));
        if (_runningTime is { } running)
        {
            output.Whole(running);
        }
        output.Whole(Runs.Count);
        var before = _from;
        foreach (var run in Runs)
        {
            output.Whole(run.From - before);
            output.Whole(run.Until - run.From);
            before = run.Until;
        }
        output.Whole(Hours.Count);
        foreach (var hour in Hours)
        {
            output.Byte((byte)hour.Hour);
            output.Whole(hour.Readings);
            output.Whole(hour.RunningTime);
            output.Number(hour.EnergyWattHours);
        }
        output.Whole(Measures.Count);
        foreach (var measure in Measures)
        {
            Write(measure, output);
        }
        if (Position is { } position)
        {
            Write(position, output);
        }
        return output.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="FormatException">It is not that, or longer than 64 KiB.</exception>
    public static TelemetrySummary Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new FormatException("A summary is at most 64 KiB long.");
        }
        var input = new SummaryInput(bytes);
        if (input.Byte() != Version)
        {
            throw new FormatException("The summary is of another version.");
        }
        var day = (int)input.Whole(0, DateOnly.MaxValue.DayNumber);
        var from = (int)input.Whole(0, DayMilliseconds - 1);
        var until = from + (int)input.Whole(0, DayMilliseconds - 1 - from);
        var readings = (int)input.Whole(1, Telemetry.MaxReadings);
        var flags = (int)input.Whole(0, 15);
        var summary = new TelemetrySummary
        {
            _day = day,
            _from = from,
            _until = until,
            Readings = readings,
            _runningTime = (flags & HasRunning) != 0 ? input.Whole(0, long.MaxValue >> 16) : null,
        };
        var runs = new CoverageRun[input.Whole(1, readings)];
        var before = from;
        for (var i = 0; i < runs.Length; i++)
        {
            var start = before + (int)input.Whole(0, until - before);
            before = start + (int)input.Whole(0, until - start);
            runs[i] = new CoverageRun(start, before);
        }
        summary.Runs = runs;
        var hours = new HourSummary[input.Whole(1, 24)];
        for (var i = 0; i < hours.Length; i++)
        {
            hours[i] = new HourSummary((int)input.Whole(i == 0 ? 0 : hours[i - 1].Hour + 1, 23), (int)input.Whole(1, readings), input.Whole(0, long.MaxValue >> 16), input.Number());
        }
        summary.Hours = hours;
        var measures = new MeasureSummary[input.Whole(1, DeviceTemplate.MaxMeasures)];
        for (var i = 0; i < measures.Length; i++)
        {
            measures[i] = summary.ReadMeasure(ref input);
        }
        summary.Measures = measures;
        summary.Position = (flags & HasPosition) != 0 ? summary.ReadPosition(ref input, flags) : null;
        input.End();
        return summary;
    }

    private void Write(MeasureSummary measure, SummaryWriter output)
    {
        output.Whole((measure.Count * 2) + (measure.HasValues ? 1 : 0));
        if (!measure.HasValues)
        {
            return;
        }
        var hasPlainIncrease = measure.Increase > 0 && measure.Increase.Equals(measure.Last - measure.First);
        var flags = (measure.FirstAt != _from || measure.LastAt != _until ? HasTimes : 0)
            | (measure.Min.Equals(measure.First) && measure.Max.Equals(measure.Last) ? 0 : HasRange)
            | (measure.Sum.Equals(0) ? 0 : HasSum)
            | (hasPlainIncrease ? HasPlainIncrease : measure.Increase > 0 ? HasIncrease : 0)
            | (measure.Decrease > 0 ? HasDecrease : 0)
            | (measure.Excess > 0 ? HasExcess : 0)
            | (measure.LeadRun > 0 || measure.TrailRun > 0 || measure.LongestRun > 0 ? HasRuns : 0)
            | (measure.TrueTime > 0 || measure.Rises > 0 ? HasTrueTime : 0);
        output.Whole(flags);
        output.Number(measure.First);
        output.Number(measure.Last);
        if ((flags & HasTimes) != 0)
        {
            output.Whole(measure.FirstAt - _from);
            output.Whole(measure.LastAt - measure.FirstAt);
        }
        if ((flags & HasRange) != 0)
        {
            output.Number(measure.Min);
            output.Number(measure.Max);
        }
        if ((flags & HasSum) != 0)
        {
            output.Number(measure.Sum);
        }
        if ((flags & HasIncrease) != 0)
        {
            output.Number(measure.Increase);
        }
        if ((flags & HasDecrease) != 0)
        {
            output.Number(measure.Decrease);
            output.Whole(measure.DecreaseAt - _from);
        }
        if ((flags & HasExcess) != 0)
        {
            output.Number(measure.Excess);
            output.Whole(measure.ExcessFrom - _from);
            output.Whole(measure.ExcessUntil - measure.ExcessFrom);
        }
        if ((flags & HasRuns) != 0)
        {
            output.Whole(measure.LeadRun);
            output.Whole(measure.TrailRun);
            output.Whole(measure.LongestRun);
            output.Whole(measure.LongestRun > 0 ? measure.LongestRunUntil - _from : 0);
        }
        if ((flags & HasTrueTime) != 0)
        {
            output.Whole(measure.TrueTime);
            output.Whole(measure.Rises);
        }
    }

    private MeasureSummary ReadMeasure(ref SummaryInput input)
    {
        var head = input.Whole(0, (Readings * 2) + 1);
        var count = (int)(head / 2);
        if (head % 2 == 0)
        {
            return count == 0 ? MeasureSummary.None : new MeasureSummary { Count = count };
        }
        var flags = (int)input.Whole(0, 511);
        var first = input.Number();
        var last = input.Number();
        var measure = new MeasureSummary { Count = count, HasValues = true, First = first, FirstAt = _from, Last = last, LastAt = _until, Min = first, Max = last };
        if ((flags & HasTimes) != 0)
        {
            var firstAt = Moment(ref input, _from);
            measure = measure with { FirstAt = firstAt, LastAt = Moment(ref input, firstAt) };
        }
        if ((flags & HasRange) != 0)
        {
            measure = measure with { Min = input.Number(), Max = input.Number() };
        }
        if ((flags & HasSum) != 0)
        {
            measure = measure with { Sum = input.Number() };
        }
        if ((flags & (HasIncrease | HasPlainIncrease)) != 0)
        {
            measure = measure with { Increase = (flags & HasIncrease) != 0 ? input.Number() : last - first };
        }
        if ((flags & HasDecrease) != 0)
        {
            measure = measure with { Decrease = input.Number(), DecreaseAt = Moment(ref input, _from) };
        }
        if ((flags & HasExcess) != 0)
        {
            var excess = input.Number();
            var excessFrom = Moment(ref input, _from);
            measure = measure with { Excess = excess, ExcessFrom = excessFrom, ExcessUntil = Moment(ref input, excessFrom) };
        }
        if ((flags & HasRuns) != 0)
        {
            var (lead, trail, longest) = (Time(ref input), Time(ref input), Time(ref input));
            var longestUntil = Moment(ref input, _from);
            measure = measure with { LeadRun = lead, TrailRun = trail, LongestRun = longest, LongestRunUntil = longest > 0 ? longestUntil : 0 };
        }
        if ((flags & HasTrueTime) != 0)
        {
            measure = measure with { TrueTime = Time(ref input), Rises = (int)input.Whole(0, Readings) };
        }
        return measure;
    }

    private void Write(PositionSummary position, SummaryWriter output)
    {
        output.Whole(position.FirstAt - _from);
        output.Whole(position.LastAt - position.FirstAt);
        output.Signed(position.First.Latitude);
        output.Signed(position.First.Longitude);
        output.Signed(position.Last.Latitude);
        output.Signed(position.Last.Longitude);
        if (position.FastestMetres > 0)
        {
            output.Whole(position.FastestMetres);
            output.Whole(position.FastestFrom - _from);
            output.Whole(position.FastestUntil - position.FastestFrom);
        }
        if (position.Outside > 0)
        {
            output.Whole(position.Outside);
            output.Whole(position.OutsideFrom - _from);
            output.Whole(position.OutsideUntil - position.OutsideFrom);
            output.Whole(position.OutsideMetres);
        }
    }

    private PositionSummary ReadPosition(ref SummaryInput input, int flags)
    {
        const long MaxMetres = 100_000_000;
        var firstAt = Moment(ref input, _from);
        var position = new PositionSummary { FirstAt = firstAt, LastAt = Moment(ref input, firstAt), First = input.Point(), Last = input.Point() };
        if ((flags & HasFastest) != 0)
        {
            var metres = input.Whole(1, MaxMetres);
            var fastestFrom = Moment(ref input, _from);
            position = position with { FastestMetres = metres, FastestFrom = fastestFrom, FastestUntil = Moment(ref input, fastestFrom) };
        }
        if ((flags & HasOutside) != 0)
        {
            var outside = (int)input.Whole(1, Readings);
            var outsideFrom = Moment(ref input, _from);
            position = position with
            {
                Outside = outside,
                OutsideFrom = outsideFrom,
                OutsideUntil = Moment(ref input, outsideFrom),
                OutsideMetres = input.Whole(0, MaxMetres),
            };
        }
        return position;
    }

    /// <summary>A moment within the statement, written as the time since another.</summary>
    private int Moment(ref SummaryInput input, int since) => since + (int)input.Whole(0, _until - since);

    private static long Time(ref SummaryInput input) => input.Whole(0, long.MaxValue >> 16);
}
