namespace TrustChain.Cli.Monitor;

/// <summary>
/// When sizes of the log were first seen, by the monitor's own clock, as far as no anchor covers them. Bounded: in a long time without anchors the newer
/// ones are thinned out, and the oldest, which decides, is kept.
/// </summary>
internal sealed class Sightings
{
    private const int Most = 1024;

    private readonly List<Sighting> _uncovered;

    /// <summary>Goes on from kept ones.</summary>
    /// <param name="uncovered">Ascending in size.</param>
    public Sightings(IEnumerable<Sighting> uncovered) => _uncovered = [.. uncovered];

    /// <summary>Those that no anchor covers, the smallest first.</summary>
    public IReadOnlyList<Sighting> Uncovered => _uncovered;

    /// <summary>Notes that the log has this size now.</summary>
    public void See(long size, DateTimeOffset now)
    {
        if (size == 0 || (_uncovered.Count > 0 && _uncovered[^1].Size >= size))
        {
            return;
        }
        _uncovered.Add(new Sighting(size, now));
        if (_uncovered.Count > Most)
        {
            var kept = _uncovered.Where(static (_, i) => i % 2 == 0).ToList();
            _uncovered.Clear();
            _uncovered.AddRange(kept);
        }
    }

    /// <summary>Forgets what an anchor covers.</summary>
    public void Cover(long anchoredSize) => _uncovered.RemoveAll(s => s.Size <= anchoredSize);
}

/// <summary>A size of the log and when it was first seen.</summary>
/// <param name="Size">Leaves.</param>
/// <param name="Seen">The monitor's time.</param>
internal readonly record struct Sighting(long Size, DateTimeOffset Seen);
