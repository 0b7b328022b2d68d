using System.Net;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.DeviceClient;
using static TrustChain.UnitTests.Devices.DeviceFolder;

namespace TrustChain.UnitTests.Devices;

/// <summary>What the client for devices encrypts, wraps and hands over, read by the rules of Core: two programs that have nothing in common but docs/devices.md.</summary>
public sealed class TelemetryEncryptionTests : IDisposable
{
    private static readonly byte[] Master = [.. Enumerable.Range(0, 32).Select(static i => (byte)i)];

    private readonly DeviceFolder _folder = new();

    public static TheoryData<int> Values => [0, 1, 2, 3, 4];

    private static readonly (Measurement Measurement, MeasuredValue Expected)[] Cases =
    [
        (Measurement.Number(Start, "Angle", -30.250000m, "DD", "latitude"), new MeasuredValue.Number(-30.25, "DD")),
        (Measurement.Number(Start, "urn:x:hours", 0.0000001m, "HUR"), new MeasuredValue.Number(1e-7, "HUR")),
        (Measurement.Flag(Start, "urn:x:seat", true), new MeasuredValue.Flag(true)),
        (Measurement.Text(Start, "urn:x:rider", "R \"7\" \\ 骑手"), new MeasuredValue.Text("R \"7\" \\ 骑手")),
        (Measurement.Text(Start, "urn:x:rider", new string('é', 200)), new MeasuredValue.Text(new string('é', 200))),
    ];

    [Theory]
    [MemberData(nameof(Values))]
    public void Value_IsReadByCore_WithTheSameKeyAndPlaceAlone(int number)
    {
        var (measurement, expected) = Cases[number];
        using var ring = new DayKeyRing(Master, StubService.Device);
        using var master = new DeviceMasterKey(Master, StubService.Device);
        var day = DateOnly.FromDateTime(Start.UtcDateTime);
        var text = ring.Encrypt(measurement, "rider");
        Assert.NotEqual(text, ring.Encrypt(measurement, "rider")); // Another initialization vector.
        Assert.True(EncryptedValue.TryParse(text, out var value, out var error), error);
        Assert.Equal(new DayKeyName(day, KeyGroup.Rider), value.KeyName);

        var context = new ReportContext(StubService.Device, Start, measurement.Type, measurement.Component);
        Assert.True(value.TryDecrypt(master.Derive(day, KeyGroup.Rider), context, out var read));
        Assert.Equal(expected, read);
        Assert.False(value.TryDecrypt(master.Derive(day, KeyGroup.Rider), context with { Time = Start.AddMilliseconds(1) }, out _));
        Assert.False(value.TryDecrypt(master.Derive(day, KeyGroup.Rider), context with { Type = "urn:x:other" }, out _));
        using var other = DeviceMasterKey.Generate(StubService.Device);
        Assert.False(value.TryDecrypt(other.Derive(day, KeyGroup.Rider), context, out _));
    }

    [Fact]
    public void DayKey_IsTheOneOfCore_AndWrappedForItsRecipientAlone()
    {
        using var ring = new DayKeyRing(Master, StubService.Device, generation: 2);
        using var master = new DeviceMasterKey(Master, StubService.Device, generation: 2);
        using var recipient = DecryptionKey.Generate();
        using var other = DecryptionKey.Generate();
        var name = ring.NameOf(new DateTimeOffset(2026, 11, 27, 1, 0, 0, TimeSpan.FromHours(8)), "position"); // Still the 26th in UTC.
        var key = master.Derive(new DateOnly(2026, 11, 26), KeyGroup.Position);
        Assert.Equal(("2026-11-26.position.2", key.Name.ToString()), (name, name));
        Assert.Equal(key.Export(), ring.Export(name));

        Assert.True(WrappedDayKey.TryParse(ring.Wrap(name, recipient.PublicKey.Jwk), out var wrapped, out var error), error);
        Assert.Equal((StubService.Device, key.Name, recipient.PublicKey.Kid), (wrapped.Device, wrapped.Name, wrapped.Recipient));
        Assert.True(wrapped.TryUnwrap(recipient, out var opened));
        Assert.Equal(key.Export(), opened.Export());
        Assert.False(wrapped.TryUnwrap(other, out _));
    }

