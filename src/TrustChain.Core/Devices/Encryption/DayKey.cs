using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Encryption;

namespace TrustChain.Core.Devices.Encryption;

/// <summary>
/// The secret of 32 bytes from which all day keys of a device come, as long as it has one owner. Held by the device and its owner, and by nobody else.
/// </summary>
public sealed class DeviceMasterKey : IDisposable
{
    private readonly byte[] _secret;

    /// <param name="secret">32 random bytes.</param>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="generation">Number of this master key among those of the device, from 1.</param>
    /// <exception cref="ArgumentException">The secret has another length, or the number is beyond <see cref="DayKeyName.MaxGeneration"/>.</exception>
    public DeviceMasterKey(ReadOnlySpan<byte> secret, string device, int generation = 1)
    {
        if (secret.Length != Jwe.KeySize || generation is < 1 or > DayKeyName.MaxGeneration)
        {
            throw new ArgumentException($"A master key has {Jwe.KeySize} bytes and a number from 1 to {DayKeyName.MaxGeneration}.", nameof(secret));
        }
        _secret = secret.ToArray();
        (Device, Generation) = (device, generation);
    }

    /// <summary>The device's canonical URI.</summary>
    public string Device { get; }

    /// <summary>Number of this master key, from 1.</summary>
    public int Generation { get; }

    /// <summary>Makes a new one from the platform's random numbers.</summary>
    public static DeviceMasterKey Generate(string device, int generation = 1)
    {
        Span<byte> secret = stackalloc byte[Jwe.KeySize];
        RandomNumberGenerator.Fill(secret);
        var key = new DeviceMasterKey(secret, device, generation);
        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    /// <summary>The secret, for the owner's safe. Whoever has it can read everything of the device.</summary>
    public byte[] ExportSecret() => [.. _secret];

    /// <summary>The key of a day: HKDF with SHA-256 and no salt, info = <c>trustchain day key</c>, the device and the key's name, one a line.</summary>
    public DayKey Derive(DateOnly day, KeyGroup group)
    {
        var name = new DayKeyName(day, group, Generation);
        return new DayKey(
            Device, name, HKDF.DeriveKey(HashAlgorithmName.SHA256, _secret, Jwe.KeySize, salt: [], info: Encoding.UTF8.GetBytes($"trustchain day key\n{Device}\n{name}")));
    }

    /// <inheritdoc/>
    public void Dispose() => CryptographicOperations.ZeroMemory(_secret);
}

/// <summary>The key that encrypts one group of a device's values on one day. Immutable.</summary>
public sealed class DayKey
{
    private readonly byte[] _key;

    /// <param name="device">The device's canonical URI.</param>
    /// <param name="name">Which key of the device.</param>
    /// <param name="key">32 bytes.</param>
    /// <exception cref="ArgumentException">The key has another length.</exception>
    public DayKey(string device, DayKeyName name, ReadOnlySpan<byte> key)
    {
        if (key.Length != Jwe.KeySize)
        {
            throw new ArgumentException($"A day key has {Jwe.KeySize} bytes.", nameof(key));
        }
        (Device, Name, _key) = (device, name, key.ToArray());
    }

    /// <summary>The device's canonical URI.</summary>
    public string Device { get; }

    /// <summary>Which key of the device.</summary>
    public DayKeyName Name { get; }

    /// <summary>The key, for a holder's safe.</summary>
    public byte[] Export() => [.. _key];

    internal ReadOnlySpan<byte> Bytes => _key;

    /// <summary>HMAC-SHA256 under the key.</summary>
    internal byte[] Authenticate(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_key, data);
}
