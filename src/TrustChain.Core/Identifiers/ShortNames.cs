namespace TrustChain.Core.Identifiers;

/// <summary>The alphabetic names that earlier versions of the GS1 Digital Link standard (1.1, section 4.3) allowed for application identifiers in a path.</summary>
internal static class ShortNames
{
    /// <summary>The application identifier of a short name; any other text unchanged.</summary>
    public static ReadOnlySpan<char> ToAi(ReadOnlySpan<char> name) => name switch
    {
        "gtin" => "01",
        "itip" => "8006",
        "cpid" => "8010",
        "gln" => "414",
        "payTo" => "415",
        "glnProd" => "416",
        "party" => "417",
        "gsrnp" => "8017",
        "gsrn" => "8018",
        "gcn" => "255",
        "sscc" => "00",
        "gdti" => "253",
        "ginc" => "401",
        "gsin" => "402",
        "grai" => "8003",
        "giai" => "8004",
        "cpv" => "22",
        "lot" => "10",
        "ser" => "21",
        "glnx" => "254",
        "refno" => "8020",
        "srin" => "8019",
        "cpsn" => "8011",
        _ => name,
    };

    /// <summary>The short name of an application identifier; the identifier itself where it has none.</summary>
    public static string OfAi(string ai) => ai switch
    {
        "01" => "gtin",
        "8006" => "itip",
        "8010" => "cpid",
        "414" => "gln",
        "415" => "payTo",
        "416" => "glnProd",
        "417" => "party",
        "8017" => "gsrnp",
        "8018" => "gsrn",
        "255" => "gcn",
        "00" => "sscc",
        "253" => "gdti",
        "401" => "ginc",
        "402" => "gsin",
        "8003" => "grai",
        "8004" => "giai",
        "22" => "cpv",
        "10" => "lot",
        "21" => "ser",
        "254" => "glnx",
        "8020" => "refno",
        "8019" => "srin",
        "8011" => "cpsn",
        _ => ai,
    };
}
