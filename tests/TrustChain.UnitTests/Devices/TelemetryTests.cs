using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using static TrustChain.UnitTests.Devices.DeviceWorld;

namespace TrustChain.UnitTests.Devices;

/// <summary>The rules of <c>docs/devices.md</c> section 2, one by one.</summary>
public sealed class TelemetryTests
{
    private static readonly DateTimeOffset Noon = Midnight.AddHours(12);

    [Fact]
    public void Readings_HaveTheValuesOfTheirReports()
    {
        var json = Good();
        Assert.True(IsValidEpcis(json));
        var telemetry = Read(json);

        Assert.Equal((2, Noon, Noon.AddMinutes(1), Day), (telemetry.Count, telemetry.First, telemetry.Last, telemetry.Day));
        var first = telemetry.Readings.First();
        Assert.Equal(Noon, first.Time);
        Assert.Equal([600, 7000, 25.5, null, null, null, 26.5, 118.5], Enumerable.Range(0, 8).Select(first.Number));
        Assert.Equal([null, true, null], new[] { first.State(2), first.State(3), first.State(4) });
        Assert.Equal((null, "a \"note\""), (first.Text(2), first.Text(5)));
        Assert.Equal((null, null), (telemetry[1].Number(2), telemetry[1].Text(5)));
        Assert.Empty(telemetry.UnknownMeasures);
        Assert.Throws<ArgumentOutOfRangeException>(() => telemetry[2]);
    }

    [Theory]
    [InlineData("Energy", "7", "KWH", 1, 7000)]
    [InlineData("https://gs1.org/voc/Energy", "7000", "WHR", 1, 7000)]
    [InlineData("Energy", "3600000", "JOU", 1, 1000)]
    [InlineData("Energy", "1e3", "WHR", 1, 1000)]
    [InlineData("urn:x:time", "10", "HUR", 0, 600)]
    [InlineData("Temperature", "77", "FAH", 2, 25)]
    [InlineData("Temperature", "298.15", "KEL", 2, 25)]
    [InlineData("Temperature", "-0", "CEL", 2, 0)]
    public void Numbers_AreConvertedToTheTemplatesUnit(string type, string value, string unit, int measure, double expected) =>
        Assert.Equal(expected, Read(One(Report(type, null, value, unit)))[0].Number(measure));

    [Fact]
    public void Device_MayBeWrittenInAnyFormOfItsUri()
    {
        var json = Event((Noon, [Report("urn:x:running", null, "true")]));
        json["epcList"] = new JsonArray("urn:epc:id:giai:0614141.LOOM1");
        Assert.Equal(1, Read(Bytes(json)).Count);
    }

    [Fact]
    public void UnknownMeasures_AreNamedAndNotJudged()
    {
        var telemetry = Read(Bytes(Event(
            (Noon, [Report("urn:x:new", null, "-1.5", "XYZ"), Report("Speed", "x", "3", "MTS"), Report("urn:x:odd", null, "true")]),
            (Noon.AddMinutes(1), [Report("urn:x:new", null, "2", "XYZ")]))));
        Assert.Equal(["urn:x:new", "Speed x", "urn:x:odd"], telemetry.UnknownMeasures);
        Assert.All(Enumerable.Range(0, 8), i => Assert.Null(telemetry[0].Number(i)));
    }

    [Fact]
    public void UnknownMeasures_AreAtMostAHundred() =>
        Assert.Equal(100, Read(One([.. Enumerable.Range(0, 150).Select(static i => Report($"urn:x:new{i}", null, "true"))])).UnknownMeasures.Count);

    [Fact]
    public void EscapedNamesAndTexts_AreRead()
    {
        var json = Encoding.UTF8.GetString(One(Report("Temperature", null, "20", "CEL"))).Replace("\"uom\"", "\"\\u0075om\"", StringComparison.Ordinal).Replace("\"CEL\"", "\"\\u0043EL\"", StringComparison.Ordinal);
        Assert.Equal(20, Read(Encoding.UTF8.GetBytes(json))[0].Number(2));
    }

