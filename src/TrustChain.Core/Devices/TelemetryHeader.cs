using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Devices;

/// <summary>What the protected header of a telemetry statement says beside who signed it (<c>docs/devices.md</c> section 2).</summary>
/// <param name="Device">The device's canonical URI.</param>
/// <param name="Sequence">Number of the statement under its key, from 1.</param>
/// <param name="Previous">Digest of the statement with the number before; null exactly for number 1.</param>
/// <param name="Boot">How often the device has started, from 0.</param>
/// <param name="Clock">What the device's clock said when it signed: UTC with milliseconds.</param>
public sealed record TelemetryHeader(string Device, long Sequence, Hash32? Previous, long Boot, DateTimeOffset Clock)
{
    /// <summary>Largest number: what every JSON parser keeps exactly.</summary>
    public const long MaxNumber = (1L << 53) - 1;

    /// <summary>Longest URI of a device, in characters.</summary>
    public const int MaxDeviceChars = 2048;

    private static readonly string[] Names = ["alg", "aud", "boot", "clock", "device", "kid", "prev", "seq", "typ"];

    /// <summary>The header members beside <c>alg</c>, <c>aud</c>, <c>kid</c> and <c>typ</c>, for signing.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToMembers()
    {
        yield return new("boot", Boot.ToString(CultureInfo.InvariantCulture));
        yield return new("clock", Record.FormatTime(Clock));
        yield return new("device", Device);
        if (Previous is { } previous)
        {
            yield return new("prev", previous.ToBase64Url());
        }
        yield return new("seq", Sequence.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Reads the header of a message whose <c>typ</c> is that of a telemetry statement.</summary>
    internal static bool TryRead(SignedMessage message, [NotNullWhen(true)] out TelemetryHeader? header, out string? error)
    {
        header = null;
        if (message.HeaderNames.FirstOrDefault(static name => !Names.Contains(name)) is { } unknown)
        {
            error = $"The header parameter \"{unknown}\" is not allowed in a telemetry statement.";
            return false;
        }
        if (message.Find("device") is not { Length: > 0 and <= MaxDeviceChars } device)
        {
            error = $"The header parameter \"device\" must be the device's URI, of at most {MaxDeviceChars} characters.";
            return false;
        }
        if (!TryReadNumber(message.Find("seq"), out var sequence) || sequence == 0)
        {
            error = "The header parameter \"seq\" must be a number from \"1\" in decimal.";
            return false;
        }
        if (!TryReadNumber(message.Find("boot"), out var boot))
        {
            error = "The header parameter \"boot\" must be a number from \"0\" in decimal.";
            return false;
        }
        if (!Record.TryParseTime(message.Find("clock"), out var clock))
        {
            error = "The header parameter \"clock\" must be a time in UTC with three decimals.";
            return false;
        }
        Hash32? previous = null;
        if (message.Find("prev") is { } text)
        {
            if (!Hash32.TryParseBase64Url(text, out var digest))
            {
                error = "The header parameter \"prev\" must be the digest of the statement before, 32 bytes in base64url.";
                return false;
            }
            previous = digest;
        }
        if (previous is null != (sequence == 1))
        {
            error = "The header parameter \"prev\" must be there in all statements but the one with \"seq\" 1.";
            return false;
        }
        error = null;
        header = new TelemetryHeader(device, sequence, previous, boot, clock);
        return true;
    }

    private static bool TryReadNumber(string? text, out long number)
    {
        number = 0;
        return text is { Length: > 0 and <= 16 } && (text.Length == 1 || text[0] != '0')
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= MaxNumber;
    }
}
