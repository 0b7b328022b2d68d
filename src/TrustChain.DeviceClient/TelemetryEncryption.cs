using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace TrustChain.DeviceClient;

// Encrypted values and their keys (docs/devices.md section 6), without files and network. A device that says everything in the clear leaves this file out.

/// <summary>What a device encrypts, and to whom it hands its day keys.</summary>
/// <param name="GroupOf">
/// The group whose key encrypts a measurement: <c>position</c>, <c>area</c>, <c>rider</c> or <c>operation</c>; null for what stays in the clear. It says what the device's template says, and
/// belongs into the device: a service that could say it could also say that nothing is secret.
/// </param>
/// <param name="ToService">Whether the service gets the keys, as the template's <c>service-readable</c> wants; to be set only where the owner wants that.</param>
/// <param name="Recipients">Public JWKs (EC, P-256) of others who get them, such as the owner; null for none.</param>
/// <param name="MasterKey">The 32 bytes that the owner put into the device; null: a file in the folder, made here.</param>
/// <param name="Generation">Number of the master key, from 1: a new owner begins with the next one.</param>
public sealed record DeviceEncryption(
    Func<Measurement, string?> GroupOf, bool ToService = false, IReadOnlyList<string>? Recipients = null, byte[]? MasterKey = null, int Generation = 1);

/// <summary>The keys that come from a device's master key: encrypts values, and wraps keys to who may read them. Safe for concurrent use.</summary>
public sealed class DayKeyRing : IDisposable
{
    /// <summary>Size of a master key and of a day key, in bytes.</summary>
    public const int KeySize = 32;

    private const int BlockSize = 64;
    private const int MaxKept = 64;
    private const int TagSize = 16;

    private readonly byte[] _master;
    private readonly int _generation;
    private readonly Dictionary<string, DayKey> _kept = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <param name="master">32 random bytes, which the device and its owner have, and nobody else.</param>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="generation">Number of this master key among those of the device, 1 to 9999.</param>
    /// <exception cref="ArgumentException">A length or a number is another.</exception>
    public DayKeyRing(ReadOnlySpan<byte> master, string device, int generation = 1)
    {
        if (master.Length != KeySize || generation is < 1 or > 9999)
        {
            throw new ArgumentException($"A master key has {KeySize} bytes and a number from 1 to 9999.", nameof(master));
        }
        (_master, Device, _generation) = (master.ToArray(), device, generation);
    }

    /// <summary>The device's canonical URI.</summary>
    public string Device { get; }

    /// <summary>Name of the key of a group on the day of a time: <c>2026-11-26.position</c>, with another master key than the first <c>2026-11-26.position.2</c>.</summary>
    public string NameOf(DateTimeOffset time, string group) =>
        time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + "." + group + (_generation == 1 ? "" : "." + _generation.ToString(CultureInfo.InvariantCulture));

    /// <summary>The day key of a name, for who may have it: 32 bytes.</summary>
    public byte[] Export(string name) => [.. Get(name).Key];

    /// <summary>A measurement as a JWE: what <see cref="TelemetryFormat.WriteEvent"/> takes for its value.</summary>
    /// <exception cref="ArgumentException">The type or the component is no URI and no word, or a text is longer than 200 characters.</exception>
    public string Encrypt(Measurement measurement, string group)
    {
        var (time, type, component, member, value, unit) = measurement;
        if (!IsPlain(type) || !IsPlain(component ?? "") || (member == "stringValue" && value.Length is 0 or > 200))
        {
            throw new ArgumentException($"{type} {component} cannot be encrypted: names have printable ASCII, and texts 1 to 200 characters.", nameof(measurement));
        }
        var key = Get(NameOf(time, group));
        // What the value is bound to: canonical JSON of where it stands.
        var context = $$"""{{{(component is null ? "" : $"\"component\":\"{component}\",")}}"device":"{{Device}}","time":"{{TelemetryFormat.Time(time)}}","type":"{{type}}"}""";
        var json = unit is null ? $$"""{"{{member}}":{{(member == "stringValue" ? TelemetryFormat.Quote(value) : value)}}}""" : $$"""{"uom":"{{unit}}","value":{{value}}}""";
        var header = Encode($$"""{"alg":"dir","bind":"{{Base64Url.EncodeToString(HMACSHA256.HashData(key.Key, Encoding.ASCII.GetBytes(context)))}}","enc":"A256GCM","kid":"{{key.Name}}"}""");
        // Filled up with spaces, so that the length says little.
        var content = new byte[(Encoding.UTF8.GetByteCount(json) + BlockSize - 1) / BlockSize * BlockSize];
        content.AsSpan().Fill((byte)' ');
        Encoding.UTF8.GetBytes(json, content);
        return $"{header}..{Seal(key.Key, content, header)}";
    }

