using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Cli.Verification;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Fsck;

/// <summary>
/// The steps by which a log is checked, in the order in which they must be taken because the log goes on meanwhile: what the server lists is in the
/// contract, and what the contract holds is below any later checkpoint.
/// </summary>
internal sealed class LogAudit : IDisposable
{
    /// <summary>How the subject of a fault begins that is about a key.</summary>
    public const string KeySubject = "key ";

    private const int CheckpointAttempts = 4;

    private static readonly TimeSpan CheckpointPause = TimeSpan.FromSeconds(1);

    private readonly ServerClient _client;
    private readonly NoteVerifier _verifier;
    private readonly List<(NodeConnection Connection, HashSet<RootOfSize> Held)> _nodes;
    private readonly HashSet<(int Node, long KeyEntry)> _dated = [];

    /// <summary>Prepares it; nothing is asked yet.</summary>
    /// <exception cref="CliException">The trust file's key is not usable.</exception>
    public LogAudit(ServerClient client, TrustFile trust, IReadOnlyList<Uri> nodes)
    {
        if (!NoteVerifier.TryParse(trust.LogKey, out var verifier) || verifier.Name != trust.Origin)
        {
            throw new CliException("The trust file's log key is malformed or not of its origin.");
        }
        (_client, Trust, _verifier, Reader) = (client, trust, verifier, new LogReader(client));
        _nodes = [.. nodes.Select(static node => (new NodeConnection(node), new HashSet<RootOfSize>()))];
    }

    /// <summary>The log that is checked.</summary>
    public TrustFile Trust { get; }

    /// <summary>Its tiles and entries.</summary>
    public LogReader Reader { get; }

    /// <summary>The log's key.</summary>
    public NoteVerifier Verifier => _verifier;

    /// <summary>Number of blockchain nodes that are asked.</summary>
    public int Nodes => _nodes.Count;

    /// <summary>Step 1: the server's list of anchors.</summary>
    /// <exception cref="LogFaultException">It is malformed or of another contract.</exception>
    /// <exception cref="CliException">The server does not answer.</exception>
    public Task<IReadOnlyList<ListedAnchor>> ListAnchorsAsync(CancellationToken cancellationToken) => ListedAnchor.ListAsync(_client, Trust, cancellationToken);

    /// <summary>Step 2: what a node says of the contract.</summary>
    /// <param name="node">Which one, from 0.</param>
    /// <param name="listed">What the server lists: anchors that it calls final must be there.</param>
    /// <param name="from">What was compared before.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="LogFaultException">The contract is of another log, or lacks an anchor that the server calls final.</exception>
    /// <exception cref="CliException">The node does not answer.</exception>
    public async Task<ChainAnchors> ReadChainAsync(int node, IReadOnlyList<ListedAnchor> listed, ChainCursor from, CancellationToken cancellationToken)
    {
        var (connection, held) = _nodes[node];
        var chain = await ChainAnchors.ReadAsync(connection, Trust, from, cancellationToken);
        var final = listed.Where(static a => a.IsFinal).ToList();
        // What the contract once held it holds for good, so each is asked for once.
        held.IntersectWith(final.Select(static a => new RootOfSize(a.Size, a.Root)));
        held.UnionWith(chain.Anchors.Select(static a => new RootOfSize(a.Key, a.Value)));
        var unknown = final.Where(a => !held.Contains(new RootOfSize(a.Size, a.Root))).ToList();
        var found = await ChainAnchors.FindRootsAsync(connection, Trust, unknown.Select(static a => a.Size), cancellationToken);
        AnchorComparison.RequireHeld(unknown, found, connection.Name);
        held.UnionWith(found.Select(static a => new RootOfSize(a.Key, a.Value)));
        return chain;
    }

    /// <summary>What a node is called in messages.</summary>
    public string NodeName(int node) => _nodes[node].Connection.Name;

