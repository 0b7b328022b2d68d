using System.Text;
using TrustChain.Core.Query;

namespace TrustChain.Core.Epcis;

/// <summary>One element of a document's master data (EPCIS 2.0 section 6.5).</summary>
/// <param name="Vocabulary">The type of its vocabulary: a URI such as <c>urn:epcglobal:epcis:vtype:BusinessLocation</c>.</param>
/// <param name="Id">Its URI; a GS1 key as canonical Digital Link.</param>
/// <param name="AttributesJson">The <c>attributes</c> array exactly as it stands in the input; <c>[]</c> when there is none.</param>
/// <param name="Attributes">Ids with their prefixes expanded, and the values that are no objects, as text.</param>
/// <param name="Children">URIs of elements below it, in the form of <paramref name="Id"/>.</param>
public sealed record VocabularyElement(
    string Vocabulary, string Id, string AttributesJson, IReadOnlyList<KeyValuePair<string, string>> Attributes, IReadOnlyList<string> Children)
{
    /// <summary>Takes the elements of a <c>vocabularyList</c> without faults.</summary>
    internal static List<VocabularyElement> ReadAll(JsonTree tree, int list, PrefixScope scope)
    {
        var found = new List<VocabularyElement>();
        foreach (var vocabulary in ItemsOf(tree, list))
        {
            var type = Expand(tree, tree.Find(vocabulary, "type"u8), scope);
            foreach (var element in ItemsOf(tree, tree.Find(vocabulary, "vocabularyElementList"u8)))
            {
                var attributes = tree.Find(element, "attributes"u8);
                found.Add(new VocabularyElement(
                    type,
                    ItemUris.Canonicalise(Expand(tree, tree.Find(element, "id"u8), scope)),
                    attributes < 0 ? "[]" : Encoding.UTF8.GetString(tree.Raw(attributes).Span),
                    ReadAttributes(tree, attributes, scope),
                    [.. ItemsOf(tree, tree.Find(element, "children"u8)).Select(child => ItemUris.Canonicalise(Expand(tree, child, scope)))]));
            }
        }
        return found;
    }

    private static List<KeyValuePair<string, string>> ReadAttributes(JsonTree tree, int attributes, PrefixScope scope)
    {
        var read = new List<KeyValuePair<string, string>>();
        foreach (var attribute in ItemsOf(tree, attributes))
        {
            var value = tree.Find(attribute, "attribute"u8);
            read.Add(KeyValuePair.Create(
                Expand(tree, tree.Find(attribute, "id"u8), scope),
                value < 0 || tree.KindOf(value) is JsonKind.Object or JsonKind.Array ? "" : Encoding.UTF8.GetString(tree.Text(value))));
        }
        return read;
    }

    private static List<int> ItemsOf(JsonTree tree, int parent)
    {
        var children = new List<int>();
        if (parent >= 0 && tree.KindOf(parent) is JsonKind.Array)
        {
            for (var child = parent + 1; child < tree[parent].Next; child = tree[child].Next)
            {
                children.Add(child);
            }
        }
        return children;
    }

    private static string Expand(JsonTree tree, int node, PrefixScope scope) => scope.TryExpand(tree.Text(node), out var namespaceUri, out var local)
        ? Encoding.UTF8.GetString(namespaceUri) + Encoding.UTF8.GetString(local)
        : Encoding.UTF8.GetString(tree.Text(node));
}
