using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;

namespace TrustChain.UnitTests.Epcis.Xml;

/// <summary>What is written, piece by piece.</summary>
public sealed class EpcisXmlWriterTests
{
    private static readonly DateTimeOffset Created = new(2026, 3, 4, 8, 15, 30, TimeSpan.FromHours(8));

    [Theory]
    [InlineData(EpcisXmlVersion.V2, EpcisXmlCbvFormat.NoPreference, "https://ref.gs1.org/cbv/BizStep-shipping", "https://ref.gs1.org/cbv/Disp-active")]
    [InlineData(EpcisXmlVersion.V2, EpcisXmlCbvFormat.AlwaysUrn, "urn:epcglobal:cbv:bizstep:shipping", "urn:epcglobal:cbv:disp:active")]
    [InlineData(EpcisXmlVersion.V2, EpcisXmlCbvFormat.NeverTranslates, "https://ref.gs1.org/cbv/BizStep-shipping", "urn:epcglobal:cbv:disp:active")]
    [InlineData(EpcisXmlVersion.V1, EpcisXmlCbvFormat.NoPreference, "urn:epcglobal:cbv:bizstep:shipping", "urn:epcglobal:cbv:disp:active")]
    [InlineData(EpcisXmlVersion.V1, EpcisXmlCbvFormat.AlwaysWebUri, "https://ref.gs1.org/cbv/BizStep-shipping", "https://ref.gs1.org/cbv/Disp-active")]
    [InlineData(EpcisXmlVersion.V1, EpcisXmlCbvFormat.NeverTranslates, "urn:epcglobal:cbv:bizstep:shipping", "urn:epcglobal:cbv:disp:active")]
    public void Vocabulary_IsSpeltAsAsked(EpcisXmlVersion version, EpcisXmlCbvFormat format, string bizStep, string disposition)
    {
        var stored = Samples.With(Samples.ObjectEvent(), "disposition", "\"urn:epcglobal:cbv:disp:active\"");

        var xml = Write(stored, version, out var losses, format);

        Assert.Empty(losses);
        Assert.Contains($"<bizStep>{bizStep}</bizStep><disposition>{disposition}</disposition>", xml, StringComparison.Ordinal);
    }

