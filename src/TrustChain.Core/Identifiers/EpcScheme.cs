namespace TrustChain.Core.Identifiers;

/// <summary>What the part after the key of an EPC URN is.</summary>
internal enum EpcSerial
{
    /// <summary>The scheme has none.</summary>
    None,

    /// <summary>1 to <see cref="EpcScheme.SerialMax"/> characters of set 82.</summary>
    Text,

    /// <summary>1 to <see cref="EpcScheme.SerialMax"/> digits.</summary>
    Digits,
}

/// <summary>
/// One EPC scheme of the EPC Tag Data Standard (section 6.3) and the GS1 key it stands for: the rules by which URN and Digital Link are taken apart and built.
/// </summary>
/// <param name="name">Name in the URN, such as "sgtin".</param>
/// <param name="ai">Application identifier of the GS1 key.</param>
/// <param name="keyDigits">Digits of company prefix and reference together, without check digit; 0 where the reference is text.</param>
internal sealed class EpcScheme(string name, string ai, int keyDigits)
{
    /// <summary>The longest EPC company prefix in digits.</summary>
    public const int MaxPrefix = 12;

    /// <summary>The shortest EPC company prefix in digits.</summary>
    public const int MinPrefix = 6;

    /// <summary>Longest prefix and reference together where the reference is text.</summary>
    public const int MaxTextKey = 30;

    /// <summary>Name in the URN.</summary>
    public string Name { get; } = name;

    /// <summary>Application identifier of the GS1 key.</summary>
    public string Ai { get; } = ai;

    /// <summary>Digits of company prefix and reference together, without check digit; 0 where the reference is text.</summary>
    public int KeyDigits { get; } = keyDigits;

    /// <summary>The first digit of the reference (indicator, extension) is the first digit of the GS1 key.</summary>
    public bool FirstReferenceDigitLeads { get; init; }

    /// <summary>The GS1 key has a filler zero in front that the URN leaves out (GRAI).</summary>
    public bool LeadingZero { get; init; }

    /// <summary>Piece and total, two digits each, follow the trade item (ITIP).</summary>
    public bool HasPieces { get; init; }

    /// <summary>The reference is of character set 39, else of set 82; only where <see cref="KeyDigits"/> is 0.</summary>
    public bool ReferenceIs39 { get; init; }

    /// <summary>Kind of serial part.</summary>
    public EpcSerial Serial { get; init; }

    /// <summary>Longest serial part in characters (escapes count once) or digits.</summary>
    public int SerialMax { get; init; }

    /// <summary>Application identifier of the serial part; null where it follows the key directly (GRAI, GDTI, SGCN).</summary>
    public string? SerialAi { get; init; }

    /// <summary>Whether <c>urn:epc:idpat:</c> with serial <c>*</c> names a class of this scheme.</summary>
    public bool HasPattern { get; init; }

    /// <summary>Whether the GS1 key ends, before any serial, in a check digit.</summary>
    public bool HasCheckDigit => KeyDigits > 0;

    /// <summary>SGTIN.</summary>
    public static readonly EpcScheme Sgtin = new("sgtin", "01", 13)
    {
        FirstReferenceDigitLeads = true,
        Serial = EpcSerial.Text,
        SerialMax = 20,
        SerialAi = "21",
        HasPattern = true,
    };

    /// <summary>SSCC.</summary>
    public static readonly EpcScheme Sscc = new("sscc", "00", 17) { FirstReferenceDigitLeads = true };

    /// <summary>GLN with or without extension; extension 0 means none.</summary>
    public static readonly EpcScheme Sgln = new("sgln", "414", 12) { Serial = EpcSerial.Text, SerialMax = 20, SerialAi = "254" };

    /// <summary>GRAI.</summary>
    public static readonly EpcScheme Grai = new("grai", "8003", 12)
    {
        LeadingZero = true,
        Serial = EpcSerial.Text,
        SerialMax = 16,
        HasPattern = true,
    };

    /// <summary>GIAI.</summary>
    public static readonly EpcScheme Giai = new("giai", "8004", 0);

    /// <summary>GSRN of a recipient.</summary>
    public static readonly EpcScheme Gsrn = new("gsrn", "8018", 17);

    /// <summary>GSRN of a provider.</summary>
    public static readonly EpcScheme Gsrnp = new("gsrnp", "8017", 17);

    /// <summary>GDTI.</summary>
    public static readonly EpcScheme Gdti = new("gdti", "253", 12) { Serial = EpcSerial.Text, SerialMax = 17, HasPattern = true };

    /// <summary>CPID.</summary>
    public static readonly EpcScheme Cpi = new("cpi", "8010", 0)
    {
        ReferenceIs39 = true,
        Serial = EpcSerial.Digits,
        SerialMax = 12,
        SerialAi = "8011",
        HasPattern = true,
    };

    /// <summary>GCN.</summary>
    public static readonly EpcScheme Sgcn = new("sgcn", "255", 12) { Serial = EpcSerial.Digits, SerialMax = 12, HasPattern = true };

    /// <summary>GINC.</summary>
    public static readonly EpcScheme Ginc = new("ginc", "401", 0);

    /// <summary>GSIN.</summary>
    public static readonly EpcScheme Gsin = new("gsin", "402", 16);

    /// <summary>ITIP.</summary>
    public static readonly EpcScheme Itip = new("itip", "8006", 13)
    {
        FirstReferenceDigitLeads = true,
        HasPieces = true,
        Serial = EpcSerial.Text,
        SerialMax = 20,
        SerialAi = "21",
        HasPattern = true,
    };

    /// <summary>UPUI: a GTIN with a third-party serial.</summary>
    public static readonly EpcScheme Upui = new("upui", "01", 13)
    {
        FirstReferenceDigitLeads = true,
        Serial = EpcSerial.Text,
        SerialMax = 28,
        SerialAi = "235",
        HasPattern = true,
    };

    /// <summary>Party GLN.</summary>
    public static readonly EpcScheme Pgln = new("pgln", "417", 12);

    /// <summary>GTIN and lot; the only scheme under <c>urn:epc:class:</c>.</summary>
    public static readonly EpcScheme Lgtin = new("lgtin", "01", 13)
    {
        FirstReferenceDigitLeads = true,
        Serial = EpcSerial.Text,
        SerialMax = 20,
        SerialAi = "10",
    };

    /// <summary>The scheme of this name, in lower case as the standard writes it.</summary>
    public static EpcScheme? Find(ReadOnlySpan<char> name) => name switch
    {
        "sgtin" => Sgtin,
        "sscc" => Sscc,
        "sgln" => Sgln,
        "grai" => Grai,
        "giai" => Giai,
        "gsrn" => Gsrn,
        "gsrnp" => Gsrnp,
        "gdti" => Gdti,
        "cpi" => Cpi,
        "sgcn" => Sgcn,
        "ginc" => Ginc,
        "gsin" => Gsin,
        "itip" => Itip,
        "upui" => Upui,
        "pgln" => Pgln,
        "lgtin" => Lgtin,
        _ => null,
    };
}
