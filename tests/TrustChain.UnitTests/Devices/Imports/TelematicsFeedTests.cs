using System.Text;
using TrustChain.Core.Devices.Imports;

namespace TrustChain.UnitTests.Devices.Imports;

/// <summary>Feeds of ISO 15143-3 as providers write them; the values are made up.</summary>
public sealed class TelematicsFeedTests
{
    private const string Namespace = "http://standards.iso.org/iso/15143/-3";

    private static readonly string[] Expected =
    [
        "2026-09-01T10:00:00.000Z operatingHours 841320 SEC",
        "2026-09-01T10:00:00.000Z idleHours 40 HUR",
        "2026-09-01T10:00:00.000Z distance 1610 KMT",
        "2026-09-01T10:00:01.000Z loads 77 C62",
        "2026-09-01T10:00:02.500Z fuelUsed 1560 LTR",
        "2026-09-01T10:00:02.500Z fuelRemaining 62.4 P1",
        "2026-09-01T10:05:00.000Z running true",
        "2026-09-01T10:05:00.000Z faultCode 1234-5",
        "2026-09-01T10:05:00.000Z latitude 49.23709 DD",
        "2026-09-01T10:05:00.000Z longitude 8.093496 DD",
    ];

    [Fact]
    public void XmlSnapshot_IsMappedByRoleAndName()
    {
        var result = ImportWorld.Xml($"""
            <?xml version="1.0" encoding="utf-8"?>
            <!-- attributes and elements for the time are both in use -->
            <Fleet version="1" snapshotTime="2026-09-01T10:06:00Z" xmlns="{Namespace}">
              <Links><rel>self</rel><href>https://example.com/Fleet/1</href></Links>
              <Equipment>
                <EquipmentHeader>
                  <UnitInstallDateTime>0001-01-01T00:00:00Z</UnitInstallDateTime><OEMName>Digger</OEMName><Model>D1</Model>
                  <EquipmentID>7020</EquipmentID><SerialNumber>SN-1</SerialNumber><PIN>PIN-1</PIN>
                </EquipmentHeader>
                <Location datetime="2026-09-01T10:05:00Z"><Latitude>49.237090</Latitude><Longitude>8.093496</Longitude><Altitude>258</Altitude><AltitudeUnits>metre</AltitudeUnits></Location>
                <CumulativeOperatingHours><Hour>233.70</Hour><datetime>2026-09-01T10:00:00Z</datetime></CumulativeOperatingHours>
                <CumulativeIdleHours datetime="2026-09-01T12:00:00+02:00"><Hour>40.00</Hour></CumulativeIdleHours>
                <CumulativePowerTakeOffHours datetime="2026-09-01T10:00:00Z"><Hour>1</Hour></CumulativePowerTakeOffHours>
                <Distance datetime="2026-09-01T10:00:00Z"><OdometerUnits>kilometre</OdometerUnits><Odometer>1610</Odometer></Distance>
                <CumulativeLoadCount datetime="2026-09-01T10:00:01Z"><Count>77</Count></CumulativeLoadCount>
                <FuelUsed datetime="2026-09-01T10:00:02.5Z"><FuelUnits>litre</FuelUnits><FuelConsumed>1560</FuelConsumed></FuelUsed>
                <FuelRemaining datetime="2026-09-01T10:00:02.5Z"><Percent>62.40</Percent><FuelTankCapacityUnits>litre</FuelTankCapacityUnits><FuelTankCapacity>200</FuelTankCapacity></FuelRemaining>
                <EngineStatus datetime="2026-09-01T10:05:00Z"><EngineNumber/><Running>true</Running></EngineStatus>
                <FaultCode datetime="2026-09-01T10:05:00Z"><CodeIdentifier>1234-5</CodeIdentifier><CodeDescription>Oil</CodeDescription><CodeSeverity>High</CodeSeverity></FaultCode>
                <DEFRemaining/>
              </Equipment>
            </Fleet>
            """);
        Assert.Empty(result.Faults);
        Assert.Equal(Expected, ImportWorld.Values(result));
        Assert.Equal(
            [new NotMapped("Location/Altitude", "no-measure"), new NotMapped("CumulativePowerTakeOffHours", "no-measure"), new NotMapped("DEFRemaining", "no-value")],
            result.NotMapped);
    }

