using TrustChain.Core.Epcis;
using TrustChain.Core.Log;

namespace TrustChain.UnitTests.Epcis;

public sealed class EventHashTests
{
    private const string Head =
        "eventType=ObjectEventeventTime=2026-03-04T00:15:30.123ZeventTimeZoneOffset=+08:00epcListepc=https://id.gs1.org/01/04012345123456/21/1action=OBSERVE";

    private const string Full = Head + "bizStep=https://ref.gs1.org/cbv/BizStep-shipping";

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0.0", "0")]
    [InlineData("\"007\"", "7")]
    [InlineData("\"+5\"", "5")]
    [InlineData("\"-05.50\"", "-5.5")]
    [InlineData("\".5\"", "0.5")]
    [InlineData("\"5.\"", "5")]
    [InlineData("1E5", "100000")]
    [InlineData("\"1E5\"", "100000")]
    [InlineData("1.25e+1", "12.5")]
    [InlineData("0.00001", "0.00001")]
    [InlineData("12.5e-4", "0.00125")]
    [InlineData("100e-2", "1")]
    [InlineData("12345678901234567890", "12345678901234567890")]
    [InlineData("\"00614141123452\"", "614141123452")]
    [InlineData("1e309", "1e309")]
    [InlineData("\"1_000\"", "1_000")]
    [InlineData("\"0x10\"", "0x10")]
    [InlineData("\"1.2.3\"", "1.2.3")]
    [InlineData("\"NaN\"", "NaN")]
    [InlineData("\"-\"", "-")]
    [InlineData("true", "true")]
    [InlineData("\"True\"", "True")]
    [InlineData("\"  spaced\\u00a0 \"", "spaced")]
    [InlineData("\"urn:epc:id:sgtin:4012345.011111.987\"", "https://id.gs1.org/01/04012345111118/21/987")]
    [InlineData("\"https://shop.example.com/01/04012345111118?x=1\"", "https://id.gs1.org/01/04012345111118")]
    [InlineData("\"urn:epcglobal:cbv:disp:active\"", "https://ref.gs1.org/cbv/Disp-active")]
    [InlineData("\"urn:epcglobal:cbv:mda:lotNumber\"", "urn:epcglobal:cbv:mda:lotNumber")]
    [InlineData("\"active\"", "active")]
    [InlineData("\"ex:thing\"", "https://ns.example.com/epcis/thing")]
    [InlineData("\"gs1:Angle\"", "https://gs1.org/voc/Angle")]
    [InlineData("\"other:thing\"", "other:thing")]
    [InlineData("\"2026-03-04T08:00:00+08:00\"", "2026-03-04T08:00:00+08:00")]
    public void PreHash_OfAnExtensionValue_HasItsOneSpelling(string json, string expected) =>
        Assert.Equal($"{Full}{{https://ns.example.com/epcis/}}x={expected}", Samples.PreHash(Samples.With(Samples.ObjectEvent(), "ex:x", json)));

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[null,[],{}]")]
    [InlineData("{\"ex:y\":{\"ex:z\":null}}")]
    [InlineData("{\"comment\":\"a\",\"rdfs:comment\":\"b\",\"eventID\":\"c\",\"recordTime\":\"d\",\"errorDeclaration\":{\"e\":1},\"@context\":{\"f\":\"g\"},\"@xmlns:h\":\"i\"}")]
    public void PreHash_OfAnExtensionThatSaysNothing_LeavesItOut(string json) =>
        Assert.Equal(Full, Samples.PreHash(Samples.With(Samples.ObjectEvent(), "ex:x", json)));

    [Fact]
    public void PreHash_OfABlankExtension_HasItsNameAlone() =>
        Assert.Equal(Full + "{https://ns.example.com/epcis/}x", Samples.PreHash(Samples.With(Samples.ObjectEvent(), "ex:x", "\" \"")));

    [Fact]
    public void PreHash_OfNestedExtensions_SortsByRenderedTextAtEveryLevel() =>
        Assert.Equal(
            Full + "{https://ns.example.com/epcis/}x=2{https://ns.example.com/epcis/}x=b{https://ns.example.com/epcis/}x{https://ns.example.com/epcis/}a=1{https://ns.example.com/epcis/}b=1",
            Samples.PreHash(Samples.With(Samples.ObjectEvent(), "ex:x", """["b",{"ex:b":1,"ex:a":[[1]]},"2.0"]""")));

    [Fact]
    public void PreHash_SortsByCodePoint_NotByUtf16Unit() =>
        Assert.Equal(
            Full + "{https://ns.example.com/epcis/}x=\uFF5E{https://ns.example.com/epcis/}x=\U0001F600",
            Samples.PreHash(Samples.With(Samples.ObjectEvent(), "ex:x", "[\"\\ud83d\\ude00\",\"\\uff5e\"]")));

    [Theory]
    [InlineData("2026-03-04T08:15:30.1234Z", "2026-03-04T08:15:30.123Z")]
    [InlineData("2026-03-04T08:15:30.1235Z", "2026-03-04T08:15:30.124Z")]
    [InlineData("2026-03-04T08:15:30.0005Z", "2026-03-04T08:15:30.001Z")]
    [InlineData("2026-03-04T08:15:30.0025Z", "2026-03-04T08:15:30.003Z")]
    [InlineData("2026-03-04T08:15:30.00049999999Z", "2026-03-04T08:15:30.000Z")]
    [InlineData("2026-12-31T23:59:59.9995Z", "2027-01-01T00:00:00.000Z")]
    [InlineData("2026-03-04T08:15:30-06:30", "2026-03-04T14:45:30.000Z")]
    [InlineData("2026-03-04T08:15:30.5+14:00", "2026-03-03T18:15:30.500Z")]
    public void PreHash_OfATime_IsUtcRoundedHalfUpToMilliseconds(string time, string expected) =>
        Assert.Contains($"eventTime={expected}event", Samples.PreHash(Samples.With(Samples.ObjectEvent(), "eventTime", $"\"{time}\"")), StringComparison.Ordinal);

