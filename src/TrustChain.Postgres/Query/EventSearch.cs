using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;

namespace TrustChain.Postgres.Query;

/// <summary>What the rows of a search are in the order of.</summary>
public enum SearchOrder
{
    /// <summary>The order in which records were written.</summary>
    Record,

    /// <summary>The event's time.</summary>
    EventTime,

    /// <summary>When the repository recorded it.</summary>
    RecordTime,
}

/// <summary>Some item with one of these keys plays one of these roles.</summary>
public sealed record ItemTerm(IReadOnlyList<long> Keys, IReadOnlyList<short> Roles)
{
    /// <summary>Whether few events have one of the keys: those of things and of single transactions, not of places, partners, devices and kinds of measurement.</summary>
    public bool IsTelling => Roles[0] is < ItemKey.ReadPointRole or ItemKey.TransformationRole or ItemKey.BizTransactionRole;
}

/// <summary>Some sensor value of this measure lies between the bounds, which belong to the range.</summary>
public sealed record MeasureTerm(long Measure, double From, double To);

/// <summary>A span of time: from its start, which belongs to it, to its end, which does not.</summary>
public readonly record struct TimeSpanOf(DateTimeOffset? From, DateTimeOffset? Before)
{
    public bool IsBounded => From is not null || Before is not null;
}

/// <summary>Who asks: what an organisation may read is found in the search itself.</summary>
/// <param name="OrganisationId">Null for everybody: public events only.</param>
/// <param name="PartyPatterns">LIKE patterns of its verified claims; see <see cref="Capture.RecordIndex.Parties"/>.</param>
public sealed record EventReaderScope(int? OrganisationId, IReadOnlyList<string> PartyPatterns);

/// <summary>Where the rows of the next page begin: after this row in the order of the search.</summary>
public readonly record struct SearchPosition(DateTimeOffset Time, long RecordId);

/// <summary>A search of the event index: every condition must hold.</summary>
public sealed record EventSearch
{
    public required EventReaderScope Reader { get; init; }

    public IReadOnlyList<ItemTerm> Items { get; init; } = [];

    public IReadOnlyList<MeasureTerm> Measures { get; init; } = [];

    public IReadOnlyList<long>? EventTypes { get; init; }

    public IReadOnlyList<long>? BizSteps { get; init; }

    public IReadOnlyList<long>? Dispositions { get; init; }

    public TimeSpanOf EventTime { get; init; }

    public TimeSpanOf RecordTime { get; init; }

    /// <summary>eventIDs, or the hashes of events without one.</summary>
    public IReadOnlyList<string>? EventIds { get; init; }

    /// <summary>Event hashes, whatever the eventID.</summary>
    public IReadOnlyList<Hash32>? EventHashes { get; init; }

    /// <summary>Records by id; null: any.</summary>
    public IReadOnlyList<long>? RecordIds { get; init; }

    public SearchOrder Order { get; init; }

    public bool Descending { get; init; }

    public SearchPosition? After { get; init; }
}

/// <summary>An event that a search found.</summary>
public sealed record FoundEvent(
    long RecordId, int OrganisationId, string? EventId, Hash32 EventHash, DateTimeOffset EventTime, DateTimeOffset RecordTime, byte[] Event)
{
    /// <summary>The eventID, or the event hash where the sender gave none.</summary>
    public string EffectiveEventId => EventId ?? Core.Epcis.EventHash.ToUri(EventHash);
}

/// <summary>The search took longer than a query may.</summary>
public sealed class SearchTimeoutException(Exception inner) : Exception("The search took too long.", inner);
