using System.Text.Json.Nodes;
using TrustChain.Core.Epcis;

namespace TrustChain.UnitTests.Epcis;

public sealed class EpcisReaderTests
{
    [Fact]
    public void Read_OfAnEvent_TakesItsFacts()
    {
        var result = Samples.Read("""
            {"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"ex":"https://ns.example.com/epcis/"}],
             "type":"ObjectEvent","eventID":"urn:uuid:1","eventTime":"2026-03-04T08:15:30.1234567+08:00","eventTimeZoneOffset":"+08:00",
             "recordTime":"2026-03-04T00:15:31Z","epcList":["urn:epc:id:sgtin:4012345.011111.987","ex:thing"],
             "quantityList":[{"epcClass":"urn:epc:class:lgtin:4012345.011111.L1"}],"action":"ADD","bizStep":"commissioning","disposition":"ex:odd",
             "readPoint":{"id":"urn:epc:id:sgln:4012345.00005.0"},"bizLocation":{"id":"geo:1,2"},
             "bizTransactionList":[{"bizTransaction":"https://example.com/po/1"}],
             "sourceList":[{"type":"owning_party","source":"urn:epc:id:pgln:4012345.00225"}],
             "destinationList":[{"type":"ex:kind","destination":"https://example.com/x"}],
             "certificationInfo":"https://example.com/cert","ilmd":{"ex:lot":"1"}}
            """);

        Assert.Empty(result.Faults);
        Assert.Equal(EpcisDocumentKind.Event, result.Kind);
        var read = Assert.Single(result.Events);
        Assert.Equal("ObjectEvent", read.EventType);
        Assert.Equal("urn:uuid:1", read.EventId);
        Assert.Equal(new DateTimeOffset(2026, 3, 4, 0, 15, 30, TimeSpan.Zero).AddTicks(1234567), read.EventTime);
        Assert.Equal("+08:00", read.EventTimeZoneOffset);
        Assert.Equal(new DateTimeOffset(2026, 3, 4, 0, 15, 31, TimeSpan.Zero), read.RecordTime);
        Assert.Equal(EpcisAction.Add, read.Action);
        Assert.Equal("https://ref.gs1.org/cbv/BizStep-commissioning", read.BizStep);
        Assert.Equal("https://ns.example.com/epcis/odd", read.Disposition);
        Assert.Equal("https://id.gs1.org/414/4012345000054", read.ReadPoint);
        Assert.Equal("geo:1,2", read.BizLocation);
        Assert.Equal(
            [
                new EpcisItem("https://id.gs1.org/01/04012345111118/21/987", ItemRole.Epc),
                new EpcisItem("https://ns.example.com/epcis/thing", ItemRole.Epc),
                new EpcisItem("https://id.gs1.org/01/04012345111118/10/L1", ItemRole.ClassEpc),
            ],
            read.Items);
        Assert.Equal([new EpcisReference(null, "https://example.com/po/1")], read.BizTransactions);
        Assert.Equal([new EpcisReference("https://ref.gs1.org/cbv/SDT-owning_party", "https://id.gs1.org/417/4012345002256")], read.Sources);
        Assert.Equal([new EpcisReference("https://ns.example.com/epcis/kind", "https://example.com/x")], read.Destinations);
        Assert.Equal(["https://example.com/cert"], read.CertificationInfo);
        Assert.True(read.HasIlmd);
        Assert.Null(read.ErrorDeclaration);
    }

    [Fact]
    public void Read_OfAnErrorDeclaration_KeepsItsBytes()
    {
        const string Declaration = """{"declarationTime":"2026-03-05T00:00:00+01:00", "reason":"incorrect_data","correctiveEventIDs":["urn:uuid:2"],"ex:by":"me"}""";
        var plain = Samples.ReadOne(Samples.ObjectEvent().ToJsonString());
        var text = Samples.ObjectEvent().ToJsonString();

        var read = Samples.ReadOne(text[..^1] + ",\"errorDeclaration\":" + Declaration + "}");

        Assert.NotNull(read.ErrorDeclaration);
        Assert.Equal(Declaration, System.Text.Encoding.UTF8.GetString(read.ErrorDeclaration.Utf8.Span));
        Assert.Equal(new DateTimeOffset(2026, 3, 4, 23, 0, 0, TimeSpan.Zero), read.ErrorDeclaration.DeclarationTime);
        Assert.Equal("https://ref.gs1.org/cbv/ER-incorrect_data", read.ErrorDeclaration.Reason);
        Assert.Equal(["urn:uuid:2"], read.ErrorDeclaration.CorrectiveEventIds);
        Assert.Equal(plain.EventHash, read.EventHash);
    }

