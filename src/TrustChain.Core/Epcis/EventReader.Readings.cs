using System.Text;
using TrustChain.Core.Query;

namespace TrustChain.Core.Epcis;

/// <summary>What sensor data say, once they were found to be valid.</summary>
internal sealed partial class EventReader
{
    private SensorReading[] ReadSensorReadings()
    {
        var list = Field(EventField.SensorElementList);
        if (list == 0)
        {
            return [];
        }
        var readings = new List<SensorReading>();
        for (var element = list + 1; element < tree[list].Next; element = tree[element].Next)
        {
            if (tree.Find(element, "sensorMetadata"u8) is > 0 and var metadata && DeviceOf(metadata) is { } device)
            {
                readings.Add(new SensorReading(null, device, null, null));
            }
            var reports = tree.Find(element, "sensorReport"u8);
            for (var report = reports + 1; report < tree[reports].Next; report = tree[report].Next)
            {
                var type = tree.Find(report, "type"u8);
                readings.Add(new SensorReading(
                    Vocabulary.Measurement.FindUri(tree.Text(type)) ?? Resolve(tree.Text(type)),
                    DeviceOf(report),
                    tree.Find(report, "value"u8) is > 0 and var value && Comparisons.TryNumber(tree.Text(value), out var number) ? number : null,
                    tree.Find(report, "uom"u8) is > 0 and var unit ? Encoding.UTF8.GetString(tree.Text(unit)) : null));
            }
        }
        return [.. readings];
    }

    private string? DeviceOf(int parent) => tree.Find(parent, "deviceID"u8) is > 0 and var device ? ItemUris.Canonicalise(Resolve(tree.Text(device))) : null;
}
