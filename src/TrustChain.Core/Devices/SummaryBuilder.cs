namespace TrustChain.Core.Devices;

/// <summary>Makes the parts of a summary. Hot, as the reader is: one pass over the readings for each measure.</summary>
internal static class SummaryBuilder
{
    /// <summary>What happens in a longer time than so many intervals is not known.</summary>
    public const int KnownIntervals = 3;

    /// <summary>Part of a value by which a counter may seem to fall when it was converted.</summary>
    private const double Rounding = 1e-9;

    /// <summary>Milliseconds for which one reading tells the state until the next.</summary>
    public static long KnownTime(DeviceTemplate template) => template.ExpectedInterval * 1000L * KnownIntervals;

    /// <summary>Whether a counter fell, and not by rounding alone.</summary>
    public static bool IsFall(double before, double after) => before - after > Math.Abs(before) * Rounding;

    /// <summary>How much a counter may rise beyond its rate: one step, and what it can in two intervals, since readings and steps do not go together.</summary>
    public static double RateTolerance(DeviceTemplate template, DeviceMeasure measure) =>
        measure.Step + ((measure.MaxPerHour ?? 0) * 2 * template.ExpectedInterval / 3600);

    /// <summary>How many milliseconds the machine ran between each reading and the next: one less than there are readings.</summary>
    public static long[] RunningTimes(Telemetry telemetry, DeviceTemplate template, int[] times)
    {
        var running = new long[times.Length - 1];
        var lookup = template.Lookup;
        if (lookup.Running >= 0)
        {
            var known = KnownTime(template);
            for (var i = 0; i < running.Length; i++)
            {
                var time = times[i + 1] - times[i];
                running[i] = telemetry.Raw(i, lookup.Running) > 0 && time <= known ? time : 0;
            }
        }
        else if (lookup.OperatingHours >= 0)
        {
            var milliseconds = lookup.Units[lookup.OperatingHours]!.Factor * 1000; // A counter has a unit.
            var before = double.NaN;
            for (var i = 0; i < times.Length; i++)
            {
                var value = telemetry.Raw(i, lookup.OperatingHours);
                if (double.IsNaN(value))
                {
                    continue;
                }
                if (value > before)
                {
                    running[i - 1] = (long)Math.Min((value - before) * milliseconds, DeviceSchedule.Day);
                }
                before = value;
            }
        }
        return running;
    }

    public static List<CoverageRun> CoverageRuns(DeviceTemplate template, int[] times)
    {
        var widest = template.ExpectedInterval * 1500L;
        var runs = new List<CoverageRun>(1);
        var start = times[0];
        for (var i = 1; i < times.Length; i++)
        {
            if (times[i] - times[i - 1] > widest)
            {
                runs.Add(new CoverageRun(start, times[i - 1]));
                start = times[i];
            }
        }
        runs.Add(new CoverageRun(start, times[^1]));
        return runs;
    }

    public static List<HourSummary> Hours(Telemetry telemetry, DeviceTemplate template, int[] times, long[] running)
    {
        const int Hour = 3_600_000;
        var energy = template.Lookup.Energy;
        var wattHours = energy >= 0 ? template.Lookup.Units[energy]!.Factor / 3600 : 0; // A counter has a unit.
        var meter = double.NaN;
        var hours = new List<HourSummary>(2);
        var current = new HourSummary(times[0] / Hour, 0, 0, 0);
        for (var i = 0; i < times.Length; i++)
        {
            if (times[i] / Hour != current.Hour)
            {
                hours.Add(current);
                current = new HourSummary(times[i] / Hour, 0, 0, 0);
            }
            var used = 0.0;
            if (energy >= 0 && telemetry.Raw(i, energy) is var value && !double.IsNaN(value))
            {
                used = value > meter ? (value - meter) * wattHours : 0;
                meter = value;
            }
            current = new HourSummary(
                current.Hour, current.Readings + 1, current.RunningTime + (i < running.Length ? running[i] : 0), current.EnergyWattHours + used);
        }
        hours.Add(current);
        return hours;
    }

