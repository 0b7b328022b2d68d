using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace TrustChain.Core.Identifiers;

/// <summary>
/// A GS1 key with its qualifiers, read from any of its notations: EPC URN, Digital Link URI, or element string in brackets.
/// Two are equal when key and qualifiers are, whatever they were read from.
/// </summary>
public sealed record Gs1Identifier
{
    private Gs1Identifier(IReadOnlyList<ElementValue> path, string? epcUrn)
    {
        PrimaryKey = path[0].Ai;
        Value = path[0].Value;
        Qualifiers = [.. path.Skip(1)];
        EpcUrn = epcUrn;
        DigitalLink = WriteCanonical();
    }

    /// <summary>Application identifier of the key, such as "01" (GTIN) or "8003" (GRAI).</summary>
    public string PrimaryKey { get; }

    /// <summary>Value of the key, without escaping; a GTIN has 14 digits, and a GRAI, GDTI or GCN ends in its serial number if it has one.</summary>
    public string Value { get; }

    /// <summary>The qualifiers in the order of the Digital Link standard, values without escaping; empty where there are none.</summary>
    public IReadOnlyList<ElementValue> Qualifiers { get; }

    /// <summary>
    /// The one URI that names the item: on <c>https://id.gs1.org</c>, with the finest qualifier only (no consumer product variant; no lot beside a serial),
    /// escapes in upper case and only where needed. It equals what <see cref="CanonicalDigitalLink"/> gives, except that there escapes of the input
    /// stay as written and combinations outside CBV 8.9.2 have no form; here those keep all their qualifiers.
    /// </summary>
    public string DigitalLink { get; }

    /// <summary>Whether the check digit of the key is right; null for keys that have none (GIAI, GINC, CPID, GMN).</summary>
    public bool? CheckDigitOk =>
        ApplicationIdentifiers.Find(PrimaryKey) is { CheckedLength: > 0 and var length } ? CheckDigit.IsValid(Value.AsSpan(0, length)) : null;

    /// <summary>The EPC URN this was read from, as written; null when read from another notation, see <see cref="TryToEpcUrn"/>.</summary>
    public string? EpcUrn { get; }

    /// <summary>Key and qualifiers as <c>(01)04012345123456(10)ABC</c>.</summary>
    public string ElementString => Identifiers.ElementString.Format([new ElementValue(PrimaryKey, Value), .. Qualifiers]);

    /// <summary>
    /// The digits that the company prefix of the key's owner must be a prefix of: without the indicator of a GTIN or ITIP, the extension digit of an SSCC
    /// or the filler zero of a GRAI; for keys with letters, the digits they start with.
    /// </summary>
    public string CompanyPrefixDigits => CompanyPrefix.DigitsOf(PrimaryKey, Value).ToString();

    /// <summary>Reads any notation as <see cref="Gs1Reading.Lenient"/> allows; a wrong check digit is reported by <see cref="CheckDigitOk"/>.</summary>
    /// <param name="input">At most 2,048 characters.</param>
    /// <param name="id">The identifier.</param>
    /// <param name="error">One sentence naming the place and the rule.</param>
    public static bool TryParse(string input, [NotNullWhen(true)] out Gs1Identifier? id, [NotNullWhen(false)] out string? error) =>
        TryParse(input, Gs1Reading.Lenient, out id, out error);

    /// <summary>Reads any notation; attributes in the query of a Digital Link or beside the key of an element string are checked and left out.</summary>
    /// <param name="input">At most 2,048 characters.</param>
    /// <param name="reading">What to accept and check.</param>
    /// <param name="id">The identifier.</param>
    /// <param name="error">One sentence naming the place and the rule.</param>
    public static bool TryParse(
        string input, Gs1Reading reading, [NotNullWhen(true)] out Gs1Identifier? id, [NotNullWhen(false)] out string? error)
    {
        id = null;
        if (input.Length > CanonicalDigitalLink.MaxLength)
        {
            error = $"An identifier has at most {CanonicalDigitalLink.MaxLength} characters.";
            return false;
        }
        if (!TryRead(input, reading, out id, out error))
        {
            return false;
        }
        if (reading.HasFlag(Gs1Reading.VerifyCheckDigit) && id.CheckDigitOk == false)
        {
            error = $"The check digit of ({id.PrimaryKey}) is wrong.";
            id = null;
            return false;
        }
        return true;
    }

