using System.Text;
using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>The mapping, piece by piece.</summary>
public sealed class EpcisXmlReaderTests
{
    private const string Start = "<eventTime>2026-03-04T08:15:30Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>";
    private const string Epcs = "<epcList><epc>urn:epc:id:sgtin:4012345.011111.1</epc></epcList><action>OBSERVE</action>";

    [Fact]
    public void WrappersOfVersion1_AreTakenOff()
    {
        var read = Read1($"""
            <ObjectEvent>{Start}<baseExtension><eventID>urn:uuid:1</eventID><errorDeclaration><declarationTime>2026-03-05T08:15:30Z</declarationTime>
            <reason>urn:epcglobal:cbv:er:incorrect_data</reason></errorDeclaration></baseExtension>
            <epcList/><action>ADD</action>
            <extension><quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.011111.L1</epcClass><quantity>+02.50</quantity></quantityElement></quantityList>
            <sourceList><source type="urn:epcglobal:cbv:sdt:location">urn:epc:id:sgln:4012345.00005.0</source></sourceList>
            <ilmd><cbvmda:lotNumber xmlns:cbvmda="urn:epcglobal:cbv:mda:">A</cbvmda:lotNumber></ilmd>
            <extension><persistentDisposition><set>urn:epcglobal:cbv:disp:recalled</set></persistentDisposition></extension></extension></ObjectEvent>
            """);

        Assert.Equal("urn:uuid:1", read.GetProperty("eventID").GetString());
        Assert.Equal("incorrect_data", read.GetProperty("errorDeclaration").GetProperty("reason").GetString());
        Assert.Equal("2.50", read.GetProperty("quantityList")[0].GetProperty("quantity").GetRawText());
        Assert.Equal("location", read.GetProperty("sourceList")[0].GetProperty("type").GetString());
        Assert.Equal("A", read.GetProperty("ilmd").GetProperty("cbvmda:lotNumber").GetString());
        Assert.Equal("recalled", read.GetProperty("persistentDisposition").GetProperty("set")[0].GetString());
    }

    [Theory]
    [InlineData("<extension><TransformationEvent>", "</TransformationEvent></extension>", "TransformationEvent",
        "<inputEPCList><epc>urn:epc:id:sgtin:4012345.011111.1</epc></inputEPCList><outputEPCList><epc>urn:epc:id:sgtin:4012345.011111.2</epc></outputEPCList>")]
    [InlineData("<extension><extension><AssociationEvent>", "</AssociationEvent></extension></extension>", "AssociationEvent",
        "<parentID>urn:epc:id:giai:4000001.1</parentID><childEPCs><epc>urn:epc:id:giai:4000001.2</epc></childEPCs><action>ADD</action>")]
    public void WrappersAroundEventsOfVersion1_AreTakenOff(string open, string close, string type, string content)
    {
        Assert.Equal(type, Read1($"{open}{Start}{content}{close}").GetProperty("type").GetString());
    }

    [Fact]
    public void QuantityEvent_BecomesAnObservedQuantity()
    {
        var read = Read1($"""
            <QuantityEvent>{Start}<epcClass>urn:epc:idpat:sgtin:4012345.011111.*</epcClass><quantity>7</quantity>
            <bizStep>urn:epcglobal:cbv:bizstep:stock_taking</bizStep></QuantityEvent>
            """);

        Assert.Equal("ObjectEvent", read.GetProperty("type").GetString());
        Assert.Equal("OBSERVE", read.GetProperty("action").GetString());
        Assert.Equal("stock_taking", read.GetProperty("bizStep").GetString());
        Assert.Equal("""[{"epcClass":"urn:epc:idpat:sgtin:4012345.011111.*","quantity":7}]""", read.GetProperty("quantityList").GetRawText());
    }

    [Theory]
    [InlineData("urn:epcglobal:cbv:bizstep:shipping", "shipping")]
    [InlineData("https://ref.gs1.org/cbv/BizStep-shipping", "shipping")]
    [InlineData("cbv:BizStep-shipping", "shipping")]
    [InlineData(" \n shipping ", "shipping")]
    [InlineData("c:BizStep-shipping", "shipping")]
    [InlineData("https://example.com/step", "https://example.com/step")]
    [InlineData("e:step", "e:step")]
    public void Vocabulary_BecomesABareWordWhereThereIsOne(string given, string expected)
    {
        var read = Read2($"""
            <ObjectEvent xmlns:c="https://ref.gs1.org/cbv/" xmlns:e="https://e.example/">{Start}{Epcs}<bizStep>{given}</bizStep></ObjectEvent>
            """);

        Assert.Equal(expected, read.GetProperty("bizStep").GetString());
    }