    public static MeasureSummary[] Measures(Telemetry telemetry, DeviceTemplate template, int[] times, long[] running)
    {
        var measures = new MeasureSummary[template.Measures.Count];
        for (var i = 0; i < measures.Length; i++)
        {
            var measure = template.Measures[i];
            measures[i] = (measure.IsOpen, measure.Kind) switch
            {
                (true, MeasureKind.Counter) => Counter(telemetry, template, i, times),
                (true, MeasureKind.Gauge) => Gauge(telemetry, template, i, times, running),
                (true, MeasureKind.State) => State(telemetry, template, i, times),
                _ => Count(telemetry, i),
            };
        }
        return measures;
    }

    private static MeasureSummary Count(Telemetry telemetry, int measure)
    {
        var count = 0;
        for (var i = 0; i < telemetry.Count; i++)
        {
            count += double.IsNaN(telemetry.Raw(i, measure)) ? 0 : 1;
        }
        return count == 0 ? MeasureSummary.None : new MeasureSummary { Count = count };
    }

    private static MeasureSummary Counter(Telemetry telemetry, DeviceTemplate template, int measure, int[] times)
    {
        var definition = template.Measures[measure];
        var perMillisecond = (definition.MaxPerHour ?? 0) / 3_600_000;
        var (count, first, firstAt, last, lastAt) = (0, 0.0, 0, 0.0, 0);
        var (min, max, increase, decrease, decreaseAt) = (double.MaxValue, double.MinValue, 0.0, 0.0, 0);
        var (excess, excessFrom, current, currentFrom, excessUntil) = (0.0, 0, 0.0, 0, 0);
        for (var i = 0; i < times.Length; i++)
        {
            var value = telemetry.Raw(i, measure);
            if (double.IsNaN(value))
            {
                continue;
            }
            if (count++ == 0)
            {
                (first, firstAt, currentFrom) = (value, times[i], times[i]);
            }
            else
            {
                increase += Math.Max(0, value - last);
                if (IsFall(last, value) && last - value > decrease)
                {
                    (decrease, decreaseAt) = (last - value, times[i]);
                }
                // The worst stretch of any length is the one with the largest sum of what rose too much in its steps.
                current += value - last - (perMillisecond * (times[i] - lastAt));
                if (current <= 0)
                {
                    (current, currentFrom) = (0, times[i]);
                }
                else if (current > excess)
                {
                    (excess, excessFrom, excessUntil) = (current, currentFrom, times[i]);
                }
            }
            (last, lastAt, min, max) = (value, times[i], Math.Min(min, value), Math.Max(max, value));
        }
        if (count == 0)
        {
            return MeasureSummary.None;
        }
        if (definition.MaxPerHour is null || excess <= RateTolerance(template, definition))
        {
            (excess, excessFrom, excessUntil) = (0, 0, 0);
        }
        return new MeasureSummary
        {
            Count = count,
            HasValues = true,
            First = first,
            FirstAt = firstAt,
            Last = last,
            LastAt = lastAt,
            Min = min,
            Max = max,
            // Without a fall the difference of the ends, which has one rounding and not a sum of them.
            Increase = decrease > 0 ? increase : Math.Max(0, last - first),
            Decrease = decrease,
            DecreaseAt = decreaseAt,
            Excess = excess,
            ExcessFrom = excessFrom,
            ExcessUntil = excessUntil,
        };
    }

    private static MeasureSummary Gauge(Telemetry telemetry, DeviceTemplate template, int measure, int[] times, long[] running)
    {
        var judgesRuns = template.Measures[measure].StuckAfter is not null;
        var knowsRunning = template.Lookup.KnowsRunning;
        var known = KnownTime(template);
        var (count, first, firstAt, last, lastAt) = (0, 0.0, 0, 0.0, 0);
        var (min, max, sum) = (double.MaxValue, double.MinValue, 0.0);
        var (run, lead, longest, longestUntil, hasChanged, ran) = (0L, 0L, 0L, 0, false, 0L);
        for (var i = 0; i < times.Length; i++)
        {
            if (i > 0 && judgesRuns)
            {
                var time = times[i] - times[i - 1];
                ran += knowsRunning ? running[i - 1] : time <= known ? time : 0;
            }
            var value = telemetry.Raw(i, measure);
            if (double.IsNaN(value))
            {
                continue;
            }
            if (count++ == 0)
            {
                (first, firstAt) = (value, times[i]);
            }
            else if (value.Equals(last))
            {
                run += ran;
                if (run > longest)
                {
                    (longest, longestUntil) = (run, times[i]);
                }
            }
            else
            {
                lead = hasChanged ? lead : run;
                (hasChanged, run) = (true, 0);
            }
            ran = 0;
            (last, lastAt, min, max, sum) = (value, times[i], Math.Min(min, value), Math.Max(max, value), sum + value);
        }
        return count == 0 ? MeasureSummary.None : new MeasureSummary
        {
            Count = count,
            HasValues = true,
            First = first,
            FirstAt = firstAt,
            Last = last,
            LastAt = lastAt,
            Min = min,
            Max = max,
            Sum = sum,
            LeadRun = hasChanged ? lead : run,
            TrailRun = run,
            LongestRun = longest,
            LongestRunUntil = longestUntil,
        };
    }

