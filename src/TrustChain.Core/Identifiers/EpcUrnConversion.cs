using System.Diagnostics.CodeAnalysis;

namespace TrustChain.Core.Identifiers;

/// <summary>Between EPC URNs and GS1 elements (EPC Tag Data Standard, section 7). Check digits are computed one way and dropped, unverified, the other.</summary>
internal static class EpcUrnConversion
{
    /// <summary>The primary key of a URN and, where the scheme has it in a field of its own, the qualifier; values unescaped.</summary>
    public static List<ElementValue> ToElements(in EpcUrnParts parts)
    {
        var scheme = parts.Scheme;
        var reference = LinkEscaping.Unescape(parts.Reference, plusIsSpace: false);
        var serial = LinkEscaping.Unescape(parts.Serial, plusIsSpace: false);
        var key = scheme.FirstReferenceDigitLeads
            ? $"{reference[..1]}{parts.Prefix}{reference[1..]}"
            : $"{(scheme.LeadingZero ? "0" : "")}{parts.Prefix}{reference}";
        if (scheme.HasCheckDigit)
        {
            key += CheckDigit.Compute(key);
        }
        key = $"{key}{parts.Piece}{parts.Total}";
        if (scheme.SerialAi is null)
        {
            return [new ElementValue(scheme.Ai, key + serial)];
        }
        var hasQualifier = serial.Length > 0 && !(scheme == EpcScheme.Sgln && serial == "0");
        return hasQualifier ? [new ElementValue(scheme.Ai, key), new ElementValue(scheme.SerialAi, serial)] : [new ElementValue(scheme.Ai, key)];
    }

    /// <summary>
    /// Writes the URN of the finest level the elements have: an instance where there is a serial number, else the lot, else the class.
    /// </summary>
    /// <param name="key">A primary key and a value that fits its format.</param>
    /// <param name="qualifiers">The qualifiers of the key; consumer product variants are ignored.</param>
    /// <param name="companyPrefixLength">Digits of the company prefix: 6 to 12.</param>
    /// <param name="urn">The URN.</param>
    /// <param name="error">One sentence naming the rule.</param>
    public static bool TryFormat(
        ElementValue key,
        IReadOnlyList<ElementValue> qualifiers,
        int companyPrefixLength,
        [NotNullWhen(true)] out string? urn,
        [NotNullWhen(false)] out string? error)
    {
        urn = null;
        if (companyPrefixLength is < EpcScheme.MinPrefix or > EpcScheme.MaxPrefix)
        {
            error = "An EPC company prefix has 6 to 12 digits.";
            return false;
        }
        if (!TryChoose(key, qualifiers, out var scheme, out var serial))
        {
            error = $"There is no EPC scheme for the key ({key.Ai}) with these qualifiers.";
            return false;
        }
        return scheme.KeyDigits > 0
            ? TryFormatNumeric(scheme, key.Value, serial, companyPrefixLength, out urn, out error)
            : TryFormatText(scheme, key.Value, serial, companyPrefixLength, out urn, out error);
    }

    private static bool TryChoose(ElementValue key, IReadOnlyList<ElementValue> qualifiers, [NotNullWhen(true)] out EpcScheme? scheme, out string serial)
    {
        serial = "";
        var last = qualifiers.Count == 0 || qualifiers[^1].Ai == "22" ? null : qualifiers[^1].Ai;
        scheme = (key.Ai, last) switch
        {
            ("01", null or "21") => EpcScheme.Sgtin,
            ("01", "10") => EpcScheme.Lgtin,
            ("01", "235") => EpcScheme.Upui,
            ("00", null) => EpcScheme.Sscc,
            ("414", null or "254") => EpcScheme.Sgln,
            ("8003", null) => EpcScheme.Grai,
            ("8004", null) => EpcScheme.Giai,
            ("8018", null) => EpcScheme.Gsrn,
            ("8017", null) => EpcScheme.Gsrnp,
            ("253", null) => EpcScheme.Gdti,
            ("8010", null or "8011") => EpcScheme.Cpi,
            ("255", null) => EpcScheme.Sgcn,
            ("401", null) => EpcScheme.Ginc,
            ("402", null) => EpcScheme.Gsin,
            ("8006", null or "21") => EpcScheme.Itip,
            ("417", null) => EpcScheme.Pgln,
            _ => null,
        };
        if (last is not null)
        {
            serial = qualifiers[^1].Value;
        }
        return scheme is not null;
    }