    [Fact]
    public void Refuses_WhenAKeyOrAMeasurementIsNone()
    {
        Assert.Throws<ArgumentException>(static () => new DayKeyRing(new byte[31], StubService.Device));
        Assert.Throws<ArgumentException>(static () => new DayKeyRing(Master, StubService.Device, 10_000));
        using var ring = new DayKeyRing(Master, StubService.Device);
        Assert.Throws<ArgumentException>(() => ring.Encrypt(Measurement.Text(Start, "urn:x:rider", new string('x', 201)), "rider"));
        Assert.Throws<ArgumentException>(() => ring.Encrypt(Measurement.Number(Start, "urn:\"x", 1, "HUR"), "rider"));
        Assert.Throws<ArgumentException>(() => ring.Wrap("2026-11-26.position", "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"AA\",\"y\":\"AA\"}"));
        Assert.Throws<ArgumentException>(() => ring.Wrap("2026-11-26.position", "{}"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Device_SendsCiphertexts_AndHandsEachKeyOverOnce(bool cbor)
    {
        using var owner = DecryptionKey.Generate();
        _folder.Encryption = Positions(toService: true, owner);
        var options = _folder.Options with { Cbor = cbor };
        using (var device = await TelemetryDevice.ClaimAsync(_folder.Path, options, StubService.Claim, Stop))
        {
            AddPlace(device, Start);
            AddPlace(device, Start.AddMinutes(1));
            device.Flush();
            AddPlace(device, Start.AddDays(1));
            device.Flush();
            var report = await device.SendAsync(Stop);
            Assert.Equal((2, 0, 0), (report.Sent, report.Refused, report.Left));
        }
        Assert.Equal(3, _folder.Service.RequireWhole().Count);
        Assert.Equal(
            [("2026-11-02.position", owner.PublicKey.Kid), ("2026-11-03.position", owner.PublicKey.Kid), ("2026-11-02.position", Kid), ("2026-11-03.position", Kid)],
            _folder.Service.DayKeys.Select(static k => (k.Name.ToString(), k.Recipient)));
        Assert.Equal([30.25, 30.25, 30.25], Latitudes(_folder.Service.EncryptionKey));
        Assert.Equal([30.25, 30.25, 30.25], Latitudes(owner));

        // Another start, another statement of a day whose key they have: nothing is handed over again.
        using (var device = TelemetryDevice.Open(_folder.Path, options))
        {
            AddPlace(device, Start.AddDays(1).AddMinutes(1));
            device.Flush();
            await device.SendAllAsync(Stop);
        }
        Assert.Equal(4, _folder.Service.DayKeys.Count);
        Assert.Equal(4, Latitudes(owner).Count);
    }

    [Fact]
    public async Task SealedDevice_HandsNothingToTheService()
    {
        using var owner = DecryptionKey.Generate();
        _folder.Encryption = Positions(toService: false, owner);
        using var device = await _folder.ClaimAsync();
        AddPlace(device, Start);
        device.Flush();
        await device.SendAllAsync(Stop);
        Assert.Equal(owner.PublicKey.Kid, Assert.Single(_folder.Service.DayKeys).Recipient);
        Assert.DoesNotContain("GET /api/devices/encryption-key", _folder.Service.Requests);
        // The secret that the owner keeps opens the same.
        using var master = new DeviceMasterKey(TelemetryDevice.MasterKeyOf(_folder.Path), StubService.Device);
        Assert.True(_folder.Service.DayKeys[0].TryUnwrap(owner, out var key));
        Assert.Equal(master.Derive(DateOnly.FromDateTime(Start.UtcDateTime), KeyGroup.Position).Export(), key.Export());
    }

    [Fact]
    public async Task Keys_WaitWhileTheServiceIsBusy_AndAreSetAsideWhenItRefusesThem()
    {
        _folder.Encryption = Positions(toService: true);
        using (var device = await _folder.ClaimAsync())
        {
            AddPlace(device, Start);
            device.Flush();
            _folder.Service.Prepare(static _ => null); // The statement arrives, its answer does not.
            Assert.Equal(1, (await device.SendAsync(Stop)).Left);
            _folder.Service.Prepare(static request => null);
        }
        using (var device = _folder.Open()) // Nothing is forgotten: the file of the key was there before the statement.
        {
            Assert.Equal(1, (await device.SendAsync(Stop)).Left);
            Assert.Equal((1, 0), await SendAsync(device));
            Assert.Equal(Kid, Assert.Single(_folder.Service.DayKeys).Recipient);

            AddPlace(device, Start.AddDays(1));
            device.Flush();
            _folder.Service.Prepare(HttpStatusCode.Created, """{"receipt":"r.1.s"}""");
            _folder.Service.Prepare(HttpStatusCode.ServiceUnavailable, retryAfter: TimeSpan.FromSeconds(7));
            var busy = await device.SendAsync(Stop);
            Assert.Equal((1, 0, 1, TimeSpan.FromSeconds(7)), (busy.Sent, busy.Refused, busy.Left, busy.Wait));
            _folder.Service.Prepare(HttpStatusCode.OK, $$"""{"jwk":{{_folder.Service.EncryptionKey.PublicKey.Jwk}}}""");
            _folder.Service.Prepare(HttpStatusCode.BadRequest, """{"detail":"The device's template is sealed: the service takes no key of it."}""");
            var refused = await device.SendAsync(Stop);
            Assert.Equal((1, 0), (refused.Refused, refused.Left));
            Assert.Equal(0, (await device.SendAsync(Stop)).Refused); // It does not ask for ever.
        }
        Assert.Equal(["2026-11-03.position.service.problem.json"], _folder.Files("refused"));
        AgeRefusals();
        using var again = _folder.Open();
        await again.SendAsync(Stop);
        Assert.Equal(2, _folder.Service.DayKeys.Count);
        Assert.Empty(_folder.Files("refused"));
    }

    [Fact]
    public async Task CoarseGrant_AreaIsHandedOver_ThoughThePositionsAreRefused()
    {
        using var bank = DecryptionKey.Generate();
        _folder.Encryption = new(static m => m.Type == "Angle" ? "position" : m.Type == "urn:x:area" ? "area" : null, Recipients: [bank.PublicKey.Jwk]);
        _folder.Service.RefusesKey = static k => k.Name.Group == KeyGroup.Position;
        using (var device = await _folder.ClaimAsync())
        {
            for (var day = 0; day < 3; day++)
            {
                AddArea(device, day);
            }
            Assert.Equal((3, 3, 0), await ReportAsync(device));
            Assert.Equal(["2026-11-02.area", "2026-11-03.area", "2026-11-04.area"], Names(bank));
            Assert.Equal(
                [$"2026-11-02.position.{bank.PublicKey.Kid}.problem.json", $"2026-11-03.position.{bank.PublicKey.Kid}.problem.json", $"2026-11-04.position.{bank.PublicKey.Kid}.problem.json"],
                _folder.Files("refused"));
            Assert.Contains("/keys/0", File.ReadAllText(Path.Combine(_folder.Path, "refused", _folder.Files("refused")[0])), StringComparison.Ordinal); // It was asked alone.

            AddArea(device, 3);
            Assert.Equal((1, 1, 0), await ReportAsync(device));
        }
        Assert.Equal(4, Names(bank).Count);

        // The bank gets a grant of exact places. Who opens the folder again and again does not ask each time, and after a day it does.
        _folder.Service.RefusesKey = null;
        using (var device = _folder.Open())
        {
            Assert.Equal((0, 0, 0), await ReportAsync(device));
        }
        Assert.Equal(4, Names(bank).Count);
        AgeRefusals();
        using (var device = _folder.Open())
        {
            Assert.Equal((0, 0, 0), await ReportAsync(device));
        }
        Assert.Equal(8, Names(bank).Distinct().Count());
        Assert.Empty(_folder.Files("refused"));

        static void AddArea(TelemetryDevice device, int day)
        {
            AddPlace(device, Start.AddDays(day));
            device.Add(Measurement.Text(Start.AddDays(day), "urn:x:area", "30.3 120.5"));
            device.Flush();
        }
    }

    [Fact]
    public async Task RecipientAddedLater_GetsTheDaysOfItsGrant_ThoughThoseBeforeAreRefused()
    {
        using var owner = DecryptionKey.Generate();
        using var bank = DecryptionKey.Generate();
        _folder.Encryption = Positions(toService: false, owner);
        using (var device = await _folder.ClaimAsync())
        {
            AddDays(device, 0, 6);
            Assert.Equal((6, 0, 0), await ReportAsync(device));
        }
        _folder.Encryption = Positions(toService: false, owner, bank);
        _folder.Service.RefusesKey = k => k.Recipient == bank.PublicKey.Kid && k.Name.Day < new DateOnly(2026, 11, 6);
        var requests = _folder.Service.Requests.Count;
        using (var device = _folder.Open())
        {
            Assert.Equal((0, 4, 0), await ReportAsync(device));
            Assert.Equal(["2026-11-06.position", "2026-11-07.position"], Names(bank));
            Assert.Equal(1 + 6, _folder.Service.Requests.Count - requests);
            Assert.Equal((0, 0, 0), await ReportAsync(device));
            Assert.Equal(1 + 6, _folder.Service.Requests.Count - requests);
        }
        Assert.Equal(6, Names(owner).Count);
    }

    [Fact]
    public async Task ServiceKnowsNoSuchDevice_KeysAreNotAskedForOneByOne()
    {
        using var owner = DecryptionKey.Generate();
        _folder.Encryption = Positions(toService: false, owner);
        using var device = await _folder.ClaimAsync();
        AddDays(device, 0, 3);
        _folder.Service.Prepare(static _ => null); // The statements arrive, their answer does not.
        Assert.Equal(3, (await device.SendAsync(Stop)).Left);
        _folder.Service.Prepare(HttpStatusCode.OK, $$"""{"results":[{{string.Join(',', Enumerable.Repeat("""{"status":200,"capture":{"receipt":"r.1.s"}}""", 3))}}]}""");
        _folder.Service.Prepare(HttpStatusCode.NotFound);
        Assert.Equal((3, 3, 0), await ReportAsync(device));
        Assert.Empty(_folder.Service.DayKeys);
        Assert.Equal(1, _folder.Service.Requests.Count(static r => r.EndsWith("/day-keys", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("write *keys.txt")]
    [InlineData("flush the folder of *keys.txt")]
    [InlineData("delete *2026-12-25.position")]
    public async Task ManyDays_AreFoldedIntoOneFile_AndNoneIsForgottenWheneverThePowerGoes(string? cut)
    {
        const int Many = 120;
        using var owner = DecryptionKey.Generate();
        using var bank = DecryptionKey.Generate();
        var parts = cut?.Split('*');
        _folder.Step = step =>
        {
            if (parts is not null && step.StartsWith(parts[0], StringComparison.Ordinal) && step.EndsWith(parts[1], StringComparison.Ordinal))
            {
                parts = null;
                throw new IOException("The power goes.");
            }
        };
        _folder.Encryption = Positions(toService: false, owner);
        using (var device = await _folder.ClaimAsync())
        {
            AddDays(device, 0, Many);
            if (cut is null)
            {
                Assert.Equal((Many, 0, 0), await ReportAsync(device));
                Assert.Empty(_folder.Files("keys"));
                // What is known stays in memory: the disk is not asked at each hand-over.
                Directory.Delete(Path.Combine(_folder.Path, "keys"));
                Assert.Equal((0, 0, 0), await ReportAsync(device));
            }
            else
            {
                Assert.Equal("The power goes.", (await Assert.ThrowsAsync<IOException>(() => device.SendAsync(Stop))).Message);
            }
        }
        Assert.Equal(Many, Names(owner).Count);
        using (var device = _folder.Open())
        {
            AddDays(device, Many - 1, 2); // One of a day that is there already.
            Assert.Equal((2, 0, 0), await ReportAsync(device));
        }
        Assert.Equal(Many + 1, Names(owner).Count);
        Assert.Equal(Many + 1, Names(owner).Distinct().Count());

        _folder.Encryption = Positions(toService: false, owner, bank);
        for (var time = 0; time < 2; time++)
        {
            using var device = _folder.Open();
            Assert.Equal((0, 0, 0), await ReportAsync(device));
            Assert.Equal(Names(owner), Names(bank)); // All, and each once.
        }
        Assert.InRange(_folder.Files("keys").Length, 0, 99);
        Assert.InRange(File.ReadAllLines(Path.Combine(_folder.Path, "keys.txt")).Length, Many, Many + 1);
    }

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Kid => _folder.Service.EncryptionKey.PublicKey.Kid;

    private static DeviceEncryption Positions(bool toService, params DecryptionKey[] recipients) =>
        new(static m => m.Type == "Angle" ? "position" : null, toService, [.. recipients.Select(static r => r.PublicKey.Jwk)]);

    private static async Task<(int Sent, int Refused, int Left)> ReportAsync(TelemetryDevice device) => await device.SendAsync(Stop) is var report ? (report.Sent, report.Refused, report.Left) : default;

    /// <summary>The keys that a recipient was handed, in the order of arrival.</summary>
    private List<string> Names(DecryptionKey recipient) => [.. _folder.Service.DayKeys.Where(k => k.Recipient == recipient.PublicKey.Kid).Select(static k => k.Name.ToString())];

    /// <summary>As if two days had gone by since something was refused.</summary>
    private void AgeRefusals() => Array.ForEach(_folder.Files("refused"), f => File.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "refused", f), DateTime.UtcNow.AddDays(-2)));

    private static void AddDays(TelemetryDevice device, int first, int count)
    {
        for (var day = first; day < first + count; day++)
        {
            AddPlace(device, Start.AddDays(day).AddMinutes(device.Sequence)); // So that no two readings have one time.
            device.Flush();
        }
    }

    private static async Task<(int Sent, int Left)> SendAsync(TelemetryDevice device) => await device.SendAsync(Stop) is var report ? (report.Sent, report.Left) : default;

    private static void AddPlace(TelemetryDevice device, DateTimeOffset time)
    {
        device.Add(Measurement.Number(time, Hours, 5, "HUR"));
        device.Add(Measurement.Number(time, "Angle", 30.25m, "DD", "latitude"));
        device.Add(Measurement.Number(time, "Angle", 120.5m, "DD", "longitude"));
    }

    /// <summary>The latitudes of all statements that the service has, read with the day keys that a recipient can open.</summary>
    private List<double> Latitudes(DecryptionKey recipient)
    {
        var keys = _folder.Service.DayKeys.Select(k => k.TryUnwrap(recipient, out var key) ? key : null).OfType<DayKey>().ToDictionary(static k => k.Name);
        var found = new List<double>();
        foreach (var (_, _, compact) in _folder.Service.Taken)
        {
            Assert.True(Statement.TryParse(compact, out var statement, out var error), error);
            using var json = JsonDocument.Parse(statement.Message.Payload);
            Assert.DoesNotContain("30.25", Encoding.UTF8.GetString(statement.Message.Payload.Span), StringComparison.Ordinal);
            foreach (var element in json.RootElement.GetProperty("sensorElementList").EnumerateArray())
            {
                var time = element.GetProperty("sensorMetadata").GetProperty("time").GetDateTimeOffset();
                var reports = element.GetProperty("sensorReport").EnumerateArray().ToList();
                Assert.Equal(5, reports[0].GetProperty("value").GetDouble()); // What is in the clear stays so.
                Assert.True(EncryptedValue.TryParse(reports[1].GetProperty("stringValue").GetString()!, out var value, out error), error); // Fails as null.
                Assert.True(value.TryDecrypt(keys[value.KeyName], new ReportContext(StubService.Device, time, "Angle", "latitude"), out var content));
                found.Add(Assert.IsType<MeasuredValue.Number>(content).Value);
            }
        }
        return found;
    }
}
