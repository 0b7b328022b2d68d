using System.Text;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Devices;

public sealed class EncryptedValueTests
{
    private const string Device = "https://id.gs1.org/8004/4012345000009";

    private static readonly DateTimeOffset Time = new(2026, 11, 26, 8, 15, 30, 120, TimeSpan.Zero);
    private static readonly DateOnly Day = new(2026, 11, 26);
    private static readonly DeviceMasterKey Master = new([.. Enumerable.Range(0, 32).Select(static i => (byte)i)], Device);
    private static readonly ReportContext Context = new(Device, Time, "Angle");
    private static readonly MeasuredValue Berlin = new MeasuredValue.Position(new Place(52.5200066, 13.404954));

    public static TheoryData<string> Values => new("{\"latitude\":52.5200066,\"longitude\":13.404954}", "{\"uom\":\"CEL\",\"value\":-12.25}", "{\"booleanValue\":true}", "{\"stringValue\":\"骑手 7\"}");

    [Theory]
    [MemberData(nameof(Values))]
    public void Value_EncryptedAndDecrypted_IsTheSame(string json)
    {
        Assert.True(MeasuredValue.TryParse(Encoding.UTF8.GetBytes(json), out var value));
        Assert.Equal(json, Encoding.UTF8.GetString(value.ToJcs()));
        var key = Master.Derive(Day, KeyGroup.Rider);
        Assert.True(EncryptedValue.TryParse(EncryptedValue.Encrypt(key, Context, value), out var encrypted, out var error), error);
        Assert.Equal("2026-11-26.rider", encrypted.KeyName.ToString());
        Assert.True(encrypted.TryDecrypt(key, Context, out var read));
        Assert.Equal(value, read);
    }

    [Fact]
    public void DayKey_IsThatOfTheDocument()
    {
        // Computed with another HKDF: node's crypto, with the info of docs/devices.md section 6.
        Assert.Equal("f39356fd1451a3208ff72a48cbb54152b17428f7bde323c39deb54a3dba2be23", Convert.ToHexStringLower(Master.Derive(Day, KeyGroup.Position).Export()));
        using var second = new DeviceMasterKey(Master.ExportSecret(), Device, 2);
        Assert.Equal("d90e6cb12bb9b61e8e31c8adc1ffeb9210d9e64aa1ab295c381a8c375942e0bc", Convert.ToHexStringLower(second.Derive(Day, KeyGroup.Area).Export()));
    }

    [Fact]
    public void Value_IsReadFromThePartsThatTheDocumentNames()
    {
        // Made by node's crypto and the document alone.
        const string Compact = "eyJraWQiOiIyMDI2LTExLTI2LnBvc2l0aW9uIiwiYmluZCI6IkRmZHFIMjZ3c0ZNaDJZLW5RTjBKd1AzN0I4RTZfZm1iNHRldnZfUFJ2dE0iLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiZGlyIn0..AAECAwQFBgcICQoL.M2vq0IZ3mapEostgom8Se8TgOqAEXL6hSwlYk0toaZuXsmb5DIz8fcLHoS0RZDKO_LjHLwjGFyvyLOYwutUHlw.IMzlAPJktHCirXL8a5jf3w";
        Assert.True(EncryptedValue.TryParse(Compact, out var encrypted, out var error), error);
        Assert.True(encrypted.TryDecrypt(Master.Derive(Day, KeyGroup.Position), Context, out var value));
        Assert.Equal(Berlin, value);
    }

    [Fact]
    public void Value_MovedElsewhere_CannotBeRead()
    {
        var key = Master.Derive(Day, KeyGroup.Position);
        Assert.True(EncryptedValue.TryParse(EncryptedValue.Encrypt(key, Context, Berlin), out var value, out _));
        Assert.True(value.TryDecrypt(key, Context, out _));
        foreach (var elsewhere in (ReportContext[])
                 [
                     Context with { Time = Time.AddMilliseconds(1) }, Context with { Time = Time.AddDays(1) }, Context with { Type = "Temperature" },
                     Context with { Component = "latitude" }, Context with { Device = Device + "1" },
                 ])
        {
            Assert.False(value.TryDecrypt(key, elsewhere, out _));
        }
        Assert.True(value.TryDecrypt(key, Context with { Time = Time.ToOffset(TimeSpan.FromHours(8)) }, out _)); // The same moment.
    }

