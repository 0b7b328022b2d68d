using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Devices.Simulation;

/// <summary>What was simulated, and what must be found in it: for whoever judges the service's findings.</summary>
internal static class SimulationReport
{
    /// <summary>Writes the members of the report.</summary>
    /// <param name="json">Gets them.</param>
    /// <param name="fleet">The machines.</param>
    /// <param name="counts">Statements and readings of each that were sent or written, and statements that were refused.</param>
    public static void Write(Utf8JsonWriter json, SimulatedFleet fleet, IReadOnlyList<(long Statements, long Readings, long Refused)> counts)
    {
        var options = fleet.Options;
        json.WriteString("template", options.Template.Name);
        json.WriteNumber("seed", options.Seed);
        json.WriteString("from", options.From.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        json.WriteNumber("days", options.Days);
        json.WriteNumber("intervalSeconds", (long)options.Interval.TotalSeconds);
        json.WriteNumber("statements", counts.Sum(static c => c.Statements));
        json.WriteNumber("readings", counts.Sum(static c => c.Readings));
        json.WriteNumber("refused", counts.Sum(static c => c.Refused));
        json.WriteStartArray("devices");
        for (var i = 0; i < fleet.Devices.Count; i++)
        {
            var device = fleet.Devices[i];
            json.WriteStartObject();
            json.WriteString("device", device.Uri);
            json.WriteString("id", device.Pseudonym);
            json.WriteString("name", device.Name);
            json.WriteString("serial", device.Serial);
            json.WriteNumber("statements", counts[i].Statements);
            json.WriteNumber("readings", counts[i].Readings);
            json.WriteNumber("refused", counts[i].Refused);
            json.WriteStartArray("faults");
            foreach (var fault in fleet.Faults[i])
            {
                WriteFault(json, fault);
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFault(Utf8JsonWriter json, PlantedFault fault)
    {
        json.WriteStartObject();
        json.WriteString("code", fault.Kind.Code);
        json.WriteBoolean("fault", fault.Kind.IsFault);
        json.WriteString("from", Record.FormatTime(fault.From));
        json.WriteString("until", Record.FormatTime(fault.Until));
        json.WriteStartArray("also");
        foreach (var code in fault.Kind.Also)
        {
            json.WriteStringValue(code);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