    [Theory]
    [InlineData("eventTime", "", EpcisRules.MissingMember, "")]
    [InlineData("eventTime", "\"2026-03-04T08:15:30\"", EpcisRules.InvalidTime, "/eventTime")]
    [InlineData("eventTime", "\"2026-02-29T08:15:30Z\"", EpcisRules.InvalidTime, "/eventTime")]
    [InlineData("eventTime", "\"2026-03-04\"", EpcisRules.InvalidTime, "/eventTime")]
    [InlineData("eventTime", "\"2026-03-04T08:15:30.Z\"", EpcisRules.InvalidTime, "/eventTime")]
    [InlineData("eventTime", "\"2026-03-04T08:15:30+15:00\"", EpcisRules.InvalidTime, "/eventTime")]
    [InlineData("eventTime", "\"9999-12-31T23:59:59.9999Z\"", EpcisRules.InvalidTime, "/eventTime")]
    [InlineData("eventTime", "\"0001-01-01T00:00:00+01:00\"", EpcisRules.InvalidTime, "/eventTime")]
    [InlineData("eventTime", "5", EpcisRules.WrongType, "/eventTime")]
    [InlineData("recordTime", "\"yesterday\"", EpcisRules.InvalidTime, "/recordTime")]
    [InlineData("eventTimeZoneOffset", "", EpcisRules.MissingMember, "")]
    [InlineData("eventTimeZoneOffset", "\"+14:01\"", EpcisRules.InvalidTimeZoneOffset, "/eventTimeZoneOffset")]
    [InlineData("eventTimeZoneOffset", "\"Z\"", EpcisRules.InvalidTimeZoneOffset, "/eventTimeZoneOffset")]
    [InlineData("eventID", "\"not a uri\"", EpcisRules.InvalidUri, "/eventID")]
    [InlineData("action", "", EpcisRules.MissingMember, "")]
    [InlineData("action", "\"CREATE\"", EpcisRules.UnknownValue, "/action")]
    [InlineData("epcList", "", EpcisRules.MissingSubject, "")]
    [InlineData("epcList", "\"https://example.com/1\"", EpcisRules.WrongType, "/epcList")]
    [InlineData("epcList", "[\"plain\"]", EpcisRules.InvalidUri, "/epcList/0")]
    [InlineData("epcList", "[\"ex:a b\"]", EpcisRules.InvalidUri, "/epcList/0")]
    [InlineData("epcList", "[\"ex:%zz\"]", EpcisRules.InvalidUri, "/epcList/0")]
    [InlineData("epcList", "[\"ex:a\",\"ex:b\",\"ex:a\"]", EpcisRules.DuplicateValue, "/epcList/2")]
    [InlineData("epcList", "[\"ex:1\",\"ex:2\",\"ex:3\",\"ex:4\",\"ex:5\",\"ex:6\",\"ex:7\",\"ex:8\",\"ex:9\",\"ex:1\"]", EpcisRules.DuplicateValue, "/epcList/9")]
    [InlineData("epcList", "[\"https://id.gs1.org/01/04012345123457/21/1\"]", EpcisRules.WrongCheckDigit, "/epcList/0")]
    [InlineData("epcList", "[\"urn:epc:id:sgtin:4012345.1.1\"]", EpcisRules.InvalidEpcUrn, "/epcList/0")]
    [InlineData("bizStep", "\"transforming\"", EpcisRules.UnknownValue, "/bizStep")]
    [InlineData("bizStep", "\"urn:epcglobal:cbv:bizstep:shipping\"", EpcisRules.UnknownValue, "/bizStep")]
    [InlineData("bizStep", "[\"shipping\"]", EpcisRules.WrongType, "/bizStep")]
    [InlineData("disposition", "\"shipping\"", EpcisRules.UnknownValue, "/disposition")]
    [InlineData("persistentDisposition", "{}", EpcisRules.MissingMember, "/persistentDisposition")]
    [InlineData("persistentDisposition", "{\"set\":[]}", EpcisRules.EmptyList, "/persistentDisposition/set")]
    [InlineData("persistentDisposition", "{\"set\":[\"active\",\"active\"]}", EpcisRules.DuplicateValue, "/persistentDisposition/set/1")]
    [InlineData("persistentDisposition", "{\"set\":[\"active\"],\"ex:a\":[]}", EpcisRules.UnknownMember, "/persistentDisposition/ex:a")]
    [InlineData("readPoint", "{}", EpcisRules.MissingMember, "/readPoint")]
    [InlineData("readPoint", "{\"id\":\"ex:a\",\"floor\":1}", EpcisRules.UnknownMember, "/readPoint/floor")]
    [InlineData("bizLocation", "\"ex:a\"", EpcisRules.WrongType, "/bizLocation")]
    [InlineData("quantityList", "[{\"quantity\":1}]", EpcisRules.MissingMember, "/quantityList/0")]
    [InlineData("quantityList", "[{\"epcClass\":\"ex:a\",\"quantity\":\"1\"}]", EpcisRules.WrongType, "/quantityList/0/quantity")]
    [InlineData("quantityList", "[{\"epcClass\":\"ex:a\",\"quantity\":1e999}]", EpcisRules.InvalidFormat, "/quantityList/0/quantity")]
    [InlineData("quantityList", "[{\"epcClass\":\"ex:a\",\"uom\":\"kg\"}]", EpcisRules.InvalidFormat, "/quantityList/0/uom")]
    [InlineData("quantityList", "[{\"epcClass\":\"ex:a\",\"ex:b\":1}]", EpcisRules.UnknownMember, "/quantityList/0/ex:b")]
    [InlineData("bizTransactionList", "[{\"type\":\"po\"}]", EpcisRules.MissingMember, "/bizTransactionList/0")]
    [InlineData("bizTransactionList", "[{\"type\":\"location\",\"bizTransaction\":\"ex:a\"}]", EpcisRules.UnknownValue, "/bizTransactionList/0/type")]
    [InlineData("sourceList", "[{\"source\":\"ex:a\"}]", EpcisRules.MissingMember, "/sourceList/0")]
    [InlineData("destinationList", "[{\"type\":\"location\",\"destination\":\"ex:b\",\"source\":\"ex:a\"}]", EpcisRules.UnknownMember, "/destinationList/0/source")]
    [InlineData("sensorElementList", "[{}]", EpcisRules.MissingMember, "/sensorElementList/0")]
    [InlineData("sensorElementList", "[{\"sensorReport\":[]}]", EpcisRules.EmptyList, "/sensorElementList/0/sensorReport")]
    [InlineData("sensorElementList", "[{\"sensorReport\":[{\"value\":1}]}]", EpcisRules.MissingMember, "/sensorElementList/0/sensorReport/0")]
    [InlineData("sensorElementList", "[{\"sensorReport\":[{\"type\":\"Heat\"}]}]", EpcisRules.UnknownValue, "/sensorElementList/0/sensorReport/0/type")]
    [InlineData("sensorElementList", "[{\"sensorReport\":[{\"type\":\"https://gs1.org/voc/Temperature\"}]}]", EpcisRules.UnknownValue, "/sensorElementList/0/sensorReport/0/type")]
    [InlineData("sensorElementList", "[{\"sensorReport\":[{\"type\":\"Angle\",\"component\":\"w\"}]}]", EpcisRules.UnknownValue, "/sensorElementList/0/sensorReport/0/component")]
    [InlineData("sensorElementList", "[{\"sensorReport\":[{\"type\":\"Angle\",\"booleanValue\":1}]}]", EpcisRules.WrongType, "/sensorElementList/0/sensorReport/0/booleanValue")]
    [InlineData("sensorElementList", "[{\"sensorReport\":[{\"type\":\"Angle\",\"hexBinaryValue\":\"0g\"}]}]", EpcisRules.InvalidFormat, "/sensorElementList/0/sensorReport/0/hexBinaryValue")]
    [InlineData("sensorElementList", "[{\"sensorMetadata\":{\"time\":\"now\"},\"sensorReport\":[{\"type\":\"Angle\"}]}]", EpcisRules.InvalidTime, "/sensorElementList/0/sensorMetadata/time")]
    [InlineData("sensorElementList", "[{\"sensorMetadata\":{\"value\":1},\"sensorReport\":[{\"type\":\"Angle\"}]}]", EpcisRules.UnknownMember, "/sensorElementList/0/sensorMetadata/value")]
    [InlineData("ilmd", "{\"ex:a\":1}", EpcisRules.MemberNotAllowed, "/ilmd")]
    [InlineData("certificationInfo", "[1]", EpcisRules.WrongType, "/certificationInfo/0")]
    [InlineData("errorDeclaration", "{}", EpcisRules.MissingMember, "/errorDeclaration")]
    [InlineData("errorDeclaration", "{\"declarationTime\":\"2026-01-01T00:00:00Z\",\"reason\":\"oops\"}", EpcisRules.UnknownValue, "/errorDeclaration/reason")]
    [InlineData("errorDeclaration", "{\"declarationTime\":\"2026-01-01T00:00:00Z\",\"why\":1}", EpcisRules.UnknownMember, "/errorDeclaration/why")]
    [InlineData("childEPCs", "[\"ex:a\"]", EpcisRules.MemberNotAllowed, "/childEPCs")]
    [InlineData("comment", "\"hello\"", EpcisRules.UnknownMember, "/comment")]
    [InlineData("a/b~c", "1", EpcisRules.UnknownMember, "/a~1b~0c")]
    [InlineData("type", "\"PartyEvent\"", EpcisRules.UnknownEventType, "/type")]
    [InlineData("@context", "5", EpcisRules.InvalidContext, "/@context")]
    [InlineData("@context", "[\"ex:a\",\"ex:a\"]", EpcisRules.InvalidContext, "/@context/1")]
    [InlineData("@context", "[\"ex:a\",\"ex:\\u0061\"]", EpcisRules.InvalidContext, "/@context/1")]
    [InlineData("@context", "[{\"a\":[1,{\"b\":null,\"c\":true}]},{ \"a\":[1.0,{\"c\":true,\"b\":null}]}]", EpcisRules.InvalidContext, "/@context/1")]
    [InlineData("eventID", "\"http://[1::2::3]/\"", EpcisRules.InvalidUri, "/eventID")]
    [InlineData("eventID", "\"http://[::1]a/\"", EpcisRules.InvalidUri, "/eventID")]
    [InlineData("eventID", "\"a:/[::1]/\"", EpcisRules.InvalidUri, "/eventID")]
    public void Read_OfAnObjectEventWithOneThingWrong_NamesItAndItsPlace(string member, string json, string rule, string pointer)
    {
        var result = Samples.Read(Samples.With(Samples.ObjectEvent(), member, json));

        Assert.Empty(result.Events);
        var fault = Assert.Single(result.Faults);
        Assert.Equal((rule, pointer), (fault.Rule, fault.JsonPointer));
    }

