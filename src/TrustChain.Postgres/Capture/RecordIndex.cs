using TrustChain.Core.Devices;
using TrustChain.Core.Epcis;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Query;
using TrustChain.Core.Units;

namespace TrustChain.Postgres.Capture;

/// <summary>What an event can be found by, as keys (see <see cref="ItemKey"/>). A key may stand for another URI too: compare the event after looking up.</summary>
public sealed record RecordIndex
{
    public required long EventType { get; init; }

    public required long? BizStep { get; init; }

    public required long? Disposition { get; init; }

    /// <summary>
    /// URIs of sources and destinations, and for GS1 keys <c>digits:</c> with the digits that their company prefix begins: organisations with a verified
    /// claim over one of them may read the event. Null when there are none.
    /// </summary>
    public required string[]? Parties { get; init; }

    /// <summary>Keys and roles of what the event names, each pair once.</summary>
    public required IReadOnlyCollection<(long Key, short Role)> Items { get; init; }

    /// <summary>Sensor values in base units, each once.</summary>
    public required IReadOnlyCollection<(long Measure, double Value)> Measures { get; init; }

    /// <summary>The word of the business step where it is one of <see cref="MaintenanceSteps"/>; null also for what declares an earlier event wrong.</summary>
    public string? MaintenanceStep { get; init; }

    /// <summary>URIs of what such a step was done to, each once, as devices are registered: which of them are devices is looked up when the record is stored.</summary>
    public IReadOnlyCollection<string> Maintained { get; init; } = [];

    /// <summary>What the index holds of an event.</summary>
    public static RecordIndex Of(EpcisEvent e)
    {
        var items = new HashSet<(long, short)>(e.Items.Count + 2);
        foreach (var item in e.Items)
        {
            items.Add((ItemKey.Compute(item.CanonicalUri), (short)item.Role));
        }
        Add(items, e.ReadPoint, ItemKey.ReadPointRole);
        Add(items, e.BizLocation, ItemKey.BizLocationRole);
        Add(items, e.TransformationId, ItemKey.TransformationRole);
        foreach (var reference in e.BizTransactions)
        {
            Add(items, reference.CanonicalUri, ItemKey.BizTransactionRole);
        }
        foreach (var source in e.Sources)
        {
            Add(items, source.CanonicalUri, ItemKey.SourceRole);
        }
        foreach (var destination in e.Destinations)
        {
            Add(items, destination.CanonicalUri, ItemKey.DestinationRole);
        }
        var measures = new HashSet<(long, double)>();
        foreach (var reading in e.SensorReadings)
        {
            Add(items, reading.DeviceId, ItemKey.DeviceRole);
            Add(items, reading.Type, ItemKey.MeasurementRole);
            if (reading.Value is { } value && reading.Unit is { } unit)
            {
                measures.Add(MeasureOf(unit, value));
            }
        }
        var step = e.ErrorDeclaration is null ? MaintenanceSteps.WordOf(e.BizStep) : null;
        return new RecordIndex
        {
            EventType = ItemKey.Compute(e.ExpandedEventType),
            BizStep = e.BizStep is null ? null : ItemKey.Compute(e.BizStep),
            Disposition = e.Disposition is null ? null : ItemKey.Compute(e.Disposition),
            Parties = e.Sources.Count + e.Destinations.Count == 0 ? null : PartiesOf(e),
            Items = items,
            Measures = measures,
            MaintenanceStep = step,
            Maintained = step is null ? [] : [.. e.Items.Select(static i => ItemUris.Canonicalise(i.CanonicalUri)).Distinct()],
        };
    }

    /// <summary>The measure and base value under which a number with a unit is indexed.</summary>
    public static (long Measure, double Value) MeasureOf(string unit, double value) => UnitOfMeasure.TryFind(unit, out var known)
        ? (ItemKey.Compute($"quantity:{known.Quantity}"), known.ToBase(value))
        : (ItemKey.Compute($"unit:{unit}"), value);

    private static void Add(HashSet<(long, short)> items, string? uri, short role)
    {
        if (uri is not null)
        {
            items.Add((ItemKey.Compute(uri), role));
        }
    }

    private static string[] PartiesOf(EpcisEvent e)
    {
        var parties = new HashSet<string>();
        foreach (var party in e.Sources.Concat(e.Destinations))
        {
            parties.Add(party.CanonicalUri);
            if (CompanyPrefix.DigitsOf(party.CanonicalUri) is { IsEmpty: false } digits)
            {
                parties.Add($"digits:{digits}");
            }
        }
        return [.. parties];
    }
}
