using System.Diagnostics.CodeAnalysis;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Devices.Encryption;

/// <summary>
/// A day key that its recipient alone can open: a JWE with <c>alg</c> = <c>ECDH-ES+A256KW</c> whose content is the key's 32 bytes and whose header has exactly
/// <c>alg</c>, <c>device</c>, <c>enc</c>, <c>epk</c>, <c>key</c>, <c>kid</c> and <c>typ</c> (<c>docs/devices.md</c> section 6). Immutable.
/// </summary>
public sealed class WrappedDayKey
{
    /// <summary><c>typ</c> of the JWE.</summary>
    public const string Type = "day-key+jwe";

    private static readonly string[] Names = ["alg", "device", "enc", "epk", "key", "kid", "typ"];

    private readonly Jwe _jwe;

    private WrappedDayKey(Jwe jwe, string device, DayKeyName name)
    {
        (_jwe, Device, Name) = (jwe, device, name);
    }

    /// <summary>The compact serialisation.</summary>
    public string Compact => _jwe.Compact;

    /// <summary>The device, as the header says it.</summary>
    public string Device { get; }

    /// <summary>Which key, as the header says it.</summary>
    public DayKeyName Name { get; }

    /// <summary>Thumbprint of the recipient's key.</summary>
    public string Recipient => _jwe.Kid!; // TryParse has seen it.

    /// <summary>Wraps a day key to a recipient.</summary>
    public static string Wrap(DayKey key, EncryptionKey recipient) =>
        Jwe.Encrypt(recipient, key.Bytes, new("device", key.Device), new("key", key.Name.ToString()), new("typ", Type));

    /// <summary>Reads one. Nothing is decrypted.</summary>
    /// <param name="compact">The JWE.</param>
    /// <param name="wrapped">The answer, when true.</param>
    /// <param name="error">One sentence, when false.</param>
    public static bool TryParse(string compact, [NotNullWhen(true)] out WrappedDayKey? wrapped, [NotNullWhen(false)] out string? error)
    {
        wrapped = null;
        if (!Jwe.TryParse(compact, out var jwe, out error))
        {
            return false;
        }
        if (jwe.Algorithm != Jwe.KeyAgreement || jwe.Find("typ") != Type || jwe.HeaderNames.Count != Names.Length || !jwe.HeaderNames.All(Names.Contains)
            || jwe.ContentSize != Jwe.KeySize || jwe.Kid is not { Length: 43 })
        {
            error = $"A wrapped day key is a JWE over {Jwe.KeySize} bytes with exactly the header parameters alg (\"{Jwe.KeyAgreement}\"), device, enc, epk, key, kid and typ (\"{Type}\").";
            return false;
        }
        if (jwe.Find("device") is not { Length: > 0 and <= TelemetryHeader.MaxDeviceChars } device || !DayKeyName.TryParse(jwe.Find("key"), out var name))
        {
            error = "The header parameter \"device\" must be the device's URI, and \"key\" the name of a day key, such as \"2026-11-26.position\".";
            return false;
        }
        wrapped = new WrappedDayKey(jwe, device, name);
        return true;
    }

    /// <summary>Opens it. One answer for every failure.</summary>
    /// <param name="recipient">The recipient's private key.</param>
    /// <param name="key">The day key, when the answer is true.</param>
    public bool TryUnwrap(DecryptionKey recipient, [NotNullWhen(true)] out DayKey? key)
    {
        key = _jwe.TryDecrypt(recipient, out var bytes) ? new DayKey(Device, Name, bytes) : null;
        return key is not null;
    }
}
