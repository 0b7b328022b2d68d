using System.Globalization;

namespace TrustChain.Server.Pages.Charts;

/// <summary>Round values to mark on an axis: 1, 2 or 5 times a power of ten apart.</summary>
public static class Ticks
{
    private const int Most = 20;

    /// <summary>Ascending values of which the first is at most <paramref name="min"/> and the last at least <paramref name="max"/>; at least two, at most 20.</summary>
    /// <param name="min">Least value.</param>
    /// <param name="max">Greatest value; where it is not above the least, the axis reaches one step further.</param>
    /// <param name="about">How many to aim at, 2 to 10.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is not finite.</exception>
    public static IReadOnlyList<double> Compute(double min, double max, int about)
    {
        if (!double.IsFinite(min) || !double.IsFinite(max))
        {
            throw new ArgumentOutOfRangeException(nameof(min), "An axis goes over finite values.");
        }
        about = Math.Clamp(about, 2, 10);
        var step = NiceStep(Math.Max((max / about) - (min / about), SmallestStep(min, max)));
        var (first, last) = (Math.Floor(min / step), Math.Ceiling(max / step));
        if (last <= first)
        {
            last = first + 1;
        }
        return [.. Enumerable.Range(0, (int)Math.Min(Most, last - first + 1)).Select(i => Clean((first + i) * step, step)).Where(double.IsFinite)];
    }

    /// <summary>A value of an axis as text, with as many decimals as the distance of its neighbours needs; culture says nothing here.</summary>
    public static string Format(double value, double step)
    {
        if (value != 0 && (Math.Abs(value) >= 1e9 || Math.Abs(step) < 1e-4))
        {
            return value.ToString("0.###e0", CultureInfo.InvariantCulture);
        }
        var decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(Math.Max(Math.Abs(step), 1e-4)) - 1e-9), 0, 4);
        var text = value.ToString("#,0." + new string('0', decimals), CultureInfo.InvariantCulture).TrimEnd('.').Replace(',', '\u202f');
        return text.StartsWith('-') && text.All(static c => c is '-' or '0' or '.') ? text[1..] : text;
    }

    /// <summary>A step that does not vanish beside the values.</summary>
    private static double SmallestStep(double min, double max) => Math.Max(Math.Max(Math.Abs(min), Math.Abs(max)) * 1e-9, min == max && min == 0 ? 1 : 1e-9);

    private static double NiceStep(double raw)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return (raw / power) switch
        {
            <= 1.0000001 => power,
            <= 2.0000001 => 2 * power,
            <= 5.0000001 => 5 * power,
            _ => 10 * power,
        };
    }

    /// <summary>Without the dust of floating point: 0.3 instead of 0.30000000000000004.</summary>
    private static double Clean(double value, double step) => Math.Abs(value) < step / 1e6 ? 0 : double.Parse(value.ToString("G12", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
