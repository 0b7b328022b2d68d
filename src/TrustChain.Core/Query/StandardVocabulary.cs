using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>The words of the standard that events and queries are made of.</summary>
public static class StandardVocabulary
{
    /// <summary>The five event types.</summary>
    public static IReadOnlyList<string> EventTypes { get; } = ["AggregationEvent", "AssociationEvent", "ObjectEvent", "TransactionEvent", "TransformationEvent"];

    /// <summary>The business steps of CBV 2.0 as bare words, by the alphabet.</summary>
    public static IReadOnlyList<string> BizSteps { get; } = Sorted(Vocabulary.BizStep);

    /// <summary>The dispositions of CBV 2.0 as bare words, by the alphabet.</summary>
    public static IReadOnlyList<string> Dispositions { get; } = Sorted(Vocabulary.Disposition);

    /// <summary>The bare word of a URI of CBV 2.0 (<c>https://ref.gs1.org/cbv/BizStep-shipping</c>), or the URI itself.</summary>
    public static string ToWord(string uri) => Shorten(uri, "https://ref.gs1.org/cbv/BizStep-", Vocabulary.BizStep) ?? Shorten(uri, "https://ref.gs1.org/cbv/Disp-", Vocabulary.Disposition) ?? uri;

    private static string? Shorten(string uri, string start, Vocabulary vocabulary) =>
        uri.StartsWith(start, StringComparison.Ordinal) && vocabulary.FindUri(Encoding.UTF8.GetBytes(uri[start.Length..])) is not null ? uri[start.Length..] : null;

    private static List<string> Sorted(Vocabulary vocabulary)
    {
        var words = vocabulary.Words.ToList();
        words.Sort(StringComparer.Ordinal);
        return words;
    }
}