    private static bool TryFormatNumeric(
        EpcScheme scheme, string value, string serial, int prefixLength, [NotNullWhen(true)] out string? urn, [NotNullWhen(false)] out string? error)
    {
        urn = null;
        if (scheme.LeadingZero)
        {
            if (value is not ['0', ..])
            {
                error = $"The value of ({scheme.Ai}) must start with a filler zero.";
                return false;
            }
            value = value[1..];
        }
        if (value.Length <= scheme.KeyDigits || !Gs1Characters.AreDigits(value.AsSpan(0, scheme.KeyDigits + 1)))
        {
            error = $"The value of ({scheme.Ai}) must have {scheme.KeyDigits + 1} digits.";
            return false;
        }
        var prefixStart = scheme.FirstReferenceDigitLeads ? 1 : 0;
        var prefix = value.Substring(prefixStart, prefixLength);
        var reference = value[..prefixStart] + value[(prefixStart + prefixLength)..scheme.KeyDigits];
        var tail = value[(scheme.KeyDigits + 1)..];
        if (scheme.HasPieces)
        {
            if (tail.Length != 4 || !Gs1Characters.AreDigits(tail))
            {
                error = $"The value of ({scheme.Ai}) must end in piece and total, two digits each.";
                return false;
            }
            reference += $".{tail[..2]}.{tail[2..]}";
            tail = "";
        }
        if (scheme.SerialAi is null)
        {
            serial = tail;
            tail = "";
        }
        if (tail.Length > 0)
        {
            error = $"The value of ({scheme.Ai}) must have {scheme.KeyDigits + 1} digits and nothing after them.";
            return false;
        }
        // A location without extension is an instance too; its URN says so with extension 0.
        var composed = Compose(scheme, prefix, reference, scheme == EpcScheme.Sgln && serial.Length == 0 ? "0" : serial);
        return TryAccept(composed, out urn, out error);
    }

    private static bool TryFormatText(
        EpcScheme scheme, string value, string serial, int prefixLength, [NotNullWhen(true)] out string? urn, [NotNullWhen(false)] out string? error)
    {
        urn = null;
        if (value.Length <= prefixLength || !Gs1Characters.AreDigits(value.AsSpan(0, prefixLength)))
        {
            error = $"The value of ({scheme.Ai}) must start with a company prefix of {prefixLength} digits and have a reference after it.";
            return false;
        }
        return TryAccept(Compose(scheme, value[..prefixLength], EscapeForUrn(value[prefixLength..]), serial), out urn, out error);
    }

    private static string Compose(EpcScheme scheme, string prefix, string reference, string serial)
    {
        if (scheme.Serial == EpcSerial.None)
        {
            return $"urn:epc:id:{scheme.Name}:{prefix}.{reference}";
        }
        if (serial.Length == 0)
        {
            return $"urn:epc:idpat:{scheme.Name}:{prefix}.{reference}.*";
        }
        return $"urn:epc:{(scheme == EpcScheme.Lgtin ? "class" : "id")}:{scheme.Name}:{prefix}.{reference}.{EscapeForUrn(serial)}";
    }

    // The reader holds the grammar; what it refuses (a serial too long, a character outside the set) is not written either.
    private static bool TryAccept(string composed, [NotNullWhen(true)] out string? urn, [NotNullWhen(false)] out string? error)
    {
        urn = null;
        if (!EpcUrn.TryRead(composed, out _, out error))
        {
            return false;
        }
        urn = composed;
        return true;
    }

    private static string EscapeForUrn(string text)
    {
        if (!text.AsSpan().ContainsAnyExcept(Gs1Characters.RawInUrn))
        {
            return text;
        }
        var writer = new UriWriter(new char[text.Length * 3]);
        foreach (var character in text)
        {
            if (Gs1Characters.RawInUrn.Contains(character))
            {
                writer.Append(character);
            }
            else
            {
                writer.AppendEscape(character);
            }
        }
        return writer.Text.ToString();
    }
}