    [Fact]
    public void JsonSnapshot_SaysTheSame()
    {
        var result = ImportWorld.Json("""
            [{ "Equipment": [{
              "EquipmentHeader": { "OEMName": "Digger", "Model": "D1", "EquipmentId": "7020", "SerialNumber": "SN-1", "Pin": "PIN-1" },
              "Location": { "datetime": "2026-09-01T10:05:00Z", "Latitude": 49.237090, "Longitude": 8.093496, "Altitude": null },
              "CumulativeOperatingHours": { "Datetime": "2026-09-01T10:00:00Z", "Hour": 233.7 },
              "CumulativeIdleHours": { "datetime": "2026-09-01T10:00:00Z", "Hour": 40.0 },
              "Distance": { "datetime": "2026-09-01T10:00:00Z", "Odometer": 1610, "OdometerUnits": "kilometre" },
              "CumulativeLoadCount": { "datetime": "2026-09-01T10:00:01Z", "Count": 77 },
              "FuelUsed": { "datetime": "2026-09-01T10:00:02.5Z", "FuelConsumed": 1560, "FuelUnits": "liter" },
              "FuelRemaining": { "datetime": "2026-09-01T10:00:02.5Z", "Percent": "62.4" },
              "EngineStatus": { "datetime": "2026-09-01T10:05:00Z", "Running": true },
              "FaultCode": [{ "datetime": "2026-09-01T10:05:00Z", "CodeIdentifier": "1234-5" }]
            }], "Links": [{ "Rel": "next", "Href": "/Fleet/2" }] }]
            """);
        Assert.Empty(result.Faults);
        Assert.Equal(Expected, ImportWorld.Values(result));
    }

    [Fact]
    public void TimeSeries_NamesNoMachine_AndHasManyPoints()
    {
        string[] expected = ["2026-09-01T10:00:00.000Z distance 16093 MTR", "2026-09-01T11:00:00.000Z distance 17703 MTR"];
        var xml = $"""
            <DistanceMessages xmlns="http://www.jcmanet.or.jp/english2017/ISO/15143/-3/20190501"><Links><rel>self</rel><href>x</href></Links>
            <Distance datetime="2026-09-01T11:00:00Z"><Odometer>11</Odometer><OdometerUnits>mile</OdometerUnits></Distance>
            <Distance datetime="2026-09-01T10:00:00Z"><Odometer>10</Odometer><OdometerUnits>mile</OdometerUnits></Distance></DistanceMessages>
            """;
        const string Json = """
            { "version": "1", "Distance": [{ "datetime": "2026-09-01T11:00:00Z", "Odometer": 11, "OdometerUnits": "mile" }, { "datetime": "2026-09-01T10:00:00Z", "Odometer": 10, "OdometerUnits": "mile" }], "Links": [] }
            """;
        Assert.Empty(Assert.Single(TelematicsFeed.ReadXml(Encoding.UTF8.GetBytes(xml)).Equipment).Names);
        Assert.Equal(expected, ImportWorld.Values(ImportWorld.Xml(xml)));
        Assert.Equal(expected, ImportWorld.Values(ImportWorld.Json(Json)));
    }

    [Fact]
    public void Machines_KeepTheirPointsApart()
    {
        var (equipment, fault) = TelematicsFeed.ReadXml(Encoding.UTF8.GetBytes("""
            <Fleet><Equipment><EquipmentHeader><SerialNumber>A</SerialNumber></EquipmentHeader><Distance datetime="t"><Odometer>1</Odometer></Distance></Equipment>
            <Equipment><Distance datetime="t"><Odometer>2</Odometer></Distance><Distance datetime="t"><Odometer>3</Odometer></Distance><EquipmentHeader><PIN> B </PIN></EquipmentHeader></Equipment></Fleet>
            """));
        Assert.Null(fault);
        Assert.Equal([("A", 1), ("B", 2)], equipment.Select(static e => (Assert.Single(e.Names), e.Points.Count)));
    }

    [Fact]
    public void WrongPoints_AreLeftOutAndTold()
    {
        var result = ImportWorld.Json("""
            { "CumulativeOperatingHours": [
                { "datetime": "2026-09-01T10:00:00Z", "Hour": 5 }, { "datetime": "2026-09-01T10:00:00Z", "Hour": 6 }, { "datetime": "2026-09-01T11:00:00Z", "Hour": -1 },
                { "datetime": "2099-01-01T00:00:00Z", "Hour": 7 }, { "datetime": "2026-09-01T12:00:00", "Hour": 7 }, { "Hour": 7 }, { "datetime": "2026-09-01T12:00:00Z", "Hour": "NaN" } ],
              "Distance": [ { "datetime": "2026-09-01T10:00:00Z", "Odometer": 1 }, { "datetime": "2026-09-01T10:00:00Z", "Odometer": 1, "OdometerUnits": "furlong" }, { "datetime": "2026-09-01T10:00:00Z", "Odometer": 1, "OdometerUnits": "hour" } ],
              "Location": { "datetime": "2026-09-01T10:00:00Z", "Latitude": 4 } }
            """);
        Assert.Equal(["2026-09-01T10:00:00.000Z operatingHours 5 HUR"], ImportWorld.Values(result));
        Assert.Equal(
            [
                ImportRules.WrongCounter, ImportRules.TimeInFuture, ImportRules.WrongTime, ImportRules.WrongTime, ImportRules.WrongKind, ImportRules.UnknownUnit, ImportRules.UnknownUnit,
                ImportRules.WrongQuantity, ImportRules.ContradictoryValues, ImportRules.WrongPosition,
            ],
            result.Faults.Select(static f => f.Code));
    }

