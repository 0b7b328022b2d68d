using TrustChain.Core.Identifiers;

namespace TrustChain.Core.Query;

/// <summary>
/// A value of a MATCH parameter (EPCIS 2.0 section 8.2.7.1.1): a URI to be equal to, in canonical form, or an EPC pure identity pattern
/// (<c>urn:epc:idpat:sgtin:0614141.107346.*</c>) whose trailing fields may be asterisks.
/// </summary>
public sealed class EpcPattern
{
    private const string PatternStart = "urn:epc:idpat:";

    private readonly string? _scheme;
    private readonly string[] _fields;

    private EpcPattern(string uri, string? scheme, string[] fields) => (Uri, _scheme, _fields) = (uri, scheme, fields);

    /// <summary>The URI in canonical form; for a pattern that also names a class, that of the class.</summary>
    public string Uri { get; }

    /// <summary>Whether other URIs than <see cref="Uri"/> match.</summary>
    public bool IsPattern => _scheme is not null;

    /// <summary>Takes a URI or pattern; false with the reason for a pattern that breaks the grammar.</summary>
    public static bool TryParse(string uri, out EpcPattern pattern, out string? error)
    {
        error = null;
        pattern = new EpcPattern(ItemUris.Canonicalise(uri), null, []);
        if (!uri.StartsWith(PatternStart, StringComparison.Ordinal))
        {
            return true;
        }
        var rest = uri[PatternStart.Length..];
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        var fields = colon < 0 ? [] : rest[(colon + 1)..].Split('.');
        var firstStar = Array.IndexOf(fields, "*");
        if (colon < 0 || EpcScheme.Find(rest.AsSpan(0, colon)) is null || fields.Length < 2
            || fields.Any(static f => f.Length == 0 || (f.Length > 1 && f.Contains('*', StringComparison.Ordinal)))
            || (firstStar >= 0 && fields.AsSpan(firstStar).ContainsAnyExcept("*")) || (firstStar != 0 && !IsPrefix(fields[0])))
        {
            error = "An EPC pattern is urn:epc:idpat:SCHEME: and the fields of the scheme, of which the last ones may be asterisks.";
            return false;
        }
        // Without an asterisk it is the one EPC that it spells.
        pattern = firstStar >= 0 ? new EpcPattern(pattern.Uri, rest[..colon], fields) : new EpcPattern(ItemUris.Canonicalise($"urn:epc:id:{rest}"), null, []);
        return true;
    }

    /// <summary>Whether a canonical, normalised URI matches.</summary>
    public bool Matches(string canonicalUri)
    {
        if (canonicalUri == Uri)
        {
            return true;
        }
        if (_scheme is null || !Gs1Identifier.TryParse(canonicalUri, out var id, out _))
        {
            return false;
        }
        // The length of the company prefix is not in a Digital Link: the pattern says which one is meant, and a prefix that is an asterisk fits any.
        var urn = id.ToEpcUrn(_fields[0] == "*" ? EpcScheme.MinPrefix : _fields[0].Length);
        if (urn is null || !urn.StartsWith("urn:epc:id:", StringComparison.Ordinal))
        {
            return false;
        }
        var rest = urn.AsSpan("urn:epc:id:".Length);
        var colon = rest.IndexOf(':');
        if (!rest[..colon].SequenceEqual(_scheme))
        {
            return false;
        }
        rest = rest[(colon + 1)..];
        foreach (var field in _fields)
        {
            if (field == "*")
            {
                return true; // All that follow are asterisks too.
            }
            var dot = rest.IndexOf('.');
            var part = dot < 0 ? rest : rest[..dot];
            if (!part.SequenceEqual(field))
            {
                return false;
            }
            rest = dot < 0 ? default : rest[(dot + 1)..];
        }
        return rest.IsEmpty;
    }

    private static bool IsPrefix(string text) => text.Length is >= EpcScheme.MinPrefix and <= EpcScheme.MaxPrefix && text.All(char.IsAsciiDigit);
}
