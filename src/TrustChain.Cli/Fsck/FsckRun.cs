using TrustChain.Cli.Terminal;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Fsck;

/// <summary>One check of a log: every step of <see cref="LogAudit"/>, ended by the first fault.</summary>
internal sealed class FsckRun(Shell shell, LogAudit audit, FsckFiles files)
{
    /// <summary>Checks everything that the state file does not say was checked.</summary>
    /// <exception cref="LogFaultException">The first difference.</exception>
    /// <exception cref="CliException">Something needed for the check did not answer, or the state file is of no use.</exception>
    public async Task<FsckReport> RunAsync(CancellationToken cancellationToken)
    {
        var saved = files.State is null ? null : await OpenStateAsync(shell, files.State, audit.Trust, cancellationToken);
        var state = saved is null || files.Full ? new WalkState(audit.Trust) : saved;
        var from = state.Size;
        // What an earlier run has compared with a node: it came to its end with a log that had this many entries or more.
        var compared = state.Chain.Newest.Size;

        var listed = await audit.ListAnchorsAsync(cancellationToken);
        var onChain = new List<ChainAnchors>();
        for (var node = 0; node < audit.Nodes; node++)
        {
            onChain.Add(await audit.ReadChainAsync(node, listed, state.Chain, cancellationToken));
        }
        var next = await audit.GetCheckpointAsync(Math.Max(saved?.Newest?.Size ?? 0, AnchorComparison.FindLargest(listed, onChain)), cancellationToken);
        AnchorComparison.RequireCovered(next, listed, onChain);
        var history = await audit.ContinueAsync(Seen(saved), next, cancellationToken);

        // A walk over everything replaces the state only at its end: until then the old one tells more.
        Func<CancellationToken, Task>? save = files.State is null || files.Full ? null : token => WalkStateFile.WriteAsync(files.State, state, token);
        state.Pending = next.Size > (state.Confirmed?.Size ?? -1) ? next : null;
        await (save?.Invoke(cancellationToken) ?? Task.CompletedTask);
        var walk = await WalkAsync(state, history, save, listed.Select(static a => a.Size).Concat(onChain.SelectMany(static c => c.Anchors.Keys)), cancellationToken);

        var comparison = new AnchorComparison(history, walk.Roots, []);
        await comparison.CompareAsync(listed, cancellationToken);
        for (var node = 0; node < onChain.Count; node++)
        {
            await comparison.CompareAsync(onChain[node], cancellationToken);
            var moments = await audit.CompareMomentsAsync(node, onChain[node], state.Keys.Compromised.Where(k => k.CompromisedBy >= compared), cancellationToken);
            if (moments.Faults is [var first, ..])
            {
                throw first;
            }
            if (moments.NotCompared > 0)
            {
                shell.Warn($"{moments.NotCompared} moments of compromised keys could not be compared: {onChain[node].Node} gives no anchor of their sizes in this contract.");
            }
        }
        long? anchors = onChain.Count == 0 ? null : onChain.Max(c => state.Chain.Count + c.Anchors.Count);
        (state.Confirmed, state.Pending) = (next, null);
        state.Chain = onChain.Select(static c => c.Next).DefaultIfEmpty(state.Chain).MinBy(static c => c.NextBlock);
        if (files.State is not null)
        {
            await WalkStateFile.WriteAsync(files.State, state, cancellationToken);
        }
        return new FsckReport(next, from, state.Kinds, state.FullUpperTiles + walk.PartialUpperTiles, listed.Count, anchors);
    }

    /// <summary>The state in a file, if there is one.</summary>
    /// <exception cref="CliException">It is damaged, or of another log.</exception>
    public static async Task<WalkState?> OpenStateAsync(Shell shell, string file, TrustFile trust, CancellationToken cancellationToken)
    {
        if (await WalkStateFile.FindAsync(shell, file, cancellationToken) is not { } state)
        {
            return null;
        }
        var known = state.Trust;
        if (known.Origin != trust.Origin || known.LogKey != trust.LogKey || known.ChainId != trust.ChainId
            || !string.Equals(known.Registry, trust.Registry, StringComparison.OrdinalIgnoreCase)
            || !string.Equals(known.Genesis, trust.Genesis, StringComparison.OrdinalIgnoreCase))
        {
            throw new CliException($"{file} is of another log ({known.Origin}, {known.LogKey}, contract {known.Registry} on chain {known.ChainId}) than the trusted one.");
        }
        return state;
    }

    /// <summary>The checkpoints accepted before, the smallest first.</summary>
    public static IEnumerable<SignedCheckpoint> Seen(WalkState? state)
    {
        if (state?.Confirmed is { } confirmed)
        {
            yield return confirmed;
        }
        if (state?.Pending is { } pending)
        {
            yield return pending;
        }
    }

    private async Task<LogWalk> WalkAsync(
        WalkState state, TreeHistory history, Func<CancellationToken, Task>? save, IEnumerable<long> wantedSizes, CancellationToken cancellationToken)
    {
        var line = new ProgressLine(shell);
        var walk = new LogWalk(audit.Reader, state, history, wantedSizes.ToHashSet())
        {
            Progress = done => line.Show(() => $"{done} of {history.Later.Size} entries checked"),
            SaveAsync = save,
            SaveEvery = files.SaveEvery,
        };
        try
        {
            await walk.RunAsync(cancellationToken);
            return walk;
        }
        finally
        {
            line.Finish();
        }
    }
}