    [Theory]
    [InlineData("""<!DOCTYPE Fleet [<!ENTITY x SYSTEM "file:///etc/passwd">]><Fleet><Equipment>&x;</Equipment></Fleet>""", ImportRules.DtdRefused)]
    [InlineData("""<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><Fleet>&lol2;</Fleet>""", ImportRules.DtdRefused)]
    [InlineData("""<!DOCTYPE Fleet PUBLIC "-//x" "https://example.com/x.dtd"><Fleet/>""", ImportRules.DtdRefused)]
    [InlineData("<Fleet>&unknown;</Fleet>", ImportRules.Malformed)]
    [InlineData("<Fleet><Equipment></Fleet>", ImportRules.Malformed)]
    [InlineData("<Fleet/><Fleet/>", ImportRules.Malformed)]
    [InlineData("", ImportRules.Malformed)]
    [InlineData("not xml", ImportRules.Malformed)]
    [InlineData("<Fleet xmlns='urn:another'/>", ImportRules.WrongFeed)]
    [InlineData("<Equipment><EquipmentHeader/><EquipmentHeader/></Equipment>", ImportRules.WrongFeed)]
    [InlineData("<Fleet><Distance><Odometer>1</Odometer><odometer>2</odometer></Distance></Fleet>", ImportRules.WrongFeed)]
    public void HostileXml_IsRefused(string xml, string rule) => Assert.Equal(rule, TelematicsFeed.ReadXml(Encoding.UTF8.GetBytes(xml)).Fault?.Code);

    [Fact]
    public void XmlBeyondABound_IsRefused()
    {
        Assert.Equal(ImportRules.TooLarge, Refuse(string.Concat(Enumerable.Repeat("<a>", 200_000))));
        Assert.Equal(ImportRules.TooLarge, Refuse("<Fleet " + string.Concat(Enumerable.Range(0, 5000).Select(static i => $"a{i}='' ")) + "/>"));
        Assert.Equal(ImportRules.TooLarge, Refuse($"<Fleet><Distance><Odometer>{new string('1', 2000)}</Odometer></Distance></Fleet>"));
        Assert.Equal(ImportRules.TooLarge, Refuse($"<Fleet><Distance>{string.Concat(Enumerable.Range(0, 20).Select(static i => $"<a{i}>1</a{i}>"))}</Distance></Fleet>"));
        Assert.Equal(ImportRules.TooLarge, Refuse($"<Fleet>{string.Concat(Enumerable.Repeat("<D/>", 200_001))}</Fleet>"));
        // UTF-16, in which the search for a document type would find nothing.
        Assert.Equal(ImportRules.Malformed, TelematicsFeed.ReadXml(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("<!DOCTYPE x []><Fleet/>")).ToArray()).Fault?.Code);

        static string? Refuse(string xml) => TelematicsFeed.ReadXml(Encoding.UTF8.GetBytes(xml)).Fault?.Code;
    }

    [Theory]
    [InlineData("", ImportRules.Malformed)]
    [InlineData("{", ImportRules.Malformed)]
    [InlineData("{} x", ImportRules.Malformed)]
    [InlineData("{\"Distance\":{\"Odometer\":NaN}}", ImportRules.Malformed)]
    [InlineData("{\"Distance\":{\"OdometerUnits\":\"\\ud800\"}}", ImportRules.Malformed)]
    [InlineData("{\"Distance\":{\"Odometer\":1,\"Odometer\":2}}", ImportRules.WrongFeed)]
    [InlineData("5", ImportRules.WrongFeed)]
    [InlineData("[[]]", ImportRules.WrongFeed)]
    [InlineData("{\"Equipment\":[1]}", ImportRules.WrongFeed)]
    public void HostileJson_IsRefused(string json, string rule) => Assert.Equal(rule, TelematicsFeed.ReadJson(Encoding.UTF8.GetBytes(json)).Fault?.Code);

    [Fact]
    public void JsonBeyondABound_IsRefused()
    {
        Assert.Equal(ImportRules.Malformed, Refuse(string.Concat(Enumerable.Repeat("{\"Fleet\":", 5000))));
        Assert.Equal(ImportRules.Malformed, Refuse("{\"x\":" + new string('[', 100_000)));
        Assert.Equal(ImportRules.TooLarge, Refuse("{\"Distance\":{\"Odometer\":" + new string('1', 2000) + "}}"));
        Assert.Equal(ImportRules.TooLarge, Refuse($$"""{"Equipment":[{{string.Join(',', Enumerable.Repeat("{\"EquipmentHeader\":{}}", 10_001))}}]}"""));

        static string? Refuse(string json) => TelematicsFeed.ReadJson(Encoding.UTF8.GetBytes(json)).Fault?.Code;
    }
}
