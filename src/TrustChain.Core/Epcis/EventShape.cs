namespace TrustChain.Core.Epcis;

/// <summary>The members the standard gives events, in the order of the event hash; the last four take no part in it.</summary>
internal enum EventField
{
    Type,
    EventTime,
    EventTimeZoneOffset,
    CertificationInfo,
    EpcList,
    ParentId,
    InputEpcList,
    ChildEpcs,
    QuantityList,
    ChildQuantityList,
    InputQuantityList,
    OutputEpcList,
    OutputQuantityList,
    Action,
    TransformationId,
    BizStep,
    Disposition,
    PersistentDisposition,
    ReadPoint,
    BizLocation,
    BizTransactionList,
    SourceList,
    DestinationList,
    SensorElementList,
    Ilmd,
    Context,
    RecordTime,
    EventId,
    ErrorDeclaration,
}

/// <summary>Which members an event type may have.</summary>
internal sealed class EventShape
{
    private readonly ulong _allowed;

    private EventShape(string? name, params ReadOnlySpan<EventField> own)
    {
        Name = name;
        foreach (var field in Common)
        {
            _allowed |= 1UL << (int)field;
        }
        foreach (var field in own)
        {
            _allowed |= 1UL << (int)field;
        }
    }

    private static ReadOnlySpan<EventField> Common =>
    [
        EventField.Context, EventField.Type, EventField.EventTime, EventField.RecordTime, EventField.EventTimeZoneOffset, EventField.EventId,
        EventField.CertificationInfo, EventField.ErrorDeclaration, EventField.BizStep, EventField.Disposition, EventField.ReadPoint,
        EventField.BizLocation, EventField.BizTransactionList, EventField.SourceList, EventField.DestinationList,
        EventField.SensorElementList,
    ];

    /// <summary>The member names; an id is an <see cref="EventField"/>.</summary>
    public static readonly NameTable Members = new(
        "type", "eventTime", "eventTimeZoneOffset", "certificationInfo", "epcList", "parentID", "inputEPCList", "childEPCs", "quantityList",
        "childQuantityList", "inputQuantityList", "outputEPCList", "outputQuantityList", "action", "transformationID", "bizStep", "disposition",
        "persistentDisposition", "readPoint", "bizLocation", "bizTransactionList", "sourceList", "destinationList", "sensorElementList", "ilmd",
        "@context", "recordTime", "eventID", "errorDeclaration");

    /// <summary>
    /// Only this and a transformation may have a persistentDisposition: in the other events it would not be clear which objects it is of.
    /// </summary>
    public static readonly EventShape Object = new(
        "ObjectEvent", EventField.EpcList, EventField.QuantityList, EventField.Action, EventField.PersistentDisposition, EventField.Ilmd);

    public static readonly EventShape Aggregation = new(
        "AggregationEvent", EventField.ParentId, EventField.ChildEpcs, EventField.ChildQuantityList, EventField.Action);

    public static readonly EventShape Transaction = new(
        "TransactionEvent", EventField.ParentId, EventField.EpcList, EventField.QuantityList, EventField.Action);

    public static readonly EventShape Transformation = new(
        "TransformationEvent", EventField.InputEpcList, EventField.InputQuantityList, EventField.OutputEpcList, EventField.OutputQuantityList,
        EventField.TransformationId, EventField.PersistentDisposition, EventField.Ilmd);

    public static readonly EventShape Association = new(
        "AssociationEvent", EventField.ParentId, EventField.ChildEpcs, EventField.ChildQuantityList, EventField.Action);

    /// <summary>An event type that is not the standard's: it may have any of the members, each in its standard form.</summary>
    public static readonly EventShape Extension = new(null, Enum.GetValues<EventField>());

    private static readonly EventShape[] Standard = [Object, Aggregation, Transaction, Transformation, Association];

    /// <summary>The type's name; null for extension types.</summary>
    public string? Name { get; }

    public bool Allows(EventField field) => (_allowed & (1UL << (int)field)) != 0;

    /// <summary>The shape of a standard type; null for any other.</summary>
    public static EventShape? Find(ReadOnlySpan<byte> type)
    {
        foreach (var shape in Standard)
        {
            if (System.Text.Ascii.Equals(type, shape.Name))
            {
                return shape;
            }
        }
        return null;
    }
}