    [Theory]
    [InlineData("epcList", "[]")]
    [InlineData("epcList", "[\"urn:uuid:1\",\"geo:1,2\",\"https://[::1]/a?b=c#d\",\"ex:%41\"]")]
    [InlineData("eventTime", "\"2026-03-04t08:15:30.123456789z\"")]
    [InlineData("@context", "[{\"a\":[1,2]},{\"a\":[2,1]},{\"a\":1},{\"b\":1},{\"a\":null}]")]
    [InlineData("eventID", "\"http://u:p@[1:2::192.0.2.1]:80/a?b#c\"")]
    [InlineData("eventID", "\"http://[v1.a:b]\"")]
    [InlineData("eventTimeZoneOffset", "\"-14:00\"")]
    [InlineData("bizStep", "\"https://ref.gs1.org/cbv/BizStep-shipping\"")]
    [InlineData("bizStep", "\"cbv:BizStep-shipping\"")]
    [InlineData("ex:anything", "{\"unprefixed\":[null,{},[[1]]]}")]
    [InlineData("rdfs:comment", "\"hello\"")]
    [InlineData("persistentDisposition", "{\"unset\":[\"active\",\"ex:odd\"]}")]
    [InlineData("certificationInfo", "[]")]
    [InlineData("type", "\"ex:OwnEvent\"")]
    public void Read_OfAnObjectEventWithAnUnusualMember_AcceptsIt(string member, string json) =>
        Assert.Empty(Samples.Read(Samples.With(Samples.ObjectEvent(), member, json)).Faults);

