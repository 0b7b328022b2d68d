using System.Globalization;

namespace TrustChain.Core.Query;

/// <summary>How a value of an event is compared with a parameter.</summary>
public enum Comparison
{
    /// <summary>Equal to one of the values.</summary>
    Equal,

    /// <summary>Greater than the value.</summary>
    Greater,

    /// <summary>Greater than or equal to the value.</summary>
    GreaterOrEqual,

    /// <summary>Less than the value.</summary>
    Less,

    /// <summary>Less than or equal to the value.</summary>
    LessOrEqual,
}

/// <summary>Comparing by <see cref="Comparison"/>.</summary>
internal static class Comparisons
{
    public static bool Holds(this Comparison comparison, int order) => comparison switch
    {
        Comparison.Equal => order == 0,
        Comparison.Greater => order > 0,
        Comparison.GreaterOrEqual => order >= 0,
        Comparison.Less => order < 0,
        _ => order <= 0,
    };

    /// <summary>Reads a decimal number of JSON or XML; nothing but digits, sign, point and exponent.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number)
        && double.IsFinite(number);

    /// <inheritdoc cref="TryNumber(ReadOnlySpan{char}, out double)"/>
    public static bool TryNumber(ReadOnlySpan<byte> text, out double number) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number)
        && double.IsFinite(number);
}