    /// <summary>
    /// Reads the path of an item page, such as <c>/01/09520123456788/10/LOT-7</c>, in which the key stands first.
    /// </summary>
    /// <param name="path">As in the request line: percent-encoded, without query; short names and short GTINs are accepted.</param>
    /// <param name="id">The item; its <see cref="DigitalLink"/> is the canonical item URI.</param>
    /// <param name="error">One sentence naming the place and the rule.</param>
    public static bool TryParsePath(string path, [NotNullWhen(true)] out Gs1Identifier? id, [NotNullWhen(false)] out string? error)
    {
        id = null;
        if (path is not ['/', not '/', ..] || path.AsSpan().ContainsAny('?', '#'))
        {
            error = "An item path starts with a slash and has neither query nor fragment.";
            return false;
        }
        if (!DigitalLinkUri.TryParse(CanonicalDigitalLink.Domain + path, Gs1Reading.Lenient, out var link, out error))
        {
            return false;
        }
        if (link.Stem != CanonicalDigitalLink.Domain)
        {
            error = "An item path starts with the key, such as /01/.";
            return false;
        }
        id = new Gs1Identifier(link.Path, null);
        return true;
    }

    /// <summary>
    /// The EPC URN of the identifier: <c>urn:epc:id:</c> where it names an instance, <c>urn:epc:class:lgtin:</c> for a GTIN with lot,
    /// <c>urn:epc:idpat:</c> for a GTIN, ITIP, GRAI, GDTI, GCN or CPID without serial (EPC Tag Data Standard, section 7).
    /// </summary>
    /// <param name="companyPrefixLength">Digits of the GS1 company prefix, 6 to 12.</param>
    /// <param name="urn">The URN.</param>
    /// <param name="error">
    /// One sentence naming the rule; also where the check digit is wrong, because a URN has none and would name another identifier.
    /// </param>
    public bool TryToEpcUrn(int companyPrefixLength, [NotNullWhen(true)] out string? urn, [NotNullWhen(false)] out string? error)
    {
        if (CheckDigitOk == false)
        {
            urn = null;
            error = $"The check digit of ({PrimaryKey}) is wrong, so no EPC URN stands for this identifier.";
            return false;
        }
        return EpcUrnConversion.TryFormat(new ElementValue(PrimaryKey, Value), Qualifiers, companyPrefixLength, out urn, out error);
    }

    /// <summary>As <see cref="TryToEpcUrn"/>; null where there is no URN.</summary>
    public string? ToEpcUrn(int companyPrefixLength) => TryToEpcUrn(companyPrefixLength, out var urn, out _) ? urn : null;

    /// <summary>Compares key and qualifiers.</summary>
    public bool Equals(Gs1Identifier? other) =>
        other is not null && PrimaryKey == other.PrimaryKey && Value == other.Value && Qualifiers.SequenceEqual(other.Qualifiers);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(PrimaryKey, Value, Qualifiers.Count == 0 ? default : Qualifiers[^1]);

    private static bool TryRead(
        string input, Gs1Reading reading, [NotNullWhen(true)] out Gs1Identifier? id, [NotNullWhen(false)] out string? error)
    {
        id = null;
        if (input.StartsWith(Identifiers.EpcUrn.Start, StringComparison.Ordinal))
        {
            if (!Identifiers.EpcUrn.TryRead(input, out var parts, out error))
            {
                return false;
            }
            id = new Gs1Identifier(EpcUrnConversion.ToElements(in parts), input);
            return true;
        }
        DigitalLinkUri? link;
        if (input is ['(', ..])
        {
            if (!Identifiers.ElementString.TryParse(input, reading, out var elements, out error)
                || !DigitalLinkUri.TryCreate(elements, null, out link, out error))
            {
                return false;
            }
        }
        else if (!DigitalLinkUri.TryParse(input, reading, out link, out error))
        {
            return false;
        }
        id = new Gs1Identifier(link.Path, null);
        return true;
    }

    private string WriteCanonical()
    {
        var text = new StringBuilder(CanonicalDigitalLink.Domain);
        text.Append('/').Append(PrimaryKey).Append('/').Append(LinkEscaping.EscapeCanonical(Value));
        var hasSerial = Qualifiers.Any(qualifier => qualifier.Ai == "21");
        foreach (var qualifier in Qualifiers)
        {
            if (qualifier.Ai != "22" && !(qualifier.Ai == "10" && hasSerial))
            {
                text.Append('/').Append(qualifier.Ai).Append('/').Append(LinkEscaping.EscapeCanonical(qualifier.Value));
            }
        }
        return text.ToString();
    }
}
