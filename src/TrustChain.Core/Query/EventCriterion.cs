using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>
/// One condition of a query; all of them must hold. Each can be asked of an event; a store may use those it has an index for to find candidates.
/// </summary>
/// <param name="Parameter">The parameter it came from.</param>
public abstract record EventCriterion(string Parameter)
{
    /// <summary>Whether the event meets the condition.</summary>
    public abstract bool Matches(QueryableEvent e);
}

/// <summary><c>eventType</c>: standard names, or URIs of extension types.</summary>
public sealed record EventTypeCriterion(string Parameter, IReadOnlyList<string> Types) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => Types.Contains(e.Event.ExpandedEventType);
}

/// <summary><c>EQ_action</c>.</summary>
public sealed record ActionCriterion(string Parameter, IReadOnlyList<EpcisAction> Actions) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => e.Event.Action is { } action && Actions.Contains(action);
}

/// <summary>Members whose value is a word of a vocabulary.</summary>
public enum TermField
{
    /// <summary><c>bizStep</c>.</summary>
    BizStep,

    /// <summary><c>disposition</c>.</summary>
    Disposition,

    /// <summary><c>persistentDisposition.set</c>.</summary>
    PersistentSet,

    /// <summary><c>persistentDisposition.unset</c>.</summary>
    PersistentUnset,

    /// <summary><c>errorDeclaration.reason</c>.</summary>
    ErrorReason,
}

/// <summary>A vocabulary member is one of these URIs.</summary>
public sealed record TermCriterion(string Parameter, TermField Field, IReadOnlyList<string> Uris) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => Field switch
    {
        TermField.BizStep => e.Event.BizStep is { } step && Uris.Contains(step),
        TermField.Disposition => e.Event.Disposition is { } disposition && Uris.Contains(disposition),
        TermField.PersistentSet => Any(e, "set"),
        TermField.PersistentUnset => Any(e, "unset"),
        _ => e.Event.ErrorDeclaration?.Reason is { } reason && Uris.Contains(reason),
    };

    private bool Any(QueryableEvent e, string list)
    {
        var field = e.Field(EventField.PersistentDisposition);
        return field != 0 && e.Children(e.Member(field, list)).Any(node => Uris.Contains(e.Term(node, Vocabulary.Disposition)));
    }
}

/// <summary>The two places of an event.</summary>
public enum PlaceField
{
    /// <summary><c>readPoint</c>.</summary>
    ReadPoint,

    /// <summary><c>bizLocation</c>.</summary>
    BizLocation,
}

/// <summary>
/// <c>EQ_readPoint</c>, <c>WD_bizLocation</c> and the like: the place is one of these. With descendants the list must be completed from master data first.
/// </summary>
public sealed record PlaceCriterion(string Parameter, PlaceField Field, IReadOnlyList<string> Uris, bool WithDescendants) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) =>
        (Field == PlaceField.ReadPoint ? e.Event.ReadPoint : e.Event.BizLocation) is { } place && Uris.Contains(ItemUris.Normalise(place));
}

/// <summary>A MATCH parameter: an item in one of the roles matches one of the patterns.</summary>
public sealed record ItemCriterion(string Parameter, IReadOnlyList<ItemRole> Roles, IReadOnlyList<EpcPattern> Patterns) : EventCriterion(Parameter)
{
    private readonly EpcPatternSet _set = new(Patterns);

    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e)
    {
        foreach (var item in e.Event.Items)
        {
            if (Roles.Contains(item.Role) && _set.Matches(ItemUris.Normalise(item.CanonicalUri)))
            {
                return true;
            }
        }
        return false;
    }
}

/// <summary>Single identifiers of an event.</summary>
public enum IdField
{
    /// <summary><c>eventID</c>, or the event hash where the sender gave none.</summary>
    EventId,

    /// <summary><c>transformationID</c>.</summary>
    TransformationId,

    /// <summary>One of the <c>correctiveEventIDs</c>.</summary>
    CorrectiveEventId,
}

/// <summary>An identifier is one of these.</summary>
public sealed record IdCriterion(string Parameter, IdField Field, IReadOnlyList<string> Uris) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => Field switch
    {
        IdField.EventId => Uris.Contains(e.EventId),
        IdField.TransformationId => e.Event.TransformationId is { } id && Uris.Contains(ItemUris.Normalise(id)),
        _ => e.Event.ErrorDeclaration is { } declaration && declaration.CorrectiveEventIds.Any(Uris.Contains),
    };
}

