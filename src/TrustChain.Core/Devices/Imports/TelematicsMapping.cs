using System.Text;
using TrustChain.Core.Units;

namespace TrustChain.Core.Devices.Imports;

/// <summary>
/// Puts the points of a machine to the measures of a template: first by role, then by name. A measure has the name of the element in small first letter, with or without
/// <c>Cumulative</c>: <c>CumulativeIdleHours</c> goes to <c>cumulativeIdleHours</c> or <c>idleHours</c>.
/// </summary>
public static class TelematicsMapping
{
    private const int MaxFaults = 20;

    // Elements whose value is not the only member, or that have a role.
    private static readonly Dictionary<string, (string Member, MeasureRole Role)> Elements = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CumulativeOperatingHours"] = ("Hour", MeasureRole.OperatingHours),
        ["CumulativeLoadCount"] = ("Count", MeasureRole.Cycles),
        ["Distance"] = ("Odometer", MeasureRole.Distance),
        ["EngineStatus"] = ("Running", MeasureRole.Running),
        ["FuelRemaining"] = ("Percent", MeasureRole.None),
        ["DEFRemaining"] = ("Percent", MeasureRole.None),
        ["FaultCode"] = ("CodeIdentifier", MeasureRole.None),
    };

    // Words of the standard and of providers for units, and the units that members have by their name.
    private static readonly Dictionary<string, string> Units = new(StringComparer.OrdinalIgnoreCase)
    {
        ["hour"] = "HUR",
        ["hours"] = "HUR",
        ["minute"] = "MIN",
        ["second"] = "SEC",
        ["kilometre"] = "KMT",
        ["kilometres"] = "KMT",
        ["kilometer"] = "KMT",
        ["kilometers"] = "KMT",
        ["km"] = "KMT",
        ["mile"] = "SMI",
        ["miles"] = "SMI",
        ["metre"] = "MTR",
        ["metres"] = "MTR",
        ["meter"] = "MTR",
        ["meters"] = "MTR",
        ["foot"] = "FOT",
        ["feet"] = "FOT",
        ["litre"] = "LTR",
        ["litres"] = "LTR",
        ["liter"] = "LTR",
        ["liters"] = "LTR",
        ["gallon"] = "GLL",
        ["gallons"] = "GLL",
        ["kilogram"] = "KGM",
        ["kilograms"] = "KGM",
        ["pound"] = "LBR",
        ["pounds"] = "LBR",
        ["tonne"] = "TNE",
        ["tonnes"] = "TNE",
        ["kilometre per hour"] = "KMH",
        ["km/h"] = "KMH",
        ["mile per hour"] = "HM",
        ["mph"] = "HM",
        ["kilowatt hour"] = "KWH",
        ["kWh"] = "KWH",
        ["percent"] = "P1",
        ["count"] = "C62",
        ["latitude"] = "DD",
        ["longitude"] = "DD",
    };

    /// <summary>Adds the points to readings. A point that cannot be taken is left out and told.</summary>
    /// <param name="points">The machine's points.</param>
    /// <param name="template">The device's template.</param>
    /// <param name="now">The service's clock.</param>
    public static ImportResult Read(IEnumerable<TelematicsPoint> points, DeviceTemplate template, DateTimeOffset now)
    {
        var readings = new ImportedReadings(template, now);
        var notMapped = new Dictionary<string, string>(StringComparer.Ordinal);
        var faults = new List<ImportFault>();
        var more = 0;
        foreach (var point in points)
        {
            var values = ValuesOf(point).ToList();
            if (values.Count == 0)
            {
                Tell(point.Name, "no-value");
            }
            foreach (var (member, text) in values)
            {
                var measure = Find(template, point.Name, member);
                if (measure < 0)
                {
                    Tell(point.Name == member || values.Count == 1 ? point.Name : $"{point.Name}/{member}", measure == -1 ? "no-measure" : "encrypted");
                }
                else if (Add(readings, point, member, text, template, measure) is var (code, detail))
                {
                    Fault(new ImportFault(code, point.Time is null ? point.Name : $"{point.Name}, {point.Time[..Math.Min(40, point.Time.Length)]}", detail));
                }
            }
        }
        var (left, moreLeft) = readings.Finish();
        foreach (var fault in left)
        {
            Fault(fault);
        }
        return new ImportResult(readings, [.. notMapped.Select(static n => new NotMapped(n.Key, n.Value))], faults, more + moreLeft);

        void Tell(string name, string reason)
        {
            if (notMapped.Count < 100)
            {
                notMapped.TryAdd(name, reason);
            }
        }

        void Fault(ImportFault fault)
        {
            if (faults.Count < MaxFaults)
            {
                faults.Add(fault);
            }
            else
            {
                more++;
            }
        }
    }

    private static IEnumerable<(string Member, string Text)> ValuesOf(TelematicsPoint point)
    {
        if (point.Name.Equals("Location", StringComparison.OrdinalIgnoreCase))
        {
            return point.Members.Where(static m => IsOneOf(m.Key, "Latitude", "Longitude", "Altitude")).Select(static m => (m.Key, m.Value));
        }
        if (Elements.TryGetValue(point.Name, out var element))
        {
            return point.Members.TryGetValue(element.Member, out var text) ? [(element.Member, text)] : [];
        }
        // Of an element that is not in the table: the one member that is no unit.
        var others = point.Members.Where(static m => !IsUnit(m.Key)).ToList();
        return others.Count == 1 ? [(others[0].Key, others[0].Value)] : [];
    }

    /// <summary>Position of the measure; -1 for none, -2 for one that is encrypted.</summary>
    private static int Find(DeviceTemplate template, string element, string member)
    {
        var measure = element.Equals("Location", StringComparison.OrdinalIgnoreCase)
            ? IndexOf(template, member.ToUpperInvariant() switch
            {
                "LATITUDE" => static m => m.Kind == MeasureKind.Latitude,
                "LONGITUDE" => static m => m.Kind == MeasureKind.Longitude,
                _ => static m => m.Name == "altitude",
            })
            : Elements.TryGetValue(element, out var known) && known.Role != MeasureRole.None ? IndexOf(template, m => m.Role == known.Role) : -1;
        if (measure < 0 && !element.Equals("Location", StringComparison.OrdinalIgnoreCase))
        {
            var name = Small(element);
            var bare = element.StartsWith("Cumulative", StringComparison.OrdinalIgnoreCase) ? Small(element["Cumulative".Length..]) : name;
            measure = IndexOf(template, m => m.Name == name || m.Name == bare);
        }
        return measure >= 0 && !template.Measures[measure].IsOpen ? -2 : measure;
    }

    private static (string Code, string Detail)? Add(ImportedReadings readings, TelematicsPoint point, string member, string text, DeviceTemplate template, int measure)
    {
        UnitOfMeasure? unit = null;
        if (template.Measures[measure].Unit is not null)
        {
            var word = point.Members.GetValueOrDefault($"{member}Units") ?? point.Members.GetValueOrDefault($"{member}Unit") ?? UnitOf(point, member);
            if (word is null || !UnitOfMeasure.TryFind(Units.GetValueOrDefault(word, word), out unit))
            {
                return (ImportRules.UnknownUnit, word is null ? "The value has no unit." : $"The unit \"{word[..Math.Min(40, word.Length)]}\" is not known.");
            }
        }
        return readings.TryAdd(Encoding.UTF8.GetBytes(point.Time ?? ""), measure, Encoding.UTF8.GetBytes(text), unit);
    }

    /// <summary>The unit that a member has by its name, or that of the only other member that is a unit.</summary>
    private static string? UnitOf(TelematicsPoint point, string member)
    {
        if (Units.ContainsKey(member))
        {
            return member;
        }
        var units = point.Members.Where(static m => IsUnit(m.Key)).Select(static m => m.Value).ToList();
        return units.Count == 1 ? units[0] : null;
    }

    private static bool IsUnit(string member) => member.EndsWith("Units", StringComparison.OrdinalIgnoreCase) || member.EndsWith("Unit", StringComparison.OrdinalIgnoreCase);

    private static int IndexOf(DeviceTemplate template, Func<DeviceMeasure, bool> isIt) =>
        template.Measures.Index().Where(m => isIt(m.Item)).Select(static m => m.Index).FirstOrDefault(-1);

    private static bool IsOneOf(string name, params ReadOnlySpan<string> names)
    {
        foreach (var one in names)
        {
            if (name.Equals(one, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }

    private static string Small(string name) => name.Length == 0 ? "" : char.ToLowerInvariant(name[0]) + name[1..];
}
