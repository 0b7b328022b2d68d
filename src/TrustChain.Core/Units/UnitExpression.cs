using System.Globalization;
using System.Numerics;

namespace TrustChain.Core.Units;

/// <summary>
/// Evaluates units written as what they are made of, such as <c>lb/ft3</c>: numbers and symbols joined by <c>*</c> and <c>/</c> from left to
/// right, a symbol with its power (2 to 4) behind it. Exact until the end, so that a factor is the nearest double to its definition.
/// </summary>
internal sealed class UnitExpression
{
    private static readonly (string Prefix, int Power)[] Prefixes =
    [
        ("da", 1), ("E", 18), ("P", 15), ("T", 12), ("G", 9), ("M", 6), ("k", 3), ("h", 2), ("d", -1), ("c", -2), ("m", -3), ("u", -6), ("n", -9),
        ("p", -12), ("f", -15), ("a", -18),
    ];

    private readonly Dictionary<string, Ratio> _symbols = new() { ["kg"] = Ratio.One };

    /// <summary>Adds symbols, separated by commas, each with its definition behind it or with none when it is coherent.</summary>
    public void Define(string list, bool withPrefixes)
    {
        foreach (var entry in list.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var space = entry.IndexOf(' ', StringComparison.Ordinal);
            var symbol = space < 0 ? entry : entry[..space];
            var value = space < 0 ? Ratio.One : Parse(entry[(space + 1)..]);
            _symbols[symbol] = value;
            foreach (var (prefix, power) in withPrefixes ? Prefixes : [])
            {
                // A plain symbol comes first: cd is the candela, not a hundredth of a day.
                _symbols.TryAdd(prefix + symbol, value.Times(Ratio.PowerOfTen(power)));
            }
        }
    }

    /// <summary>The value of an expression in coherent SI units.</summary>
    public double Evaluate(string expression) => Parse(expression).ToDouble();

    private Ratio Parse(string expression)
    {
        var value = Ratio.One;
        var start = 0;
        for (var end = 0; end <= expression.Length; end++)
        {
            if (end < expression.Length && expression[end] is not ('*' or '/'))
            {
                continue;
            }
            var part = Part(expression[start..end]);
            value = value.Times(start > 0 && expression[start - 1] == '/' ? part.Inverse() : part);
            start = end + 1;
        }
        return value;
    }

    private Ratio Part(string text)
    {
        if (char.IsAsciiDigit(text[0]))
        {
            return Ratio.Parse(text);
        }
        if (_symbols.TryGetValue(text, out var plain))
        {
            return plain;
        }
        var symbol = _symbols[text[..^1]];
        var value = symbol;
        for (var power = text[^1] - '0'; power > 1; power--)
        {
            value = value.Times(symbol);
        }
        return value;
    }

    private readonly record struct Ratio(BigInteger Over, BigInteger Under)
    {
        public static Ratio One { get; } = new(1, 1);

        public static Ratio PowerOfTen(int power) => power < 0 ? new(1, BigInteger.Pow(10, -power)) : new(BigInteger.Pow(10, power), 1);

        public static Ratio Parse(string number)
        {
            var e = number.IndexOf('e', StringComparison.Ordinal);
            var digits = e < 0 ? number : number[..e];
            var exponent = e < 0 ? 0 : int.Parse(number[(e + 1)..], CultureInfo.InvariantCulture);
            var point = digits.IndexOf('.', StringComparison.Ordinal);
            exponent -= point < 0 ? 0 : digits.Length - point - 1;
            var whole = BigInteger.Parse(digits.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
            return new Ratio(whole, 1).Times(PowerOfTen(exponent));
        }

        public Ratio Times(Ratio other) => new(Over * other.Over, Under * other.Under);

        public Ratio Inverse() => new(Under, Over);

        /// <summary>The nearest double: the quotient is cut to 64 bits first, eleven more than a double keeps.</summary>
        public double ToDouble()
        {
            var shift = 64 - (int)(Over.GetBitLength() - Under.GetBitLength());
            var quotient = shift < 0 ? Over / (Under << -shift) : (Over << shift) / Under;
            var excess = Math.Max(0, (int)quotient.GetBitLength() - 64);
            return Math.ScaleB((ulong)(quotient >> excess), excess - shift);
        }
    }
}
