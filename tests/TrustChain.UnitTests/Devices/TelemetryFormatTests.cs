using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Signing;
using TrustChain.DeviceClient;

namespace TrustChain.UnitTests.Devices;

/// <summary>What the client writes, read by the rules of the service.</summary>
public sealed class TelemetryFormatTests
{
    private const string Hours = DeviceFolder.Hours;

    private static readonly DateTimeOffset Start = DeviceFolder.Start;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Event_OfAllKindsOfValues_IsValidEpcisWithExactlyThem()
    {
        var json = Read(TelemetryFormat.WriteEvent(
            StubService.Device,
            [
                Measurement.Number(Start.AddTicks(9), Hours, 12.5m, "HUR"),
                Measurement.Number(Start, "Angle", -30.000001m, "DD", "latitude"),
                Measurement.Flag(Start.AddSeconds(1), "https://trustchain.example/measure/running", true),
                Measurement.Text(Start.AddSeconds(2), "https://trustchain.example/measure/mode", "a\"b\\c\u0007é"),
            ]));
        Assert.Equal("2026-11-02T08:00:02.000Z", json.GetProperty("eventTime").GetString());
        Assert.Equal([StubService.Device], json.GetProperty("epcList").EnumerateArray().Select(static e => e.GetString()));
        var elements = json.GetProperty("sensorElementList").EnumerateArray().ToList();
        Assert.Equal(["2026-11-02T08:00:00.000Z", "2026-11-02T08:00:01.000Z", "2026-11-02T08:00:02.000Z"], elements.Select(static e => e.GetProperty("sensorMetadata").GetProperty("time").GetString()));
        Assert.Equal(
            [
                $$"""[{"type":"{{Hours}}","value":12.5,"uom":"HUR"},{"type":"Angle","component":"latitude","value":-30.000001,"uom":"DD"}]""",
                """[{"type":"https://trustchain.example/measure/running","booleanValue":true}]""",
            ],
            elements[..2].Select(static e => e.GetProperty("sensorReport").GetRawText()));
        Assert.Equal("a\"b\\c\u0007é", elements[2].GetProperty("sensorReport")[0].GetProperty("stringValue").GetString());
    }

    [Fact]
    public void Event_WithEncryption_SaysWhatTheHookSaysAndNoUnit()
    {
        var json = Read(TelemetryFormat.WriteEvent(
            StubService.Device,
            [Measurement.Number(Start, Hours, 5, "HUR"), Measurement.Number(Start, "https://trustchain.example/measure/energy", 6, "KWH")],
            static m => m.Unit == "HUR" ? $"{m.Time:yyyyMMdd}.{m.Value}" : null));
        Assert.Equal(
            $$"""[{"type":"{{Hours}}","stringValue":"20261102.5"},{"type":"https://trustchain.example/measure/energy","value":6,"uom":"KWH"}]""",
            json.GetProperty("sensorElementList")[0].GetProperty("sensorReport").GetRawText());
    }

