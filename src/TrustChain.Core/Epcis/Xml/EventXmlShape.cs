namespace TrustChain.Core.Epcis.Xml;

/// <summary>The sequences of the XML schemas: which element comes where, by event type and version.</summary>
internal sealed class EventXmlShape
{
    private static readonly EventField[] Middle =
    [
        EventField.Action, EventField.BizStep, EventField.Disposition, EventField.ReadPoint, EventField.BizLocation, EventField.BizTransactionList,
    ];

    private static readonly EventField[] Parties = [EventField.SourceList, EventField.DestinationList];

    private static readonly EventField[] Sensors = [EventField.SensorElementList, EventField.PersistentDisposition];

    /// <summary>Elements directly in the event, after those all events begin with.</summary>
    public required EventField[] Direct { get; init; }

    /// <summary>Elements in the <c>extension</c> of EPCIS 1.2.</summary>
    public EventField[] Extension { get; init; } = [];

    /// <summary>Elements in the <c>extension</c> within that one, or in it where <see cref="Extension"/> is empty.</summary>
    public EventField[] Inner { get; init; } = [];

    /// <summary>Whether <see cref="Inner"/> has a wrapper of its own within the first.</summary>
    public bool HasTwoWrappers { get; init; } = true;

    /// <summary>A list EPCIS 1.2 requires, empty or not.</summary>
    public EventField? Required { get; init; }

    /// <summary>How many <c>extension</c> wrappers stand around the event in the EventList.</summary>
    public int ListWrappers { get; init; }

    /// <summary>The shape of a type, standard or (name null) not.</summary>
    public static EventXmlShape For(string? type, bool isV1) => type switch
    {
        "ObjectEvent" => isV1 ? Object1 : Object2,
        "AggregationEvent" => isV1 ? Aggregation1 : Aggregation2,
        "TransactionEvent" => isV1 ? Transaction1 : Transaction2,
        "TransformationEvent" => isV1 ? Transformation1 : Transformation2,
        "AssociationEvent" => isV1 ? Association1 : Association2,
        _ => Other,
    };

    private static readonly EventXmlShape Object2 = new()
    {
        Direct = [EventField.EpcList, .. Middle, EventField.QuantityList, .. Parties, .. Sensors, EventField.Ilmd],
    };

    private static readonly EventXmlShape Object1 = new()
    {
        Direct = [EventField.EpcList, .. Middle],
        Extension = [EventField.QuantityList, .. Parties, EventField.Ilmd],
        Inner = Sensors,
        Required = EventField.EpcList,
    };

    private static readonly EventXmlShape Aggregation2 = new()
    {
        Direct = [EventField.ParentId, EventField.ChildEpcs, .. Middle, EventField.ChildQuantityList, .. Parties, .. Sensors],
    };

    private static readonly EventXmlShape Aggregation1 = new()
    {
        Direct = [EventField.ParentId, EventField.ChildEpcs, .. Middle],
        Extension = [EventField.ChildQuantityList, .. Parties],
        Inner = Sensors,
        Required = EventField.ChildEpcs,
    };

    private static readonly EventXmlShape Transaction2 = new()
    {
        Direct =
        [
            EventField.BizTransactionList, EventField.ParentId, EventField.EpcList, .. Middle[..^1], EventField.QuantityList, .. Parties, .. Sensors,
        ],
    };

    private static readonly EventXmlShape Transaction1 = new()
    {
        Direct = [EventField.BizTransactionList, EventField.ParentId, EventField.EpcList, .. Middle[..^1]],
        Extension = [EventField.QuantityList, .. Parties],
        Inner = Sensors,
        Required = EventField.EpcList,
    };

    private static readonly EventField[] TransformationLists =
    [
        EventField.InputEpcList, EventField.InputQuantityList, EventField.OutputEpcList, EventField.OutputQuantityList, EventField.TransformationId,
    ];

    private static readonly EventXmlShape Transformation2 = new()
    {
        Direct = [.. TransformationLists, .. Middle[1..], .. Parties, .. Sensors, EventField.Ilmd],
    };

    private static readonly EventXmlShape Transformation1 = new()
    {
        Direct = [.. TransformationLists, .. Middle[1..], .. Parties, EventField.Ilmd],
        Inner = Sensors,
        HasTwoWrappers = false,
        ListWrappers = 1,
    };

    private static readonly EventXmlShape Association2 = new()
    {
        Direct = [EventField.ParentId, EventField.ChildEpcs, EventField.ChildQuantityList, .. Middle, .. Parties, .. Sensors],
    };

    // EPCIS 1.2 knows no such event. Its inner extension takes any local element, so the event stands there in its 2.0 form.
    private static readonly EventXmlShape Association1 = new() { Direct = Association2.Direct, ListWrappers = 2 };

    /// <summary>An event type that is not the standard's, with whatever members it has; EPCIS 2.0 only.</summary>
    private static readonly EventXmlShape Other = new()
    {
        Direct =
        [
            EventField.ParentId, EventField.EpcList, EventField.ChildEpcs, .. TransformationLists, .. Middle, EventField.QuantityList,
            EventField.ChildQuantityList, .. Parties, .. Sensors, EventField.Ilmd,
        ],
        ListWrappers = 1,
    };
}
