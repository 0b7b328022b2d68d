using System.Globalization;
using TrustChain.Cli.Terminal;
using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices;

/// <summary>
/// Measurements in a CSV file: the first line is <c>time,type,component,value,unit</c>; <c>component</c> and <c>unit</c> may be empty. A value with a unit is a
/// number, <c>true</c> and <c>false</c> without one are states, anything else is a text. Fields have no quotes, and so no commas.
/// </summary>
internal static class ReadingsFile
{
    private const string Header = "time,type,component,value,unit";

    /// <summary>The measurements in the order of the file.</summary>
    /// <exception cref="CliException">A line is not as described; the message has its number.</exception>
    public static IReadOnlyList<Measurement> Parse(string text, string name)
    {
        var lines = text.Split('\n');
        if (lines[0].TrimEnd('\r') != Header)
        {
            throw new CliException($"The first line of {name} must be \"{Header}\".", ExitCodes.Bad);
        }
        var measurements = new List<Measurement>(lines.Length);
        for (var i = 1; i < lines.Length; i++)
        {
            if (lines[i].TrimEnd('\r') is { Length: > 0 } line)
            {
                measurements.Add(ParseLine(line) ?? throw new CliException($"Line {i + 1} of {name} must have a time with its zone, a type, a value, and only numbers a unit.", ExitCodes.Bad));
            }
        }
        return measurements;
    }

    private static Measurement? ParseLine(string line)
    {
        if (line.Split(',') is not [var at, { Length: > 0 } type, var component, { Length: > 0 } value, var unit]
            || !DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) || !(at.EndsWith('Z') || at.LastIndexOfAny(['+', '-']) > 10))
        {
            return null;
        }
        var part = component.Length == 0 ? null : component;
        if (unit.Length > 0)
        {
            return decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? Measurement.Number(time, type, number, unit, part) : null;
        }
        return value is "true" or "false" ? Measurement.Flag(time, type, value == "true", part) : Measurement.Text(time, type, value, part);
    }
}