    public static TheoryData<string, string, string, bool> Subjects => new()
    {
        { "AggregationEvent", "parentID", "", false },
        { "AggregationEvent", "childEPCs", "", false },
        { "AggregationEvent", "childEPCs", "[]", false },
        { "AggregationEvent", "persistentDisposition", "{\"set\":[\"active\"]}", false },
        { "AssociationEvent", "persistentDisposition", "{\"set\":[\"active\"]}", false },
        { "TransactionEvent", "persistentDisposition", "{\"set\":[\"active\"]}", false },
        { "TransformationEvent", "persistentDisposition", "{\"set\":[\"active\"]}", true },
        { "AggregationEvent", "ilmd", "{}", false },
        { "AssociationEvent", "parentID", "", false },
        { "AssociationEvent", "epcList", "[]", false },
        { "TransactionEvent", "bizTransactionList", "", false },
        { "TransactionEvent", "bizTransactionList", "[]", false },
        { "TransactionEvent", "epcList", "", false },
        { "TransactionEvent", "epcList", "[\"ex:a\",\"ex:a\"]", true },
        { "TransformationEvent", "inputEPCList", "[]", false },
        { "TransformationEvent", "outputQuantityList", "", false },
        { "TransformationEvent", "action", "\"ADD\"", false },
        { "TransformationEvent", "ilmd", "{\"ex:a\":1}", true },
        { "TransformationEvent", "inputEPCList", "[\"ex:a\",\"ex:a\"]", false },
    };

