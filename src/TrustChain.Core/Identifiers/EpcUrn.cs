using System.Diagnostics.CodeAnalysis;

namespace TrustChain.Core.Identifiers;

/// <summary>Reads EPC URNs by the grammar of the EPC Tag Data Standard, section 6.3 (identity) and section 8 (pattern).</summary>
internal static class EpcUrn
{
    /// <summary>What every EPC URN starts with; compared by case, as the standard writes it.</summary>
    public const string Start = "urn:epc:";

    /// <summary>Takes a URN apart.</summary>
    /// <param name="urn">The whole URN.</param>
    /// <param name="parts">Slices of <paramref name="urn"/>.</param>
    /// <param name="error">One sentence naming the place and the rule; null on success.</param>
    public static bool TryRead(ReadOnlySpan<char> urn, out EpcUrnParts parts, [NotNullWhen(false)] out string? error)
    {
        parts = default;
        if (!TryReadForm(urn, out var form, out var rest))
        {
            error = "An EPC URN starts with urn:epc:id:, urn:epc:class: or urn:epc:idpat:.";
            return false;
        }
        var colon = rest.IndexOf(':');
        var scheme = colon < 0 ? null : EpcScheme.Find(rest[..colon]);
        if (scheme is null)
        {
            error = "The scheme after the URN family is not one of the EPC Tag Data Standard.";
            return false;
        }
        if (!Belongs(scheme, form))
        {
            error = $"The scheme {scheme.Name} does not exist in this URN family.";
            return false;
        }
        var body = rest[(colon + 1)..];
        var dot = body.IndexOf('.');
        if (dot is < EpcScheme.MinPrefix or > EpcScheme.MaxPrefix || !Gs1Characters.AreDigits(body[..dot]))
        {
            error = $"The company prefix of {scheme.Name} must be 6 to 12 digits followed by a dot.";
            return false;
        }
        return scheme.KeyDigits > 0
            ? TryReadNumeric(scheme, form, body[..dot], body[(dot + 1)..], out parts, out error)
            : TryReadText(scheme, form, body[..dot], body[(dot + 1)..], out parts, out error);
    }

    private static bool TryReadForm(ReadOnlySpan<char> urn, out EpcUrnForm form, out ReadOnlySpan<char> rest)
    {
        form = EpcUrnForm.Instance;
        rest = default;
        if (!urn.StartsWith(Start, StringComparison.Ordinal))
        {
            return false;
        }
        var tail = urn[Start.Length..];
        var colon = tail.IndexOf(':');
        if (colon < 0)
        {
            return false;
        }
        rest = tail[(colon + 1)..];
        switch (tail[..colon])
        {
            case "id":
                return true;
            case "class":
                form = EpcUrnForm.Lot;
                return true;
            case "idpat":
                form = EpcUrnForm.Pattern;
                return true;
            default:
                return false;
        }
    }

    private static bool Belongs(EpcScheme scheme, EpcUrnForm form) => form switch
    {
        EpcUrnForm.Pattern => scheme.HasPattern,
        EpcUrnForm.Lot => scheme == EpcScheme.Lgtin,
        _ => scheme != EpcScheme.Lgtin,
    };

    private static bool TryReadNumeric(
        EpcScheme scheme, EpcUrnForm form, ReadOnlySpan<char> prefix, ReadOnlySpan<char> rest, out EpcUrnParts parts, [NotNullWhen(false)] out string? error)
    {
        parts = default;
        var length = scheme.KeyDigits - prefix.Length;
        if (rest.Length < length || (length > 0 && !Gs1Characters.AreDigits(rest[..length])))
        {
            error = ReferenceError(scheme, length);
            return false;
        }
        var reference = rest[..length];
        rest = rest[length..];
        ReadOnlySpan<char> piece = default;
        ReadOnlySpan<char> total = default;
        if (scheme.HasPieces)
        {
            if (rest.Length < 6 || rest[0] != '.' || rest[3] != '.' || !Gs1Characters.AreDigits(rest[1..3]) || !Gs1Characters.AreDigits(rest[4..6]))
            {
                error = $"After the reference, {scheme.Name} needs piece and total, two digits each, separated by dots.";
                return false;
            }
            piece = rest[1..3];
            total = rest[4..6];
            rest = rest[6..];
        }
        if (scheme.Serial == EpcSerial.None ? !rest.IsEmpty : rest.IsEmpty || rest[0] != '.')
        {
            error = ReferenceError(scheme, length);
            return false;
        }
        var serial = rest.IsEmpty ? rest : rest[1..];
        if (!TryReadSerial(scheme, form, ref serial, out error))
        {
            return false;
        }
        parts = new EpcUrnParts { Scheme = scheme, Form = form, Prefix = prefix, Reference = reference, Piece = piece, Total = total, Serial = serial };
        return true;
    }

    private static bool TryReadText(
        EpcScheme scheme, EpcUrnForm form, ReadOnlySpan<char> prefix, ReadOnlySpan<char> rest, out EpcUrnParts parts, [NotNullWhen(false)] out string? error)
    {
        parts = default;
        var reference = rest;
        ReadOnlySpan<char> serial = default;
        if (scheme.Serial != EpcSerial.None)
        {
            var dot = rest.LastIndexOf('.');
            if (dot < 0)
            {
                error = $"After the reference, {scheme.Name} needs a dot and a serial number.";
                return false;
            }
            reference = rest[..dot];
            serial = rest[(dot + 1)..];
        }
        var count = scheme.ReferenceIs39
            ? Gs1Characters.CountEscaped(reference, Gs1Characters.RawOf39, Gs1Characters.Set39)
            : Gs1Characters.CountEscaped(reference, Gs1Characters.RawInUrn, Gs1Characters.Set82);
        if (count < 1 || count > EpcScheme.MaxTextKey - prefix.Length)
        {
            error = $"The reference of {scheme.Name} must be 1 to {EpcScheme.MaxTextKey - prefix.Length} characters of its set, escaped where the standard says so.";
            return false;
        }
        if (!TryReadSerial(scheme, form, ref serial, out error))
        {
            return false;
        }
        parts = new EpcUrnParts { Scheme = scheme, Form = form, Prefix = prefix, Reference = reference, Serial = serial };
        return true;
    }

    private static bool TryReadSerial(EpcScheme scheme, EpcUrnForm form, scoped ref ReadOnlySpan<char> serial, [NotNullWhen(false)] out string? error)
    {
        error = null;
        if (scheme.Serial == EpcSerial.None)
        {
            return true;
        }
        if (form == EpcUrnForm.Pattern)
        {
            if (serial is not "*")
            {
                error = $"The serial of a {scheme.Name} pattern must be a single asterisk.";
                return false;
            }
            serial = default;
            return true;
        }
        var count = scheme.Serial == EpcSerial.Text
            ? Gs1Characters.CountEscaped(serial, Gs1Characters.RawInUrn, Gs1Characters.Set82)
            : Gs1Characters.AreDigits(serial) ? serial.Length : -1;
        if (count < 1 || count > scheme.SerialMax)
        {
            var kind = scheme.Serial == EpcSerial.Text ? "characters of GS1 character set 82, escaped where the standard says so" : "digits";
            error = $"The serial part of {scheme.Name} must be 1 to {scheme.SerialMax} {kind}.";
            return false;
        }
        return true;
    }

    private static string ReferenceError(EpcScheme scheme, int length) =>
        $"After its company prefix, {scheme.Name} must have a reference of exactly {length} digits"
        + (scheme.Serial == EpcSerial.None ? " and nothing after it." : ", a dot and a serial part.");
}
