using System.Diagnostics;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>
/// The key entries walked so far, with the histories they make. They are kept whole, because what a later one may do depends on all before it; a log has few
/// of them beside its events.
/// </summary>
/// <param name="origin">The log's origin.</param>
internal sealed class KeyChanges(string origin)
{
    private readonly List<(long Index, ReadOnlyMemory<byte> Body)> _entries = [];
    private readonly KeyHistories _histories = new(origin);

    /// <summary>Leaf index and body of each, in order.</summary>
    public IReadOnlyList<(long Index, ReadOnlyMemory<byte> Body)> Entries => _entries;

    /// <summary>Takes the next key entry.</summary>
    /// <param name="index">Its leaf index, above all before.</param>
    /// <param name="body">Its body: canonical JSON.</param>
    /// <returns>Which rule it breaks; null when none.</returns>
    /// <exception cref="CliException">This machine lacks the algorithm of the key that agreed to it.</exception>
    public string? Apply(long index, ReadOnlyMemory<byte> body)
    {
        switch (_histories.Apply(index, body))
        {
            case KeyChangeResult.Accepted:
                _entries.Add((index, body.ToArray())); // A copy: the body is a part of a whole bundle.
                return null;
            case KeyChangeResult.Refused(var rule):
                return $"the key entry breaks a rule: {rule}.";
            case KeyChangeResult.CouldNotCheck(var algorithm):
                throw new CliException($"Key entry {index} cannot be checked: this machine has no {algorithm}.");
            default:
                throw new UnreachableException();
        }
    }
}
