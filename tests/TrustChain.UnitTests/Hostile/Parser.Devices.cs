using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Imports;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.UnitTests.Devices;
using TrustChain.UnitTests.Devices.Imports;
using TrustChain.UnitTests.Verification;
using DeviceWorld = TrustChain.UnitTests.Devices.DeviceWorld;

namespace TrustChain.UnitTests.Hostile;

/// <summary>What devices, their makers and other systems send.</summary>
internal sealed partial record Parser
{
    private static readonly DateTimeOffset Noon = DeviceWorld.Midnight.AddHours(12);

    private static IReadOnlyList<byte[]> Templates() => [.. DeviceTemplateTests.Files().Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];

    private static IReadOnlyList<byte[]> Telemetries() =>
    [
        DeviceWorld.Bytes(DeviceWorld.Event(
            (Noon, [DeviceWorld.Report("urn:x:time", null, "10", "HUR"), DeviceWorld.Report("Energy", null, "7", "KWH"), DeviceWorld.Report("Temperature", null, "77", "FAH")]),
            (Noon.AddMinutes(1), [DeviceWorld.Report("urn:x:running", null, "true"), DeviceWorld.Report("urn:x:new", "x", "-1.5e3", "XYZ")]))),
        .. Imported().Select(static e => e.Utf8),
    ];

    private static IReadOnlyList<byte[]> TelemetryStatements()
    {
        var members = new TelemetryHeader("https://id.gs1.org/8004/9521321M1", 2, Hash32.Compute("1"u8), 3, Noon).ToMembers();
        return Texts(Jws.Sign(World.Garden.Key, Statement.TelemetryType, EvidenceWorld.TeaOrigin, DeviceWorld.Bytes(DeviceWorld.Event((Noon, [DeviceWorld.Report("Temperature", null, "20", "CEL")]))), members));
    }

    private static IReadOnlyList<byte[]> Summaries() => [.. Imported().Select(static e => TelemetrySummary.Of(e.Telemetry, ImportWorld.Machine).ToBytes())];

    private static IReadOnlyList<byte[]> Csvs() => Texts(
        "time,operatingHours,fuelUsed [LTR],running,faultCode\n2026-09-01T10:00:00Z,233.5,1560,true,\"a \"\"b\"\", c\"\n2026-09-01T11:00:00+02:00,234.5,,false,\n",
        "\uFEFFtime,latitude,longitude,operatingHours [SEC]\r\n2026-09-01T10:00:00.5Z,49.2,8.09,841320\r\n");

    private static IReadOnlyList<byte[]> TelematicsXml() => Texts(
        """
        <Fleet version="1" snapshotTime="2026-09-01T10:06:00Z" xmlns="http://standards.iso.org/iso/15143/-3"><Links><rel>self</rel><href>https://example.com/Fleet/1</href></Links><Equipment>
        <EquipmentHeader><OEMName>Digger</OEMName><Model>D1</Model><EquipmentID>7020</EquipmentID><SerialNumber>SN-1</SerialNumber></EquipmentHeader>
        <Location datetime="2026-09-01T10:05:00Z"><Latitude>49.237090</Latitude><Longitude>8.093496</Longitude></Location><CumulativeOperatingHours><Hour>233.70</Hour><datetime>2026-09-01T10:00:00Z</datetime></CumulativeOperatingHours>
        <Distance datetime="2026-09-01T12:00:00+02:00"><OdometerUnits>kilometre</OdometerUnits><Odometer>1610</Odometer></Distance><FuelRemaining datetime="2026-09-01T10:00:02.5Z"><Percent>62.40</Percent></FuelRemaining>
        <EngineStatus datetime="2026-09-01T10:05:00Z"><EngineNumber/><Running>true</Running></EngineStatus></Equipment></Fleet>
        """);

    private static IReadOnlyList<byte[]> TelematicsJson() => Texts(
        """
        [{"Equipment":[{"EquipmentHeader":{"OEMName":"Digger","EquipmentId":"7020","SerialNumber":"SN-1"},"Location":{"datetime":"2026-09-01T10:05:00Z","Latitude":49.237090,"Longitude":8.093496,"Altitude":null},
        "CumulativeOperatingHours":{"Datetime":"2026-09-01T10:00:00Z","Hour":233.7},"Distance":{"datetime":"2026-09-01T10:00:00Z","Odometer":1610,"OdometerUnits":"kilometre"},"EngineStatus":{"datetime":"2026-09-01T10:05:00Z","Running":true}}]}]
        """);

    private static IReadOnlyList<byte[]> DeviceEvidences() => Texts(
        $$"""{"type":"{{DeviceEvidenceHeader.Type}}","v":1,"device":"https://id.gs1.org/8004/9521321M1","salt":"{{Hash32.Compute("s"u8).ToBase64Url()}}","template":"e30","from":"2026-09-01","until":"2026-09-02","at":"2026-09-10T12:00:00.000Z"}""");

    private static IReadOnlyList<(byte[] Utf8, Telemetry Telemetry)> Imported() =>
        ImportWorld.Events(ImportWorld.Csv("time,operatingHours,running,latitude,longitude\n2026-09-01T10:00:00Z,233.5,true,49.2,8.1\n2026-09-01T11:00:00Z,234.5,false,49.3,8.1\n"));

    private static void ReadTemplate(byte[] bytes)
    {
        if (DeviceTemplate.TryParse(bytes, out var template, out _))
        {
            Telemetry.TryRead(DeviceWorld.Bytes(DeviceWorld.Event((Noon, [DeviceWorld.Report("Energy", null, "7", "KWH")]))), "urn:d", template, Noon, out _, out _);
        }
    }

    /// <summary>As the service does: only valid EPCIS gets as far as being telemetry.</summary>
    private static void ReadTelemetry(byte[] bytes)
    {
        if (EpcisReader.Read(bytes, EpcisReadOptions.Default).IsValid)
        {
            foreach (var template in (DeviceTemplate[])[DeviceWorld.Machine, ImportWorld.Machine])
            {
                if (Telemetry.TryRead(bytes, ImportWorld.Device, template, ImportWorld.Now, out var telemetry, out _))
                {
                    _ = TelemetrySummary.Parse(TelemetrySummary.Of(telemetry, template).ToBytes());
                }
            }
        }
    }

    private static void ReadTelemetryStatement(string compact)
    {
        Statement.TryParse(compact, out _, out _);
        if (Jws.TryParse(compact, out var jws, out _))
        {
            TelemetryHeader.TryRead(jws, out _, out _);
        }
    }

    private static void Use(ImportResult result)
    {
        if (result.Readings is { } readings)
        {
            foreach (var utf8 in readings.ToEvents(ImportWorld.Device).Select(static e => e.Utf8))
            {
                Assert.True(EpcisReader.Read(utf8, EpcisReadOptions.Default).IsValid); // What is made here is good, whatever came in.
            }
        }
    }

    private static void Use(IEnumerable<TelematicsEquipment> equipment) => Use(TelematicsMapping.Read(equipment.SelectMany(static e => e.Points), ImportWorld.Machine, ImportWorld.Now));
}