    [Fact]
    public async Task Statements_AreNumberedAndChainedAndSayTheBoot()
    {
        using var folder = new DeviceFolder();
        using (var device = await folder.ClaimAsync())
        {
            DeviceFolder.Store(device, 0, 2);
        }
        using (var device = folder.Open())
        {
            DeviceFolder.Store(device, 2, 1);
            await device.SendAsync(Token);
        }
        Assert.Equal(3, folder.Service.RequireWhole().Count);
        var headers = folder.Service.Taken.Select(static t => Statement.TryParse(t.Compact, out var s, out _) ? s.Telemetry! : null!).ToList(); // Taken ones are telemetry.
        Assert.Equal([0, 0, 1], headers.Select(static h => h.Boot));
        Assert.All(headers, static h => Assert.InRange(h.Clock, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5)));
    }

    [Fact]
    public async Task Boot_CountsStartsOfTheMachine_WhereItHasAName()
    {
        using var folder = new DeviceFolder();
        (await folder.ClaimAsync()).Dispose();
        long[] boots = [.. ((string[])["a", "a", "b"]).Select(id =>
        {
            using var device = TelemetryDevice.Open(folder.Path, folder.Options with { BootId = id });
            using var state = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder.Path, "state.json")));
            return state.RootElement.GetProperty("Boot").GetInt64();
        })];
        Assert.Equal([1, 1, 2], boots);
    }

    [Fact]
    public async Task Readings_CrossMidnight_StatementEndsThere()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        foreach (var minute in (int[])[900, 958, 959, 960, 961])
        {
            device.Add(DeviceFolder.Reading(minute));
        }
        device.Flush();
        await device.SendAsync(Token);
        Assert.Equal([3, 2], Counts(folder));
    }

    [Fact]
    public async Task Readings_AreMoreThanAThousand_AreSplit()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        for (var i = 0; i < 2001; i++)
        {
            device.Add(Measurement.Number(Start.AddSeconds(i), Hours, i, "HUR"));
            device.Add(Measurement.Flag(Start.AddSeconds(i), "https://trustchain.example/measure/running", true));
        }
        device.Flush();
        await device.SendAsync(Token);
        Assert.Equal([1000, 1000, 1], Counts(folder));
    }

    [Fact]
    public async Task Readings_AreLong_StatementStaysBelowWhatServersTake()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        for (var i = 0; i < 1000; i++)
        {
            device.Add(Measurement.Text(Start.AddSeconds(i), "https://trustchain.example/measure/mode", new string('"', 600)));
        }
        device.Flush();
        await device.SendAsync(Token);
        Assert.True(folder.Service.Taken.Count > 1);
        Assert.All(folder.Service.Taken, static t => Assert.True(t.Compact.Length <= Statement.MaxBytes));
        Assert.Equal(1000, folder.Service.RequireWhole().Count);
    }

    [Fact]
    public async Task Clock_WasSetBack_ANewStatementBeginsAndTimesAscendInEach()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        foreach (var minute in (int[])[5, 6, 3, 4])
        {
            device.Add(DeviceFolder.Reading(minute));
        }
        device.Flush();
        await device.SendAsync(Token);
        Assert.Equal([2, 2], Counts(folder));
    }

    [Fact]
    public async Task Key_IsAPrivateJwk_StatementsAreItsOwn()
    {
        using var folder = new DeviceFolder();
        using var core = SigningKey.Generate(SignatureAlgorithms.ES256);
        var file = Path.Combine(folder.Path, "key.jwk");
        File.WriteAllText(file, core.ExportPrivateJwk() + "\n");
        using var key = FileKey.Open(file);
        using var device = await TelemetryDevice.ClaimAsync(Path.Combine(folder.Path, "device"), folder.Options with { Key = key }, StubService.Claim, Token);
        Assert.Equal(core.PublicKey.Kid, device.Kid);
        DeviceFolder.Store(device, 0, 1);
        Assert.Equal(1, (await device.SendAsync(Token)).Sent);
    }

    [Fact]
    public void Key_IsOfAnotherCurve_IsRefused()
    {
        using var folder = new DeviceFolder();
        var file = Path.Combine(folder.Path, "key");
        foreach (var algorithm in (string[])[SignatureAlgorithms.ES256K, SignatureAlgorithms.EdDsa])
        {
            using var core = SigningKey.Generate(algorithm);
            File.WriteAllText(file, core.ExportPrivateJwk());
            Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => FileKey.Open(file));
        }
        using var p384 = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        File.WriteAllText(file, p384.ExportPkcs8PrivateKeyPem());
        Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => FileKey.Open(file));
    }

    [Fact]
    public async Task Files_AreForTheirOwnerAlone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Files have no modes here.");
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 1);
        var files = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Where(static f => Path.GetFileName(f) != "lock").ToList();
        Assert.Equal([".json", ".jws", ".pem"], files.Select(Path.GetExtension).Order(StringComparer.Ordinal));
        Assert.All(files, static f => Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(f) == (UnixFileMode.UserRead | UnixFileMode.UserWrite), f));
    }

    private static JsonElement Read(byte[] payload)
    {
        var read = EpcisReader.Read(payload, EpcisReadOptions.Default);
        Assert.True(read.IsValid, string.Join('\n', read.Faults));
        using var json = JsonDocument.Parse(payload);
        return json.RootElement.Clone();
    }

    private static IEnumerable<int> Counts(DeviceFolder folder)
    {
        _ = folder.Service.RequireWhole();
        return folder.Service.Taken.Select(static t => Statement.TryParse(t.Compact, out var s, out _) ? Read(s.Message.Payload.ToArray()).GetProperty("sensorElementList").GetArrayLength() : 0);
    }
}
