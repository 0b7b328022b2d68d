namespace TrustChain.Core.Epcis;

/// <summary>Whether an event uses names that a context has to declare.</summary>
internal static class ContextNeed
{
    /// <summary>Whether any member at any depth has a prefixed name.</summary>
    public static bool HasPrefixedName(JsonTree tree, int node)
    {
        for (var i = node + 1; i < tree[node].Next; i++)
        {
            if (tree[i].NameLength > 0 && tree.Name(i).Contains((byte)':'))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>
    /// Whether the document's context declares one of the names. <paramref name="document"/> is the document's scope,
    /// <paramref name="inForce"/> the event's, which may be the same.
    /// </summary>
    public static bool Has(JsonTree tree, int node, PrefixScope document, PrefixScope inForce)
    {
        if (document.OwnCount == 0 && !document.HasForeignContext)
        {
            return false;
        }
        for (var i = node; i < tree[node].Next; i++)
        {
            if ((tree[i].NameLength > 0 && i > node && Needs(tree.Name(i), isName: true, document, inForce))
                || (tree.KindOf(i) == JsonKind.String && Needs(tree.Text(i), isName: false, document, inForce)))
            {
                return true;
            }
        }
        return false;
    }

    private static bool Needs(ReadOnlySpan<byte> text, bool isName, PrefixScope document, PrefixScope inForce)
    {
        var colon = text.IndexOf((byte)':');
        if (colon < 1)
        {
            return false;
        }
        var prefix = text[..colon];
        if (!ReferenceEquals(document, inForce) && inForce.FindOwn(prefix) is not null)
        {
            return false;
        }
        // An undeclared prefix of a name may come from a context this program does not know but a reader of the event may.
        return document.FindOwn(prefix) is not null || (isName && document.HasForeignContext && inForce.Find(prefix).IsEmpty);
    }
}
