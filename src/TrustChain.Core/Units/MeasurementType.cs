using System.Collections.Frozen;

namespace TrustChain.Core.Units;

/// <summary>The quantities of the GS1 measurement types (GS1 Web Vocabulary, class MeasurementType).</summary>
public static class MeasurementType
{
    // These share the units of another type; every other type is a quantity of its own name.
    private static readonly FrozenDictionary<string, Quantity>.AlternateLookup<ReadOnlySpan<char>> Quantities =
        Enum.GetValues<Quantity>().Select(quantity => KeyValuePair.Create(quantity.ToString(), quantity)).Concat(
        [
            new("AbsoluteHumidity", Quantity.Density),
            new("MassConcentration", Quantity.Density),
            new("Altitude", Quantity.Length),
            new("Count", Quantity.Dimensionless),
            new("RelativeHumidity", Quantity.Dimensionless),
            new("VolumeFraction", Quantity.Dimensionless),
            new("RadiantFlux", Quantity.Power),
        ]).ToFrozenDictionary().GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The quantity of a measurement type given as its bare word, such as <c>Temperature</c>; false for a word that is none.</summary>
    public static bool TryFindQuantity(ReadOnlySpan<char> word, out Quantity quantity) => Quantities.TryGetValue(word, out quantity);
}
