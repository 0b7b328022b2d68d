using System.Diagnostics.CodeAnalysis;

namespace TrustChain.Core.Identifiers;

/// <summary>
/// The constrained canonical form that the CBV event hash gives to GS1 identifiers (CBV 2.0, section 8.9.2): one Digital Link URI on
/// <c>https://id.gs1.org</c>, at the finest level of identification, without attributes.
/// </summary>
public static class CanonicalDigitalLink
{
    /// <summary>Longest input in characters; anything longer is left unchanged.</summary>
    public const int MaxLength = 2048;

    /// <summary>What every canonical form starts with.</summary>
    public const string Domain = "https://id.gs1.org";

    /// <summary>
    /// Gives the canonical form of an EPC URN (<c>id</c>, <c>class</c>, <c>idpat</c>) or of a Digital Link URI on any domain and stem.
    /// Escapes in serials and lots are kept byte for byte, check digits of Digital Links are not verified, and extension 0 of a GLN is dropped only in URNs.
    /// </summary>
    /// <param name="uri">Any value of an event; values that start with neither <c>urn:epc:</c> nor <c>http</c> are rejected without allocating.</param>
    /// <param name="canonical">The canonical form; the same string as <paramref name="uri"/> where that already is canonical.</param>
    /// <returns>False where the value is no GS1 identifier in a form the hash knows: it then stays as it is.</returns>
    public static bool TryCanonicalise(string uri, [NotNullWhen(true)] out string? canonical)
    {
        canonical = null;
        if (uri is not { Length: > 8 and <= MaxLength })
        {
            return false;
        }
        // Longest result: domain, a key of 30 and a qualifier of 28 characters, every one escaped.
        var writer = new UriWriter(stackalloc char[256]);
        var written = uri[0] switch
        {
            'u' => uri.StartsWith(EpcUrn.Start, StringComparison.Ordinal) && EpcUrn.TryRead(uri, out var parts, out _) && WriteUrn(ref writer, in parts),
            'h' or 'H' => TryWriteLink(ref writer, uri),
            _ => false,
        };
        if (!written)
        {
            return false;
        }
        canonical = writer.Text.SequenceEqual(uri) ? uri : writer.Text.ToString();
        return true;
    }

    private static bool WriteUrn(scoped ref UriWriter writer, in EpcUrnParts parts)
    {
        var scheme = parts.Scheme;
        writer.Append(Domain);
        writer.AppendAi(scheme.Ai);
        var keyStart = writer.Length;
        if (scheme.LeadingZero)
        {
            writer.Append('0');
        }
        if (scheme.FirstReferenceDigitLeads)
        {
            writer.Append(parts.Reference[..1]);
            writer.Append(parts.Prefix);
            writer.Append(parts.Reference[1..]);
        }
        else
        {
            writer.Append(parts.Prefix);
            writer.AppendEscaped(parts.Reference);
        }
        if (scheme.HasCheckDigit)
        {
            writer.Append(CheckDigit.Compute(writer.Text[keyStart..]));
        }
        writer.Append(parts.Piece);
        writer.Append(parts.Total);
        var isGlnWithoutExtension = scheme == EpcScheme.Sgln && parts.Serial is "0";
        if (!parts.Serial.IsEmpty && !isGlnWithoutExtension)
        {
            if (scheme.SerialAi is not null)
            {
                writer.AppendAi(scheme.SerialAi);
            }
            writer.AppendEscaped(parts.Serial);
        }
        return true;
    }

    private static bool TryWriteLink(scoped ref UriWriter writer, ReadOnlySpan<char> uri)
    {
        if (!LinkPath.TryFind(uri, out var path))
        {
            return false;
        }
        // The rightmost key starts the identifier, so the path is read backwards in pairs; at most CPV, lot and serial follow a key.
        ReadOnlySpan<char> cpv = default;
        ReadOnlySpan<char> qualifierAi = default;
        ReadOnlySpan<char> qualifier = default;
        ReadOnlySpan<char> lot = default;
        for (var pair = 0; pair < 4 && LinkPath.TryTakeLastPair(ref path, out var name, out var value); pair++)
        {
            var ai = ShortNames.ToAi(name);
            switch (ai)
            {
                case "21" or "235" or "254" or "8011" when qualifier.IsEmpty && lot.IsEmpty && cpv.IsEmpty:
                    qualifierAi = ai;
                    qualifier = value;
                    break;
                case "10" when lot.IsEmpty && cpv.IsEmpty && (qualifier.IsEmpty || qualifierAi is "21"):
                    lot = value;
                    break;
                case "22" when cpv.IsEmpty:
                    cpv = value;
                    break;
                default:
                    return TryWriteKey(ref writer, ai, value, cpv, lot, qualifierAi, qualifier);
            }
        }
        return false;
    }

