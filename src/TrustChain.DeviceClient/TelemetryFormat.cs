using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TrustChain.DeviceClient;

// The key and the formats of docs/devices.md, without files (but for the key's) and network.

/// <summary>A P-256 key that stays where it is: in a file, or in a token that signs by PKCS#11 (CKM_ECDSA_SHA256).</summary>
public interface IDeviceKey
{
    /// <summary>The public key as a JWK (RFC 7517) with at least <c>kty</c> EC, <c>crv</c> P-256, <c>x</c> and <c>y</c>.</summary>
    string PublicJwk { get; }

    /// <summary>ECDSA over SHA-256 of the data: R || S, 64 bytes.</summary>
    byte[] Sign(byte[] data);
}

/// <summary>A key in a file: PKCS#8 in PEM as written here, or a private JWK. Not safe for concurrent use.</summary>
public sealed class FileKey : IDeviceKey, IDisposable
{
    private readonly ECDsa _key;

    private FileKey(ECDsa key)
    {
        _key = key;
        var q = key.ExportParameters(false).Q;
        PublicJwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(q.X)}}","y":"{{Base64Url.EncodeToString(q.Y)}}"}""";
    }

    /// <inheritdoc/>
    public string PublicJwk { get; }

    /// <summary>Makes a key and stores it in a folder as <c>{kid}.pem</c>, readable for its owner alone (mode 600).</summary>
    public static FileKey Create(string folder)
    {
        var key = new FileKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        DurableFiles.Store(Path.Combine(folder, TelemetryFormat.Thumbprint(key.PublicJwk) + ".pem"), Encoding.ASCII.GetBytes(key._key.ExportPkcs8PrivateKeyPem() + "\n"));
        return key;
    }

    /// <summary>Reads a key.</summary>
    /// <exception cref="CryptographicException">The file holds no P-256 private key.</exception>
    public static FileKey Open(string file)
    {
        var (text, key) = (File.ReadAllText(file).Trim(), ECDsa.Create());
        try
        {
            if (text.StartsWith('{'))
            {
                using var jwk = JsonDocument.Parse(text);
                byte[] Member(string name) => Base64Url.DecodeFromChars(jwk.RootElement.GetProperty(name).GetString());
                key.ImportParameters(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = Member("d"), Q = new ECPoint { X = Member("x"), Y = Member("y") } });
            }
            else
            {
                key.ImportFromPem(text);
            }
            return key.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value ? new FileKey(key) : throw new CryptographicException("It is on another curve.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new CryptographicException($"{file} holds no P-256 private key: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public byte[] Sign(byte[] data) => _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}

/// <summary>One measure at one moment; those of one moment become one reading. To be made by the methods below.</summary>
/// <param name="Time">When, kept to the millisecond.</param>
/// <param name="Type">The URI of what was measured, or a word of the standard such as <c>Angle</c>.</param>
/// <param name="Component">Which part of it, such as <c>latitude</c>.</param>
/// <param name="Member">The EPCIS member that has the value: <c>value</c>, <c>booleanValue</c> or <c>stringValue</c>.</param>
/// <param name="Value">The value as text.</param>
/// <param name="Unit">UN/ECE code (Recommendation 20); only with a number.</param>
public sealed record Measurement(DateTimeOffset Time, string Type, string? Component, string Member, string Value, string? Unit)
{
    /// <summary>A number. A <see cref="decimal"/> is never infinite nor no number, and is written as it is.</summary>
    public static Measurement Number(DateTimeOffset time, string type, decimal value, string unit, string? component = null) =>
        new(time, type, component, "value", value.ToString(CultureInfo.InvariantCulture), unit);

    /// <summary>Yes or no.</summary>
    public static Measurement Flag(DateTimeOffset time, string type, bool value, string? component = null) => new(time, type, component, "booleanValue", value ? "true" : "false", null);

    /// <summary>A text, for measures of which the template says so.</summary>
    public static Measurement Text(DateTimeOffset time, string type, string value, string? component = null) => new(time, type, component, "stringValue", value, null);
}

/// <summary>The formats, without files and network. Safe for concurrent use.</summary>
public static class TelemetryFormat
{
    /// <summary>Most readings in one statement.</summary>
    public const int MaxReadings = 1000;

    /// <summary>Largest event written here, in bytes: servers take statements of 1 MiB, which base64url fills with three quarters of that.</summary>
    public const int MaxEventBytes = 700_000;

    /// <summary>The bare EPCIS event of a statement.</summary>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="measurements">At least one, ascending in time, of one day in UTC.</param>
    /// <param name="encrypt">Makes a JWE of a measurement (docs/devices.md section 6); null, or the answer null, leaves the value as it is.</param>
    public static byte[] WriteEvent(string device, IReadOnlyList<Measurement> measurements, Func<Measurement, string?>? encrypt = null)
    {
        var readings = measurements.GroupBy(static m => Time(m.Time)).Select(reading =>
            $$"""{"sensorMetadata":{"time":"{{reading.Key}}"},"sensorReport":[{{string.Join(',', reading.Select(m => WriteReport(m, encrypt)))}}]}""");
        return Encoding.UTF8.GetBytes(
            $$"""{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","type":"ObjectEvent","action":"OBSERVE","eventTime":"{{Time(measurements[^1].Time)}}","""
            + $"\"eventTimeZoneOffset\":\"+00:00\",\"epcList\":[{Quote(device)}],\"sensorElementList\":[{string.Join(',', readings)}]}}");
    }

    /// <summary>
    /// A telemetry statement: a compact JWS with the number under the key (from 1), the <see cref="Digest"/> of the statement with the number before (null exactly for 1), how often
    /// the device has started (from 0), the device's time, and what <see cref="WriteEvent"/> wrote.
    /// </summary>
    public static string Sign(IDeviceKey key, string origin, string device, long sequence, string? previous, long boot, DateTimeOffset clock, ReadOnlySpan<byte> payload) =>
        SignJws(
            key, "telemetry+jws", origin, payload,
            $"\"boot\":\"{boot}\",\"clock\":\"{Time(clock)}\",\"device\":{Quote(device)},{(previous is null ? "" : $"\"prev\":\"{previous}\",")}\"seq\":\"{sequence}\",");

    /// <summary>SHA-256 of a statement in base64url.</summary>
    public static string Digest(string statement) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(statement)));

    /// <summary>Name of a key: its RFC 7638 thumbprint.</summary>
    public static string Thumbprint(string publicJwk) => Digest(RequiredMembers(publicJwk));

    /// <summary>The proof that a key is held (docs/devices.md section 3), for the act <c>enrol</c>, <c>rotate</c> or <c>replace</c> of the device with this pseudonym.</summary>
    public static string Prove(IDeviceKey key, string act, string pseudonym, string origin) =>
        SignJws(key, "device-key+jws", origin, Encoding.UTF8.GetBytes($$"""{"act":"{{act}}","device":"{{pseudonym}}","kid":"{{Thumbprint(key.PublicJwk)}}"}"""));

    /// <summary>The device's own step to its next key: a JWS by the key in force over the canonical payload of a device entry.</summary>
    public static string SignRotation(IDeviceKey key, IDeviceKey next, string pseudonym, string organisation, long previous, string origin) =>
        SignJws(key, "device+jws", origin, Encoding.UTF8.GetBytes(
            $$"""{"act":"rotate","device":"{{pseudonym}}","jwk":{{RequiredMembers(next.PublicJwk)}},"kid":"{{Thumbprint(next.PublicJwk)}}","organisation":{{Quote(organisation)}},"""
            + $"\"previous\":{previous},\"proof\":\"{Prove(next, "rotate", pseudonym, origin)}\",\"v\":1}}"));

    /// <summary>The statement by which a device brings wrapped day keys (docs/devices.md section 6).</summary>
    public static string SignDayKeys(IDeviceKey key, string origin, IEnumerable<string> wrapped) =>
        SignJws(key, "day-keys+jws", origin, Encoding.UTF8.GetBytes($$"""{"keys":["{{string.Join("\",\"", wrapped)}}"]}"""));

    /// <summary>The required members of a P-256 key in the order of their names: what RFC 7638 hashes.</summary>
    internal static string RequiredMembers(string publicJwk)
    {
        using var jwk = JsonDocument.Parse(publicJwk);
        return $$"""{"crv":"P-256","kty":"EC","x":"{{jwk.RootElement.GetProperty("x").GetString()}}","y":"{{jwk.RootElement.GetProperty("y").GetString()}}"}""";
    }

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A JSON string. The default encoder would write the plus sign of a typ as six characters.</summary>
    internal static string Quote(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";

    internal static string WriteReport(Measurement measurement, Func<Measurement, string?>? encrypt)
    {
        var (_, type, component, member, value, unit) = measurement;
        var content = encrypt?.Invoke(measurement) is { } encrypted ? $"\"stringValue\":{Quote(encrypted)}"
            : $"\"{member}\":{(member == "stringValue" ? Quote(value) : value)}{(unit is null ? "" : $",\"uom\":{Quote(unit)}")}";
        return $$"""{"type":{{Quote(type)}},{{(component is null ? "" : $"\"component\":{Quote(component)},")}}{{content}}}""";
    }

    private static string SignJws(IDeviceKey key, string type, string origin, ReadOnlySpan<byte> payload, string members = "")
    {
        var header = $$"""{"alg":"ES256","aud":{{Quote(origin)}},{{members}}"kid":"{{Thumbprint(key.PublicJwk)}}","typ":"{{type}}"}""";
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }
}
