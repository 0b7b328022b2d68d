using System.Text;
using TrustChain.Core.Devices.Imports;

namespace TrustChain.UnitTests.Devices.Imports;

public sealed class CsvImportTests
{
    [Fact]
    public void Rows_BecomeReadingsInTheTemplatesUnits()
    {
        var result = ImportWorld.Csv("\uFEFFtime,operatingHours [MIN],distance [SMI],oil [FAH],running,latitude,longitude,\"faultCode\",colour\r\n"
            + "2026-09-01T10:00:00+02:00,6000,10,77,TRUE,31.5,121.5,\"E-17, \"\"hot\"\"\",red\r\n"
            + "2026-09-01T08:30:00Z,6030,,,0,,,,\r\n");
        Assert.Empty(result.Faults);
        Assert.Equal([new NotMapped("colour", "no-measure")], result.NotMapped);
        Assert.Equal(
            [
                "2026-09-01T08:00:00.000Z operatingHours 100 HUR",
                "2026-09-01T08:00:00.000Z distance 16093 MTR",
                "2026-09-01T08:00:00.000Z oil 25 CEL",
                "2026-09-01T08:00:00.000Z running true",
                "2026-09-01T08:00:00.000Z faultCode E-17, \"hot\"",
                "2026-09-01T08:00:00.000Z latitude 31.5 DD",
                "2026-09-01T08:00:00.000Z longitude 121.5 DD",
                "2026-09-01T08:30:00.000Z operatingHours 361800 SEC",
                "2026-09-01T08:30:00.000Z running false",
            ],
            ImportWorld.Values(result));
    }