    /// <summary>Wraps a day key to a recipient, who alone can open it: a JWE with <c>typ</c> = <c>day-key+jwe</c>.</summary>
    /// <param name="name">Name of the key.</param>
    /// <param name="recipientJwk">The recipient's public key, a JWK (EC, P-256).</param>
    /// <exception cref="ArgumentException">The recipient's key is none.</exception>
    public string Wrap(string name, string recipientJwk)
    {
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var recipient = Import(recipientJwk);
        var q = ephemeral.ExportParameters(false).Q;
        // RFC 7518 section 4.6: one round of SHA-256 over a counter, the agreed point, the algorithm, no apu, no apv, and 256 bits.
        byte[] info = [0, 0, 0, 1, .. ephemeral.DeriveRawSecretAgreement(recipient.PublicKey), 0, 0, 0, 14, .. "ECDH-ES+A256KW"u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
        var contentKey = RandomNumberGenerator.GetBytes(KeySize);
        var header = Encode(
            $$"""{"alg":"ECDH-ES+A256KW","device":"{{Device}}","enc":"A256GCM","epk":{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(q.X)}}","y":"{{Base64Url.EncodeToString(q.Y)}}"},"""
            + $"\"key\":\"{name}\",\"kid\":\"{TelemetryFormat.Thumbprint(recipientJwk)}\",\"typ\":\"day-key+jwe\"}}");
        return $"{header}.{Base64Url.EncodeToString(WrapKey(SHA256.HashData(info), contentKey))}.{Seal(contentKey, Get(name).Key, header)}";
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_master);

    private DayKey Get(string name)
    {
        lock (_lock)
        {
            if (!_kept.TryGetValue(name, out var key))
            {
                if (_kept.Count == MaxKept)
                {
                    _kept.Clear();
                }
                key = new DayKey(name, HKDF.DeriveKey(HashAlgorithmName.SHA256, _master, KeySize, salt: [], info: Encoding.UTF8.GetBytes($"trustchain day key\n{Device}\n{name}")));
                _kept.Add(name, key);
            }
            return key;
        }
    }

    /// <summary>The last three parts of a JWE: initialization vector, ciphertext, tag.</summary>
    private static string Seal(byte[] key, ReadOnlySpan<byte> plain, string header)
    {
        Span<byte> nonce = stackalloc byte[12], tag = stackalloc byte[TagSize];
        RandomNumberGenerator.Fill(nonce);
        var cipher = new byte[plain.Length];
        using var gcm = new AesGcm(key, TagSize);
        gcm.Encrypt(nonce, plain, cipher, tag, Encoding.ASCII.GetBytes(header));
        return $"{Base64Url.EncodeToString(nonce)}.{Base64Url.EncodeToString(cipher)}.{Base64Url.EncodeToString(tag)}";
    }

    /// <summary>AES Key Wrap (RFC 3394).</summary>
    private static byte[] WrapKey(byte[] key, ReadOnlySpan<byte> plain)
    {
        var output = new byte[plain.Length + 8];
        plain.CopyTo(output.AsSpan(8));
        Span<byte> block = stackalloc byte[16];
        block.Fill(0xA6);
        using var aes = Aes.Create();
        aes.Key = key;
        for (var step = 1; step <= 6 * plain.Length / 8; step++)
        {
            var half = output.AsSpan(8 * (((step - 1) % (plain.Length / 8)) + 1), 8);
            half.CopyTo(block[8..]);
            aes.EncryptEcb(block, block, PaddingMode.None);
            BinaryPrimitives.WriteUInt64BigEndian(block, BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)step);
            block[8..].CopyTo(half);
        }
        block[..8].CopyTo(output);
        return output;
    }

    private static ECDiffieHellman Import(string jwk)
    {
        try
        {
            using var json = JsonDocument.Parse(jwk);
            byte[] Member(string name) => Base64Url.DecodeFromChars(json.RootElement.GetProperty(name).GetString());
            return ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Member("x"), Y = Member("y") } });
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or CryptographicException)
        {
            throw new ArgumentException($"The recipient's key is no JWK on P-256: {exception.Message}", nameof(jwk), exception);
        }
    }

    /// <summary>Whether a text stands in JSON as it is.</summary>
    private static bool IsPlain(string text) => text.All(static c => c is > ' ' and < '\u007F' and not ('"' or '\\'));

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private sealed record DayKey(string Name, byte[] Key);
}
