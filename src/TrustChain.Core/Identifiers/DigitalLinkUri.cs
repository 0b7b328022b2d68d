using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace TrustChain.Core.Identifiers;

/// <summary>
/// An uncompressed GS1 Digital Link URI on any domain (GS1 Digital Link Standard: URI Syntax, section 4): key and qualifiers in the path, attributes in the query.
/// </summary>
public sealed class DigitalLinkUri
{
    private static readonly SearchValues<char> _uriCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%");

    private static readonly SearchValues<char> _authorityCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:[]@%");

    private DigitalLinkUri(string stem, IReadOnlyList<ElementValue> path, IReadOnlyList<ElementValue> attributes)
    {
        (Stem, Path, Attributes) = (stem, path, attributes);
    }

    /// <summary>Scheme, authority and any path before the key, without a slash at its end: <c>https://example.com/shop</c>.</summary>
    public string Stem { get; }

    /// <summary>The primary key, then its qualifiers in the order of the standard; values unescaped.</summary>
    public IReadOnlyList<ElementValue> Path { get; }

    /// <summary>The elements of the query, values unescaped; other query parameters are left out.</summary>
    public IReadOnlyList<ElementValue> Attributes { get; }

    /// <summary>The elements of path and query.</summary>
    public IEnumerable<ElementValue> Elements => Path.Concat(Attributes);

    /// <summary>Reads a URI. The rightmost key in the path starts the identifier; a fragment is ignored; check digits are not verified.</summary>
    /// <param name="uri">At most 2,048 characters of RFC 3986; scheme http or https in all lower or all upper case.</param>
    /// <param name="reading">What else to accept; <see cref="Gs1Reading.VerifyCheckDigit"/> has no effect here.</param>
    /// <param name="link">The parts.</param>
    /// <param name="error">One sentence naming the place and the rule.</param>
    public static bool TryParse(
        string uri, Gs1Reading reading, [NotNullWhen(true)] out DigitalLinkUri? link, [NotNullWhen(false)] out string? error)
    {
        link = null;
        if (uri.Length > CanonicalDigitalLink.MaxLength)
        {
            error = $"A Digital Link URI has at most {CanonicalDigitalLink.MaxLength} characters here.";
            return false;
        }
        if (uri.AsSpan().ContainsAnyExcept(_uriCharacters))
        {
            error = "The URI has a character that RFC 3986 does not allow unescaped.";
            return false;
        }
        var fragment = uri.IndexOf('#', StringComparison.Ordinal);
        var beforeFragment = fragment < 0 ? uri : uri[..fragment];
        var question = beforeFragment.IndexOf('?', StringComparison.Ordinal);
        var beforeQuery = question < 0 ? beforeFragment : beforeFragment[..question];
        if (!LinkPath.TryFind(beforeQuery, out var rest) || AuthorityOf(beforeQuery).ContainsAnyExcept(_authorityCharacters))
        {
            error = "A Digital Link URI starts with http:// or https://, a domain name and a path.";
            return false;
        }
        if (!TryReadPath(rest, reading, out var stemLength, out var path, out error))
        {
            return false;
        }
        var query = question < 0 ? "" : beforeFragment[(question + 1)..];
        if (!TryReadQuery(query, path, reading, out var attributes, out error))
        {
            return false;
        }
        link = new DigitalLinkUri(beforeQuery[..(beforeQuery.Length - rest.Length + stemLength)].TrimEnd('/'), path, attributes);
        return true;
    }

    /// <summary>
    /// Arranges elements as a Digital Link: the first primary key among them and its qualifiers go into the path, all others into the query,
    /// those of predefined length first.
    /// </summary>
    /// <param name="elements">As <see cref="ElementString.TryParse"/> gives them.</param>
    /// <param name="stem">Such as <c>https://example.com</c>; null means <c>https://id.gs1.org</c>.</param>
    /// <param name="link">The link.</param>
    /// <param name="error">One sentence naming the element and the rule.</param>
    public static bool TryCreate(
        IReadOnlyList<ElementValue> elements, string? stem, [NotNullWhen(true)] out DigitalLinkUri? link, [NotNullWhen(false)] out string? error)
    {
        link = null;
        error = elements.Select(element => ElementString.FindFault(element, Gs1Reading.UnknownAis)).FirstOrDefault(fault => fault is not null);
        if (error is not null)
        {
            return false;
        }
        var key = elements.FirstOrDefault(element => ApplicationIdentifiers.IsPrimaryKey(element.Ai));
        if (key.Ai is null)
        {
            error = "None of the elements is a key that a Digital Link can start with.";
            return false;
        }
        var sequences = ApplicationIdentifiers.QualifiersOf(key.Ai);
        var sequence = sequences.FirstOrDefault(s => elements.Any(element => s.Contains(element.Ai))) ?? [];
        List<ElementValue> path = [key, .. sequence.SelectMany(ai => elements.Where(element => element.Ai == ai))];
        List<ElementValue> attributes = [.. elements.Except(path).OrderBy(element => ApplicationIdentifiers.Find(element.Ai) is { IsPredefinedLength: true } ? 0 : 1)];
        foreach (var attribute in attributes)
        {
            error = FindAttributeFault(attribute.Ai, key.Ai);
            if (error is not null)
            {
                return false;
            }
        }
        link = new DigitalLinkUri((stem ?? CanonicalDigitalLink.Domain).TrimEnd('/'), path, attributes);
        error = null;
        return true;
    }

