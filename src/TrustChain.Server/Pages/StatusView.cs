namespace TrustChain.Server.Pages;

/// <summary>What the page about the service's state shows. Nothing of its insides: no addresses, names of machines or messages of programs.</summary>
public sealed record StatusView
{
    /// <summary>When the server that answers started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it last looked; null before the first look.</summary>
    public DateTimeOffset? SeenAt { get; init; }

    /// <summary>Entries that have their place in the log.</summary>
    public long LogSize { get; init; }

    /// <summary>Entries that came lately, and within which time; null when not known yet.</summary>
    public (long Entries, TimeSpan Period)? Growth { get; init; }

    /// <summary>Entries that wait for their place.</summary>
    public long Waiting { get; init; }

    /// <summary>When the newest checkpoint was signed; null while there is none.</summary>
    public DateTimeOffset? CheckpointTime { get; init; }

    /// <summary>Entries under it.</summary>
    public long CheckpointSize { get; init; }

    /// <summary>The latest final anchor; null while there is none.</summary>
    public AnchorView? LastAnchor { get; init; }

    /// <summary>Who cosigns; empty for nobody.</summary>
    public IReadOnlyList<WitnessView> Witnesses { get; init; } = [];

    /// <summary>What does not work as it should, worst first.</summary>
    public IReadOnlyList<StatusLimit> Limits { get; init; } = [];

    /// <summary>The answer in one word.</summary>
    public VerdictTone Tone => Limits.Any(static l => l.Tone == VerdictTone.Bad) ? VerdictTone.Bad
        : Limits.Count > 0 ? VerdictTone.Warning
        : SeenAt is null ? VerdictTone.Pending
        : VerdictTone.Good;
}

/// <summary>How far a witness has come.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Against the newest checkpoint.</param>
/// <param name="Time">When it made its newest cosignature; null for none.</param>
public sealed record WitnessView(string Name, WitnessState State, DateTimeOffset? Time);

/// <summary>States of a witness.</summary>
public enum WitnessState
{
    /// <summary>It has cosigned all there is, or is about to.</summary>
    Current,

    /// <summary>It has been behind for a while.</summary>
    Behind,

    /// <summary>It says that the log is another than it saw, or sends what does not verify.</summary>
    Contradicts,
}

/// <summary>Something that does not work as it should.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Since">Since when; null when not known.</param>
public sealed record StatusLimit(LimitKind Kind, DateTimeOffset? Since = null)
{
    /// <summary>Bad where no records are taken.</summary>
    public VerdictTone Tone => Kind is LimitKind.DatabaseAway or LimitKind.ReadOnly or LimitKind.Closed or LimitKind.DatabaseReadOnly ? VerdictTone.Bad : VerdictTone.Warning;
}

/// <summary>What can fail, as far as it matters to a reader. <see cref="Texts.LimitTitle"/> and <see cref="Texts.LimitMeaning"/> have the words.</summary>
public enum LimitKind
{
    /// <summary>The log differs from its anchors, and the service has stopped by itself.</summary>
    ReadOnly,

    /// <summary>The log is only read, because its operator has no key to sign with any more.</summary>
    Closed,

    /// <summary>The store of records does not answer.</summary>
    DatabaseAway,

    /// <summary>It answers, but takes nothing new.</summary>
    DatabaseReadOnly,

    /// <summary>A witness holds another history.</summary>
    WitnessContradicts,

    /// <summary>Records wait longer for their place than receipts promise.</summary>
    SequencingLate,

    /// <summary>Entries wait for the log's signature.</summary>
    CheckpointLate,

    /// <summary>Anchors are late.</summary>
    AnchoringLate,

    /// <summary>Anchoring fails, so far without being late.</summary>
    AnchoringFails,

    /// <summary>More arrives than is written at once.</summary>
    Busy,

    /// <summary>A witness is behind.</summary>
    WitnessBehind,
}