    [Theory]
    [MemberData(nameof(Subjects))]
    public void Read_OfAnEventType_AppliesItsOwnRules(string type, string member, string json, bool accepted) =>
        Assert.Equal(accepted, Samples.Read(Samples.With(Sample(type), member, json)).IsValid);

    [Theory]
    [InlineData("AggregationEvent", "parentID", "OBSERVE", true)]
    [InlineData("AggregationEvent", "parentID", "DELETE", false)]
    [InlineData("AggregationEvent", "childEPCs", "DELETE", true)]
    [InlineData("AssociationEvent", "parentID", "OBSERVE", false)]
    [InlineData("AssociationEvent", "childEPCs", "OBSERVE", false)]
    [InlineData("TransactionEvent", "epcList", "DELETE", true)]
    public void Read_WithoutAMember_DependsOnTheAction(string type, string member, string action, bool accepted) =>
        Assert.Equal(accepted, Samples.Read(Samples.With(Samples.With(Sample(type), member, ""), "action", $"\"{action}\"")).IsValid);

    [Fact]
    public void Read_OfATransformationInTwoHalves_NeedsItsId()
    {
        var half = Samples.With(Samples.TransformationEvent(), "outputQuantityList", "");

        Assert.False(Samples.Read(half).IsValid);
        Assert.True(Samples.Read(Samples.With(half, "transformationID", "\"ex:1\"")).IsValid);
    }

    [Fact]
    public void Read_OfSensorDataAtAPlace_NeedsNoObject()
    {
        var sensor = Samples.With(Samples.ObjectEvent(), "epcList", "");
        Samples.With(sensor, "sensorElementList", """[{"sensorReport":[{"type":"Temperature","value":1,"uom":"CEL"}]}]""");

        Assert.False(Samples.Read(sensor).IsValid);
        Assert.True(Samples.Read(Samples.With(sensor, "readPoint", "{\"id\":\"ex:a\"}")).IsValid);
    }

    [Fact]
    public void Read_WithWarnings_AcceptsAWrongCheckDigitAndSaysSo()
    {
        var json = Samples.With(Samples.ObjectEvent(), "epcList", "[\"https://id.gs1.org/01/04012345123457/21/1\",\"urn:epc:id:sgtin:4012345.1.1\"]");

        var result = Samples.Read(json, new EpcisReadOptions { CheckDigits = CheckDigitPolicy.Warn });

        Assert.True(result.IsValid);
        Assert.Equal([EpcisRules.WrongCheckDigit, EpcisRules.InvalidEpcUrn], result.Warnings.Select(w => w.Rule));
        Assert.Equal("urn:epc:id:sgtin:4012345.1.1", result.Events[0].Items[1].CanonicalUri);
    }

    [Fact]
    public void Read_OfTheOldSpellingOfVocabulary_GivesTheSameHashWhereItIsAllowed()
    {
        var options = new EpcisReadOptions { AllowLongVocabulary = true };
        var urn = Samples.With(Samples.ObjectEvent(), "bizStep", "\"urn:epcglobal:cbv:bizstep:shipping\"");

        var read = Assert.Single(Samples.Read(urn, options).Events);

        Assert.Equal("https://ref.gs1.org/cbv/BizStep-shipping", read.BizStep);
        Assert.Equal(Samples.ReadOne(Samples.ObjectEvent().ToJsonString()).EventHash, read.EventHash);
    }

    [Fact]
    public void Read_OfManyFaults_StopsAtFifty()
    {
        var list = new JsonArray([.. Enumerable.Range(0, 200).Select(i => (JsonNode)JsonValue.Create($"plain{i}"))]);

        Assert.Equal(50, Samples.Read(Samples.With(Samples.ObjectEvent(), "epcList", list.ToJsonString())).Faults.Count);
    }

    private static JsonObject Sample(string type) => type switch
    {
        "AggregationEvent" => Samples.AggregationEvent(),
        "AssociationEvent" => Samples.AssociationEvent(),
        "TransactionEvent" => Samples.TransactionEvent(),
        _ => Samples.TransformationEvent(),
    };
}
