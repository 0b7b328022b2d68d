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
    /// <summary>What a log may take to show an entry that the server has taken.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly Dictionary<long, RecoverySighting> _seen = seen.ToDictionary(static s => s.Entry);

    /// <summary>Every recovery that was announced.</summary>
    public IEnumerable<RecoverySighting> Seen => _seen.Values;

    /// <summary>Size of the log at the last look.</summary>
    public long Size { get; private set; } = size;

    /// <summary>When that was.</summary>
    public DateTimeOffset? At { get; private set; } = at;

    /// <summary>Looks at all recoveries in the log.</summary>
    /// <param name="recoveries">All of them.</param>
    /// <param name="size">How much of the log was walked.</param>
    /// <param name="now">The monitor's time.</param>
    public IReadOnlyList<Finding> Follow(IEnumerable<RecoveryStanding> recoveries, long size, DateTimeOffset now)
    {
        var findings = new List<Finding>();
        foreach (var recovery in recoveries)
        {
            var sighting = _seen.GetValueOrDefault(recovery.Entry) ?? new RecoverySighting(recovery.Entry, recovery.Entry >= Size ? At : null);
            _seen[recovery.Entry] = sighting = sighting with { Completed = sighting.Completed ?? (recovery.CompletedBy is null ? null : now) };
            var (name, delay) = ($"entry {recovery.Entry.ToString(CultureInfo.InvariantCulture)}", TimeSpan.FromSeconds(recovery.Recovery.DelaySeconds));
            if (recovery.IsOpen)
            {
                findings.Add(new Finding(
                    AlarmCodes.RecoveryAnnounced,
                    name,
                    $"{name}: the operator announced the key {recovery.Recovery.Key.Kid} for {recovery.Recovery.Organisation}, to be admitted after {delay}; until then any key of its own can object."));
            }
            else if (sighting is { NotBefore: { } before, Completed: { } completed } && completed - before + Grace < delay)
            {
                findings.Add(new Finding(
                    FaultCodes.BadKeyChange,
                    name,
                    $"{name}: the recovery of {recovery.Recovery.Organisation} names a delay of {delay}, but its key was admitted by {Record.FormatTime(completed)}, and at {Record.FormatTime(before)} the log had no announcement."));
            }
        }
        (Size, At) = (size, now);
        return findings;
    }
}
