namespace TrustChain.Core.Epcis;

/// <summary>The kinds of values in sensor data.</summary>
internal enum SensorValue
{
    Uri,
    Time,
    Number,
    Text,
    HexBinary,
    Boolean,
    MeasurementType,
    AlertType,
    Component,
}

/// <summary>The members of sensorMetadata and of a sensor report, in the order of the event hash.</summary>
internal sealed class SensorFields
{
    private readonly NameTable _names;
    private readonly SensorValue[] _values;

    private SensorFields(params ReadOnlySpan<(string Name, SensorValue Value)> fields)
    {
        var names = new string[fields.Length];
        _values = new SensorValue[fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            (names[i], _values[i]) = fields[i];
        }
        _names = new NameTable(names);
    }

    public static readonly SensorFields Metadata = new(
        ("time", SensorValue.Time), ("startTime", SensorValue.Time), ("endTime", SensorValue.Time), ("deviceID", SensorValue.Uri),
        ("deviceMetadata", SensorValue.Uri), ("rawData", SensorValue.Uri), ("dataProcessingMethod", SensorValue.Uri), ("bizRules", SensorValue.Uri));

    /// <summary>The schema lets a report have bizRules, the event hash gives it no place: it comes last, in front of the extensions.</summary>
    public static readonly SensorFields Report = new(
        ("type", SensorValue.MeasurementType), ("exception", SensorValue.AlertType), ("deviceID", SensorValue.Uri),
        ("deviceMetadata", SensorValue.Uri), ("rawData", SensorValue.Uri), ("dataProcessingMethod", SensorValue.Uri), ("time", SensorValue.Time),
        ("microorganism", SensorValue.Uri), ("chemicalSubstance", SensorValue.Uri), ("value", SensorValue.Number),
        ("component", SensorValue.Component), ("stringValue", SensorValue.Text), ("booleanValue", SensorValue.Boolean),
        ("hexBinaryValue", SensorValue.HexBinary), ("uriValue", SensorValue.Uri), ("minValue", SensorValue.Number),
        ("maxValue", SensorValue.Number), ("meanValue", SensorValue.Number), ("sDev", SensorValue.Number), ("percRank", SensorValue.Number),
        ("percValue", SensorValue.Number), ("uom", SensorValue.Text), ("coordinateReferenceSystem", SensorValue.Uri), ("bizRules", SensorValue.Uri));

    /// <summary>The names alone.</summary>
    public NameTable Members => _names;

    public int Count => _values.Length;

    public ReadOnlySpan<byte> Name(int index) => _names[index];

    public SensorValue Value(int index) => _values[index];

    public int IndexOf(ReadOnlySpan<byte> name) => _names.Find(name);

    public SensorValue? Find(ReadOnlySpan<byte> name) => _names.Find(name) is >= 0 and var index ? _values[index] : null;
}
