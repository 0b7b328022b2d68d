using TrustChain.Core.Identifiers;

namespace TrustChain.UnitTests.Identifiers;

/// <summary>Valid EPC URNs of every scheme and family, at random but repeatable.</summary>
internal static class RandomUrn
{
    private const string Set82 = "ABCXYZabcxyz0189!\"%&'()*+,-./:;<=>?_";
    private const string Set39 = "ABCXYZ0189#-/";

    private const int InstanceSchemes = 15;
    private const int LotSchemes = 1;
    private const int PatternSchemes = 6;

    private static readonly string[] _names =
    [
        "sgtin", "sscc", "sgln", "grai", "giai", "gsrn", "gsrnp", "gdti", "cpi", "sgcn", "ginc", "gsin", "itip", "upui", "pgln", "lgtin",
    ];

    /// <summary>Number of combinations of family and scheme that <see cref="Next"/> can give; UPUI patterns are left out, being SGTIN patterns once converted.</summary>
    public static int Kinds => InstanceSchemes + LotSchemes + PatternSchemes;

    public static string Next(Random random)
    {
        var scheme = EpcScheme.Find(_names[random.Next(_names.Length)])!;
        var prefix = Digits(random, random.Next(EpcScheme.MinPrefix, EpcScheme.MaxPrefix + 1));
        var reference = scheme.KeyDigits > 0
            ? Digits(random, scheme.KeyDigits - prefix.Length)
            : Text(random, 1 + random.Next(EpcScheme.MaxTextKey - prefix.Length), scheme.ReferenceIs39 ? Set39 : Set82);
        if (scheme.HasPieces)
        {
            reference += $".{Digits(random, 2)}.{Digits(random, 2)}";
        }
        if (scheme.Serial == EpcSerial.None)
        {
            return $"urn:epc:id:{scheme.Name}:{prefix}.{reference}";
        }
        if (scheme.HasPattern && scheme != EpcScheme.Upui && random.Next(3) == 0)
        {
            return $"urn:epc:idpat:{scheme.Name}:{prefix}.{reference}.*";
        }
        var length = 1 + random.Next(scheme.SerialMax);
        var serial = scheme.Serial == EpcSerial.Digits ? Digits(random, length) : Text(random, length, Set82);
        return $"urn:epc:{(scheme == EpcScheme.Lgtin ? "class" : "id")}:{scheme.Name}:{prefix}.{reference}.{serial}";
    }

    private static string Digits(Random random, int count) => new([.. Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10)))]);

    private static string Text(Random random, int count, string set) => string.Concat(
        Enumerable.Range(0, count).Select(_ => set[random.Next(set.Length)]).Select(c => "\"%&/<>?#".Contains(c) ? $"%{(int)c:X2}" : c.ToString()));
}