    private static MeasureSummary State(Telemetry telemetry, DeviceTemplate template, int measure, int[] times)
    {
        var known = KnownTime(template);
        var (count, first, firstAt, last, lastAt) = (0, 0.0, 0, 0.0, 0);
        var (trues, trueTime, rises) = (0, 0L, 0);
        for (var i = 0; i < times.Length; i++)
        {
            var value = telemetry.Raw(i, measure);
            if (double.IsNaN(value))
            {
                continue;
            }
            if (count++ == 0)
            {
                (first, firstAt) = (value, times[i]);
            }
            else
            {
                var time = times[i] - lastAt;
                trueTime += last > 0 && time <= known ? time : 0;
                rises += value > last ? 1 : 0;
            }
            trues += value > 0 ? 1 : 0;
            (last, lastAt) = (value, times[i]);
        }
        return count == 0 ? MeasureSummary.None : new MeasureSummary
        {
            Count = count,
            HasValues = true,
            First = first,
            FirstAt = firstAt,
            Last = last,
            LastAt = lastAt,
            Min = trues == count ? 1 : 0,
            Max = trues > 0 ? 1 : 0,
            Sum = trues,
            TrueTime = trueTime,
            Rises = rises,
        };
    }

    /// <summary>Where it was; null where there is no place.</summary>
    /// <param name="template">The device's template.</param>
    /// <param name="times">Times of the readings.</param>
    /// <param name="place">Degrees of a reading, by its position in <paramref name="times"/>; NaN for none.</param>
    public static PositionSummary? Position(DeviceTemplate template, int[] times, Func<int, (double Latitude, double Longitude)> place)
    {
        PositionSummary? summary = null;
        var centre = template.Geofence is { } fence ? GeoPoint.Of(fence.Latitude, fence.Longitude) : default;
        var (fastest, fastestFrom, fastestUntil) = (0L, 0, 1);
        var (outside, outsideFrom, outsideUntil, outsideMetres) = (0, 0, 0, 0L);
        var (first, firstAt, last, lastAt) = (default(GeoPoint), 0, default(GeoPoint), 0);
        for (var i = 0; i < times.Length; i++)
        {
            var (latitude, longitude) = place(i);
            if (double.IsNaN(latitude))
            {
                continue;
            }
            var here = GeoPoint.Of(latitude, longitude);
            if (summary is null)
            {
                (first, firstAt) = (here, times[i]);
                summary = new PositionSummary();
            }
            else if (template.MaxSpeed is not null && here != last)
            {
                var metres = Math.Max(0, last.MetresTo(here) - (2 * GeoPoint.Noise));
                var time = Math.Max(1, times[i] - lastAt);
                // Speeds compared by cross products: whole numbers.
                if (metres * (fastestUntil - fastestFrom) > fastest * time)
                {
                    (fastest, fastestFrom, fastestUntil) = (metres, lastAt, times[i]);
                }
            }
            if (template.Geofence is not null && centre.MetresTo(here) is var away && away > template.Geofence.Radius + GeoPoint.Noise)
            {
                outsideFrom = outside++ == 0 ? times[i] : outsideFrom;
                (outsideUntil, outsideMetres) = (times[i], Math.Max(outsideMetres, away));
            }
            (last, lastAt) = (here, times[i]);
        }
        return summary is null ? null : new PositionSummary
        {
            First = first,
            FirstAt = firstAt,
            Last = last,
            LastAt = lastAt,
            FastestMetres = fastest,
            FastestFrom = fastest > 0 ? fastestFrom : 0,
            FastestUntil = fastest > 0 ? fastestUntil : 0,
            Outside = outside,
            OutsideFrom = outsideFrom,
            OutsideUntil = outsideUntil,
            OutsideMetres = outsideMetres,
        };
    }
}