    [Fact]
    public void Value_UnderAnotherKey_CannotBeRead()
    {
        using var stranger = DeviceMasterKey.Generate(Device);
        using var later = new DeviceMasterKey(Master.ExportSecret(), Device, 2);
        using var elsewhere = new DeviceMasterKey(Master.ExportSecret(), Device + "1");
        Assert.True(EncryptedValue.TryParse(EncryptedValue.Encrypt(Master.Derive(Day, KeyGroup.Position), Context, Berlin), out var value, out _));
        foreach (var key in (DayKey[])
                 [
                     stranger.Derive(Day, KeyGroup.Position), later.Derive(Day, KeyGroup.Position), elsewhere.Derive(Day, KeyGroup.Position), Master.Derive(Day, KeyGroup.Area),
                     Master.Derive(Day.AddDays(1), KeyGroup.Position), new DayKey(Device, value.KeyName, later.Derive(Day, KeyGroup.Position).Export()),
                 ])
        {
            Assert.False(value.TryDecrypt(key, Context, out _));
        }
    }

    /// <summary>A256GCM does not commit to its key: what another key opens to a value must fail by its binding.</summary>
    [Fact]
    public void Value_ThatASecondKeyDecrypts_IsBoundToOne()
    {
        var (one, two) = (Master.Derive(Day, KeyGroup.Position), DeviceMasterKey.Generate(Device).Derive(Day, KeyGroup.Position));
        Assert.True(Jwe.TryParse(EncryptedValue.Encrypt(one, Context, Berlin), out var honest, out _));
        var content = new byte[64];
        content.AsSpan().Fill((byte)' ');
        "{\"latitude\":1,\"longitude\":2}"u8.CopyTo(content);
        // The second key's ciphertext with the first key's binding, as a ciphertext for both keys would have it.
        var forged = Jwe.Encrypt(two.Export(), two.Name.ToString(), content, new KeyValuePair<string, string>("bind", honest.Find("bind")!));
        Assert.True(EncryptedValue.TryParse(forged, out var value, out _));
        Assert.False(value.TryDecrypt(one, Context, out _));
        Assert.False(value.TryDecrypt(two, Context, out _));
    }

    [Theory]
    [InlineData("{\"latitude\":91,\"longitude\":2}")]
    [InlineData("{\"latitude\":1,\"longitude\":-180.5}")]
    [InlineData("{\"latitude\":1}")]
    [InlineData("{\"latitude\":1,\"longitude\":2,\"x\":3}")]
    [InlineData("{\"latitude\":1,\"longitude\":2,\"longitude\":2}")]
    [InlineData("{\"latitude\":\"1\",\"longitude\":2}")]
    [InlineData("{\"uom\":\"CEL\",\"value\":1e999}")]
    [InlineData("{\"uom\":\"CELS\",\"value\":1}")]
    [InlineData("{\"uom\":\"\",\"value\":1}")]
    [InlineData("{\"booleanValue\":1}")]
    [InlineData("{\"stringValue\":\"\"}")]
    [InlineData("{\"stringValue\":\"\\ud800\"}")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("{\"booleanValue\":true}x")]
    [InlineData("")]
    public void Content_OfAnotherShape_IsNoValue(string json)
    {
        Assert.False(MeasuredValue.TryParse(Encoding.UTF8.GetBytes(json), out _));
        var key = Master.Derive(Day, KeyGroup.Position);
        Assert.True(EncryptedValue.TryParse(EncryptedValue.Encrypt(key, Context, Berlin), out _, out _));
        Assert.True(Jwe.TryParse(EncryptedValue.Encrypt(key, Context, Berlin), out var honest, out _));
        var content = Encoding.UTF8.GetBytes(json.PadRight(64));
        var forged = Jwe.Encrypt(key.Export(), key.Name.ToString(), content.AsSpan(0, 64), new KeyValuePair<string, string>("bind", honest.Find("bind")!));
        Assert.True(EncryptedValue.TryParse(forged, out var value, out _));
        Assert.False(value.TryDecrypt(key, Context, out _));
    }

    [Fact]
    public void Lengths_OfCommonValues_AreTheSame()
    {
        var key = Master.Derive(Day, KeyGroup.Position);
        var lengths = new List<int>();
        foreach (var value in (MeasuredValue[])[Berlin, new MeasuredValue.Position(new Place(0, 0)), new MeasuredValue.Position(new Place(-89.1234567, -179.1234567)), new MeasuredValue.Flag(true), new MeasuredValue.Number(1.5, "CEL")])
        {
            lengths.Add(EncryptedValue.Encrypt(key, Context, value).Length);
        }
        Assert.Single(lengths.Distinct());
    }

