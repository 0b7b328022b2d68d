using System.Diagnostics;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>
/// The key and device entries walked so far, with the histories they make. They are kept whole, because what a later one may do depends on all before it; a log
/// has few of them beside its events.
/// </summary>
internal sealed class KeyChanges
{
    private readonly List<(long Index, ReadOnlyMemory<byte> Body)> _entries = [];
    private readonly List<(long Index, ReadOnlyMemory<byte> Body)> _devices = [];
    private readonly KeyHistories _histories;
    private readonly DeviceHistories _deviceHistories;

    /// <param name="origin">The log's origin.</param>
    public KeyChanges(string origin)
    {
        _histories = new KeyHistories(origin);
        _deviceHistories = new DeviceHistories(origin, _histories);
    }

    /// <summary>Leaf index and body of each key entry, in order.</summary>
    public IReadOnlyList<(long Index, ReadOnlyMemory<byte> Body)> Entries => _entries;

    /// <summary>Leaf index and body of each device entry, in order.</summary>
    public IReadOnlyList<(long Index, ReadOnlyMemory<byte> Body)> Devices => _devices;

    /// <summary>Keys that were ended as in wrong hands since a moment.</summary>
    public IEnumerable<KeyStanding> Compromised => _histories.ByOrganisation.Values.SelectMany(static h => h.Keys).Where(static k => k.CompromisedAt is not null);

    /// <summary>Every recovery that was announced.</summary>
    public IEnumerable<RecoveryStanding> Recoveries => _histories.ByOrganisation.Values.SelectMany(static h => h.Recoveries);

    /// <summary>Takes the next key or device entry.</summary>
    /// <param name="kind"><see cref="EntryKind.Key"/> or <see cref="EntryKind.Device"/>.</param>
    /// <param name="index">Its leaf index, above all before, of both kinds.</param>
    /// <param name="body">Its body: canonical JSON.</param>
    /// <returns>Which rule it breaks; null when none.</returns>
    /// <exception cref="CliException">This machine lacks the algorithm of the key that agreed to it, or that it admits.</exception>
    public string? Apply(EntryKind kind, long index, ReadOnlyMemory<byte> body)
    {
        var isDevice = kind == EntryKind.Device;
        switch (isDevice ? _deviceHistories.Apply(index, body) : _histories.Apply(index, body))
        {
            case KeyChangeResult.Accepted:
                (isDevice ? _devices : _entries).Add((index, body.ToArray())); // A copy: the body is a part of a whole bundle.
                return null;
            case KeyChangeResult.Refused(var rule):
                return $"the {(isDevice ? "device" : "key")} entry breaks a rule: {rule}.";
            case KeyChangeResult.CouldNotCheck(var algorithm):
                throw new CliException($"{(isDevice ? "Device" : "Key")} entry {index} cannot be checked: this machine has no {algorithm}.");
            default:
                throw new UnreachableException();
        }
    }
}
