using System.Buffers;

namespace TrustChain.Server.Pages;

/// <summary>Words as somebody wrote them (a name, a reason), with the language they are in, so that each fragment of a page bears the right <c>lang</c>.</summary>
/// <param name="Text">The words; untrusted, encoded when rendered.</param>
/// <param name="Language">BCP 47 tag; null when nobody said: then text with Chinese characters counts as Chinese, and other text as unknown (<c>lang=""</c>).</param>
public sealed record Phrase(string Text, string? Language = null)
{
    private static readonly SearchValues<char> Kana = SearchValues.Create(string.Concat(Enumerable.Range(0x3041, 0xbf).Select(static c => (char)c)));

    /// <summary>Tag for the <c>lang</c> attribute; empty when unknown.</summary>
    public string Tag => Language ?? (Text.AsSpan().ContainsAny(Kana) ? "ja" : Text.AsSpan().ContainsAnyInRange('\u4e00', '\u9fff') ? "zh-CN" : "");

    /// <summary>Words in an unknown language.</summary>
    public static implicit operator Phrase(string text) => new(text);

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>A sentence of the page's language with places for phrases: <c>{0}</c>, <c>{1}</c> and so on, each at most once.</summary>
/// <param name="Format">The sentence.</param>
/// <param name="Phrases">What stands in the places.</param>
public sealed record Sentence(string Format, params IReadOnlyList<Phrase> Phrases)
{
    /// <summary>The parts from left to right; a null phrase means text of the page's own language.</summary>
    public IEnumerable<(string Text, Phrase? Phrase)> Parts()
    {
        var rest = Format;
        while (rest.IndexOf('{', StringComparison.Ordinal) is var open and >= 0)
        {
            var phrase = Phrases[rest[open + 1] - '0'];
            yield return (rest[..open], null);
            yield return (phrase.Text, phrase);
            rest = rest[(open + 3)..];
        }
        yield return (rest, null);
    }

    /// <summary>A sentence without places.</summary>
    public static implicit operator Sentence(string text) => new(text);

    /// <inheritdoc/>
    public override string ToString() => string.Concat(Parts().Select(static p => p.Text));
}