    [Fact]
    public void PreHash_OfStandardLists_IsSortedAndNamed()
    {
        var json = Samples.ObjectEvent();
        Samples.With(json, "epcList", "[\"ex:b\",\"ex:a\"]");
        Samples.With(json, "quantityList", """[{"uom":"KGM","quantity":2.50,"epcClass":"ex:c"},{"epcClass":"ex:a"}]""");
        Samples.With(json, "certificationInfo", "[\"ex:z\",\"ex:y\"]");
        Samples.With(json, "persistentDisposition", """{"unset":["stolen","active"],"set":["damaged"]}""");
        Samples.With(json, "bizTransactionList", """[{"bizTransaction":"ex:t","type":"po"},{"bizTransaction":"ex:s"}]""");
        Samples.With(json, "destinationList", """[{"destination":"ex:d","type":"location"}]""");
        Samples.With(json, "sourceList", """[{"source":"ex:s","type":"owning_party"}]""");
        Samples.With(json, "readPoint", """{"ex:n":"m","id":"ex:r"}""");

        const string Ns = "https://ns.example.com/epcis/";
        Assert.Equal(
            "eventType=ObjectEventeventTime=2026-03-04T00:15:30.123ZeventTimeZoneOffset=+08:00"
            + $"certificationInfo={Ns}ycertificationInfo={Ns}zepcListepc={Ns}aepc={Ns}b"
            + $"quantityListquantityElementepcClass={Ns}aquantityElementepcClass={Ns}cquantity=2.5uom=KGMaction=OBSERVE"
            + "bizStep=https://ref.gs1.org/cbv/BizStep-shipping"
            + "persistentDispositionset=https://ref.gs1.org/cbv/Disp-damagedunset=https://ref.gs1.org/cbv/Disp-activeunset=https://ref.gs1.org/cbv/Disp-stolen"
            + $"readPointid={Ns}r{{{Ns}}}n=mbizTransactionListbizTransaction={Ns}stype=https://ref.gs1.org/cbv/BTT-pobizTransaction={Ns}t"
            + $"sourceListtype=https://ref.gs1.org/cbv/SDT-owning_partysource={Ns}sdestinationListtype=https://ref.gs1.org/cbv/SDT-locationdestination={Ns}d",
            Samples.PreHash(json));
    }

    [Fact]
    public void PreHash_OfSensorData_FollowsTheTable()
    {
        var json = Samples.With(Samples.ObjectEvent(), "sensorElementList", """
            [{"ex:e":1,"sensorReport":[{"uom":"CEL","value":26.0,"type":"Temperature","ex:r":2,"bizRules":"ex:rule","stringValue":"  "},
              {"type":"gs1:Angle","component":"x","exception":"ALARM_CONDITION","booleanValue":false,"hexBinaryValue":"000123","time":"2026-01-01T00:00:00+01:00"}],
              "sensorMetadata":{}}]
            """);

        Assert.Equal(
            Full + "sensorElementListsensorElement"
            + "sensorReporttype=https://gs1.org/voc/Angleexception=https://gs1.org/voc/ALARM_CONDITIONtime=2025-12-31T23:00:00.000Z"
            + "component=https://ref.gs1.org/cbv/Comp-xbooleanValue=falsehexBinaryValue=123"
            + "sensorReporttype=https://gs1.org/voc/Temperaturevalue=26uom=CELbizRules=https://ns.example.com/epcis/rule{https://ns.example.com/epcis/}r=2"
            + "{https://ns.example.com/epcis/}e=1",
            Samples.PreHash(json));
    }

    [Fact]
    public void PreHash_WithEmptyLists_LeavesTheirNamesOut() =>
        Assert.Equal(
            Full.Replace("epcListepc=https://id.gs1.org/01/04012345123456/21/1", "", StringComparison.Ordinal),
            Samples.PreHash(Samples.With(Samples.With(Samples.ObjectEvent(), "epcList", "[]"), "sourceList", "[]")));

    [Fact]
    public void EventHash_LeavesOutIdAndRecordTime()
    {
        var plain = Samples.ReadOne(Samples.ObjectEvent().ToJsonString());
        var other = Samples.With(Samples.With(Samples.ObjectEvent(), "eventID", "\"urn:uuid:1\""), "recordTime", "\"2026-01-01T00:00:00Z\"");

        Assert.Equal(plain.EventHash, Samples.ReadOne(other.ToJsonString()).EventHash);
        Assert.NotEqual(plain.EventHash, Samples.ReadOne(Samples.With(other, "disposition", "\"active\"").ToJsonString()).EventHash);
    }

    [Fact]
    public void EventHashUri_ReadBack_IsTheHash()
    {
        var read = Samples.ReadOne(Samples.ObjectEvent().ToJsonString());

        Assert.True(EventHash.TryParseUri(read.EventHashUri, out var hash));
        Assert.Equal(read.EventHash, hash);
        Assert.Equal(Hash32.Compute(System.Text.Encoding.UTF8.GetBytes(Full)), hash);
        Assert.False(EventHash.TryParseUri(read.EventHashUri.AsSpan(1), out _));
    }
}
