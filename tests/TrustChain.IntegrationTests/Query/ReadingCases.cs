using static TrustChain.IntegrationTests.Query.QueryCase;

namespace TrustChain.IntegrationTests.Query;

/// <summary>Parameters that ask for sensor data.</summary>
internal static class ReadingCases
{
    public static IReadOnlyList<QueryCase> All { get; } =
    [
        .. Times("time", "s1", "2026-04-14T23:00:00Z", "s3", "2026-04-17T03:00:00Z"),
        .. Times("startTime", "s2", "2026-04-16T00:00:00Z", "s3", "2026-04-17T00:00:00Z"),
        .. Times("endTime", "s2", "2026-04-16T06:00:00Z", "s3", "2026-04-16T22:00:00Z"),

        // Degrees Celsius, Fahrenheit and Kelvin side by side: each is asked for in each.
        .. Comparisons("value_CEL", isList: true, ("s1", [26]), ("s2", [30]), ("s3", [35])),
        .. Comparisons("value_FAH", isList: true, ("s1", [78.8]), ("s2", [86]), ("s3", [95])),
        .. Comparisons("value_KEL", isList: true, ("s1", [299.15]), ("s2", [303.15]), ("s3", [308.15])),
        .. Comparisons("value_GRM", isList: true, ("s4", [1500]), ("s5", [2500])),
        .. Comparisons("value_KGM", isList: true, ("s4", [1.5]), ("s5", [2.5])),
        .. Comparisons("minValue_CEL", isList: true, ("s1", [20]), ("s2", [25])),
        .. Comparisons("maxValue_CEL", isList: true, ("s1", [40]), ("s2", [45])),
        .. Comparisons("meanValue_KEL", isList: true, ("s1", [299.15]), ("s2", [303.15])),
        .. Comparisons("percValue_CEL", isList: true, ("s1", [12]), ("s2", [20])),
        .. Comparisons("percRank", isList: true, ("s1", [50]), ("s2", [75])),
        // A deviation is a difference: 3.6 °F are 2 K, wherever the scales have their zero.
        .. Comparisons("sDev_CEL", isList: true, ("s1", [1]), ("s2", [2])),
        .. Comparisons("sDev_KEL", isList: true, ("s1", [1]), ("s2", [2])),
        Finds("EQ_value_MTR=12", "s5"), Finds("EQ_value_CMT=1200", "s5"), Finds("EQ_value_ZZZ=8", "s6"), None("EQ_value_ZZY=8"), None("EQ_value_MTR=2.5"), None("GE_value_KGM=3"), None("EQ_value_MTR=7"),
        Both("GE_value_CEL=0&GE_minValue_CEL=22", "s2"), Both("GE_value_GRM=0&EQ_type=Length", "s5"),
        Refused("EQ_value_CEL=warm"), Refused("EQ_value_CEL="), Refused("EQ_value_celsius=1"), Refused("EQ_value=7"), Refused("GE_value_C=1"), Refused("GE_percRank=high"), Refused("GE_minValue=1"),

        Finds("EQ_type=Temperature", "s1 s2 s3"), Finds("EQ_type=Length|ex:Taste", "s5 s6 s7 s8"), Finds("EQ_type=https://gs1.org/voc/Mass", "s4 s5"), None("EQ_type=Volume"),
        Both("EQ_type=Temperature&GE_value_KEL=300", "s2 s3"), Refused("EQ_type=temperature"), Refused("EQ_type="),
        Finds("EQ_deviceID=urn:epc:id:giai:0614141.5678", "s1"), Finds("EQ_deviceID=https://id.gs1.org/8004/06141415678|https://id.gs1.org/8004/06141415679", "s1 s2"),
        Finds("EQ_deviceID=https://data.example/device/3", "s3"), Finds("EQ_deviceID=https://data.example/device/3b", "s3"), None("EQ_deviceID=https://data.example/device/"),
        Both("EQ_deviceID=urn:epc:id:giai:0614141.5678&EQ_type=Mass", ""), Refused("EQ_deviceID=5678"),
        .. Uris("deviceMetadata", "s1", "https://id.gs1.org/8004/06141411111", "urn:epc:id:giai:0614141.1111"),
        .. Uris("rawData", "s1", "https://data.example/raw/1", "https://data.example/raw/1"),
        .. Uris("dataProcessingMethod", "s1", "urn:epc:id:gdti:0614141.06012.1234", "https://id.gs1.org/253/06141410601221234"),
        .. Uris("dataProcessingMethod", "s2", "https://data.example/method/2", "https://data.example/method/2"),
        .. Uris("bizRules", "s1", "urn:epc:id:gdti:0614141.06012.9", "https://id.gs1.org/253/06141410601229"),
        .. Uris("microorganism", "s6", "https://www.ncbi.nlm.nih.gov/taxonomy/1126011", "https://www.ncbi.nlm.nih.gov/taxonomy/1126011"),
        .. Uris("chemicalSubstance", "s6", "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N", "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N"),
        .. Uris("uriValue", "s6", Corpus.Item, Corpus.ItemUrn),
        Finds("EQ_stringValue=red", "s6"), Finds("EQ_stringValue=Red", "s7"), Finds("EQ_stringValue=green|red", "s6 s8"), None("EQ_stringValue=re"), None("EQ_stringValue=r_d"), None("EQ_stringValue=r%"),
        Both("EQ_stringValue=red&EQ_booleanValue=true", "s6"), Refused("EQ_stringValue="),
        Finds("EQ_hexBinaryValue=F0F0", "s6"), Finds("EQ_hexBinaryValue=F0F0|F0F1", "s6 s7"), None("EQ_hexBinaryValue=F0"), Both("EQ_hexBinaryValue=F0F0&EQ_booleanValue=false", ""), Refused("EQ_hexBinaryValue="),
        Finds("EQ_booleanValue=true", "s6"), Finds("EQ_booleanValue=false", "s7"), None("EQ_booleanValue=true&EQ_type=Mass"), Both("EQ_booleanValue=false&EQ_stringValue=Red", "s7"),
        Refused("EQ_booleanValue=yes"), Refused("EQ_booleanValue=1"), Refused("EQ_booleanValue="),
    ];

    private static QueryCase[] Times(string name, string early, string earlyTime, string late, string lateTime) =>
    [
        Finds($"GE_{name}={lateTime}", late), Finds($"GE_{name}={earlyTime}", $"{early} {late}"), None($"GE_{name}=2027-01-01T00:00:00Z"), Both($"GE_{name}={earlyTime}&EQ_eventID={Corpus.IdOf(early)}", early), Refused($"GE_{name}=noon"),
        Finds($"LT_{name}={lateTime}", early), None($"LT_{name}={earlyTime}"), Both($"LT_{name}=2027-01-01T00:00:00Z&EQ_eventID={Corpus.IdOf(late)}", late), Refused($"LT_{name}="),
    ];

    private static QueryCase[] Uris(string name, string found, string uri, string otherForm) =>
    [
        Finds($"EQ_{name}={uri}", found), Finds($"EQ_{name}=urn:example:none|{otherForm}", found), None($"EQ_{name}=urn:example:none"), Both($"EQ_{name}={uri}&EQ_eventID={Corpus.IdOf("o1")}", ""), Both($"EQ_{name}={uri}&EQ_eventID={Corpus.IdOf(found)}", found), Refused($"EQ_{name}=no uri"),
    ];
}
