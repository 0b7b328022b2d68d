using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Server.Pages.Devices;

namespace TrustChain.Server.Pages;

/// <summary>One step of an item's journey: one record.</summary>
public sealed record StepView
{
    /// <summary>EPCIS event type, such as <c>ObjectEvent</c>. Names the step where there is no business step.</summary>
    public required string EventType { get; init; }

    /// <summary>EPCIS action, <c>ADD</c>, <c>OBSERVE</c> or <c>DELETE</c>; null where the type has none.</summary>
    public string? Action { get; init; }

    /// <summary>Business step as in the event: bare word, URN or URI; named by <see cref="Vocabulary.BizStep"/>.</summary>
    public string? BizStep { get; init; }

    /// <summary>Title from the template or the event; wins over the business step's name.</summary>
    public Phrase? Title { get; init; }

    /// <summary>The event's identifier; anchors links within the page.</summary>
    public required string EventId { get; init; }

    /// <summary>When it happened, in the event's own time zone offset.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Where it happened; null when the event does not say.</summary>
    public PlaceView? Place { get; init; }

    /// <summary>Name of the organisation that says so.</summary>
    public required Phrase Actor { get; init; }

    /// <summary>True when that organisation has no authority over the item: its word is shown, marked as a third party's.</summary>
    public bool IsThirdParty { get; init; }

    /// <summary>True when nothing was measured: an imported or self-declared statement.</summary>
    public bool IsSelfDeclared { get; init; }

    /// <summary>How the signing key is held.</summary>
    public required Custody Custody { get; init; }

    /// <summary>RFC 7638 thumbprint of the signing key.</summary>
    public required string Kid { get; init; }

    /// <summary>CBV event hash, <c>ni:///sha-256;…</c>.</summary>
    public required string EventHash { get; init; }

    /// <summary>Leaf index in the log; null while queued.</summary>
    public long? LogIndex { get; init; }

    /// <summary>Earliest final anchor that covers the record; null while pending.</summary>
    public AnchorView? Anchor { get; init; }

    /// <summary>Result of the checks of this record.</summary>
    public Outcome Outcome { get; init; } = Outcome.Passed;

    /// <summary>What is wrong or could not be told, when <see cref="Outcome"/> is not passed.</summary>
    public Verdict? Problem { get; init; }

    /// <summary>Evidence bundle of this record alone; null while not in the log.</summary>
    public string? EvidenceUrl { get; init; }

    /// <summary>Sensor readings, in the order of the event.</summary>
    public IReadOnlyList<ReadingView> Readings { get; init; } = [];

    /// <summary>Readings left out because there are too many; the evidence has them all.</summary>
    public int MoreReadings { get; init; }

    /// <summary>Devices that the event names as having measured, with what the checks say of them.</summary>
    public IReadOnlyList<MeasuredByView> MeasuredBy { get; init; } = [];

    /// <summary>Further devices that the event names and of which the page does not say anything, because they are too many.</summary>
    public int MoreMeasuredBy { get; init; }

    /// <summary>Documents named by the event.</summary>
    public IReadOnlyList<DocumentView> Documents { get; init; } = [];

    /// <summary>Amounts.</summary>
    public IReadOnlyList<QuantityView> Quantities { get; init; } = [];

    /// <summary>Other items the event links to this one, such as inputs or the box it was packed in.</summary>
    public IReadOnlyList<RelatedItemView> Related { get; init; } = [];

    /// <summary>Further facts the template makes public.</summary>
    public IReadOnlyList<FactView> Facts { get; init; } = [];

    /// <summary>Remarks that change how the step is to be read.</summary>
    public IReadOnlyList<StepNote> Notes { get; init; } = [];
}

/// <summary>A place.</summary>
/// <param name="Name">Its name; the identifier where it has none.</param>
/// <param name="Id">Its identifier (GLN, URI, <c>geo:</c>); null when not public.</param>
public sealed record PlaceView(Phrase Name, string? Id = null);