    [Fact]
    public void EncryptedMeasures_AreTexts()
    {
        var jwe = $"eyJhbGciOiJFQ0RILUVTIn0..{new string('A', 16)}.QUJD.{new string('B', 22)}";
        var template = Template(static t => { t["privacy"] = "sealed"; t["measures"]![2]!["privacy"] = "encrypted"; });
        var reading = Read(One(Report("Temperature", null, jwe)), template)[0];
        Assert.Equal((null, jwe), (reading.Number(2), reading.Text(2)));
        Assert.Equal("{\"ciphertext\":\"x\"}", Read(One(Report("Temperature", null, "{\"ciphertext\":\"x\"}")), template)[0].Text(2));
        Assert.Equal("/sensorElementList/0/sensorReport/0", Refusal(One(Report("Temperature", null, "20", "CEL")), template).Path);
        Assert.Equal(TelemetryRules.NotEncrypted, Refusal(One(Report("Temperature", null, "20", "CEL")), template).Code);
        Assert.Equal(TelemetryRules.NotEncrypted, Refusal(One(Report("Temperature", null, "warm")), template).Code);
        Assert.Equal(TelemetryRules.NotEncrypted, Refusal(One(Report("Temperature", null, "eyJ.a.b.c d.e")), template).Code);
    }