    private static bool TryWriteKey(
        scoped ref UriWriter writer,
        ReadOnlySpan<char> ai,
        ReadOnlySpan<char> key,
        ReadOnlySpan<char> cpv,
        ReadOnlySpan<char> lot,
        ReadOnlySpan<char> qualifierAi,
        ReadOnlySpan<char> qualifier)
    {
        var isTradeItem = ai is "01" or "8006";
        if (!isTradeItem && !(cpv.IsEmpty && lot.IsEmpty))
        {
            return false;
        }
        // Every part must be sound, also the ones that the result leaves out.
        if (!cpv.IsEmpty && !LinkPath.IsText(cpv, 20))
        {
            return false;
        }
        if (!lot.IsEmpty && !LinkPath.IsText(lot, 20))
        {
            return false;
        }
        if (!IsKey(ai, key) || !IsQualifier(ai, qualifierAi, qualifier))
        {
            return false;
        }
        writer.Append(Domain);
        writer.AppendAi(ai);
        if (ai is "01")
        {
            writer.Append("000000".AsSpan(0, 14 - key.Length));
        }
        writer.Append(key);
        if (qualifier.IsEmpty && !lot.IsEmpty)
        {
            qualifierAi = "10";
            qualifier = lot;
        }
        if (!qualifier.IsEmpty)
        {
            writer.AppendAi(qualifierAi);
            writer.Append(qualifier);
        }
        return true;
    }

    private static bool IsKey(ReadOnlySpan<char> ai, ReadOnlySpan<char> key) => ai switch
    {
        "00" or "8006" or "8017" or "8018" => key.Length == 18 && Gs1Characters.AreDigits(key),
        "01" => key.Length is 8 or 12 or 13 or 14 && Gs1Characters.AreDigits(key),
        "402" => key.Length == 17 && Gs1Characters.AreDigits(key),
        "414" or "417" => key.Length == 13 && Gs1Characters.AreDigits(key),
        "253" => IsDigitsThenText(key, 13, 17),
        "8003" => IsDigitsThenText(key, 14, 16),
        "255" => key.Length is >= 13 and <= 25 && Gs1Characters.AreDigits(key),
        // These begin with a company prefix, of which the shortest has four digits, and have at least one character after it.
        "401" or "8004" => key.Length > 4 && Gs1Characters.AreDigits(key[..4]) && LinkPath.IsText(key, 30),
        "8010" => key.Length > 4
            && Gs1Characters.AreDigits(key[..4])
            && Gs1Characters.CountEscaped(key, Gs1Characters.RawOf39, Gs1Characters.Set39) is >= 1 and <= 30,
        _ => false,
    };

    private static bool IsDigitsThenText(ReadOnlySpan<char> key, int digits, int maxText) =>
        key.Length >= digits && Gs1Characters.AreDigits(key[..digits]) && (key.Length == digits || LinkPath.IsText(key[digits..], maxText));

    private static bool IsQualifier(ReadOnlySpan<char> keyAi, ReadOnlySpan<char> ai, ReadOnlySpan<char> value)
    {
        if (value.IsEmpty)
        {
            return true;
        }
        return ai switch
        {
            "21" => keyAi is "01" or "8006" && LinkPath.IsText(value, 20),
            "235" => keyAi is "01" && LinkPath.IsText(value, 28),
            "254" => keyAi is "414" && LinkPath.IsText(value, 20),
            "8011" => keyAi is "8010" && value.Length <= 12 && Gs1Characters.AreDigits(value),
            _ => false,
        };
    }
}
