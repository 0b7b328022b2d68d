using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Encryption;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Devices.Encryption;

/// <summary>Where a report stands: what an encrypted value is bound to.</summary>
/// <param name="Device">The device's canonical URI.</param>
/// <param name="Time">The element's <c>time</c>; taken to the millisecond.</param>
/// <param name="Type">The report's <c>type</c>, as it is written there.</param>
/// <param name="Component">The report's <c>component</c>; null where it has none.</param>
public sealed record ReportContext(string Device, DateTimeOffset Time, string Type, string? Component = null)
{
    /// <summary>The day in UTC whose key the value is encrypted under.</summary>
    public DateOnly Day => DateOnly.FromDateTime(Time.UtcDateTime);

    /// <summary>Canonical JSON <c>{"component":…,"device":…,"time":…,"type":…}</c>.</summary>
    internal byte[] ToJcs() => new JcsObject().Add("component", Component).Add("device", Device).Add("time", Record.FormatTime(Time)).Add("type", Type).ToUtf8();
}

/// <summary>
/// <c>stringValue</c> of an encrypted report: a JWE with <c>alg</c> = <c>dir</c> whose header has exactly <c>alg</c>, <c>bind</c>, <c>enc</c> and <c>kid</c>
/// (<c>docs/devices.md</c> section 6). Immutable.
/// </summary>
public sealed class EncryptedValue
{
    /// <summary>Contents are filled up with spaces to a multiple of this, so that their lengths say little.</summary>
    public const int BlockSize = 64;

    /// <summary>Longest content, in bytes.</summary>
    public const int MaxContent = 16 * BlockSize;

    private const int MaxHeader = 512; // It has some 130 bytes.

    private static readonly string[] Names = ["alg", "bind", "enc", "kid"];

    private readonly Jwe _jwe;
    private readonly Hash32 _bind;

    private EncryptedValue(Jwe jwe, DayKeyName key, Hash32 bind)
    {
        (_jwe, KeyName, _bind) = (jwe, key, bind);
    }

    /// <summary>The key it is encrypted under.</summary>
    public DayKeyName KeyName { get; }

    /// <summary>Encrypts a value.</summary>
    /// <param name="key">The key of the device, the day and the group of measures.</param>
    /// <param name="context">Where the report stands.</param>
    /// <param name="value">What it says.</param>
    /// <exception cref="ArgumentException">The key is of another device or day, or the value is outside its range.</exception>
    public static string Encrypt(DayKey key, ReportContext context, MeasuredValue value)
    {
        if (key.Device != context.Device || key.Name.Day != context.Day)
        {
            throw new ArgumentException("The key is of another device or day.", nameof(key));
        }
        var json = value.ToJcs();
        var content = new byte[(json.Length + BlockSize - 1) / BlockSize * BlockSize];
        content.AsSpan().Fill((byte)' ');
        json.CopyTo(content.AsSpan());
        var compact = Jwe.Encrypt(key.Bytes, key.Name.ToString(), content, new KeyValuePair<string, string>("bind", Base64UrlText.Encode(key.Authenticate(context.ToJcs()))));
        CryptographicOperations.ZeroMemory(content);
        return compact;
    }

    /// <summary>Reads one. Nothing is decrypted: whether it is more than a shape only a holder of the key can tell.</summary>
    /// <param name="text">The report's <c>stringValue</c>.</param>
    /// <param name="value">The answer, when true.</param>
    /// <param name="error">One sentence, when false.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out EncryptedValue? value, [NotNullWhen(false)] out string? error)
    {
        value = null;
        if (!Jwe.TryParse(text, out var jwe, out error))
        {
            return false;
        }
        if (jwe.Algorithm != Jwe.Direct || jwe.HeaderNames.Count != Names.Length || !jwe.HeaderNames.All(Names.Contains))
        {
            error = $"An encrypted value has exactly the header parameters alg (\"{Jwe.Direct}\"), bind, enc and kid.";
            return false;
        }
        if (!DayKeyName.TryParse(jwe.Kid, out var name) || !Hash32.TryParseBase64Url(jwe.Find("bind"), out var bind))
        {
            error = "The header parameter \"kid\" must be the name of a day key, such as \"2026-11-26.position\", and \"bind\" 32 bytes in base64url.";
            return false;
        }
        if (jwe.ContentSize is 0 or > MaxContent || jwe.ContentSize % BlockSize != 0)
        {
            error = $"The content of an encrypted value is filled up with spaces to a multiple of {BlockSize} bytes, of at most {MaxContent}.";
            return false;
        }
        value = new EncryptedValue(jwe, name, bind);
        return true;
    }

    /// <summary>The group of the key that a compact value names, without reading more than its header; null where it names none, or is no such value.</summary>
    /// <param name="compact">The value in UTF-8, and perhaps more behind it.</param>
    internal static KeyGroup? FindGroup(ReadOnlySpan<byte> compact)
    {
        Span<byte> header = stackalloc byte[MaxHeader];
        var end = compact[..Math.Min(compact.Length, MaxHeader * 4 / 3)].IndexOf((byte)'.');
        if (end < 0 || Base64Url.DecodeFromUtf8(compact[..end], header, out _, out var size) != OperationStatus.Done)
        {
            return null;
        }
        try
        {
            var json = new Utf8JsonReader(header[..size]);
            while (json.Read())
            {
                if (json.TokenType == JsonTokenType.PropertyName && json.CurrentDepth == 1 && json.ValueTextEquals("kid"u8))
                {
                    return json.Read() && json.TokenType == JsonTokenType.String && DayKeyName.TryParse(json.GetString(), out var name) ? name.Group : null;
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            return null;
        }
        return null;
    }

    /// <summary>
    /// Decrypts. One answer for every failure: another key, a value that was put here from elsewhere, a content that is no value, anything altered.
    /// </summary>
    /// <param name="key">The key that <see cref="KeyName"/> names.</param>
    /// <param name="context">Where the report stands.</param>
    /// <param name="value">What it says, when the answer is true.</param>
    public bool TryDecrypt(DayKey key, ReportContext context, [NotNullWhen(true)] out MeasuredValue? value)
    {
        value = null;
        // The binding is also what ties the value to one key: A256GCM alone would let its maker find a content that two keys open, each to another value.
        return key.Name == KeyName && key.Device == context.Device && key.Name.Day == context.Day
            && CryptographicOperations.FixedTimeEquals(key.Authenticate(context.ToJcs()), _bind.ToArray())
            && _jwe.TryDecrypt(key.Bytes, out var content) && MeasuredValue.TryParse(content, out value);
    }
}