    [Theory]
    [InlineData("urn:epcglobal:cbv:bizstep:shiping", false)]
    [InlineData("urn:epcglobal:cbv:disp:non_sellable_expired", true)]
    public void WordsTheStandardDoesNotHave_AreRefusedUnlessTheyAreOldOnes(string term, bool accepted)
    {
        var name = term.Contains("disp", StringComparison.Ordinal) ? "disposition" : "bizStep";
        using var stream = Stream($"<ObjectEvent>{Start}{Epcs}<{name}>{term}</{name}></ObjectEvent>");
        using var reader = EpcisXmlReader.Open(stream, EpcisReadOptions.Default);

        Assert.Equal(accepted, EpcisReader.Read(reader.ReadEvent()!.Utf8, EpcisReadOptions.Default).IsValid);
    }

    [Fact]
    public void Extensions_KeepAttributesTextAndTypes()
    {
        var read = Read2($"""
            <ObjectEvent xmlns:e="https://e.example/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" e:top="t">{Start}{Epcs}
            <e:temp unit="CEL" e:x="1">20<!-- no part of it --><![CDATA[.5 ]]></e:temp><e:n xsi:type="xsd:decimal">1.50</e:n><e:b xsi:type="xsd:boolean">1</e:b>
            <e:own xsi:type="e:Thing">a</e:own><e:nil xsi:nil="true"/><e:empty/><e:list>1</e:list><e:list><sub>2</sub></e:list><e:ref>e:thing</e:ref></ObjectEvent>
            """);

        Assert.Equal("t", read.GetProperty("e:top").GetString());
        Assert.Equal("""{"unit":"CEL","e:x":"1","#text":"20.5 "}""", read.GetProperty("e:temp").GetRawText());
        Assert.Equal("1.50", read.GetProperty("e:n").GetRawText());
        Assert.True(read.GetProperty("e:b").GetBoolean());
        Assert.Equal("e:Thing", read.GetProperty("e:own").EnumerateObject().First().Value.GetString());
        Assert.Equal(JsonValueKind.Null, read.GetProperty("e:nil").ValueKind);
        Assert.Equal("", read.GetProperty("e:empty").GetString());
        Assert.Equal("""["1",{"sub":"2"}]""", read.GetProperty("e:list").GetRawText());
        Assert.Equal("e:thing", read.GetProperty("e:ref").GetString());
    }

    [Fact]
    public void Prefixes_AreOnePerNamespaceInAnEvent()
    {
        var read = Read2($"""
            <ObjectEvent xmlns:a="https://one.example/" xmlns:urn="https://urn.example/" xmlns:cbvmda="urn:epcglobal:cbv:mda">{Start}{Epcs}
            <a:x/><a:x xmlns:a="https://two.example/">a:v</a:x><b:x xmlns:b="https://one.example/"/><x xmlns="https://three.example/"/><urn:x/><cbvmda:x/></ObjectEvent>
            """);

        Assert.Equal(
            """["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"a":"https://one.example/"},{"ns1":"https://two.example/"},"""
            + """{"ns2":"https://three.example/"},{"ns3":"https://urn.example/"},{"ns4":"urn:epcglobal:cbv:mda"}]""",
            read.GetProperty("@context").GetRawText());
        Assert.Equal(2, read.GetProperty("a:x").GetArrayLength());
        Assert.Equal("ns1:v", read.GetProperty("ns1:x").GetString());
    }

    [Fact]
    public void APrefixThatAValueUsesUndeclared_IsNotGivenToANamespace()
    {
        var read = Read2($"""<ObjectEvent>{Start}{Epcs}<bizLocation><id>e:place</id></bizLocation><e:x xmlns:e="https://e.example/"/></ObjectEvent>""");

        Assert.Equal("e:place", read.GetProperty("bizLocation").GetProperty("id").GetString());
        Assert.True(read.TryGetProperty("ns1:x", out _));
    }

    [Fact]
    public void EventHash_OfAnElementWithAttributesAndText_IsThatOfTheReference()
    {
        using var stream = Stream($"""<ObjectEvent xmlns:e="https://e.example/">{Start}{Epcs}<e:temp unit="CEL">20.0</e:temp></ObjectEvent>""");
        using var reader = EpcisXmlReader.Open(stream, EpcisReadOptions.Default);
        var read = EpcisReader.Read(reader.ReadEvent()!.Utf8, EpcisReadOptions.Default);

        Assert.EndsWith("{https://e.example/}temp=20unit=CEL", EventHash.ComputePreHash(Assert.Single(read.Events)), StringComparison.Ordinal);
    }

    [Fact]
    public void SensorData_HasTheTypesOfTheStandard()
    {
        var read = Read2($"""
            <ObjectEvent xmlns:e="https://e.example/">{Start}{Epcs}<sensorElementList><sensorElement><sensorMetadata e:m="1"/>
            <sensorReport type="gs1:Temperature" value="26.10" minValue=".5" booleanValue="1" stringValue=" 7 " component="https://ref.gs1.org/cbv/Comp-x"/>
            <sensorReport type="https://gs1.org/voc/Unheard"/><e:after/></sensorElement></sensorElementList></ObjectEvent>
            """).GetProperty("sensorElementList")[0];

        Assert.Equal(
            """[{"type":"Temperature","value":26.10,"minValue":0.5,"booleanValue":true,"stringValue":" 7 ","component":"x"},{"type":"gs1:Unheard"}]""",
            read.GetProperty("sensorReport").GetRawText());
        Assert.Equal("""{"e:m":"1"}""", read.GetProperty("sensorMetadata").GetRawText());
        Assert.True(read.TryGetProperty("e:after", out _));
    }

