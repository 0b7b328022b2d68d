using TrustChain.Cli.Devices;
using TrustChain.Cli.Terminal;
using TrustChain.DeviceClient;

namespace TrustChain.UnitTests.Devices;

public sealed class ReadingsFileTests
{
    private const string Header = "time,type,component,value,unit\n";

    [Fact]
    public void File_HasAllKinds_IsRead()
    {
        var time = new DateTimeOffset(2026, 11, 1, 8, 0, 0, TimeSpan.Zero);
        Assert.Equal(
            [Measurement.Number(time, "urn:h", 12.5m, "HUR"), Measurement.Number(time, "Angle", 30m, "DD", "latitude"), Measurement.Flag(time, "urn:r", false), Measurement.Text(time, "urn:m", "eco")],
            ReadingsFile.Parse(Header + "2026-11-01T08:00:00Z,urn:h,,12.5,HUR\r\n2026-11-01T16:00:00+08:00,Angle,latitude,30,DD\n2026-11-01T08:00:00.000Z,urn:r,,false,\n\n2026-11-01T08:00:00Z,urn:m,,eco,", "f")
                .Select(static m => m with { Time = m.Time.ToUniversalTime() }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("time,type,value\n")]
    [InlineData(Header + "2026-11-01T08:00:00,urn:h,,12.5,HUR")]
    [InlineData(Header + "yesterday,urn:h,,12.5,HUR")]
    [InlineData(Header + "2026-11-01T08:00:00Z,,,12.5,HUR")]
    [InlineData(Header + "2026-11-01T08:00:00Z,urn:h,,,HUR")]
    [InlineData(Header + "2026-11-01T08:00:00Z,urn:h,,many,HUR")]
    [InlineData(Header + "2026-11-01T08:00:00Z,urn:h,,1e999,HUR")]
    [InlineData(Header + "2026-11-01T08:00:00Z,urn:h,,NaN,HUR")]
    [InlineData(Header + "2026-11-01T08:00:00Z,urn:h,,1,2,HUR")]
    public void File_IsNotAsDescribed_IsRefused(string text) => Assert.Equal(ExitCodes.Bad, Assert.Throws<CliException>(() => ReadingsFile.Parse(text, "f")).ExitCode);
}
