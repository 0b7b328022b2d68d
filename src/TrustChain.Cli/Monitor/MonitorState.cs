using TrustChain.Core.Log;

namespace TrustChain.Cli.Monitor;

/// <summary>What a monitor remembers beside the walk.</summary>
internal sealed class MonitorState
{
    /// <summary>Most alarms that wait for their receiver; older ones are then only in the state folder.</summary>
    public const int MaxOutbox = 1000;

    /// <summary>Most alarms open at once; whoever makes a monitor find more new ones does not fill its memory. The list of alarms has them all.</summary>
    public const int MaxOpen = 1000;

    /// <summary>Size of the newest checkpoint accepted; 0 before the first.</summary>
    public long NewestSize { get; set; }

    /// <summary>Rounds done.</summary>
    public long Rounds { get; set; }

    /// <summary>Alarms raised so far; numbers their evidence files.</summary>
    public long Raised { get; set; }

    /// <summary>Sizes not anchored yet.</summary>
    public Sightings Sightings { get; init; } = new([]);

    /// <summary>Recoveries of keys.</summary>
    public RecoveryWatch Recoveries { get; init; } = new([]);

    /// <summary>Alarms that are not over, by code and subject.</summary>
    public Dictionary<(string Code, string Subject), OpenAlarm> Open { get; init; } = [];

    /// <summary>Lines of JSON that the receiver has not taken yet, the oldest first.</summary>
    public List<string> Outbox { get; init; } = [];

    /// <summary>Digests of receipts that were found kept.</summary>
    public HashSet<Hash32> Kept { get; init; } = [];
}

/// <summary>An alarm that is not over.</summary>
/// <param name="Finding">What it is about, as first found.</param>
/// <param name="Since">When it was raised.</param>
/// <param name="EvidenceFile">Relative to the state folder; null when there was nothing to keep.</param>
internal sealed record OpenAlarm(Finding Finding, DateTimeOffset Since, string? EvidenceFile);
