using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>The official XML documents, whole.</summary>
public sealed class EpcisXmlDocumentTests
{
    /// <summary>Two sensor reports in it have only an exception. The XML schema lets the type be absent, the JSON schema does not.</summary>
    private const string WithReportsWithoutType = "XML__WithSensorData__SensorDataExamples.xml";

    public static IEnumerable<TheoryDataRow<string>> Documents() => Vectors.Rows(XmlVectors.Documents);

    [Theory]
    [MemberData(nameof(Documents))]
    public void Reader_GivenAnOfficialDocument_MakesValidJsonOfIt(string document)
    {
        var result = XmlVectors.ReadJson(XmlVectors.Bytes(document), out var read);

        Assert.Equal(
            document == WithReportsWithoutType ? [EpcisRules.MissingMember, EpcisRules.MissingMember] : [],
            result.Faults.Select(fault => fault.Rule));
        Assert.All(result.Faults, fault => Assert.InRange(read.Locate(fault).Line!.Value, read.EventLines[8], read.EventLines[9]));
    }
}
