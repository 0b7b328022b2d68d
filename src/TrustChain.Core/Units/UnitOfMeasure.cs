using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace TrustChain.Core.Units;

/// <summary>
/// A unit of UN/ECE Recommendation 20 that converts to others of its quantity, as sensor queries need (EPCIS 2.0 section 8.2.7.1). Codes that
/// are not here have no conversion: equal code and equal number are then all that can match. Immutable.
/// </summary>
public sealed partial class UnitOfMeasure
{
    // Beyond this many digits, values of one amount in two units differ by how doubles round.
    private const int SignificantDigits = 12;

    // What that is for temperatures, whose offsets leave no more even close to zero: a thousand-millionth of a degree.
    private const int TemperatureDecimals = 9;

    private static readonly FrozenDictionary<uint, UnitOfMeasure> ByCode = ReadTable().ToFrozenDictionary(unit => Key(unit.Code));

    private UnitOfMeasure(string code, Quantity quantity, double factor, double offset)
    {
        Code = code;
        Quantity = quantity;
        Factor = factor;
        Offset = offset;
    }

    /// <summary>Every unit of the table, in no order.</summary>
    public static IReadOnlyCollection<UnitOfMeasure> All => ByCode.Values;

    /// <summary>The common code: two or three capital letters and digits.</summary>
    public string Code { get; }

    /// <summary>What it measures. Only units of one quantity convert into each other; energy and torque are two although both are N·m.</summary>
    public Quantity Quantity { get; }

    /// <summary>How many base units one of this is: the nearest double to the unit's definition.</summary>
    public double Factor { get; }

    /// <summary>What zero of this unit is in the base unit; not 0 only for degrees Celsius and Fahrenheit.</summary>
    public double Offset { get; }

    /// <summary>The unit of a code in capitals.</summary>
    public static bool TryFind(ReadOnlySpan<byte> code, [NotNullWhen(true)] out UnitOfMeasure? unit)
    {
        unit = null;
        return code.Length is 2 or 3 && ByCode.TryGetValue(Key(code), out unit);
    }

    /// <inheritdoc cref="TryFind(ReadOnlySpan{byte}, out UnitOfMeasure?)"/>
    public static bool TryFind(ReadOnlySpan<char> code, [NotNullWhen(true)] out UnitOfMeasure? unit)
    {
        unit = null;
        return code.Length is 2 or 3 && Ascii.IsValid(code) && ByCode.TryGetValue(Key(code), out unit);
    }

    /// <summary>
    /// <c>value * Factor + Offset</c> in the base unit of the quantity, rounded to 12 significant digits (temperatures: to 9 decimals), so that one
    /// amount gives one number from whatever unit: 77 °F and 25 °C are both 298.15. Compare these, never unrounded products.
    /// </summary>
    public double ToBase(double value) => Round((value * Factor) + Offset);

    private double Round(double value)
    {
        if (Quantity == Quantity.Temperature)
        {
            return Math.Round(value, TemperatureDecimals);
        }
        Span<char> text = stackalloc char[32];
        // Not a number and the infinities stay what they are.
        return double.IsFinite(value) && value.TryFormat(text, out var length, $"E{SignificantDigits - 1}", CultureInfo.InvariantCulture)
            ? double.Parse(text[..length], CultureInfo.InvariantCulture)
            : value;
    }

    private static uint Key(ReadOnlySpan<byte> code) => code[0] | ((uint)code[1] << 8) | (code.Length == 3 ? (uint)code[2] << 16 : 0);

    private static uint Key(ReadOnlySpan<char> code) => code[0] | ((uint)code[1] << 8) | (code.Length == 3 ? (uint)code[2] << 16 : 0);

    private static List<UnitOfMeasure> ReadTable()
    {
        var expressions = new UnitExpression();
        expressions.Define(Prefixable, withPrefixes: true);
        expressions.Define(Symbols, withPrefixes: false);
        var units = new List<UnitOfMeasure>(1000);
        var quantity = default(Quantity);
        foreach (var line in Table.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            quantity = colon < 0 ? quantity : Enum.Parse<Quantity>(line[..colon]);
            foreach (var entry in line[(colon + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var space = entry.IndexOf(' ', StringComparison.Ordinal);
                var definition = entry[(space + 1)..].Split('+');
                var offset = definition.Length == 1 ? 0 : expressions.Evaluate(definition[1]);
                units.Add(new UnitOfMeasure(entry[..space], quantity, expressions.Evaluate(definition[0]), offset));
            }
        }
        return units;
    }
}
