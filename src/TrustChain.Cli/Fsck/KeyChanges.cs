namespace TrustChain.Cli.Fsck;

/// <summary>
/// The key entries walked so far. They are kept whole, because what a later one may do depends on all before it; a log has few of them beside its events.
/// </summary>
internal sealed class KeyChanges
{
    private readonly List<(long Index, ReadOnlyMemory<byte> Body)> _entries = [];

    /// <summary>Leaf index and body of each, in order.</summary>
    public IReadOnlyList<(long Index, ReadOnlyMemory<byte> Body)> Entries => _entries;

    /// <summary>Takes the next key entry.</summary>
    /// <param name="index">Its leaf index, above all before.</param>
    /// <param name="body">Its body: canonical JSON.</param>
    /// <returns>Which rule it breaks; null when none.</returns>
    public string? Apply(long index, ReadOnlyMemory<byte> body)
    {
        _entries.Add((index, body.ToArray())); // A copy: the body is a part of a whole bundle.
        return null;
    }
}