    [Fact]
    public void Events_AreOneADayAndAtMostAThousandReadings_WhateverTheOrderOfRows()
    {
        var start = new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);
        var rows = Enumerable.Range(0, 1500).Select(i => $"{start.AddMinutes(i):yyyy-MM-ddTHH:mm:ssZ},{100 + (i / 60)}").ToList();
        var straight = ImportWorld.Events(ImportWorld.Csv("time,operatingHours\n" + string.Join('\n', rows)));
        rows.Reverse();
        var crooked = ImportWorld.Events(ImportWorld.Csv("time,operatingHours\n" + string.Join('\n', rows)));
        Assert.Equal([1000, 440, 60], straight.Select(static e => e.Telemetry.Count));
        Assert.Equal(straight.Select(static e => Encoding.UTF8.GetString(e.Utf8)), crooked.Select(static e => Encoding.UTF8.GetString(e.Utf8)));
    }

    [Fact]
    public void OneAmount_IsOneEvent_FromWhateverUnit()
    {
        var hours = Assert.Single(ImportWorld.Events(ImportWorld.Csv("time,operatingHours\n2026-09-01T08:00:00Z,233.7")));
        var seconds = Assert.Single(ImportWorld.Events(ImportWorld.Csv("time,operatingHours [SEC]\n2026-09-01T08:00:00Z,841320")));
        Assert.Equal(Encoding.UTF8.GetString(hours.Utf8), Encoding.UTF8.GetString(seconds.Utf8));
    }

    [Fact]
    public void RepeatedRows_CountOnce()
    {
        var result = ImportWorld.Csv("time,operatingHours\n2026-09-01T08:00:00Z,5\n2026-09-01T10:00:00+02:00,5.0\n\n2026-09-01T08:00:00Z,5\n");
        Assert.Equal(["2026-09-01T08:00:00.000Z operatingHours 5 HUR"], ImportWorld.Values(result));
        Assert.Equal(2, result.Readings!.Repeated);
    }

    [Fact]
    public void EncryptedMeasure_IsNotImportedInTheClear()
    {
        var result = ImportWorld.Csv("time,operatingHours,driver\n2026-09-01T08:00:00Z,5,Li Hua");
        Assert.Equal([new NotMapped("driver", "encrypted")], result.NotMapped);
        Assert.DoesNotContain(ImportWorld.Events(result), static e => Encoding.UTF8.GetString(e.Utf8).Contains("Li Hua", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("operatingHours,5", ImportRules.WrongHeader)]
    [InlineData("", ImportRules.WrongHeader)]
    [InlineData("time;operatingHours\n2026-09-01T08:00:00Z;5", ImportRules.WrongHeader)]
    [InlineData("time,colour\n2026-09-01T08:00:00Z,red", ImportRules.WrongHeader)]
    [InlineData("time,driver\n2026-09-01T08:00:00Z,Li", ImportRules.WrongHeader)]
    [InlineData("time,operatingHours,operatingHours [MIN]\n2026-09-01T08:00:00Z,5,300", ImportRules.WrongHeader)]
    [InlineData("time,operatingHours [PARSEC]\n2026-09-01T08:00:00Z,5", ImportRules.UnknownUnit)]
    [InlineData("time,running [HUR]\n2026-09-01T08:00:00Z,1", ImportRules.UnknownUnit)]
    [InlineData("time,operatingHours [KMT]\n2026-09-01T08:00:00Z,5", ImportRules.WrongQuantity)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,5,6", ImportRules.WrongColumns)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z", ImportRules.WrongColumns)]
    [InlineData("time,operatingHours\n2026-09-01 08:00:00,5", ImportRules.WrongTime)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00,5", ImportRules.WrongTime)]
    [InlineData("time,operatingHours\n1999-12-31T23:59:59Z,5", ImportRules.WrongTime)]
    [InlineData("time,operatingHours\n0001-01-01T00:00:00Z,5", ImportRules.WrongTime)]
    [InlineData("time,operatingHours\n2026-09-10T12:10:01Z,5", ImportRules.TimeInFuture)]
    [InlineData("time,operatingHours\n9999-12-31T23:59:59Z,5", ImportRules.TimeInFuture)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,NaN", ImportRules.WrongKind)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,Infinity", ImportRules.WrongKind)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,∞", ImportRules.WrongKind)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,\"1,5\"", ImportRules.WrongKind)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,0x10", ImportRules.WrongKind)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,=1+1", ImportRules.WrongKind)]
    [InlineData("time,oil\n2026-09-01T08:00:00Z,1e400", ImportRules.NotFinite)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,-0.1", ImportRules.WrongCounter)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,1e16", ImportRules.WrongCounter)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,9007199254740991.5", ImportRules.WrongCounter)]
    [InlineData("time,loads\n2026-09-01T08:00:00Z,1.5", ImportRules.WrongCounter)]
    [InlineData("time,running\n2026-09-01T08:00:00Z,yes", ImportRules.WrongKind)]
    [InlineData("time,latitude,longitude\n2026-09-01T08:00:00Z,91,0", ImportRules.WrongPosition)]
    [InlineData("time,latitude,longitude\n2026-09-01T08:00:00Z,31,", ImportRules.WrongPosition)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,5\n2026-09-01T08:00:00Z,6", ImportRules.ContradictoryValues)]
    [InlineData("time,operatingHours\n\"2026-09-01T08:00:00Z,5", ImportRules.Malformed)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,\"5\"x", ImportRules.Malformed)]
    [InlineData("time,operatingHours\n2026-09-01T08:00:00Z,5\"", ImportRules.Malformed)]
    public void File_IsRefusedWhole_WithTheRule(string csv, string rule) => Assert.Contains(rule, ImportWorld.Rules(csv));

    [Fact]
    public void Faults_NameLineAndColumn_AtMostTwenty()
    {
        var result = ImportWorld.Csv("time,operatingHours\n2026-09-01T08:00:00Z,5\n2026-09-01T09:00:00Z,\"x\ny\"\n" + string.Concat(Enumerable.Repeat("2026-09-01T10:00:00Z,-1\n", 50)));
        Assert.Null(result.Readings);
        Assert.Equal(20, result.Faults.Count);
        Assert.Equal("line 3, operatingHours", result.Faults[0].Place);
        Assert.Equal("line 5, operatingHours", result.Faults[1].Place);
    }

    [Fact]
    public void Bounds_OfRowsColumnsAndFields_Hold()
    {
        Assert.Contains(ImportRules.TooLarge, ImportWorld.Rules("time,operatingHours\n2026-09-01T08:00:00Z," + new string('1', 1025)));
        Assert.Contains(ImportRules.TooLarge, ImportWorld.Rules("time,operatingHours\n2026-09-01T08:00:00Z,\"" + new string('1', 1025) + "\""));
        Assert.Contains(ImportRules.TooLarge, ImportWorld.Rules("time,operatingHours" + string.Concat(Enumerable.Range(0, 63).Select(static i => $",c{i}"))));
        Assert.Contains(ImportRules.TooLarge, ImportWorld.Rules("time,operatingHours\n" + string.Concat(Enumerable.Repeat("2026-09-01T08:00:00Z,5\n", 200_001))));
    }

    [Fact]
    public void AnyBytes_GiveAnAnswer()
    {
        var random = new Random(7);
        var seed = Encoding.UTF8.GetBytes("time,operatingHours,running,latitude,longitude\n2026-09-01T08:00:00Z,5,true,\"31\",121\n2026-09-02T08:00:00Z,6,false,31,121\n");
        for (var i = 0; i < 2000; i++)
        {
            var bytes = seed.ToArray();
            for (var n = random.Next(1, 6); n > 0; n--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : seed[random.Next(seed.Length)];
            }
            var result = CsvImport.Read(bytes, ImportWorld.Machine, ImportWorld.Now);
            if (result.Readings is not null)
            {
                ImportWorld.Events(result);
            }
            else
            {
                Assert.NotEmpty(result.Faults);
            }
        }
    }
}