    [Theory]
    [InlineData("2026-04-06.position", null)]
    [InlineData("2026-04-06.area.2", null)]
    [InlineData("2026-04-06.operation", "operation")]
    [InlineData("2026-04-06.rider.2", "rider")]
    [InlineData("somebody's own key", null)] // Of another program: what it opens is not known here.
    public void PlaceUnderAKeyThatIsNoneOfPlaces_IsRefusedWhenItComes_AndReadWhereItWasTaken(string kid, string? group)
    {
        var header = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"alg":"dir","bind":"{{new string('A', 43)}}","enc":"A256GCM","kid":"{{kid}}"}""")).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var jwe = $"{header}..{new string('A', 16)}.QUJD.{new string('B', 22)}";
        var template = Template(static t =>
        {
            foreach (var place in (int[])[2, 6, 7])
            {
                t["measures"]![place]!["privacy"] = "encrypted";
            }
            t["measures"]!.AsArray().Add(JsonNode.Parse("""{ "name": "place", "type": "Angle", "kind": "text", "privacy": "encrypted", "title": { "en": "Place", "zh": "位置" } }"""));
        });
        var json = One(Report("Temperature", null, jwe), Report("Angle", "latitude", jwe), Report("Angle", "longitude", jwe));
        Assert.Equal(jwe, Read(json, template)[0].Text(6)); // As evidence and stored statements are read.
        Assert.Equal(group is null, Telemetry.TryReadNew(json, Device, template, Midnight.AddYears(1), out var telemetry, out var fault));
        Assert.Equal(group is null, telemetry is not null);
        Assert.Equal(
            group is null ? "" : $"{TelemetryRules.WrongKeyGroup} /sensorElementList/0/sensorReport/1/stringValue latitude is a place, and is encrypted under a key of the group \"position\" or \"area\", not \"{group}\".",
            fault is null ? "" : $"{fault.Code} {fault.Path} {fault.Detail}");
        // A place may be one report; and of what is none, the template does not say which group it has.
        Assert.Equal(group is null, Telemetry.TryReadNew(One(Report("Angle", null, jwe)), Device, template, Midnight.AddYears(1), out _, out _));
        Assert.True(Telemetry.TryReadNew(One(Report("Temperature", null, jwe)), Device, template, Midnight.AddYears(1), out _, out _));
    }

    [Theory]
    [InlineData("2026-04-06.rider", null)]
    [InlineData("2026-04-06.rider.2", null)]
    [InlineData("2026-04-06.operation", "operation")]
    [InlineData("2026-04-06.position.2", "position")]
    [InlineData("2026-04-06.area", "area")]
    [InlineData("somebody's own key", null)] // As of places.
    public void RiderUnderAKeyOfAnotherGroup_IsRefused(string kid, string? group)
    {
        var header = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"alg":"dir","bind":"{{new string('A', 43)}}","enc":"A256GCM","kid":"{{kid}}"}""")).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var jwe = $"{header}..{new string('A', 16)}.QUJD.{new string('B', 22)}";
        var template = Template(static t => t["measures"]!.AsArray().Add(JsonNode.Parse(
            """{ "name": "pulse", "type": "Frequency", "kind": "gauge", "unit": "RPM", "privacy": "encrypted", "about": "rider", "title": { "en": "Pulse", "zh": "心率" } }""")));
        var taken = Telemetry.TryReadNew(One(Report("urn:x:running", null, "true"), Report("https://gs1.org/voc/Frequency", null, jwe)), Device, template, Midnight.AddYears(1), out _, out var fault);
        Assert.Equal(group is null, taken);
        Assert.Equal(
            group is null ? "" : $"{TelemetryRules.WrongKeyGroup} /sensorElementList/0/sensorReport/1/stringValue pulse is about the rider, and is encrypted under a key of the group \"rider\", not \"{group}\".",
            fault is null ? "" : $"{fault.Code} {fault.Path} {fault.Detail}");
        Assert.Equal(TelemetryRules.NotEncrypted, Refusal(One(Report("Frequency", null, "71", "RPM")), template).Code);
    }

    [Theory]
    [InlineData("eyJh")] // {"a
    [InlineData("eyJraWQiOlsi")]
    [InlineData("eyJraWQiOiJcdWQ4MDAifQ")] // {"kid":"\ud800"}
    public void HeaderThatIsNoJson_IsNoMatterOfTheReader(string header)
    {
        var template = Template(static t => { t["measures"]![6]!["privacy"] = "encrypted"; t["measures"]![7]!["privacy"] = "encrypted"; });
        var jwe = $"{header}..{new string('A', 16)}.QUJD.{new string('B', 22)}";
        Assert.True(Telemetry.TryReadNew(One(Report("Angle", "latitude", jwe), Report("Angle", "longitude", jwe)), Device, template, Midnight.AddYears(1), out _, out _));
    }

    [Theory]
    [InlineData("type", "\"TransactionEvent\"", TelemetryRules.WrongEvent, "/type")]
    [InlineData("action", "\"ADD\"", TelemetryRules.WrongEvent, "/action")]
    [InlineData("quantityList", "[{\"epcClass\":\"urn:x:1\"}]", TelemetryRules.WrongEvent, "/quantityList")]
    [InlineData("epcList", "[]", TelemetryRules.WrongDevice, "/epcList")]
    [InlineData("epcList", "[\"urn:x:1\"]", TelemetryRules.WrongDevice, "/epcList")]
    [InlineData("epcList", "[\"https://id.gs1.org/8004/0614141LOOM1\",\"urn:x:1\"]", TelemetryRules.WrongDevice, "/epcList")]
    [InlineData("sensorElementList", "[]", TelemetryRules.WrongCount, "/sensorElementList")]
    [InlineData("eventTime", "\"2026-04-06T12:00:00.000Z\"", TelemetryRules.EventTimeNotLast, "/eventTime")]
    public void Refuses_WhenTheEventIsOfAnotherShape(string member, string value, string code, string path)
    {
        var json = JsonNode.Parse(Good())!;
        json[member] = JsonNode.Parse(value);
        var fault = Refusal(Bytes(json));
        Assert.Equal((code, path), (fault.Code, fault.Path));
    }

    [Theory]
    [InlineData("{}", TelemetryRules.NoReport)]
    [InlineData("{\"type\":\"Temperature\"}", TelemetryRules.OneValue)]
    [InlineData("{\"type\":\"Temperature\",\"value\":20,\"booleanValue\":true,\"uom\":\"CEL\"}", TelemetryRules.OneValue)]
    [InlineData("{\"type\":\"Temperature\",\"meanValue\":20,\"uom\":\"CEL\"}", TelemetryRules.OneValue)]
    [InlineData("{\"type\":\"Temperature\",\"value\":20,\"maxValue\":20,\"uom\":\"CEL\"}", TelemetryRules.OneValue)]
    [InlineData("{\"type\":\"urn:x:note\",\"hexBinaryValue\":\"FF\"}", TelemetryRules.OneValue)]
    [InlineData("{\"type\":\"Temperature\",\"value\":20,\"uom\":\"CEL\",\"time\":\"2026-04-06T12:00:00Z\"}", TelemetryRules.WrongTime)]
    [InlineData("{\"type\":\"Temperature\",\"value\":20}", TelemetryRules.UnknownUnit)]
    [InlineData("{\"type\":\"Temperature\",\"value\":20,\"uom\":\"XYZ\"}", TelemetryRules.UnknownUnit)]
    [InlineData("{\"type\":\"Temperature\",\"value\":20,\"uom\":\"KGM\"}", TelemetryRules.WrongQuantity)]
    [InlineData("{\"type\":\"Temperature\",\"value\":1e999,\"uom\":\"CEL\"}", TelemetryRules.NotFinite)]
    [InlineData("{\"type\":\"Energy\",\"value\":1e308,\"uom\":\"A68\"}", TelemetryRules.NotFinite)]
    [InlineData("{\"type\":\"Temperature\",\"stringValue\":\"20\"}", TelemetryRules.WrongKind)]
    [InlineData("{\"type\":\"Temperature\",\"booleanValue\":true}", TelemetryRules.WrongKind)]
    [InlineData("{\"type\":\"urn:x:running\",\"value\":1,\"uom\":\"C62\"}", TelemetryRules.WrongKind)]
    [InlineData("{\"type\":\"urn:x:note\",\"booleanValue\":true}", TelemetryRules.WrongKind)]
    [InlineData("{\"type\":\"urn:x:other\",\"stringValue\":\"text\"}", TelemetryRules.WrongKind)]
    [InlineData("{\"type\":\"urn:x:other\",\"value\":1}", TelemetryRules.UnknownUnit)]
    [InlineData("{\"type\":\"urn:x:other\",\"value\":1e999,\"uom\":\"C62\"}", TelemetryRules.NotFinite)]
    [InlineData("{\"type\":\"Energy\",\"value\":-1,\"uom\":\"WHR\"}", TelemetryRules.WrongCounter)]
    [InlineData("{\"type\":\"Energy\",\"value\":1.5,\"uom\":\"WHR\"}", TelemetryRules.WrongCounter)]
    [InlineData("{\"type\":\"Energy\",\"value\":9007199254740992,\"uom\":\"WHR\"}", TelemetryRules.WrongCounter)]
    [InlineData("{\"type\":\"Angle\",\"component\":\"latitude\",\"value\":20,\"uom\":\"DD\"}", TelemetryRules.WrongPosition)]
    public void Refuses_WhenAReportIsWrong(string report, string code)
    {
        var fault = Refusal(One(JsonNode.Parse(report)!.AsObject()));
        Assert.Equal(code, fault.Code);
        Assert.StartsWith("/sensorElementList/0/sensorReport", fault.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_WhenAMeasureIsTwice() => Assert.Equal(
        (TelemetryRules.MeasureTwice, "/sensorElementList/0/sensorReport/1"),
        Place(Refusal(One(Report("Temperature", null, "20", "CEL"), Report("https://gs1.org/voc/Temperature", null, "20", "CEL")))));

    [Fact]
    public void Refuses_WhenAPositionIsNotOnEarth() => Assert.Equal(
        TelemetryRules.WrongPosition, Refusal(One(Report("Angle", "latitude", "91", "DD"), Report("Angle", "longitude", "0", "DD"))).Code);

    [Fact]
    public void Refuses_WhenTimesAreWrong()
    {
        JsonObject[] State() => [Report("urn:x:running", null, "true")];
        Assert.Equal((TelemetryRules.TimesNotAscending, "/sensorElementList/1/sensorMetadata/time"), Place(Refusal(Bytes(Event((Noon, State()), (Noon, State()))))));
        Assert.Equal((TelemetryRules.TimesNotAscending, "/sensorElementList/2/sensorMetadata/time"),
            Place(Refusal(Bytes(Event((Noon, State()), (Noon.AddMinutes(2), State()), (Noon.AddMinutes(1), State()))))));
        Assert.Equal(TelemetryRules.MoreThanOneDay, Refusal(Bytes(Event((Midnight.AddSeconds(-1), State()), (Midnight, State())))).Code);
        var last = Bytes(Event((Noon, State())));
        Assert.Equal(TelemetryRules.TimeInFuture, Refusal(last, now: Noon.AddMinutes(-10).AddMilliseconds(-1)).Code);
        Assert.True(Telemetry.TryRead(last, Device, Machine, Noon.AddMinutes(-10), out _, out _));

        var json = JsonNode.Parse(last)!;
        json["sensorElementList"]![0]!.AsObject().Remove("sensorMetadata");
        Assert.Equal((TelemetryRules.WrongTime, "/sensorElementList/0/sensorMetadata"), Place(Refusal(Bytes(json))));
        json = JsonNode.Parse(last)!;
        json["sensorElementList"]![0]!["sensorMetadata"]!["startTime"] = Time(Noon);
        Assert.Equal(TelemetryRules.WrongTime, Refusal(Bytes(json)).Code);
    }

    [Fact]
    public void OneThousandReadings_AreTheMost()
    {
        (DateTimeOffset, JsonObject[])[] Readings(int count) => [.. Enumerable.Range(0, count).Select(static i => (Midnight.AddMinutes(i), new[] { Report("Temperature", null, F(i % 80), "CEL") }))];
        var telemetry = Read(Bytes(Event(Readings(1000))));
        Assert.Equal((1000, 39.0), (telemetry.Count, telemetry[999].Number(2)));
        Assert.Equal(TelemetryRules.WrongCount, Refusal(Bytes(Event(Readings(1001)))).Code);
    }

    [Fact]
    public void NoInput_MakesItThrow()
    {
        var good = Good();
        var random = new Random(7);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = good.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)"{}[]\",:\\u0e-.1at \xFF"[random.Next(18)];
            }
            var length = random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length;
            if (Telemetry.TryRead(bytes.AsMemory(0, length), Device, Machine, Midnight.AddYears(1), out var telemetry, out var fault))
            {
                TelemetrySummary.Of(telemetry, Machine).ToBytes();
                _ = telemetry.Readings.Select(static r => r.Text(5)).ToList();
                read++;
            }
            else
            {
                Assert.NotEmpty(fault.Code);
                refused++;
            }
        }
        Assert.True(read > 100 && refused > 1000);
    }

    private static (string, string) Place(TelemetryFault fault) => (fault.Code, fault.Path);

    private static byte[] One(params JsonObject[] reports) => Bytes(Event((Noon, reports)));

    private static byte[] Good() => Bytes(Event(
        (Noon,
        [
            Report("urn:x:time", null, "600", "MIN"), Report("Energy", null, "7000", "WHR"), Report("Temperature", null, "25.5", "CEL"), Report("urn:x:running", null, "true"),
            Report("urn:x:note", null, "a \"note\""), Report("Angle", "latitude", "26.5", "DD"), Report("Angle", "longitude", "118.5", "DD"),
        ]),
        (Noon.AddMinutes(1), [Report("urn:x:alarm", null, "false")])));
}
