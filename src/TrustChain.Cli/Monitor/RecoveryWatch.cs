using System.Globalization;
using TrustChain.Cli.Fsck;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Monitor;

/// <summary>A recovery as this monitor saw it, by its own clock.</summary>
/// <param name="Entry">Leaf index of the announcement.</param>
/// <param name="NotBefore">When the log was last seen without it; null when the monitor came later.</param>
/// <param name="Completed">When the log was first seen with the entry that admits the key; null while there is none.</param>
internal sealed record RecoverySighting(long Entry, DateTimeOffset? NotBefore, DateTimeOffset? Completed = null);

/// <summary>
/// Watches recoveries of keys. Entries of the log have no time, so no one who reads it later can tell whether the delay passed between announcement and
/// admission; a monitor, which looked in between, can.
/// </summary>
/// <param name="seen">What was seen before.</param>
/// <param name="size">Size of the log at the last look.</param>
/// <param name="at">When that was; null before the first.</param>
internal sealed class RecoveryWatch(IEnumerable<RecoverySighting> seen, long size = 0, DateTimeOffset? at = null)
{
    /// <summary>Most findings of either kind: an operator can announce as many as it likes, and must not drown other alarms.</summary>
    public const int MostFindings = 20;

    /// <summary>What a log may take to show an entry that the server has taken.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Century = TimeSpan.FromDays(36_500); // A delay is any number that the operator names.

    private readonly Dictionary<long, RecoverySighting> _seen = seen.ToDictionary(static s => s.Entry);

    /// <summary>Every recovery that was announced.</summary>
    public IEnumerable<RecoverySighting> Seen => _seen.Values;

    /// <summary>Size of the log at the last look.</summary>
    public long Size { get; private set; } = size;

    /// <summary>When that was.</summary>
    public DateTimeOffset? At { get; private set; } = at;

    /// <summary>Looks at all recoveries in the log.</summary>
    /// <param name="recoveries">All of them, in the order of the log.</param>
    /// <param name="size">How much of the log was walked.</param>
    /// <param name="shortest">A recovery that names a shorter delay is an alarm.</param>
    /// <param name="began">When this look began: what the log has not now, it had not then.</param>
    /// <param name="now">The present.</param>
    public IReadOnlyList<Finding> Follow(IEnumerable<RecoveryStanding> recoveries, long size, TimeSpan shortest, DateTimeOffset began, DateTimeOffset now)
    {
        var (announced, early) = (new List<Finding>(), new List<Finding>());
        foreach (var recovery in recoveries.OrderBy(static r => r.Entry))
        {
            var isNew = !_seen.TryGetValue(recovery.Entry, out var sighting);
            sighting ??= new RecoverySighting(recovery.Entry, recovery.Entry >= Size ? At : null);
            _seen[recovery.Entry] = sighting = sighting with { Completed = sighting.Completed ?? (recovery.CompletedBy is null ? null : now) };
            var name = $"entry {recovery.Entry.ToString(CultureInfo.InvariantCulture)}";
            var delay = TimeSpan.FromSeconds(Math.Min(recovery.Recovery.DelaySeconds, (long)Century.TotalSeconds));
            if (recovery.IsOpen || (isNew && sighting.NotBefore is not null)) // Also one that came and went between two looks is told once.
            {
                announced.Add(new Finding(
                    AlarmCodes.RecoveryAnnounced,
                    name,
                    $"{name}: the operator announced the key {recovery.Recovery.Key.Kid} for {recovery.Recovery.Organisation}, to be admitted after {delay}; until then any key of its own can object."));
            }
            if (sighting is not { NotBefore: { } before })
            {
                continue; // Older than this monitor.
            }
            if (delay < shortest)
            {
                early.Add(new Finding(FaultCodes.BadKeyChange, name, $"{name}: the recovery of {recovery.Recovery.Organisation} names a delay of {delay}, which leaves no time to object (--min-recovery-delay)."));
            }
            else if (sighting.Completed is { } completed && completed - before + Grace < delay)
            {
                early.Add(new Finding(
                    FaultCodes.BadKeyChange,
                    name,
                    $"{name}: the recovery of {recovery.Recovery.Organisation} names a delay of {delay}, but its key was admitted by {Record.FormatTime(completed)}, and at {Record.FormatTime(before)} the log had no announcement."));
            }
        }
        (Size, At) = (size, began);
        return [.. Bound(announced, "recoveries are announced"), .. Bound(early, "recoveries left no time to object")];
    }

    private static IEnumerable<Finding> Bound(List<Finding> findings, string what) => findings.Count <= MostFindings
        ? findings
        : [.. findings.Take(MostFindings), new Finding(findings[0].Code, "further entries", string.Create(CultureInfo.InvariantCulture, $"{findings.Count - MostFindings} further {what}."))];
}
