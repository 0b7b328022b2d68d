using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Devices;

/// <summary>The header of a telemetry statement: <c>docs/devices.md</c> section 2.</summary>
public sealed class TelemetryHeaderTests
{
    private static readonly SigningKey Key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private static readonly TelemetryHeader First = new("urn:x:device", 1, null, 0, new DateTimeOffset(2026, 4, 6, 12, 0, 0, 7, TimeSpan.Zero));
    private static readonly TelemetryHeader Next = First with { Sequence = TelemetryHeader.MaxNumber, Previous = Hash32.Compute([1]), Boot = 5 };

    [Fact]
    public void Header_IsReadAsItIsWritten()
    {
        foreach (var header in new[] { First, Next })
        {
            Assert.True(Statement.TryParse(Sign(header.ToMembers()), out var statement, out var error), error);
            Assert.Equal((StatementForm.Telemetry, header, 1), (statement.Form, statement.Telemetry, statement.Count));
        }
    }

    [Theory]
    [InlineData("device", null)]
    [InlineData("device", "")]
    [InlineData("seq", null)]
    [InlineData("seq", "0")]
    [InlineData("seq", "01")]
    [InlineData("seq", "+2")]
    [InlineData("seq", "1")]
    [InlineData("seq", "-1")]
    [InlineData("seq", "2.0")]
    [InlineData("seq", "9007199254740992")]
    [InlineData("seq", "99999999999999999999")]
    [InlineData("boot", null)]
    [InlineData("boot", "00")]
    [InlineData("boot", "x")]
    [InlineData("clock", null)]
    [InlineData("clock", "2026-04-06T12:00:00Z")]
    [InlineData("clock", "2026-04-06T12:00:00.000+00:00")]
    [InlineData("clock", "2026-02-30T12:00:00.000Z")]
    [InlineData("prev", null)]
    [InlineData("prev", "short")]
    [InlineData("extra", "x")]
    public void Fails_WhenAMemberIsWrong(string name, string? value)
    {
        var members = Next.ToMembers().Where(m => m.Key != name).ToList();
        if (value is not null)
        {
            members.Add(new(name, value));
        }
        Assert.False(Statement.TryParse(Sign(members), out var statement, out var error));
        Assert.Null(statement);
        Assert.Contains(name == "seq" && value == "1" ? "prev" : name, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Fails_WhenTheFirstNamesOneBefore() =>
        Assert.False(Statement.TryParse(Sign([.. First.ToMembers(), new("prev", Hash32.Compute([1]).ToBase64Url())]), out _, out _));

    [Fact]
    public void Fails_WhenTheDeviceIsTooLong() =>
        Assert.False(Statement.TryParse(Sign((First with { Device = new string('x', TelemetryHeader.MaxDeviceChars + 1) }).ToMembers()), out _, out _));

    [Fact]
    public void OtherForms_HaveNoneOfItsMembers() =>
        Assert.False(Statement.TryParse(Jws.Sign(Key, Statement.DocumentType, "log.example/tea", "{}"u8, First.ToMembers()), out _, out _));

    private static string Sign(IEnumerable<KeyValuePair<string, string>> members) => Jws.Sign(Key, Statement.TelemetryType, "log.example/tea", "{}"u8, members);
}
