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

    /// <summary>The length of the company prefix that is meant; a prefix that is an asterisk fits any.</summary>
    internal int PrefixLength => _fields is [not "*", ..] ? _fields[0].Length : EpcScheme.MinPrefix;

    /// <summary>Fields before the first asterisk.</summary>
    internal int FixedFields => Array.IndexOf(_fields, "*") is var star and >= 0 ? star : _fields.Length;

    /// <summary>What the EPCs that match begin with, from their scheme on: <c>sgtin:0614141.107346</c>; null where only <see cref="Uri"/> matches.</summary>
    internal string? Head => _scheme is null ? null : FixedFields == 0 ? _scheme : $"{_scheme}:{string.Join('.', _fields.Take(FixedFields))}";

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

    private static bool IsPrefix(string text) => text.Length is >= EpcScheme.MinPrefix and <= EpcScheme.MaxPrefix && text.All(char.IsAsciiDigit);
}
