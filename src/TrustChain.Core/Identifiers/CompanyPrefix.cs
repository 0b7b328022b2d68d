namespace TrustChain.Core.Identifiers;

/// <summary>Where the GS1 company prefix stands in a key (GS1 General Specifications, section 1.4.4), for checking that a key belongs to a registered prefix.</summary>
public static class CompanyPrefix
{
    /// <summary>
    /// The digits of a canonical Digital Link that the owner's company prefix must be a prefix of: without the indicator of a GTIN or ITIP,
    /// the extension digit of an SSCC or the filler zero of a GRAI; for keys with letters, the digits they start with.
    /// </summary>
    /// <remarks>
    /// A registered prefix has its leading zeros (0614141, not 614141). A GTIN-8 gives six zeros and its eight digits, which no company prefix covers:
    /// it is licensed as a single key.
    /// </remarks>
    /// <param name="canonicalDigitalLink">As <see cref="CanonicalDigitalLink.TryCanonicalise"/> or <see cref="Gs1Identifier.DigitalLink"/> give it.</param>
    /// <returns>A slice of the input; empty where it is no such link.</returns>
    public static ReadOnlySpan<char> DigitsOf(ReadOnlySpan<char> canonicalDigitalLink)
    {
        if (!canonicalDigitalLink.StartsWith(CanonicalDigitalLink.Domain + "/", StringComparison.Ordinal))
        {
            return default;
        }
        var rest = canonicalDigitalLink[(CanonicalDigitalLink.Domain.Length + 1)..];
        var slash = rest.IndexOf('/');
        if (slash < 0)
        {
            return default;
        }
        var value = rest[(slash + 1)..];
        var end = value.IndexOf('/');
        return DigitsOf(rest[..slash], end < 0 ? value : value[..end]);
    }

    /// <summary>As the other overload, of a key and its value.</summary>
    /// <param name="primaryKey">Application identifier of the key.</param>
    /// <param name="value">Its value.</param>
    /// <returns>A slice of <paramref name="value"/>; empty where the key has no company prefix known here.</returns>
    public static ReadOnlySpan<char> DigitsOf(ReadOnlySpan<char> primaryKey, ReadOnlySpan<char> value)
    {
        var start = primaryKey switch
        {
            "00" or "01" or "8003" or "8006" => 1,
            "253" or "255" or "401" or "402" or "414" or "415" or "417" or "8004" or "8010" or "8013" or "8017" or "8018" => 0,
            _ => -1,
        };
        if (start < 0 || value.Length <= start)
        {
            return default;
        }
        var digits = value[start..];
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? digits : digits[..end];
    }
}
