using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Signing;
using TrustChain.DeviceClient;

namespace TrustChain.UnitTests.Devices;

/// <summary>What the client writes in CBOR: read by the rules of the service, and by the platform's COSE, which shares no code with either.</summary>
public sealed class TelemetryCborTests
{
    private static readonly DateTimeOffset Start = DeviceFolder.Start;

    private static readonly Measurement[] Measurements =
    [
        .. ((decimal[])[0, 5, 23, 24, 255, 256, 65535, 65536, 4294967296, -1, -24, -25, -257, 5.0m, 0.5m, -30.000001m, 61.5m, 4.1m, 1e-7m, 16777216.5m, 9007199254740991m, long.MaxValue, 1e25m, 52.5162778m])
            .Select(static (value, i) => Measurement.Number(Start.AddMinutes(i), DeviceFolder.Hours, value, "HUR")),
        Measurement.Number(Start.AddHours(1), "Angle", 13.3777m, "DD", "longitude"),
        Measurement.Flag(Start.AddHours(1), "https://trustchain.example/measure/running", true),
        Measurement.Flag(Start.AddHours(2), "https://trustchain.example/measure/running", false),
        Measurement.Text(Start.AddHours(3), "https://trustchain.example/measure/mode", "a\"b\\c\u0007é水"),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Event_InCbor_IsThatInJson()
    {
        using var folder = new DeviceFolder();
        (await folder.ClaimAsync()).Dispose();
        using var key = FileKey.Open(Directory.GetFiles(folder.Path, "*.pem").Single());
        Assert.True(PublicKey.TryParse(key.PublicJwk, out var known, out var error), error);
        foreach (var encrypt in (Func<Measurement, string?>?[])[null, static m => m.Unit is null ? null : $"jwe.{m.Value}"])
        {
            var message = TelemetryCbor.Sign(key, "log.example", StubService.Device, 1, null, 0, Start, TelemetryCbor.WriteEvent(StubService.Device, Measurements, encrypt));
            Assert.True(Statement.TryParse(message, out var statement, out error), error);
            Assert.Equal(SignatureCheck.Valid, statement.Message.Verify(known));
            Assert.Null(statement.Message.PayloadFault);
            var json = TelemetryFormat.WriteEvent(StubService.Device, Measurements, encrypt);
            Assert.Equal(Plain(json), Plain(statement.Message.Payload));
            Assert.Equal(EpcisReader.Read(json, EpcisReadOptions.Default).Events[0].EventHashUri, EpcisReader.Read(statement.Message.Payload, EpcisReadOptions.Default).Events[0].EventHashUri);
        }
    }

    [Fact]
    public async Task Chain_MixesEncodings_AndAnUncountedStatementIsCounted()
    {
        using var folder = new DeviceFolder();
        (await folder.ClaimAsync()).Dispose();
        Run(0, 2, cbor: true);
        Run(2, 2, cbor: false);
        Run(4, 101, cbor: true);
        // The number of the next one is taken by a file, and not yet counted.
        var state = File.ReadAllBytes(Path.Combine(folder.Path, "state.json"));
        Run(105, 1, cbor: true);
        File.WriteAllBytes(Path.Combine(folder.Path, "state.json"), state);
        using (var device = Run(106, 1, cbor: false, keep: true)!)
        {
            Assert.Equal(107, device.Sequence);
            Assert.Equal(104, folder.Files("out").Count(static f => f.EndsWith(".cose", StringComparison.Ordinal)));
            Assert.Equal(107, (await device.SendAsync(Token)).Sent);
            DeviceFolder.Store(device, 107, 1);
            await device.SendAsync(Token);
        }
        using (var device = Run(108, 1, cbor: true, keep: true)!)
        {
            Assert.Equal(new SendReport(1, 0, 0, TimeSpan.Zero, null), await device.SendAsync(Token)); // alone, as its bytes
        }
        Assert.Equal(109, folder.Service.RequireWhole().Count);
        Assert.Equal(["POST /api/devices/statements", "POST /api/devices/statements", "POST /epcis/events", "POST /epcis/events"], folder.Service.Requests[^4..]);

        TelemetryDevice? Run(int first, int count, bool cbor, bool keep = false)
        {
            var device = TelemetryDevice.Open(folder.Path, folder.Options with { Cbor = cbor });
            DeviceFolder.Store(device, first, count);
            if (keep)
            {
                return device;
            }
            device.Dispose();
            return null;
        }
    }

    [Fact]
    public void Message_OfEitherSide_VerifiesByThePlatformsCose()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = new Key(ecdsa);
        var payload = TelemetryCbor.WriteEvent(StubService.Device, Measurements);
        var digest = SHA256.HashData("the one before"u8);

        var ours = TelemetryCbor.Sign(key, "log.example", StubService.Device, 2, digest, 3, Start, payload);
        var read = CoseMessage.DecodeSign1(ours);
        Assert.True(read.VerifyEmbedded(ecdsa));
        Assert.Equal(payload, read.Content!.Value.ToArray()); // It is embedded.
        Assert.Equal(3, read.ProtectedHeaders[new CoseHeaderLabel("boot")].GetValueAsInt32());

        var headers = new CoseHeaderMap();
        foreach (var (label, value) in read.ProtectedHeaders.Where(static h => h.Key != CoseHeaderLabel.Algorithm))
        {
            headers.Add(label, value);
        }
        var theirs = CoseSign1Message.SignEmbedded(payload, new CoseSigner(ecdsa, HashAlgorithmName.SHA256, headers));
        Assert.True(Statement.TryParse(theirs, out var statement, out var error), error);
        Assert.True(PublicKey.TryParse(key.PublicJwk, out var known, out error), error);
        Assert.Equal(SignatureCheck.Valid, statement.Message.Verify(known));
        Assert.Equal((2, 3, Base64UrlText.Encode(digest)), (statement.Telemetry!.Sequence, statement.Telemetry.Boot, statement.Telemetry.Previous?.ToBase64Url())); // It is telemetry.
    }

    private static string Plain(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return Encoding.UTF8.GetString(Core.Canonical.Jcs.Canonicalize(document.RootElement));
    }

    private sealed class Key(ECDsa key) : IDeviceKey
    {
        public string PublicJwk { get; } = Jwk(key.ExportParameters(false).Q);

        public byte[] Sign(byte[] data) => key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

        private static string Jwk(ECPoint q) => $$"""{"crv":"P-256","kty":"EC","x":"{{Base64UrlText.Encode(q.X)}}","y":"{{Base64UrlText.Encode(q.Y)}}"}""";
    }
}