/// <summary><c>hash</c>, ours: the event hash (CBV 2.0 section 8.9.2) is one of these, whatever eventID the sender gave.</summary>
public sealed record HashCriterion(string Parameter, IReadOnlyList<Log.Hash32> Hashes) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => Hashes.Contains(e.Event.EventHash);
}

/// <summary>The lists of typed references.</summary>
public enum ReferenceField
{
    /// <summary><c>bizTransactionList</c>.</summary>
    BizTransaction,

    /// <summary><c>sourceList</c>.</summary>
    Source,

    /// <summary><c>destinationList</c>.</summary>
    Destination,
}

/// <summary>
/// <c>EQ_bizTransaction_TYPE</c> and the like: the list has an entry of this type and one of these values. A business transaction without type in the
/// parameter's name means those without type.
/// </summary>
public sealed record ReferenceCriterion(string Parameter, ReferenceField Field, string? Type, IReadOnlyList<string> Uris) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e)
    {
        var list = Field switch
        {
            ReferenceField.BizTransaction => e.Event.BizTransactions,
            ReferenceField.Source => e.Event.Sources,
            _ => e.Event.Destinations,
        };
        return list.Any(entry => entry.Type == Type && Uris.Contains(ItemUris.Normalise(entry.CanonicalUri)));
    }
}

/// <summary>The times of an event.</summary>
public enum TimeField
{
    /// <summary><c>eventTime</c>.</summary>
    EventTime,

    /// <summary><c>recordTime</c>.</summary>
    RecordTime,

    /// <summary><c>errorDeclaration.declarationTime</c>.</summary>
    DeclarationTime,

    /// <summary><c>time</c> of sensor metadata or reports.</summary>
    SensorTime,

    /// <summary><c>startTime</c> of sensor metadata.</summary>
    SensorStart,

    /// <summary><c>endTime</c> of sensor metadata.</summary>
    SensorEnd,
}

/// <summary>A time compares with this instant.</summary>
public sealed record TimeCriterion(string Parameter, TimeField Field, Comparison Comparison, DateTimeOffset Instant) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => Field switch
    {
        TimeField.EventTime => Holds(e.Event.EventTime),
        TimeField.RecordTime => Holds(e.RecordTime),
        TimeField.DeclarationTime => e.Event.ErrorDeclaration is { } declaration && Holds(declaration.DeclarationTime),
        TimeField.SensorTime => SensorData.Objects(e, metadata: true, reports: true).Any(o => Has(e, o, "time")),
        TimeField.SensorStart => SensorData.Objects(e, metadata: true, reports: false).Any(o => Has(e, o, "startTime")),
        _ => SensorData.Objects(e, metadata: true, reports: false).Any(o => Has(e, o, "endTime")),
    };

    private bool Has(QueryableEvent e, int parent, string name) =>
        e.Member(parent, name) is not 0 and var node && EpcisTime.TryParse(e.Tree.Text(node), out var instant) && Holds(instant);

    private bool Holds(DateTimeOffset instant) => Comparison.Holds(instant.CompareTo(Instant));
}

/// <summary><c>EXISTS_</c> of a standard member.</summary>
public sealed record ExistsCriterion(string Parameter, string Member) : EventCriterion(Parameter)
{
    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) =>
        EventShape.Members.Find(System.Text.Encoding.UTF8.GetBytes(Member)) is >= 0 and var field && e.Field((EventField)field) != 0;
}

/// <summary>
/// The <c>quantity</c> of an entry of a quantity list compares with one of these. Given in a unit, entries in units of the same kind are converted; without,
/// only the numbers are compared.
/// </summary>
public sealed record QuantityCriterion(string Parameter, Comparison Comparison, IReadOnlyList<double> Values, string? Unit) : EventCriterion(Parameter)
{
    private static readonly EventField[] Lists =
        [EventField.QuantityList, EventField.ChildQuantityList, EventField.InputQuantityList, EventField.OutputQuantityList];

    /// <inheritdoc/>
    public override bool Matches(QueryableEvent e) => Lists.Any(list => e.Children(e.Field(list)).Any(entry =>
        e.Member(entry, "quantity") is not 0 and var node && Comparisons.TryNumber(e.Tree.Text(node), out var quantity)
        && UnitComparison.Holds(Comparison, quantity, e.Member(entry, "uom") is not 0 and var uom ? e.Text(uom) : null, Values, Unit, areDifferences: false)));
}
