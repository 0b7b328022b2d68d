using System.Diagnostics.CodeAnalysis;

namespace TrustChain.Core.Devices.Encryption;

/// <summary>Encrypted values of the measures of a template.</summary>
public static class EncryptedReport
{
    /// <summary>
    /// Decrypts the value of a report. A value is bound to <c>type</c> and <c>component</c> as the report writes them, which may be the word of a vocabulary where the template has the
    /// URI, or the other way round: it is read in whichever spelling it was made.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <param name="key">The key that it names.</param>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="time">Time of the reading.</param>
    /// <param name="template">The device's template.</param>
    /// <param name="measure">Position of the report's measure in the template.</param>
    /// <param name="content">What it says, when the answer is true.</param>
    public static bool TryDecrypt(
        EncryptedValue value, DayKey key, string device, DateTimeOffset time, DeviceTemplate template, int measure, [NotNullWhen(true)] out MeasuredValue? content)
    {
        foreach (var (type, component) in template.Lookup.Spellings(measure))
        {
            if (value.TryDecrypt(key, new ReportContext(device, time, type, component), out content))
            {
                return true;
            }
        }
        content = null;
        return false;
    }
}
