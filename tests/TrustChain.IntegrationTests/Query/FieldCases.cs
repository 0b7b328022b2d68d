using static TrustChain.IntegrationTests.Query.QueryCase;

namespace TrustChain.IntegrationTests.Query;

/// <summary>Parameters whose names say a field of an extension, ilmd, error declaration, place or sensor data, or an attribute of master data.</summary>
internal static class FieldCases
{
    /// <summary>Where a field may be, a field there, and the events where it is 5 and 7.</summary>
    private static readonly (string Scope, string Field, string Five, string Seven)[] Fields =
    [
        ("", "ex:count", "o1", "o2"), ("INNER_", "ex:depth", "o1", "o2"),
        ("ILMD_", "ex:grade", "o1", "f1"), ("INNER_ILMD_", "ex:plot", "o1", "f1"),
        ("ERROR_DECLARATION_", "ex:case", "d1", "d2"), ("INNER_ERROR_DECLARATION_", "ex:row", "d1", "d2"),
        ("SENSORELEMENT_", "ex:probe", "s1", "s2"), ("INNER_SENSORELEMENT_", "ex:height", "s1", "s2"),
        ("SENSORMETADATA_", "ex:firmware", "s1", "s2"), ("INNER_SENSORMETADATA_", "ex:slot", "s1", "s2"),
        ("SENSORREPORT_", "ex:channel", "s1", "s2"), ("INNER_SENSORREPORT_", "ex:pin", "s1", "s2"),
        ("readPoint_", "ex:lane", "o1", "o2"), ("INNER_readPoint_", "ex:side", "o1", "o2"),
        ("bizLocation_", "ex:floor", "o1", "o2"), ("INNER_bizLocation_", "ex:bay", "o1", "o2"),
    ];

    public static IReadOnlyList<QueryCase> All { get; } =
    [
        .. Fields.SelectMany(static f => Comparisons(f.Scope + f.Field, isList: true, f.Scope.Length == 0 ? [(f.Five, [5]), (f.Seven, [7]), ("o3", [9])] : [(f.Five, [5]), (f.Seven, [7])])),
        .. Fields.SelectMany(static f => (QueryCase[])
        [
            Finds($"EXISTS_{f.Scope}{f.Field}=", Sorted(f.Five, f.Seven, f.Scope.Length == 0 ? "o3" : null)),
            Finds($"EXISTS_{f.Scope}{f.Field}=1", Sorted(f.Five, f.Seven, f.Scope.Length == 0 ? "o3" : null)),
            None($"EXISTS_{f.Scope}ex:none="),
            Both($"EXISTS_{f.Scope}{f.Field}=&EQ_eventID={Corpus.IdOf(f.Seven)}", f.Seven),
            Refused($"EXISTS_{f.Scope}{f.Field}=maybe"), Refused($"EXISTS_{f.Scope}none:field="), Refused($"EQ_{f.Scope}none:field=5"), Refused($"EQ_{f.Scope}{f.Field}="),
        ]),

        // A field at the top is not one inside, and the other way round; and each place has its own.
        None("EQ_INNER_ex:count=5"), None("EQ_ex:depth=5"), None("EQ_ex:grade=5"), None("EQ_INNER_ex:grade=5"), None("EQ_ILMD_ex:plot=5"), None("EQ_ILMD_ex:count=5"),
        None("EQ_ERROR_DECLARATION_ex:row=5"), None("EQ_ex:case=5"), None("EQ_ex:lane=5"), None("EQ_bizLocation_ex:lane=5"), None("EQ_SENSORREPORT_ex:probe=5"),

        Finds("EQ_ex:batch=A1", "o1"), Finds("EQ_ex:batch=a1", "o3"), Finds("EQ_ex:batch=A1|B2", "o1 o4"), None("EQ_ex:batch=A"), None("EQ_ex:batch=A%"), None("EQ_ex:batch=A_"),
        Finds("EQ_ex:count=5.0", "o1"), Finds("EQ_https://ext.example/epcis/count=5", "o1"), Finds("EQ_https://ext.example/epcis/#count=5", "o1"),
        Finds("EQ_ex:tags=green", "o2"), Finds("EQ_ex:tags=blue|red", "o2"), None("EQ_ex:tags=Red"), Finds("EXISTS_ex:tags=", "o2"),
        Finds("EQ_INNER_ex:kind=box", "o1"), Finds("EQ_INNER_ex:leaf=x", "o2"), Finds("EXISTS_INNER_ex:leaf=", "o2"), Finds("EXISTS_INNER_ex:deeper=", "o2"),
        Finds("EQ_ILMD_ex:lot=L-A|L-B", "f1 o1"), Finds("EQ_INNER_ILMD_ex:soil=loam", "o1"), Both("EQ_ILMD_ex:lot=L-A|L-B&GE_ILMD_ex:grade=6", "f1"),
        Finds("EXISTS_ilmd=", "f1 o1"), None("EXISTS_ilmd=&eventType=AggregationEvent"), Both("EXISTS_ilmd=&EQ_action=ADD", "o1"), Refused("EXISTS_ilmd=maybe"),
        Finds("EQ_ex:when=2026-05-01T10:00:00.000Z", "o1"), Finds("GT_ex:when=2026-05-01T10:00:00Z", "o2"), Finds("GE_ex:when=2026-05-01T10:00:00Z", "o1 o2"),
        Finds("LT_ex:when=2026-05-02T12:00:00Z", "o1"), Finds("LE_ex:when=2026-05-02T12:00:00Z", "o1 o2"), None("LT_ex:when=2026-05-01T10:00:00Z"),
        None("GT_ex:batch=5"), None("GE_ex:when=5"), None("LT_ex:count=2026-05-02T12:00:00Z"),
        Refused("GT_ex:count=2026-05-02"), Refused("EQ_count=5"), Refused("EQ_=5"), Refused("EXISTS_count="), Refused("XX_ex:count=5"),

        Finds("HASATTR_bizLocation=ex:size", "o1"), Finds("HASATTR_bizLocation=https://ext.example/epcis/size|ex:none", "o1"), None("HASATTR_bizLocation=ex:none"), None("HASATTR_readPoint=ex:size"),
        Both("HASATTR_bizLocation=ex:size&EQ_action=OBSERVE", ""), Refused("HASATTR_bizLocation="), Refused("HASATTR_eventTime=ex:size"),
        Finds("HASATTR_ex:maker=ex:country", "o1"), None("HASATTR_ex:maker=ex:size"), Both("HASATTR_ex:maker=ex:country&EQ_action=ADD", "o1"), Refused("HASATTR_none:maker=ex:country"),
        .. new[] { "EQATTR_", "EQ_ATTR_" }.SelectMany(static start => (QueryCase[])
        [
            Finds($"{start}bizLocation_ex:size=large", "o1"), Finds($"{start}bizLocation_ex:size=small|large", "o1"), None($"{start}bizLocation_ex:size=Large"), None($"{start}readPoint_ex:size=large"),
            Both($"{start}bizLocation_ex:size=large&EQ_action=OBSERVE", ""), Both($"{start}bizLocation_ex:size=large&EQ_action=ADD", "o1"), Refused($"{start}bizLocation_ex:size="), Refused($"{start}bizLocation=large"),
        ]),
    ];

    private static string Sorted(params string?[] names) => string.Join(' ', names.OfType<string>().Order(StringComparer.Ordinal));
}
