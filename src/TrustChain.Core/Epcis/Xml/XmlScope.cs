namespace TrustChain.Core.Epcis.Xml;

/// <summary>The namespace declarations in force at one element.</summary>
internal sealed class XmlScope(XmlScope? outer, IReadOnlyList<(string Prefix, string Namespace)> declarations)
{
    public static readonly XmlScope Empty = new(null, []);

    /// <summary>Number of declarations in force, hidden ones included: what <see cref="Find"/> may have to look through.</summary>
    public int Count { get; } = (outer?.Count ?? 0) + declarations.Count;

    /// <summary>The namespace of a prefix; null when it is not declared here. The default namespace has the empty prefix.</summary>
    public string? Find(ReadOnlySpan<char> prefix)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            foreach (var (declared, uri) in scope.Declarations)
            {
                if (prefix.SequenceEqual(declared))
                {
                    return uri;
                }
            }
        }
        return null;
    }

    private XmlScope? Outer { get; } = outer;

    private IReadOnlyList<(string Prefix, string Namespace)> Declarations { get; } = declarations;
}