    /// <summary>Step 3: the newest checkpoint.</summary>
    /// <param name="atLeast">
    /// What is known to be signed. Of several servers behind one address one may be a moment behind, so a smaller checkpoint is asked for again before it is given.
    /// </param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="LogFaultException">It is malformed or not signed by the log.</exception>
    /// <exception cref="CliException">The server does not answer.</exception>
    public async Task<SignedCheckpoint> GetCheckpointAsync(long atLeast, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var checkpoint = await Reader.GetCheckpointAsync(_verifier, cancellationToken);
            if (checkpoint.Size >= atLeast || attempt == CheckpointAttempts)
            {
                return checkpoint;
            }
            await Task.Delay(CheckpointPause, cancellationToken);
        }
    }

    /// <summary>Step 4: the checkpoint continues those that were seen before.</summary>
    /// <param name="seen">Checkpoints accepted before, the smallest first.</param>
    /// <param name="next">The new one.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <returns>The new tree, from whose tiles this was computed.</returns>
    /// <exception cref="LogFaultException">It is smaller (rollback) or another history (fork), or its tiles do not lead to its root.</exception>
    /// <exception cref="CliException">The server does not answer.</exception>
    public async Task<TreeHistory> ContinueAsync(IEnumerable<SignedCheckpoint> seen, SignedCheckpoint next, CancellationToken cancellationToken)
    {
        var history = new TreeHistory(Reader, next);
        foreach (var earlier in seen)
        {
            if (next.Size < earlier.Size)
            {
                throw new LogFaultException(
                    FaultCodes.Rollback, "checkpoint", $"rollback: the checkpoint covers {next.Size} entries, but one of {earlier.Size} entries was signed before.")
                {
                    Evidence = new FaultEvidence { Checkpoints = [earlier.Note, next.Note] },
                };
            }
            var (root, subtrees) = await history.GetRootAtAsync(earlier.Size, cancellationToken);
            if (root != earlier.Root)
            {
                throw new LogFaultException(
                    FaultCodes.Fork,
                    "checkpoint",
                    $"fork: the log signed the root {earlier.Root.ToBase64Url()} of {earlier.Size} entries, and a checkpoint of {next.Size} entries in whose tree the first {earlier.Size} have the root {root.ToBase64Url()}.")
                {
                    Evidence = new FaultEvidence { Checkpoints = [earlier.Note, next.Note], Subtrees = subtrees },
                };
            }
        }
        return history;
    }

    /// <summary>
    /// Step 6: where a key was in wrong hands since a moment, records are not believed from an anchor on that was there by then. A later one would let
    /// through what the thief signed in between. That an earlier one is the last that was final is not checked: the chain does not tell what was final when.
    /// A size that this contract does not hold may be that of an anchor in another one, and cannot be compared.
    /// </summary>
    /// <param name="node">Which one, from 0.</param>
    /// <param name="chain">What it said.</param>
    /// <param name="keys">The keys; those that were found right before are left out.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="CliException">The node does not answer.</exception>
    public async Task<MomentComparison> CompareMomentsAsync(int node, ChainAnchors chain, IEnumerable<KeyStanding> keys, CancellationToken cancellationToken)
    {
        var (faults, notCompared) = (new List<LogFaultException>(), 0);
        foreach (var key in keys.Where(k => k is { CompromisedAt: not null, CompromisedSince: > 0 } && !_dated.Contains((node, k.Entry))))
        {
            if (await chain.FindBlockAsync(_nodes[node].Connection, Trust, key.CompromisedSince!.Value, cancellationToken) is not { } block) // Filtered.
            {
                notCompared++;
            }
            else if (!Record.TryParseTime(key.CompromisedAt, out var moment) || block.Timestamp > moment)
            {
                faults.Add(new LogFaultException(
                    FaultCodes.BadKeyChange,
                    KeySubject + key.Key.Kid,
                    $"entry {key.CompromisedBy}: the key {key.Key.Kid} was in wrong hands since {key.CompromisedAt}, for which the entry names index {key.CompromisedSince}, but that many entries were anchored at {Record.FormatTime(block.Timestamp)} only ({chain.Node})."));
            }
            else if (block.Number < chain.Next.NextBlock)
            {
                _dated.Add((node, key.Entry)); // In a block that is not expected to be replaced.
            }
        }
        return new MomentComparison(faults, notCompared);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (connection, _) in _nodes)
        {
            connection.Dispose();
        }
    }
}

/// <summary>What came of comparing moments of compromised keys with a contract.</summary>
/// <param name="Faults">Those that were anchored later.</param>
/// <param name="NotCompared">How many name a size that the contract does not hold.</param>
internal sealed record MomentComparison(IReadOnlyList<LogFaultException> Faults, int NotCompared);
