using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>The official XML documents, whole.</summary>
public sealed class EpcisXmlDocumentTests
{
    /// <summary>Documents with <c>&lt;!DOCTYPE project&gt;</c>, which nothing needs.</summary>
    private static readonly string[] WithDoctype =
    [
        "XML__WithEventHashID__event_with_identical_hash_id_2.xml",
        "XML__WithEventHashID__event_with_identical_hash_id_3.xml",
        "XML__WithEventHashID__event_with_identical_hash_id_4.xml",
        "XML__WithFullCombinationOfFields__aggregation_event_all_possible_fields.xml",
        "XML__WithFullCombinationOfFields__object_event_all_possible_fields.xml",
        "XML__WithFullCombinationOfFields__transaction_event_all_possible_fields.xml",
    ];

    /// <summary>Two sensor reports in it have only an exception. The XML schema lets the type be absent, the JSON schema does not.</summary>
    private const string WithReportsWithoutType = "XML__WithSensorData__SensorDataExamples.xml";

    public static IEnumerable<TheoryDataRow<string>> Documents() => Vectors.Rows(XmlVectors.Documents);

    [Theory]
    [MemberData(nameof(Documents))]
    public void Reader_GivenAnOfficialDocument_MakesValidJsonOfIt(string document)
    {
        var result = XmlVectors.ReadJson(XmlVectors.WithoutDoctype(document), out var read);

        Assert.Equal(
            document == WithReportsWithoutType ? [EpcisRules.MissingMember, EpcisRules.MissingMember] : [],
            result.Faults.Select(fault => fault.Rule));
        Assert.All(result.Faults, fault => Assert.InRange(read.Locate(fault).Line!.Value, read.EventLines[8], read.EventLines[9]));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Reader_GivenAnOfficialDocument_RefusesExactlyThoseWithADoctype(string document)
    {
        var read = EpcisXmlReader.ReadDocument(XmlVectors.Bytes(document), XmlVectors.Lenient);

        Assert.Equal(WithDoctype.Contains(document) ? [EpcisRules.XmlDtdProhibited] : [], read.Faults.Select(fault => fault.Rule));
    }
}