    [Fact]
    public void RecordTimeAndEventId_AreThoseOfTheRepository()
    {
        var stored = Samples.With(Samples.ObjectEvent(), "recordTime", "\"2020-01-01T00:00:00Z\"");
        var output = new ArrayBufferWriter<byte>();
        using var writer = new EpcisXmlWriter(output, new EpcisXmlWriteOptions());
        writer.BeginQueryDocument(Created, "SimpleEventQuery", null);
        writer.WriteEvent(Bytes(stored), Created, "urn:uuid:1");
        writer.WriteEvent(Bytes(Samples.With(stored, "eventID", "\"urn:uuid:2\"")), null, "urn:uuid:1");
        writer.End();
        var xml = Encoding.UTF8.GetString(output.WrittenSpan);

        Assert.Contains("<recordTime>2026-03-04T00:15:30.000Z</recordTime>", xml, StringComparison.Ordinal);
        Assert.Contains("<eventID>urn:uuid:1</eventID>", xml, StringComparison.Ordinal);
        Assert.Contains("<recordTime>2020-01-01T00:00:00Z</recordTime>", xml, StringComparison.Ordinal);
        Assert.Contains("<eventID>urn:uuid:2</eventID>", xml, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"ex:a":[1.50,true,null,"x",{"b":"1"},[2e3]],"ex:n":-0.5}""")]
    [InlineData("""{"ex:a":{"#text":"20","unit":"CEL","ex:x":"1"}}""")]
    [InlineData("""{"ex:a":{"plain":{"ex:deep":["p","q"]},"@type":"t","größe":"1","a b":"2","_x0041_":"3"}}""")]
    [InlineData("""{"ex:gr%C3%B6%C3%9Fe":"1","ex:a/b":"2","ex:1":"3"}""")]
    [InlineData("""{"https://whole.example/name":"1","undeclared:name":{"also:undeclared":"2"}}""")]
    [InlineData("""{"ex:a":"<&>\"' ]]> é \t\r\n😀"}""")]
    [InlineData("""{"ex:a":"ex:value","ex:b":"other:value","ex:c":"https://e.example/a:b"}""")]
    public void Extensions_ComeBackAsTheyWere(string members)
    {
        var stored = Samples.ObjectEvent();
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            stored[name] = value?.DeepClone();
        }
        foreach (var version in (EpcisXmlVersion[])[EpcisXmlVersion.V2, EpcisXmlVersion.V1])
        {
            var xml = Write(stored, version, out var losses);
            Assert.Empty(losses);

            var back = Assert.Single(EpcisReader.Read(
                EpcisXmlReader.ReadDocument(Encoding.UTF8.GetBytes(xml), EpcisReadOptions.Default).Utf8, EpcisReadOptions.Default).Events);
            Assert.Equal(EventHash.ComputePreHash(EpcisReader.Read(Bytes(stored), EpcisReadOptions.Default).Events[0]), EventHash.ComputePreHash(back));
            // A list in a list is one list, as in JSON-LD.
            Assert.Equal(JsonMeaning.Of(Bytes(stored)).Replace("-     - 2000", "- 2000", StringComparison.Ordinal), JsonMeaning.Of(back.ToStandaloneUtf8()));
        }
    }

    [Theory]
    [InlineData("ex:a", "\"a\\u0001b\"", "/ex:a")]
    [InlineData("ex:a", "{\"b\":[\"\\uFFFF\"]}", "/ex:a/b/0")]
    [InlineData("sensorElementList", """[{"sensorReport":[{"type":"Speed","ex:a":{"b":1}}]}]""", "/sensorElementList/0/sensorReport/0/ex:a")]
    [InlineData("sensorElementList", """[{"sensorReport":[{"type":"Speed","ex:a":["b"]}]}]""", "/sensorElementList/0/sensorReport/0/ex:a")]
    public void WhatXmlCannotSay_IsReported(string member, string value, string pointer)
    {
        var xml = Write(Samples.With(Samples.ObjectEvent(), member, value), EpcisXmlVersion.V2, out var losses);

        Assert.Equal(pointer, Assert.Single(losses).JsonPointer);
        Assert.Empty(EpcisXmlReader.ReadDocument(Encoding.UTF8.GetBytes(xml), EpcisReadOptions.Default).Faults);
    }

    [Fact]
    public void EventTypesOfOnesOwn_AreWrittenInVersion2Only()
    {
        var stored = Samples.With(Samples.ObjectEvent(), "type", "\"ex:Delivery\"");

        Assert.Contains("<extension><ex:Delivery", Write(stored, EpcisXmlVersion.V2, out _), StringComparison.Ordinal);
        Assert.DoesNotContain("Delivery", Write(stored, EpcisXmlVersion.V1, out var losses), StringComparison.Ordinal);
        Assert.Equal("", Assert.Single(losses).JsonPointer);
    }

    [Fact]
    public void Quantities_AreDecimalsWithoutExponent()
    {
        var stored = Samples.With(Samples.ObjectEvent(), "quantityList",
            """[{"epcClass":"urn:epc:class:lgtin:4012345.011111.1","quantity":1.5e3,"uom":"KGM"},{"epcClass":"urn:epc:class:lgtin:4012345.011111.2","uom":"KGM"}]""");
        foreach (var version in (EpcisXmlVersion[])[EpcisXmlVersion.V2, EpcisXmlVersion.V1])
        {
            var xml = Write(stored, version, out _);

            Assert.Contains("<quantity>1500</quantity>", xml, StringComparison.Ordinal);
            Assert.Contains("<quantity xsi:nil=\"true\" /><uom>KGM</uom>", xml, StringComparison.Ordinal);
            if (Vectors.Available)
            {
                XmlSchemas.AssertValid(Encoding.UTF8.GetBytes(xml), version);
            }
        }
    }

    [Fact]
    public void MasterData_ComesBackAsItWas()
    {
        const string Vocabularies = """
            [{"type":"urn:epcglobal:epcis:vtype:BusinessLocation","vocabularyElementList":[{"id":"urn:epc:id:sgln:4012345.00005.0",
              "attributes":[{"id":"urn:epcglobal:cbv:mda:sst","attribute":"201"},{"id":"urn:x:a","attribute":{"ex:Address":{"Street":["1","2"]}}}],
              "children":["urn:epc:id:sgln:4012345.00005.1"]}]}]
            """;
        var list = Encoding.UTF8.GetBytes(Vocabularies);
        var context = Encoding.UTF8.GetBytes(Samples.Context);
        foreach (var version in (EpcisXmlVersion[])[EpcisXmlVersion.V2, EpcisXmlVersion.V1])
        {
            using var output = new MemoryStream();
            using var writer = new EpcisXmlWriter(output, new EpcisXmlWriteOptions { Version = version });
            writer.BeginQueryDocument(Created, "SimpleMasterDataQuery", null);
            Assert.Empty(writer.WriteVocabularyList(list, context));
            writer.End();
            if (Vectors.Available)
            {
                XmlSchemas.AssertValid(output.ToArray(), version);
            }

            foreach (var xml in (byte[][])[output.ToArray(), InAHeader(output.ToArray(), version)])
            {
                var read = EpcisXmlReader.ReadDocument(xml, EpcisReadOptions.Default);
                Assert.Empty(read.Faults);
                Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Vocabularies), JsonNode.Parse(read.Envelope!.VocabularyList.Span)));
                Assert.Empty(EpcisReader.Read(read.Utf8, EpcisReadOptions.Default).Faults);
            }
        }
    }

    [Fact]
    public void ADocumentLeftInTheMiddle_IsNotCompleted()
    {
        var output = new MemoryStream();
        using (var writer = new EpcisXmlWriter(output, new EpcisXmlWriteOptions()))
        {
            writer.BeginQueryDocument(Created, "SimpleEventQuery", null);
            writer.WriteEvent(Bytes(Samples.ObjectEvent()));
        }

        Assert.Equal(EpcisRules.MalformedXml, Assert.Single(EpcisXmlReader.ReadDocument(output.ToArray(), EpcisReadOptions.Default).Faults).Rule);
    }

    [Fact]
    public void Calls_OutOfOrder_Throw()
    {
        using var writer = new EpcisXmlWriter(Stream.Null, new EpcisXmlWriteOptions());
        Assert.Throws<InvalidOperationException>(() => writer.WriteEvent(Bytes(Samples.ObjectEvent())));
        Assert.Throws<InvalidOperationException>(writer.End);
        writer.BeginQueryDocument(Created, "SimpleEventQuery", null);
        Assert.Throws<InvalidOperationException>(() => writer.BeginQueryDocument(Created, "SimpleEventQuery", null));
        Assert.Throws<ArgumentException>(() => writer.WriteEvent("[]"u8.ToArray()));
        Assert.Throws<InvalidOperationException>(() => writer.WriteVocabularyList("[]"u8.ToArray(), default)); // Events have begun.
        writer.End();
        Assert.Throws<InvalidOperationException>(writer.End);
    }

    /// <summary>The master data of a query document in the header of a document, where the reader meets it as well.</summary>
    private static byte[] InAHeader(byte[] queryDocument, EpcisXmlVersion version)
    {
        var xml = Encoding.UTF8.GetString(queryDocument);
        var (start, end) = (xml.IndexOf("<VocabularyList", StringComparison.Ordinal), xml.IndexOf("</VocabularyList>", StringComparison.Ordinal));
        var (number, schema) = version == EpcisXmlVersion.V1 ? (1, "1.2") : (2, "2.0");
        var attributes = $"""xmlns:cbvmda="urn:epcglobal:cbv:mda:" schemaVersion="{schema}" creationDate="2026-03-04T00:15:30.000Z" """;
        var header = $"<EPCISHeader><extension><EPCISMasterData>{xml[start..end]}</VocabularyList></EPCISMasterData></extension></EPCISHeader>";
        return Encoding.UTF8.GetBytes(
            $"""<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:{number}" {attributes}>{header}<EPCISBody><EventList/></EPCISBody></e:EPCISDocument>""");
    }

    private static string Write(
        JsonObject stored, EpcisXmlVersion version, out IReadOnlyList<EpcisXmlLoss> losses, EpcisXmlCbvFormat format = EpcisXmlCbvFormat.NoPreference)
    {
        var output = new ArrayBufferWriter<byte>();
        using var writer = new EpcisXmlWriter(output, new EpcisXmlWriteOptions { Version = version, CbvFormat = format });
        writer.BeginQueryDocument(Created, "SimpleEventQuery", null);
        losses = writer.WriteEvent(Bytes(stored));
        writer.End();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static byte[] Bytes(JsonObject stored) => Encoding.UTF8.GetBytes(stored.ToJsonString());
}
