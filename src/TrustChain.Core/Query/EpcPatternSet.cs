using TrustChain.Core.Identifiers;

namespace TrustChain.Core.Query;

/// <summary>Patterns of which a URI has to match one. What a comparison takes does not grow with their number.</summary>
public sealed class EpcPatternSet
{
    private const string UrnStart = "urn:epc:id:";

    private readonly HashSet<string> _uris = new(StringComparer.Ordinal);

    // By length of the company prefix, then by number of fixed fields: what an EPC has to begin with, from its scheme on.
    private readonly Dictionary<int, Dictionary<int, HashSet<string>>> _heads = [];

    /// <summary>A set of these patterns.</summary>
    public EpcPatternSet(IEnumerable<EpcPattern> patterns)
    {
        foreach (var pattern in patterns)
        {
            _uris.Add(pattern.Uri);
            if (pattern.Head is not { } head)
            {
                continue;
            }
            if (!_heads.TryGetValue(pattern.PrefixLength, out var ofLength))
            {
                _heads.Add(pattern.PrefixLength, ofLength = []);
            }
            if (!ofLength.TryGetValue(pattern.FixedFields, out var heads))
            {
                ofLength.Add(pattern.FixedFields, heads = new HashSet<string>(StringComparer.Ordinal));
            }
            heads.Add(head);
        }
    }

    /// <summary>Whether a canonical, normalised URI matches one of the patterns.</summary>
    public bool Matches(string canonicalUri)
    {
        if (_uris.Contains(canonicalUri))
        {
            return true;
        }
        if (_heads.Count == 0 || !Gs1Identifier.TryParse(canonicalUri, out var id, out _))
        {
            return false;
        }
        foreach (var (prefixLength, byFields) in _heads)
        {
            // The length of the company prefix is not in a Digital Link: the pattern says which one is meant.
            if (id.ToEpcUrn(prefixLength) is { } urn && urn.StartsWith(UrnStart, StringComparison.Ordinal) && byFields.Any(heads => HeadOf(urn, heads.Key) is { } head && heads.Value.Contains(head)))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Scheme and first fields of an EPC; null where it has fewer.</summary>
    private static string? HeadOf(string urn, int fields)
    {
        var end = urn.IndexOf(':', UrnStart.Length);
        for (var i = 0; i < fields; i++)
        {
            if (end == urn.Length)
            {
                return null;
            }
            var dot = urn.IndexOf('.', end + 1);
            end = dot < 0 ? urn.Length : dot;
        }
        return urn[UrnStart.Length..end];
    }
}
