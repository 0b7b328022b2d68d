namespace TrustChain.Core.Epcis;

/// <summary>
/// The prefixes in force at one place: those the standard's context declares, then the document's inline <c>@context</c>, then the event's. The last
/// declaration wins. Contexts given by URL are never fetched.
/// </summary>
internal sealed class PrefixScope
{
    /// <summary>The prefixes of the EPCIS 2.0 JSON-LD context, which hold whether or not a document names it.</summary>
    public static readonly PrefixScope Standard = new(null)
    {
        _entries =
        {
            ("epcis"u8.ToArray(), "https://ref.gs1.org/epcis/"u8.ToArray()),
            ("cbv"u8.ToArray(), "https://ref.gs1.org/cbv/"u8.ToArray()),
            ("cbvmda"u8.ToArray(), "urn:epcglobal:cbv:mda:"u8.ToArray()),
            ("gs1"u8.ToArray(), "https://gs1.org/voc/"u8.ToArray()),
            ("rdfs"u8.ToArray(), "http://www.w3.org/2000/01/rdf-schema#"u8.ToArray()),
            ("owl"u8.ToArray(), "http://www.w3.org/2002/07/owl#"u8.ToArray()),
            ("xsd"u8.ToArray(), "http://www.w3.org/2001/XMLSchema#"u8.ToArray()),
            ("dcterms"u8.ToArray(), "http://purl.org/dc/terms/"u8.ToArray()),
        },
    };

    private readonly PrefixScope? _outer;
    private readonly List<(byte[] Prefix, byte[] Namespace)> _entries = [];

    public PrefixScope(PrefixScope? outer) => _outer = outer;

    /// <summary>Number of prefixes declared at this level.</summary>
    public int OwnCount => _entries.Count;

    /// <summary>The prefixes declared at this level, in order.</summary>
    public IReadOnlyList<(byte[] Prefix, byte[] Namespace)> Own => _entries;

    /// <summary>True when this level names a context by a URL that is not the standard's, so that it may declare prefixes unknown here.</summary>
    public bool HasForeignContext { get; set; }

    public void Declare(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> namespaceUri) => _entries.Add((prefix.ToArray(), namespaceUri.ToArray()));

    /// <summary>The namespace URI of the prefix; empty when it is not declared.</summary>
    public ReadOnlySpan<byte> Find(ReadOnlySpan<byte> prefix)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
        {
            if (scope.FindOwn(prefix) is { } found)
            {
                return found;
            }
        }
        return default;
    }

    /// <summary>The namespace URI the prefix has at this level; null when this level does not declare it.</summary>
    public byte[]? FindOwn(ReadOnlySpan<byte> prefix)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            if (prefix.SequenceEqual(_entries[i].Prefix))
            {
                return _entries[i].Namespace;
            }
        }
        return null;
    }

    /// <summary>Splits a prefixed name and finds its namespace. False for a plain name, an undeclared prefix and <c>scheme://…</c>.</summary>
    public bool TryExpand(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> namespaceUri, out ReadOnlySpan<byte> local)
    {
        namespaceUri = default;
        local = default;
        var colon = name.IndexOf((byte)':');
        if (colon < 1)
        {
            return false;
        }
        local = name[(colon + 1)..];
        if (local.StartsWith("//"u8))
        {
            return false;
        }
        namespaceUri = Find(name[..colon]);
        return !namespaceUri.IsEmpty;
    }
}
