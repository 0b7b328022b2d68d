using TrustChain.Core.Units;

namespace TrustChain.Core.Query;

/// <summary>Compares numbers whose units may differ.</summary>
internal static class UnitComparison
{
    /// <summary>Whether a number compares with one of the values.</summary>
    /// <param name="comparison">How.</param>
    /// <param name="number">The event's number.</param>
    /// <param name="unit">Its unit (UN/ECE Recommendation 20); null where the event has none.</param>
    /// <param name="values">The values asked for.</param>
    /// <param name="wantedUnit">Their unit; null: only the numbers are compared.</param>
    /// <param name="areDifferences">Whether the numbers are differences, of which 1 °C is 1 K.</param>
    public static bool Holds(Comparison comparison, double number, string? unit, IReadOnlyList<double> values, string? wantedUnit, bool areDifferences)
    {
        if (wantedUnit is null || wantedUnit == unit)
        {
            return values.Any(value => comparison.Holds(number.CompareTo(value)));
        }
        if (unit is null || !UnitOfMeasure.TryFind(unit, out var theirs) || !UnitOfMeasure.TryFind(wantedUnit, out var ours) || theirs.Quantity != ours.Quantity)
        {
            return false;
        }
        // In the base unit both numbers went through a multiplication, so equality allows for its rounding.
        var mine = ToBase(theirs, number, areDifferences);
        return values.Any(value => ToBase(ours, value, areDifferences) is var wanted
            && comparison.Holds(Math.Abs(mine - wanted) <= 1e-9 * Math.Max(Math.Abs(mine), Math.Abs(wanted)) ? 0 : mine.CompareTo(wanted)));
    }

    private static double ToBase(UnitOfMeasure unit, double number, bool isDifference) => isDifference ? number * unit.Factor : unit.ToBase(number);
}