    [Fact]
    public void Envelope_IsKnownBeforeTheEvents()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes("""
            <q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:1" schemaVersion="1.2" creationDate="2026-03-04T08:15:30Z"><EPCISBody><q:QueryResults>
            <queryName>SimpleMasterDataQuery</queryName><subscriptionID>s</subscriptionID><resultsBody><VocabularyList>
            <Vocabulary type="urn:epcglobal:epcis:vtype:BusinessLocation"><VocabularyElementList><VocabularyElement id="urn:epc:id:sgln:4012345.00005.0">
            <attribute id="urn:epcglobal:cbv:mda:sst">201</attribute><attribute id="urn:x:a"><e:A xmlns:e="https://e.example/"><Street>1</Street></e:A></attribute>
            <children><id>urn:epc:id:sgln:4012345.00005.1</id></children></VocabularyElement></VocabularyElementList></Vocabulary></VocabularyList>
            </resultsBody></q:QueryResults></EPCISBody></q:EPCISQueryDocument>
            """));
        using var reader = EpcisXmlReader.Open(stream, EpcisReadOptions.Default);

        var envelope = reader.ReadEnvelope()!;

        Assert.Equal((EpcisDocumentKind.QueryDocument, EpcisXmlVersion.V1), (envelope.Kind, envelope.Version));
        Assert.Equal(("1.2", "2026-03-04T08:15:30Z"), (envelope.SchemaVersion, envelope.CreationDate));
        Assert.Equal(("SimpleMasterDataQuery", "s"), (envelope.QueryName, envelope.SubscriptionId));
        Assert.Equal(
            """[{"type":"urn:epcglobal:epcis:vtype:BusinessLocation","vocabularyElementList":[{"id":"urn:epc:id:sgln:4012345.00005.0","children":"""
            + """["urn:epc:id:sgln:4012345.00005.1"],"attributes":[{"id":"urn:epcglobal:cbv:mda:sst","attribute":"201"},"""
            + """{"id":"urn:x:a","attribute":{"e:A":{"Street":"1"}}}]}]}]""",
            Encoding.UTF8.GetString(envelope.VocabularyList.Span));
        Assert.Contains("e.example", Encoding.UTF8.GetString(envelope.Context.Span), StringComparison.Ordinal);
        Assert.Null(reader.ReadEvent());
        Assert.Empty(reader.Faults);
    }

    [Fact]
    public void ReadingInSmallPieces_GivesTheSame()
    {
        Assert.SkipUnless(Vectors.Available, "conformance not run: no vectors folder");
        foreach (var document in XmlVectors.Documents())
        {
            using var whole = EpcisXmlReader.Open(new MemoryStream(XmlVectors.Bytes(document)), XmlVectors.Lenient);
            using var pieces = EpcisXmlReader.Open(new ShortReads(XmlVectors.Bytes(document)), XmlVectors.Lenient);
            Assert.NotNull(pieces.ReadEnvelope());
            while (whole.ReadEvent() is { } expected)
            {
                var read = pieces.ReadEvent();
                Assert.Equal(Encoding.UTF8.GetString(expected.Utf8.Span), Encoding.UTF8.GetString(read!.Utf8.Span));
                Assert.Equal(expected.Line, read.Line);
            }
            Assert.Null(pieces.ReadEvent());
        }
    }

    private static JsonElement Read1(string content) => Read("urn:epcglobal:epcis:xsd:1", content);

    private static JsonElement Read2(string content) => Read("urn:epcglobal:epcis:xsd:2", content);

    private static JsonElement Read(string uri, string content)
    {
        using var reader = EpcisXmlReader.Open(Stream(content, uri), EpcisReadOptions.Default);
        var read = reader.ReadEvent();
        Assert.Empty(reader.Faults);
        Assert.Empty(read!.Faults);
        Assert.Empty(EpcisReader.Read(read.Utf8, EpcisReadOptions.Default).Faults);
        return JsonDocument.Parse(read.Utf8).RootElement;
    }

    private static MemoryStream Stream(string content, string uri = "urn:epcglobal:epcis:xsd:2") => new(Encoding.UTF8.GetBytes($"""
        <x:EPCISDocument xmlns:x="{uri}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" schemaVersion="2.0" creationDate="2026-03-04T08:15:30Z">
        <EPCISBody><EventList>{content}</EventList></EPCISBody></x:EPCISDocument>
        """));

    private sealed class ShortReads(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 97));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 97)]);
    }
}