/// <summary>One sensor reading.</summary>
/// <param name="Type">Measurement type as in the event; named by <see cref="Vocabulary.Measurement"/>.</param>
/// <param name="Value">The value as stated: a decimal number, or text.</param>
/// <param name="Unit">UN/ECE Recommendation 20 code; null for none.</param>
/// <param name="Time">When it was taken; null when it is the event's time.</param>
/// <param name="Label">A name that wins over the type's; null for none.</param>
/// <param name="Alarm">What is unusual about it; null when nothing is.</param>
public sealed record ReadingView(string Type, string Value, string? Unit = null, DateTimeOffset? Time = null, Phrase? Label = null, Phrase? Alarm = null);

/// <summary>A device that measured, for as long as the event says.</summary>
/// <param name="Kind">What kind of device it is.</param>
/// <param name="Uri">Its identifier, as far as it goes by canonical form.</param>
/// <param name="From">First day (UTC).</param>
/// <param name="Until">Last day.</param>
/// <param name="Covered">Expected readings that came.</param>
/// <param name="Expected">Readings that its schedule expects.</param>
/// <param name="Answer">What the checks of its history say together.</param>
/// <param name="Claimed">The days that the event names, where the service knows the device for fewer.</param>
public sealed record MeasuredByView(Phrase Kind, string Uri, DateOnly From, DateOnly Until, long Covered, long Expected, DeviceAnswer Answer, (DateOnly From, DateOnly Until)? Claimed = null)
{
    /// <summary>Whether a part of the answer rests on the service's word: it decrypted the places and checked them.</summary>
    public bool ByService { get; init; }
}

/// <summary>Another item named in a step.</summary>
/// <param name="Name">Name or short identifier.</param>
/// <param name="Url">Its page; null when it has none the reader may see.</param>
/// <param name="Role">What it is to this item.</param>
public sealed record RelatedItemView(Phrase Name, string? Url, RelatedRole Role);

/// <summary>What another item is to this one.</summary>
public enum RelatedRole
{
    /// <summary>This item was made from it.</summary>
    MadeFrom,

    /// <summary>It was made from this item.</summary>
    MadeInto,

    /// <summary>This item is packed in it or attached to it.</summary>
    PackedIn,

    /// <summary>This item was taken out of it or detached from it.</summary>
    TakenOutOf,

    /// <summary>It is packed in this item or attached to it.</summary>
    Contains,

    /// <summary>Handled in the same step.</summary>
    Together,
}

/// <summary>A remark that changes how a step is to be read. A closed set; <see cref="Texts.Note"/> has the words.</summary>
public abstract record StepNote
{
    private StepNote()
    {
    }

    /// <summary>Its organisation declared the event wrong.</summary>
    public sealed record DeclaredWrong(DateTimeOffset At, Phrase? Reason = null) : StepNote;

    /// <summary>This record declares another event wrong.</summary>
    public sealed record DeclaresWrong(string EventId) : StepNote;

    /// <summary>This record takes the place of one declared wrong.</summary>
    public sealed record Corrects(string EventId) : StepNote;

    /// <summary>The content was erased; the proof of existence remains.</summary>
    public sealed record Erased(DateTimeOffset At, Phrase AtRequestOf) : StepNote;

    /// <summary>Another organisation recorded the same event.</summary>
    public sealed record CorroboratedBy(Phrase Organisation) : StepNote;

    /// <summary>The key was ended after this step; the step stands.</summary>
    public sealed record KeyEndedLater(DateTimeOffset At) : StepNote;

    /// <summary>The operator recovered the organisation's key before this step.</summary>
    public sealed record KeyRecoveredByOperator(DateTimeOffset At) : StepNote;

    /// <summary>Part of the event is not public.</summary>
    public sealed record PartlyPrivate : StepNote;
}
