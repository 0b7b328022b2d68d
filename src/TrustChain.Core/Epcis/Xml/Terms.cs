using System.Text;

namespace TrustChain.Core.Epcis.Xml;

/// <summary>One standard vocabulary in its spellings: bare words in JSON, URNs and web URIs in XML.</summary>
internal sealed class Terms
{
    private const string Cbv = "https://ref.gs1.org/cbv/";
    private const string CbvUrn = "urn:epcglobal:cbv:";
    private const string Gs1 = "https://gs1.org/voc/";

    private static readonly string[] OtherGs1Starts = ["http://gs1.org/voc/", "https://www.gs1.org/voc/", "http://www.gs1.org/voc/"];

    /// <summary>Dispositions of CBV 1.0 that later versions deprecate and CBV 2.0 no longer lists; documents of that time still have them.</summary>
    private static readonly string[] OldDispositions =
    [
        "non_sellable_expired", "non_sellable_damaged", "non_sellable_disposed", "non_sellable_no_pedigree_match", "non_sellable_recalled",
    ];

    private readonly Vocabulary _vocabulary;
    private readonly string _webStart;
    private readonly string? _urnStart;

    private Terms(Vocabulary vocabulary, string webStart, string? urnStart)
    {
        _vocabulary = vocabulary;
        _webStart = webStart;
        _urnStart = urnStart;
    }

    public static readonly Terms BizStep = new(Vocabulary.BizStep, Cbv + "BizStep-", CbvUrn + "bizstep:");
    public static readonly Terms Disposition = new(Vocabulary.Disposition, Cbv + "Disp-", CbvUrn + "disp:");
    public static readonly Terms BizTransactionType = new(Vocabulary.BizTransactionType, Cbv + "BTT-", CbvUrn + "btt:");
    public static readonly Terms SourceDestinationType = new(Vocabulary.SourceDestinationType, Cbv + "SDT-", CbvUrn + "sdt:");
    public static readonly Terms ErrorReason = new(Vocabulary.ErrorReason, Cbv + "ER-", CbvUrn + "er:");

    // CBV 2.0 gives components and the GS1 Web Vocabulary its words no URN.
    public static readonly Terms Component = new(Vocabulary.Component, Cbv + "Comp-", null);
    public static readonly Terms SensorAlert = new(Vocabulary.SensorAlert, Gs1, null);
    public static readonly Terms Measurement = new(Vocabulary.Measurement, Gs1, null);

    /// <summary>
    /// The value in JSON: the bare word where the standard has it, else as given, but with words that GS1 vocabularies no longer or not yet have as
    /// prefixed names, since JSON has no other spelling for them.
    /// </summary>
    public string ToJson(string text, XmlScope scope, PrefixNames names)
    {
        text = text.Trim();
        var uri = PrefixNames.Expand(text, scope) ?? text;
        foreach (var start in OtherGs1Starts)
        {
            if (_vocabulary.IsGs1 && uri.StartsWith(start, StringComparison.Ordinal))
            {
                uri = Gs1 + uri[start.Length..];
            }
        }
        if (FindWord(uri) is not { } word)
        {
            return names.Value(text, scope);
        }
        if (IsStandard(word))
        {
            return word;
        }
        if (_vocabulary.IsGs1)
        {
            return names.Value("gs1:" + word, XmlScope.Empty);
        }
        return IsOld(word)
            ? names.Value("cbv:Disp-" + word, XmlScope.Empty)
            : names.Value(text, scope);
    }

    /// <summary>
    /// The value in XML: a bare word as a URN or a web URI, and with <paramref name="translate"/> the other spelling of a word too.
    /// <paramref name="expanded"/> is a prefixed name's whole URI, if the value is one.
    /// </summary>
    public string ToXml(string text, string? expanded, bool asUrn, bool translate)
    {
        var start = asUrn && _urnStart is not null ? _urnStart : _webStart;
        if (IsStandard(text))
        {
            return start + text;
        }
        // A word the standard does not have may have only the spelling it has.
        return translate && _urnStart is not null && FindWord(expanded ?? text) is { } word && (IsStandard(word) || IsOld(word))
            ? start + word
            : text;
    }

    private string? FindWord(string uri)
    {
        if (uri.StartsWith(_webStart, StringComparison.Ordinal))
        {
            return uri[_webStart.Length..];
        }
        return _urnStart is not null && uri.StartsWith(_urnStart, StringComparison.Ordinal) ? uri[_urnStart.Length..] : null;
    }

    private bool IsOld(string word) => this == Disposition && OldDispositions.Contains(word);

    private bool IsStandard(string word)
    {
        Span<byte> ascii = stackalloc byte[64];
        return word.Length <= ascii.Length && Ascii.IsValid(word)
            && _vocabulary.FindUri(ascii[..Encoding.ASCII.GetBytes(word, ascii)]) is not null;
    }
}