    [Theory]
    [InlineData("2026-11-26.position", true)]
    [InlineData("2026-11-26.area.2", true)]
    [InlineData("2026-11-26.rider.9999", true)]
    [InlineData("2026-11-26.rider.1", false)]
    [InlineData("2026-11-26.rider.0", false)]
    [InlineData("2026-11-26.rider.02", false)]
    [InlineData("2026-11-26.rider.10000", false)]
    [InlineData("2026-11-26.rider.-2", false)]
    [InlineData("2026-11-26.rider.2.2", false)]
    [InlineData("2026-02-30.rider", false)]
    [InlineData("2026-11-26.Rider", false)]
    [InlineData("2026-11-26.", false)]
    [InlineData("2026-11-26", false)]
    [InlineData("20261126.position", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void KeyName_HasOneSpelling(string? text, bool accepted)
    {
        Assert.Equal(accepted, DayKeyName.TryParse(text, out var name));
        if (accepted)
        {
            Assert.Equal(text, name.ToString());
        }
    }

    [Fact]
    public void WrappedDayKey_OpensForItsRecipientAlone()
    {
        using var bank = DecryptionKey.Generate();
        using var other = DecryptionKey.Generate();
        var key = Master.Derive(Day, KeyGroup.Position);
        Assert.True(WrappedDayKey.TryParse(WrappedDayKey.Wrap(key, bank.PublicKey), out var wrapped, out var error), error);
        Assert.Equal((Device, key.Name, bank.PublicKey.Kid), (wrapped.Device, wrapped.Name, wrapped.Recipient));
        Assert.True(wrapped.TryUnwrap(bank, out var opened));
        Assert.Equal(key.Export(), opened.Export());
        Assert.False(wrapped.TryUnwrap(other, out _));
        // The header is authenticated: a key cannot be given out as that of another day.
        var parts = wrapped.Compact.Split('.');
        Assert.True(Base64UrlText.TryDecode(parts[0], out var header));
        parts[0] = Base64UrlText.Encode(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(header).Replace("2026-11-26", "2026-11-27", StringComparison.Ordinal)));
        Assert.True(WrappedDayKey.TryParse(string.Join('.', parts), out var renamed, out error), error);
        Assert.False(renamed.TryUnwrap(bank, out _));
    }

    [Theory]
    [InlineData("device", "")]
    [InlineData("key", "2026-11-26")]
    [InlineData("typ", "JWT")]
    [InlineData("more", "x")]
    public void WrappedDayKey_OfAnotherShape_IsRefused(string member, string value)
    {
        using var bank = DecryptionKey.Generate();
        var members = new Dictionary<string, string> { ["device"] = Device, ["key"] = "2026-11-26.position", ["typ"] = WrappedDayKey.Type };
        Assert.True(WrappedDayKey.TryParse(Jwe.Encrypt(bank.PublicKey, new byte[32], members), out _, out _));
        Assert.False(WrappedDayKey.TryParse(Jwe.Encrypt(bank.PublicKey, new byte[31], members), out _, out _));
        Assert.False(WrappedDayKey.TryParse(Jwe.Encrypt(new byte[32], bank.PublicKey.Kid, new byte[32], members), out _, out _));
        members[member] = value;
        Assert.False(WrappedDayKey.TryParse(Jwe.Encrypt(bank.PublicKey, new byte[32], members), out _, out _));
    }

    [Fact]
    public void EncryptionKeyStatement_RoundTripsForItsLogAlone()
    {
        using var signer = SigningKey.Generate(SignatureAlgorithms.ES256);
        using var bank = DecryptionKey.Generate();
        var statement = new EncryptionKeyStatement("bank", bank.PublicKey);
        Assert.True(Jws.TryParse(Jws.Sign(signer, EncryptionKeyStatement.Type, "example.org/log", statement.ToJcs()), out var jws, out _));
        Assert.True(EncryptionKeyStatement.TryRead(jws, "example.org/log", out var read));
        Assert.Equal(("bank", bank.PublicKey.Kid), (read.Organisation, read.Key.Kid));
        Assert.False(EncryptionKeyStatement.TryRead(jws, "example.org/other", out _));
        Assert.True(Jws.TryParse(Jws.Sign(signer, EncryptionKeyStatement.Type, "example.org/log", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(statement.ToJcs()) + " ")), out jws, out _));
        Assert.False(EncryptionKeyStatement.TryRead(jws, "example.org/log", out _));
    }

    [Theory]
    [InlineData(52.549, 13.449, 52.5, 13.4)]
    [InlineData(52.55, -13.45, 52.6, -13.5)]
    [InlineData(-0.04, 0.04, 0, 0)]
    [InlineData(90, 180, 90, 180)]
    public void Place_Coarsened_IsRoundedToATenth(double latitude, double longitude, double expectedLatitude, double expectedLongitude)
    {
        var coarse = new Place(latitude, longitude).Coarsen();
        Assert.Equal(new Place(expectedLatitude, expectedLongitude), coarse);
        Assert.False(double.IsNegative(coarse.Latitude) && coarse.Latitude == 0);
    }
}
