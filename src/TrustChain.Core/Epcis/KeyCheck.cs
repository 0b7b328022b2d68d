using System.Text;
using TrustChain.Core.Identifiers;

namespace TrustChain.Core.Epcis;

/// <summary>Checks an identifier that is, or looks like, a GS1 key.</summary>
internal static class KeyCheck
{
    private const string Domain = CanonicalDigitalLink.Domain + "/";

    /// <summary>
    /// The complaint about a URI and its canonical Digital Link (null when it has none), or null. Any URI that does not claim to be a GS1 key passes.
    /// </summary>
    public static (string Rule, string Message)? Find(string uri, string? canonical)
    {
        if (canonical is null)
        {
            return ClaimsGs1Scheme(uri)
                ? (EpcisRules.InvalidEpcUrn, $"{FaultList.Quote(Encoding.UTF8.GetBytes(uri))} breaks the grammar of its EPC scheme.")
                : null;
        }
        var rest = canonical.AsSpan(Domain.Length);
        var slash = rest.IndexOf('/');
        var value = rest[(slash + 1)..];
        if (value.IndexOf('/') is >= 0 and var end)
        {
            value = value[..end];
        }
        var digits = CheckedDigits(rest[..slash]);
        if (digits == 0 || (value.Length >= digits && CheckDigit.IsValid(value[..digits])))
        {
            return null;
        }
        return (EpcisRules.WrongCheckDigit, $"The check digit of {value} is wrong.");
    }

    /// <summary>How many leading digits of the key end in a check digit; 0 for keys without one.</summary>
    private static int CheckedDigits(ReadOnlySpan<char> ai) => ai switch
    {
        "00" or "8017" or "8018" => 18,
        "01" or "8003" or "8006" => 14,
        "402" => 17,
        "253" or "255" or "414" or "417" => 13,
        _ => 0,
    };

    /// <summary>EPC URNs of instances, and LGTINs, of the schemes that stand for GS1 keys. Patterns may be wider than a key, so they pass.</summary>
    private static bool ClaimsGs1Scheme(ReadOnlySpan<char> uri)
    {
        const string Id = "urn:epc:id:";
        if (!uri.StartsWith(Id, StringComparison.OrdinalIgnoreCase))
        {
            return uri.StartsWith("urn:epc:class:lgtin:", StringComparison.OrdinalIgnoreCase);
        }
        uri = uri[Id.Length..];
        return uri.IndexOf(':') is > 0 and var end && uri[..end] is "sgtin" or "sscc" or "sgln" or "grai" or "giai" or "gsrn" or "gsrnp" or "gdti"
            or "cpi" or "sgcn" or "ginc" or "gsin" or "itip" or "upui" or "pgln";
    }
}
