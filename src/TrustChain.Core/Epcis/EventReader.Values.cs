using System.Text;
using TrustChain.Core.Identifiers;

namespace TrustChain.Core.Epcis;

/// <summary>The single values of an event: URIs, identifiers, vocabulary, times, numbers, extension names.</summary>
internal sealed partial class EventReader
{
    private bool Expect(int node, JsonKind kind, string what)
    {
        if (tree.KindOf(node) == kind)
        {
            return true;
        }
        var expected = kind switch
        {
            JsonKind.Object => "an object",
            JsonKind.Array => "an array",
            JsonKind.String => "a string",
            _ => "a number",
        };
        faults.Add(tree, node, EpcisRules.WrongType, $"{what} is {expected}.");
        return false;
    }

    private void Missing(int node, string name) =>
        faults.Add(tree, node, EpcisRules.MissingMember, $"The required member {name} is missing.");

    /// <summary>Extension names are prefixed names or URIs; any other name the standard does not define is refused.</summary>
    private void CheckExtensionName(int member, string where)
    {
        var name = tree.Name(member);
        if (!UriSyntax.IsAbsolute(name))
        {
            faults.Add(tree, member, EpcisRules.UnknownMember,
                $"The standard has no member {FaultList.Quote(name)} in {where}, and an extension is written prefix:name.");
        }
    }

    private bool CheckUri(int node)
    {
        if (!Expect(node, JsonKind.String, "A URI"))
        {
            return false;
        }
        var text = tree.Text(node);
        if (text.Length > UriSyntax.MaxBytes)
        {
            TooLong(node);
            return false;
        }
        if (UriSyntax.IsAbsolute(text))
        {
            return true;
        }
        faults.Add(tree, node, EpcisRules.InvalidUri, $"{FaultList.Quote(text)} is no absolute URI.");
        return false;
    }

    private void TooLong(int node) =>
        faults.Add(tree, node, EpcisRules.InvalidUri, $"A URI has at most {UriSyntax.MaxBytes} characters, its prefix expanded.");

    /// <summary>A URI as given; null after a fault.</summary>
    private string? ReadUri(int node) => CheckUri(node) ? Encoding.ASCII.GetString(tree.Text(node)) : null;

    private string[] ReadUris(int list)
    {
        var uris = new List<string>(tree.ChildCount(list));
        for (var item = list + 1; item < tree[list].Next && !faults.IsFull; item = tree[item].Next)
        {
            if (ReadUri(item) is { } uri)
            {
                uris.Add(uri);
            }
        }
        return [.. uris];
    }

    /// <summary>An identifier in canonical form: prefix expanded, a GS1 key as Digital Link. Null after a fault.</summary>
    private string? ReadIdentifier(int node)
    {
        if (!CheckUri(node))
        {
            return null;
        }
        var uri = Resolve(tree.Text(node));
        if (uri.Length > UriSyntax.MaxBytes)
        {
            TooLong(node);
            return null;
        }
        var isGs1 = CanonicalDigitalLink.TryCanonicalise(uri, out var canonical);
        if (KeyCheck.Find(uri, canonical) is var (rule, message))
        {
            (options.CheckDigits == CheckDigitPolicy.Warn ? warnings : faults).Add(tree, node, rule, message);
        }
        canonical = isGs1 ? canonical! : uri;
        tree.SetIdentifier(node, canonical);
        return canonical;
    }

    /// <summary>A URI or prefixed name with its prefix expanded.</summary>
    private string Resolve(ReadOnlySpan<byte> text) => _scope.TryExpand(text, out var namespaceUri, out var local)
        ? Encoding.UTF8.GetString(namespaceUri) + Encoding.ASCII.GetString(local)
        : Encoding.ASCII.GetString(text);

    private string? ReadTerm(EventField field, Vocabulary vocabulary) => Has(field) ? ReadTerm(Field(field), vocabulary) : null;

    /// <summary>A bare word of the vocabulary, or a URI or prefixed name of another, as a URI. Null after a fault.</summary>
    private string? ReadTerm(int node, Vocabulary vocabulary)
    {
        if (!Expect(node, JsonKind.String, vocabulary.What))
        {
            return null;
        }
        var text = tree.Text(node);
        if (vocabulary.FindUri(text) is { } uri)
        {
            return uri;
        }
        if (!UriSyntax.IsAbsolute(text))
        {
            faults.Add(tree, node, EpcisRules.UnknownValue, $"{FaultList.Quote(text)} is neither {vocabulary.What} of the standard nor a URI.");
            return null;
        }
        if (text.Length > UriSyntax.MaxBytes)
        {
            TooLong(node);
            return null;
        }
        if (!options.AllowLongVocabulary && vocabulary.IsLongSpelling(text))
        {
            faults.Add(tree, node, EpcisRules.UnknownValue, $"{FaultList.Quote(text)} is standard vocabulary, which is written as a bare word here.");
            return null;
        }
        return Vocabulary.TryReplaceUrn(text, out var start, out var word)
            ? Encoding.ASCII.GetString(start) + Encoding.ASCII.GetString(word)
            : Resolve(text);
    }

    /// <summary>A required time when <paramref name="node"/> is 0; the default value after a fault.</summary>
    private DateTimeOffset ReadTime(int node, int parent, string name)
    {
        if (node == 0)
        {
            Missing(parent, name);
            return default;
        }
        if (!Expect(node, JsonKind.String, "A time"))
        {
            return default;
        }
        if (!EpcisTime.TryParse(tree.Text(node), out var instant))
        {
            faults.Add(tree, node, EpcisRules.InvalidTime,
                $"{FaultList.Quote(tree.Text(node))} is no date-time with offset, such as 2026-01-31T08:30:00.000+01:00.");
        }
        return instant;
    }

    private void CheckNumber(int node)
    {
        if (Expect(node, JsonKind.Number, "The value") && !PlainNumber.TryParse(tree.Text(node), out _))
        {
            faults.Add(tree, node, EpcisRules.InvalidFormat, $"The number's exponent is beyond {PlainNumber.MaxExponent}.");
        }
    }
}
