using TrustChain.Core.Devices.Encryption;

namespace TrustChain.Core.Devices;

/// <summary>
/// Where a device was during one statement, read with the day keys of its encrypted positions. It is no part of the statement's summary: who has no key must compute the same
/// summary. Immutable.
/// </summary>
public sealed class StatementPlaces
{
    private StatementPlaces(int encrypted, int read, PositionSummary? position) => (Encrypted, Read, Position) = (encrypted, read, position);

    /// <summary>How many readings have an encrypted position.</summary>
    public int Encrypted { get; }

    /// <summary>How many of these could be read: both coordinates open with a key of the group <see cref="KeyGroup.Position"/>, and are degrees in their ranges.</summary>
    public int Read { get; }

    /// <summary>What was read; null for nothing.</summary>
    internal PositionSummary? Position { get; }

    /// <summary>Reads the positions of a statement.</summary>
    /// <param name="telemetry">Its readings.</param>
    /// <param name="template">The template they were read with.</param>
    /// <param name="device">The device's canonical URI.</param>
    /// <param name="keys">Day keys by name.</param>
    public static StatementPlaces Of(Telemetry telemetry, DeviceTemplate template, string device, IReadOnlyDictionary<DayKeyName, DayKey> keys)
    {
        var lookup = template.Lookup;
        var (encrypted, read) = (0, 0);
        var places = new (double Latitude, double Longitude)[telemetry.Count];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = (double.NaN, double.NaN);
            if (lookup.Latitude < 0 || telemetry[i].Text(lookup.Latitude) is not { } latitude || telemetry[i].Text(lookup.Longitude) is not { } longitude)
            {
                continue; // A reading with one of the two was refused.
            }
            encrypted++;
            if (Degrees(latitude, lookup.Latitude, i) is { } north && Degrees(longitude, lookup.Longitude, i) is { } east && new Place(north, east).IsValid)
            {
                read++;
                places[i] = (north, east);
            }
        }
        return new StatementPlaces(encrypted, read, read == 0 ? null : SummaryBuilder.Position(template, TelemetrySummary.TimesOf(telemetry), i => places[i]));

        double? Degrees(string text, int measure, int reading) =>
            EncryptedValue.TryParse(text, out var value, out _) && value.KeyName.Group == KeyGroup.Position && keys.TryGetValue(value.KeyName, out var key)
            && EncryptedReport.TryDecrypt(value, key, device, telemetry[reading].Time, template, measure, out var content) && content is MeasuredValue.Number { Unit: "DD" } degrees
                ? degrees.Value
                : null;
    }
}
