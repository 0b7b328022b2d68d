using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Query;

namespace TrustChain.Server.Query;

/// <summary>
/// What the index can do for a query: a search whose rows include every match, and whether it uses every condition. What it leaves over is asked of each
/// event, which is only done for a bounded number of rows.
/// </summary>
/// <param name="Search">The search, without position.</param>
/// <param name="IsIndexed">Whether every condition narrows the search.</param>
internal sealed record QueryPlan(EventSearch Search, bool IsIndexed)
{
    private static readonly TimeSpan Microsecond = TimeSpan.FromMicroseconds(1); // what the database keeps of a time

    public static QueryPlan Of(EventQuery query, EventReaderScope reader)
    {
        var items = new List<ItemTerm>();
        var measures = new List<MeasureTerm>();
        IReadOnlyList<long>? types = null;
        IReadOnlyList<long>? steps = null;
        IReadOnlyList<long>? dispositions = null;
        IReadOnlyList<string>? ids = null;
        IReadOnlyList<Core.Log.Hash32>? hashes = null;
        var eventTime = default(TimeSpanOf);
        var recordTime = default(TimeSpanOf);
        var indexed = true;
        foreach (var criterion in query.Criteria)
        {
            switch (criterion)
            {
                case EventTypeCriterion type when types is null:
                    types = Keys(type.Types);
                    break;
                case TermCriterion { Field: TermField.BizStep } step when steps is null:
                    steps = Keys(step.Uris);
                    break;
                case TermCriterion { Field: TermField.Disposition } disposition when dispositions is null:
                    dispositions = Keys(disposition.Uris);
                    break;
                case PlaceCriterion place:
                    items.Add(new ItemTerm(Keys(place.Uris), [place.Field == PlaceField.ReadPoint ? ItemKey.ReadPointRole : ItemKey.BizLocationRole]));
                    break;
                case ItemCriterion item when !item.Patterns.Any(static p => p.IsPattern):
                    items.Add(new ItemTerm(Keys(item.Patterns.Select(static p => p.Uri)), [.. item.Roles.Select(static r => (short)r)]));
                    break;
                case IdCriterion { Field: IdField.TransformationId } transformation:
                    items.Add(new ItemTerm(Keys(transformation.Uris), [ItemKey.TransformationRole]));
                    break;
                case IdCriterion { Field: IdField.EventId } eventId when ids is null:
                    ids = eventId.Uris;
                    break;
                case HashCriterion hash when hashes is null:
                    hashes = hash.Hashes;
                    break;
                case ReferenceCriterion reference:
                    items.Add(new ItemTerm(Keys(reference.Uris), [RoleOf(reference.Field)]));
                    break;
                case SensorTextCriterion { Member: "type" } type:
                    items.Add(new ItemTerm(Keys(type.Values), [ItemKey.MeasurementRole]));
                    break;
                case SensorTextCriterion { Member: "deviceID" } device:
                    items.Add(new ItemTerm(Keys(device.Values), [ItemKey.DeviceRole]));
                    break;
                case SensorValueCriterion { Member: "value", Unit: { } unit } value:
                    measures.Add(MeasureOf(value, unit));
                    break;
                case TimeCriterion { Field: TimeField.EventTime } time:
                    eventTime = Narrow(eventTime, time);
                    break;
                case TimeCriterion { Field: TimeField.RecordTime } time:
                    recordTime = Narrow(recordTime, time);
                    break;
                default:
                    indexed = false;
                    break;
            }
        }
        // The most telling condition comes first: things before places and partners, and those before kinds of measurements.
        items.Sort(static (a, b) => (!a.IsTelling, a.Roles[0]).CompareTo((!b.IsTelling, b.Roles[0])));
        var hasWindow = eventTime is { From: not null, Before: not null } || recordTime is { From: not null, Before: not null };
        var byKey = ids is not null || hashes is not null || (items.Count > 0 && items[0].IsTelling) || (!hasWindow && items.Count + measures.Count > 0);
        var byTime = eventTime.IsBounded || types is not null || steps is not null || dispositions is not null;
        var order = query.Order?.Field switch
        {
            TimeField.EventTime => SearchOrder.EventTime,
            TimeField.RecordTime => SearchOrder.RecordTime,
            // Without a wish, the order in which the index that is used has its rows.
            _ => byKey ? SearchOrder.Record : byTime ? SearchOrder.EventTime : recordTime.IsBounded ? SearchOrder.RecordTime : SearchOrder.Record,
        };
        return new QueryPlan(
            new EventSearch
            {
                Reader = reader,
                Items = items,
                Measures = measures,
                EventTypes = types,
                BizSteps = steps,
                Dispositions = dispositions,
                EventIds = ids,
                EventHashes = hashes,
                EventTime = eventTime,
                RecordTime = recordTime,
                Order = order,
                Descending = query.Order is { Descending: true },
            },
            indexed);
    }

    private static long[] Keys(IEnumerable<string> uris) => [.. uris.Select(ItemKey.Compute).Distinct()];

    private static short RoleOf(ReferenceField field) => field switch
    {
        ReferenceField.BizTransaction => ItemKey.BizTransactionRole,
        ReferenceField.Source => ItemKey.SourceRole,
        _ => ItemKey.DestinationRole,
    };

    /// <summary>A range that holds every value that can match, with room for how numbers round on their way into the base unit.</summary>
    private static MeasureTerm MeasureOf(SensorValueCriterion criterion, string unit)
    {
        double[] values = [.. criterion.Values.Select(value => RecordIndex.MeasureOf(unit, value).Value)];
        var measure = RecordIndex.MeasureOf(unit, 0).Measure;
        var (low, high) = (values.Min(), values.Max());
        var room = 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high));
        return criterion.Comparison switch
        {
            Comparison.Equal => new MeasureTerm(measure, low - room, high + room),
            Comparison.Greater or Comparison.GreaterOrEqual => new MeasureTerm(measure, low - room, double.PositiveInfinity),
            _ => new MeasureTerm(measure, double.NegativeInfinity, high + room),
        };
    }

    private static TimeSpanOf Narrow(TimeSpanOf span, TimeCriterion time) => time.Comparison == Comparison.GreaterOrEqual
        ? span with { From = span.From is { } from && from > time.Instant ? from : time.Instant }
        : span with { Before = span.Before is { } before && before < time.Instant ? before : RoundUp(time.Instant) };

    private static DateTimeOffset RoundUp(DateTimeOffset instant) =>
        instant.Ticks % Microsecond.Ticks == 0 ? instant : new DateTimeOffset(instant.Ticks - (instant.Ticks % Microsecond.Ticks) + Microsecond.Ticks, instant.Offset);
}
