using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Devices.Grants;

namespace TrustChain.Server.Devices.Grants;

/// <summary>Takes out of answers what a grant does not cover. The owner's pass unchanged.</summary>
internal static class GrantedView
{
    /// <summary>What stands for a verdict that is not covered.</summary>
    public const string NotGranted = "not-granted";

    /// <summary>The group that a grant has to cover for values in the clear, and for figures such as how many there are.</summary>
    public static KeyGroup GroupOf(DeviceMeasure measure) =>
        measure.Kind is MeasureKind.Latitude or MeasureKind.Longitude ? KeyGroup.Position
        : measure.About == MeasureSubject.Rider ? KeyGroup.Rider
        : KeyGroup.Operation;

    /// <summary>Whether figures of a measure may be shown: of places only as measured, since a mean or an extreme is no rounded place.</summary>
    public static bool ShowsFigures(SeenDevice seen, DeviceTemplate template, string name) =>
        seen.IsOwner || (Find(template, name) is { } measure && seen.Covers(GroupOf(measure), name) && (GroupOf(measure) != KeyGroup.Position || seen.Precision == PlacePrecision.Exact));

    /// <summary>Whether the figures about the device's work may be shown: hours, distance, energy.</summary>
    public static bool ShowsOperation(SeenDevice seen) => seen.Covers(KeyGroup.Operation, "");

    /// <summary>Whether whole statements may be shown: only where the grant covers all that they have in the clear, for a statement cannot be shown in part.</summary>
    public static bool ShowsStatements(SeenDevice seen, DeviceTemplate template) =>
        ShowsOperation(seen) && (seen.Precision == PlacePrecision.Exact || !template.Measures.Any(static m => m.IsOpen && GroupOf(m) == KeyGroup.Position));

    /// <summary>The open values of one moment by measure: those that are covered, places as exactly as the grant says.</summary>
    public static JsonObject Filter(JsonElement values, SeenDevice seen, DeviceTemplate template)
    {
        var shown = new JsonObject();
        foreach (var value in values.EnumerateObject())
        {
            if (Find(template, value.Name) is { IsOpen: true } measure && seen.Covers(GroupOf(measure), measure.Name))
            {
                shown[value.Name] = value.Value.ValueKind == JsonValueKind.Number ? Round(value.Value.GetDouble(), GroupOf(measure), seen) : JsonNode.Parse(value.Value.GetRawText());
            }
        }
        return shown;
    }

    /// <summary>A number as exactly as the grant tells it.</summary>
    public static double Round(double number, KeyGroup group, SeenDevice seen) =>
        group == KeyGroup.Position && seen.Precision == PlacePrecision.Coarse ? new Place(number, 0).Coarsen().Latitude : number;

    /// <summary>A verdict as far as it is covered.</summary>
    public static DeviceVerdict Filter(DeviceVerdict verdict, SeenDevice seen) => seen.IsOwner ? verdict : GroupOf(verdict.Check) switch
    {
        _ when seen.IsAuditor => verdict with { Detail = "The sentence with the numbers is for those with a grant." },
        KeyGroup.Position when seen.Precision == PlacePrecision.None => Hide(verdict),
        KeyGroup.Operation when !ShowsOperation(seen) => Hide(verdict),
        _ when verdict.Outcome == VerdictOutcome.CouldNotCheck => verdict, // Why not: that values are encrypted or missing, and of which measures, tells no place.
        KeyGroup.Position when seen.Precision == PlacePrecision.Coarse => verdict with { Detail = "The grant covers places to a tenth of a degree: the sentence with the numbers is not shown." },
        KeyGroup.Operation when verdict.Check == "range" && seen.Precision != PlacePrecision.Exact => verdict with { Detail = "The sentence with the numbers may be about a place, which the grant does not cover as measured." },
        _ => verdict,
    };

    /// <summary>A finding as far as it is covered; null where it is not.</summary>
    public static Finding? Filter(Finding finding, SeenDevice seen, DeviceTemplate template)
    {
        if (seen.IsOwner)
        {
            return finding;
        }
        if (seen.IsAuditor)
        {
            return finding with { Detail = "" };
        }
        if (finding.Code is FindingCodes.SpeedImpossible or FindingCodes.OutsideGeofence || (finding.Measure is { } name && Find(template, name) is { } place && GroupOf(place) == KeyGroup.Position))
        {
            return seen.Precision switch
            {
                PlacePrecision.None => null,
                PlacePrecision.Coarse => finding with { Detail = "" },
                _ => finding,
            };
        }
        var isAboutValues = finding.Measure is not null || finding.Code is FindingCodes.EnergyImplausible;
        return !isAboutValues || seen.Covers(KeyGroup.Operation, finding.Measure ?? "") ? finding : null;
    }

    /// <summary>A period as far as it is covered.</summary>
    public static DevicePeriod Filter(DevicePeriod period, SeenDevice seen, DeviceTemplate template)
    {
        var shown = period with
        {
            Verdicts = [.. period.Verdicts.Select(v => Filter(v, seen))],
            Findings = [.. period.Findings.Select(f => Filter(f, seen, template)).OfType<Finding>()],
            MoreFindings = seen.IsOwner || ShowsStatements(seen, template) ? period.MoreFindings : 0, // Some of them may be of what is not covered.
        };
        return ShowsOperation(seen) ? shown : shown with
        {
            OperatingSeconds = null,
            DistanceMetres = null,
            EnergyWattHours = null,
            Cycles = null,
            Utilisation = null,
            StateOfHealth = null,
            BatteryLevel = null,
            DowntimeSeconds = null,
            Alarms = null,
        };
    }

    /// <summary>A day as far as it is covered, for what is drawn: its hours and cells of places stay away.</summary>
    public static DeviceDay Filter(DeviceDay day, SeenDevice seen, DeviceTemplate template)
    {
        var shown = day with
        {
            Measures = [.. day.Measures.Where(m => ShowsFigures(seen, template, m.Name))],
            Hours = [],
            Positions = [],
            Findings = [.. day.Findings.Select(f => Filter(f, seen, template)).OfType<Finding>()],
            MoreFindings = 0,
        };
        return ShowsOperation(seen) ? shown : shown with
        {
            OperatingSeconds = null,
            DistanceMetres = null,
            EnergyWattHours = null,
            Cycles = null,
            Utilisation = null,
            StateOfHealth = null,
            BatteryLevel = null,
            DowntimeSeconds = null,
            Alarms = null,
        };
    }

    /// <summary>What was refused, which may quote anything: others than the owner learn that there was something.</summary>
    public static Finding FilterRefusal(Finding refusal, SeenDevice seen) => seen.IsOwner ? refusal : refusal with { Detail = "", Measure = null };

    /// <summary>What a check looks at; null where it looks at no values, and so says nothing that a grant could leave out.</summary>
    private static KeyGroup? GroupOf(string check) => check switch
    {
        "coverage" or "sequence" or "clock" or "keys" => null,
        "speed" or "place" => KeyGroup.Position,
        _ => KeyGroup.Operation,
    };

    private static DeviceVerdict Hide(DeviceVerdict verdict) =>
        verdict with { Outcome = VerdictOutcome.CouldNotCheck, Code = NotGranted, Detail = "The grant does not cover what this looks at.", Records = [], MoreRecords = 0, Runs = [], Basis = null };

    private static DeviceMeasure? Find(DeviceTemplate template, string name) => template.Measures.FirstOrDefault(m => m.Name == name);
}
