using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>The objects of a sensorElementList.</summary>
internal static class SensorData
{
    /// <summary>Metadata and reports of every sensor element.</summary>
    public static IEnumerable<int> Objects(QueryableEvent e, bool metadata, bool reports)
    {
        foreach (var element in e.Children(e.Field(EventField.SensorElementList)))
        {
            if (metadata && e.Member(element, "sensorMetadata") is not 0 and var data)
            {
                yield return data;
            }
            if (reports)
            {
                foreach (var report in e.Children(e.Member(element, "sensorReport")))
                {
                    yield return report;
                }
            }
        }
    }
}

/// <summary>A member of sensor metadata or of a report is one of these: URIs in canonical form, measurement types as URIs, or plain text.</summary>
public sealed record SensorTextCriterion(string Parameter, string Member, SensorTextKind Kind, IReadOnlyList<string> Values) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => SensorData.Objects(e, metadata: Kind == SensorTextKind.Uri, reports: true).Any(o =>
        e.Member(o, Member) is not 0 and var node && Values.Contains(Kind switch
        {
            SensorTextKind.Uri => e.Uri(node),
            SensorTextKind.MeasurementType => e.Term(node, Vocabulary.Measurement),
            _ => e.Text(node),
        }));
}

/// <summary>How a text of sensor data is compared.</summary>
public enum SensorTextKind
{
    /// <summary>A URI.</summary>
    Uri,

    /// <summary>A word of the measurement types.</summary>
    MeasurementType,

    /// <summary>Text, character by character.</summary>
    Text,
}

/// <summary>
/// A number of a sensor report compares with one of these, given in a unit (UN/ECE Recommendation 20): a report in another unit of the same quantity is
/// converted; one in an unknown unit is compared only if its unit is the same. Without a unit only the numbers are compared.
/// </summary>
public sealed record SensorValueCriterion(string Parameter, string Member, Comparison Comparison, IReadOnlyList<double> Values, string? Unit) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => SensorData.Objects(e, metadata: false, reports: true).Any(report =>
        e.Member(report, Member) is not 0 and var node && Comparisons.TryNumber(e.Tree.Text(node), out var number) && Holds(e, report, number));

    // A standard deviation is a difference of two values: where a scale has its zero does not matter to it.
    private bool Holds(QueryableEvent e, int report, double number) =>
        UnitComparison.Holds(Comparison, number, e.Member(report, "uom") is not 0 and var uom ? e.Text(uom) : null, Values, Unit, areDifferences: Member == "sDev");
}

/// <summary><c>EQ_booleanValue</c>.</summary>
public sealed record SensorBooleanCriterion(string Parameter, bool Value) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => SensorData.Objects(e, metadata: false, reports: true)
        .Any(report => e.Member(report, "booleanValue") is not 0 and var node && e.Tree.KindOf(node) == (Value ? JsonKind.True : JsonKind.False));
}