    /// <summary>Writes the URI; every character of a value but A-Z a-z 0-9 - . _ ~ is escaped.</summary>
    /// <param name="shortNames">Whether to write names such as gtin and lot in the path instead of application identifiers.</param>
    public string ToUri(bool shortNames = false)
    {
        var text = new StringBuilder(Stem);
        foreach (var element in Path)
        {
            text.Append('/').Append(shortNames ? ShortNames.OfAi(element.Ai) : element.Ai);
            text.Append('/').Append(LinkEscaping.EscapePath(element.Value));
        }
        var separator = '?';
        foreach (var element in Attributes)
        {
            text.Append(separator).Append(element.Ai).Append('=').Append(LinkEscaping.EscapeQuery(element.Value));
            separator = '&';
        }
        return text.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => ToUri();

    private static ReadOnlySpan<char> AuthorityOf(ReadOnlySpan<char> uri)
    {
        var rest = LinkPath.SkipScheme(uri);
        var slash = rest.IndexOf('/');
        return slash < 0 ? rest : rest[..slash];
    }

    private static bool TryReadPath(
        ReadOnlySpan<char> rest, Gs1Reading reading, out int stemLength, out List<ElementValue> path, [NotNullWhen(false)] out string? error)
    {
        path = [];
        stemLength = 0;
        while (LinkPath.TryTakeLastPair(ref rest, out var name, out var value))
        {
            var ai = (reading.HasFlag(Gs1Reading.ShortNames) ? ShortNames.ToAi(name) : name).ToString();
            path.Insert(0, ReadElement(ai, value, plusIsSpace: false, reading));
            if (ApplicationIdentifiers.IsPrimaryKey(ai))
            {
                stemLength = rest.Length;
                error = FindPathFault(path);
                return error is null;
            }
            // No key has more qualifiers than three, so a longer run of pairs cannot be an identifier.
            if (path.Count > 3)
            {
                break;
            }
        }
        error = "The path has no GS1 key followed by its value and, at most, its qualifiers.";
        return false;
    }

    private static string? FindPathFault(List<ElementValue> path)
    {
        var key = path[0].Ai;
        var qualifiers = path.Skip(1).Select(element => element.Ai).ToArray();
        if (qualifiers.Length > 0 && !ApplicationIdentifiers.QualifiersOf(key).Any(sequence => IsInOrder(qualifiers, sequence)))
        {
            return $"In the path, the key ({key}) cannot be followed by ({string.Join(")(", qualifiers)}) in this order.";
        }
        foreach (var element in path)
        {
            if (ElementString.FindFault(element, Gs1Reading.Strict) is { } fault)
            {
                return fault;
            }
        }
        return null;
    }

    private static bool IsInOrder(string[] qualifiers, string[] sequence)
    {
        var next = 0;
        foreach (var qualifier in qualifiers)
        {
            var place = Array.IndexOf(sequence, qualifier, next);
            if (place < 0)
            {
                return false;
            }
            next = place + 1;
        }
        return true;
    }

    private static bool TryReadQuery(
        string query, List<ElementValue> path, Gs1Reading reading, out List<ElementValue> attributes, [NotNullWhen(false)] out string? error)
    {
        attributes = [];
        foreach (var parameter in query.Split('&'))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !Gs1Characters.AreDigits(parameter.AsSpan(0, equals)))
            {
                // Other parameters belong to the resolver, not to the identifier.
                continue;
            }
            var element = ReadElement(parameter[..equals], parameter.AsSpan(equals + 1), plusIsSpace: true, reading);
            error = ElementString.FindFault(element, reading.HasFlag(Gs1Reading.UnknownAttributes) ? reading : reading & ~Gs1Reading.UnknownAis)
                ?? FindAttributeFault(element.Ai, path[0].Ai);
            if (error is null && path.Concat(attributes).Any(earlier => earlier.Ai == element.Ai))
            {
                error = $"The identifier ({element.Ai}) stands twice.";
            }
            if (error is not null)
            {
                return false;
            }
            attributes.Add(element);
        }
        error = null;
        return true;
    }

    private static string? FindAttributeFault(string ai, string key)
    {
        if (ApplicationIdentifiers.QualifiersOf(key).Any(sequence => sequence.Contains(ai)))
        {
            return $"({ai}) qualifies the key ({key}) and so must stand in the path, in a sequence allowed there.";
        }
        return ApplicationIdentifiers.IsAttribute(ai) ? null : $"({ai}) cannot stand in the query of a Digital Link.";
    }

    private static ElementValue ReadElement(string ai, ReadOnlySpan<char> escaped, bool plusIsSpace, Gs1Reading reading)
    {
        var value = LinkEscaping.Unescape(escaped, plusIsSpace);
        var isShortGtin = ai == "01" && value.Length is (8 or 12 or 13) && reading.HasFlag(Gs1Reading.ShortGtin) && Gs1Characters.AreDigits(value);
        return new ElementValue(ai, isShortGtin ? value.PadLeft(14, '0') : value);
    }
}
