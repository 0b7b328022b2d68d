namespace TrustChain.Core.Epcis;

/// <summary>Reads a JSON-LD <c>@context</c> as far as EPCIS needs it: the prefixes declared inline.</summary>
internal static class ContextReader
{
    /// <summary>Longest namespace URI: each extension name repeats it in the event hash, so it bounds what a small document can blow up to.</summary>
    private const int MaxNamespaceBytes = 256;

    /// <summary>Most entries of a context, and most names it declares: each value of an event may be compared with all of them.</summary>
    private const int MaxEntries = 100;

    /// <summary>Up to this many entries each is compared with those before it; that is cheaper than hashing them.</summary>
    private const int FewEntries = 8;

    private static readonly NameTable StandardContexts = new(
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/2.0.1/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld");

    /// <summary>The scope with the context's prefixes in it; <paramref name="outer"/> itself when it declares none.</summary>
    public static PrefixScope Read(JsonTree tree, int context, PrefixScope outer, FaultList faults)
    {
        var scope = new PrefixScope(outer);
        if (tree.KindOf(context) != JsonKind.Array)
        {
            ReadPart(tree, context, scope, faults);
            return scope;
        }
        if (tree.ChildCount(context) > MaxEntries)
        {
            faults.Add(tree, context, EpcisRules.InvalidContext, $"A @context has at most {MaxEntries} entries.");
            return scope;
        }
        var comparer = new JsonTreeComparer(tree);
        var seen = tree.ChildCount(context) > FewEntries ? new HashSet<int>(comparer) : null;
        for (var part = context + 1; part < tree[context].Next && !faults.IsFull; part = tree[part].Next)
        {
            ReadPart(tree, part, scope, faults);
            if (seen is null ? HasEarlier(tree, context, part, comparer) : !seen.Add(part))
            {
                faults.Add(tree, part, EpcisRules.InvalidContext, "The @context has the same entry twice.");
            }
        }
        return scope;
    }

    private static bool HasEarlier(JsonTree tree, int context, int part, JsonTreeComparer comparer)
    {
        for (var earlier = context + 1; earlier < part; earlier = tree[earlier].Next)
        {
            if (comparer.Equals(earlier, part))
            {
                return true;
            }
        }
        return false;
    }

    private static void ReadPart(JsonTree tree, int part, PrefixScope scope, FaultList faults)
    {
        switch (tree.KindOf(part))
        {
            case JsonKind.String when UriSyntax.IsAbsolute(tree.Text(part)):
                scope.HasForeignContext |= StandardContexts.Find(tree.Text(part)) < 0;
                break;
            case JsonKind.Object:
                ReadDeclarations(tree, part, scope, faults);
                break;
            default:
                faults.Add(tree, part, EpcisRules.InvalidContext, "An entry of the @context is an absolute URI or an object.");
                break;
        }
    }

    private static void ReadDeclarations(JsonTree tree, int part, PrefixScope scope, FaultList faults)
    {
        if (scope.OwnCount + tree.ChildCount(part) > MaxEntries)
        {
            faults.Add(tree, part, EpcisRules.InvalidContext, $"A @context declares at most {MaxEntries} names.");
            return;
        }
        for (var member = part + 1; member < tree[part].Next; member = tree[member].Next)
        {
            // An expanded term definition says the same in its @id. Keywords and other definitions declare no prefix.
            var value = tree.KindOf(member) == JsonKind.Object ? tree.Find(member, "@id"u8) : member;
            if (value < 0 || tree.KindOf(value) != JsonKind.String || tree.Name(member).StartsWith("@"u8))
            {
                continue;
            }
            if (tree.Text(value).Length > MaxNamespaceBytes)
            {
                faults.Add(tree, value, EpcisRules.InvalidContext, $"A namespace has at most {MaxNamespaceBytes} bytes.");
                return;
            }
            scope.Declare(tree.Name(member), tree.Text(value));
        }
    }
}
