namespace TrustChain.Core.Devices;

/// <summary>How far the service could read the encrypted positions of a day.</summary>
/// <param name="Day">The day.</param>
/// <param name="Encrypted">How many there are.</param>
/// <param name="Read">How many of these it could read.</param>
/// <param name="MoreFindings">How many findings about them are not listed.</param>
public readonly record struct PlacesOfDay(DateOnly Day, int Encrypted, int Read, int MoreFindings);

/// <summary>
/// What the service says of the encrypted places of a period, for which it had the keys. Its word alone: evidence has ciphertexts, and whoever computes a period from that gets
/// <c>sealed</c> (<c>docs/devices.md</c> section 7).
/// </summary>
/// <param name="Days">The days of the period that have encrypted positions, as far as they were looked at.</param>
/// <param name="Findings">What the checks of places found on them.</param>
public sealed record ServicePlaces(IReadOnlyList<PlacesOfDay> Days, IReadOnlyList<Finding> Findings)
{
    /// <summary><see cref="DeviceVerdict.Basis"/> of what rests on the service's word.</summary>
    public const string Basis = "service";

    /// <summary>The period with answers of the checks of places: passed only where every encrypted position of the period was read, failed wherever something was found.</summary>
    /// <param name="period">As it was computed from the statements.</param>
    /// <param name="template">The device's template.</param>
    /// <param name="days">The days that it was computed from.</param>
    public DevicePeriod Complete(DevicePeriod period, DeviceTemplate template, IReadOnlyList<DeviceDay> days)
    {
        if (!template.ServiceJudgesPlaces)
        {
            return period;
        }
        var latitude = template.Measures[template.Lookup.Latitude].Name;
        var known = Days.ToDictionary(static d => d.Day);
        var (encrypted, read, more) = (0L, 0L, 0);
        foreach (var day in days.Where(d => d.Day >= period.From && d.Day <= period.Until))
        {
            // A day that was computed before its places were looked at counts by what it says itself.
            var places = known.GetValueOrDefault(day.Day);
            encrypted += Math.Max(places.Encrypted, day.Measures.FirstOrDefault(m => m.Name == latitude)?.Count ?? 0);
            read += places.Read;
            more += places.MoreFindings;
        }
        return period with
        {
            Findings = FindingList.Order(period.Findings.Concat(Findings)),
            MoreFindings = period.MoreFindings + more,
            Verdicts = [.. period.Verdicts.Select(v => v switch
            {
                { Check: "speed", Code: "sealed" } => Judge(v, FindingCodes.SpeedImpossible, template.MaxSpeed is not null, "It never moved faster than it can"),
                { Check: "place", Code: "sealed" } => Judge(v, FindingCodes.OutsideGeofence, template.Geofence is not null, "It stayed in its area"),
                _ => v,
            })],
        };

        DeviceVerdict Judge(DeviceVerdict verdict, string code, bool isInTemplate, string passed) =>
            !isInTemplate ? verdict with { Code = "not-in-template", Detail = "The template has nothing to judge it by." }
            : PeriodBuilder.Failed(verdict.Check, [.. Findings], [code]) is { } failed ? failed with { Basis = Basis }
            : encrypted == 0 ? verdict
            : read < encrypted ? verdict with { Detail = FormattableString.Invariant($"The service could read {read} of {encrypted} encrypted positions.") }
            : PeriodBuilder.Resting(
                verdict with { Outcome = VerdictOutcome.Passed, Code = "ok", Detail = FormattableString.Invariant($"{passed}: the service decrypted all {encrypted} positions."), Basis = Basis },
                days.Where(d => d.Day >= period.From && d.Day <= period.Until && d.Measures.Any(m => m.Name == latitude && m.Count > 0)));
    }
}
