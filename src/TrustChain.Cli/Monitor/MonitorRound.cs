using System.Globalization;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Monitor;

/// <summary>
/// One look at the log: the steps of <see cref="LogAudit"/>, each of which may fail without ending the others, then lateness and receipts.
/// </summary>
/// <param name="shell">Where progress goes.</param>
/// <param name="audit">The log.</param>
/// <param name="client">Asks for evidence.</param>
/// <param name="options">How to look.</param>
/// <param name="folder">Where the walk is kept.</param>
/// <param name="memory">What is remembered.</param>
/// <param name="fitting">Anchors that fitted in earlier rounds.</param>
/// <param name="time">The monitor's clock.</param>
/// <param name="now">Its time when the round began.</param>
internal sealed class MonitorRound(
    Shell shell, LogAudit audit, ServerClient client, MonitorOptions options, MonitorFolder folder, MonitorState memory, HashSet<RootOfSize> fitting, TimeProvider time,
    DateTimeOffset now)
{
    /// <summary>Questions asked of the server for receipts in one round; what is left over waits for the next.</summary>
    private const int MaxQuestions = 500;

    private const string Server = "server";

    private readonly Dictionary<(string, string), Finding> _findings = [];
    private readonly HashSet<string> _settled = [AlarmCodes.Unreachable];
    private readonly HashSet<(string, string)> _undecided = [];
    private CliException? _folderFailure;

    /// <summary>False when a fault left the walk in the middle: the saved one is to be read again.</summary>
    public bool IsWalkClean { get; private set; } = true;

    /// <summary>Looks once.</summary>
    /// <exception cref="CliException">The state folder cannot be written.</exception>
    public async Task<RoundResult> RunAsync(WalkState walk, CancellationToken cancellationToken)
    {
        var listed = await TryAsync(Server, () => audit.ListAnchorsAsync(cancellationToken));
        var onChain = new List<ChainAnchors>();
        for (var node = 0; node < audit.Nodes; node++)
        {
            var index = node;
            if (await TryAsync(audit.NodeName(node), () => audit.ReadChainAsync(index, listed ?? [], walk.Chain, cancellationToken)) is { } chain)
            {
                onChain.Add(chain);
            }
        }
        var known = Math.Max(walk.Newest?.Size ?? 0, AnchorComparison.FindLargest(listed ?? [], onChain));
        var next = await TryAsync(Server, () => audit.GetCheckpointAsync(known, cancellationToken));
        TreeHistory? history = null;
        if (next is not null)
        {
            _settled.Add(FaultCodes.BadCheckpoint);
            history = await TryAsync(Server, () => audit.ContinueAsync(FsckRun.Seen(walk), next, cancellationToken));
        }
        if (history is not null)
        {
            await FollowAsync(walk, history, listed, onChain, cancellationToken);
        }
        var anchored = FindAnchoredSize(listed, onChain);
        CheckLateness(anchored);
        await CheckReceiptsAsync(history, cancellationToken);
        return new RoundResult
        {
            Findings = [.. _findings.Values],
            Settled = _settled,
            Undecided = _undecided,
            ServedSize = next?.Size,
            AnchoredSize = anchored,
        };
    }

    /// <summary>Walks over what is new and compares all anchors.</summary>
    private async Task FollowAsync(WalkState walk, TreeHistory history, IReadOnlyList<ListedAnchor>? listed, List<ChainAnchors> onChain, CancellationToken cancellationToken)
    {
        var next = history.Later;
        _settled.UnionWith([FaultCodes.Fork, FaultCodes.Rollback]);
        memory.Sightings.See(next.Size, now);
        var isNew = next.Size > (walk.Confirmed?.Size ?? -1);
        if (isNew && walk.Pending?.Note != next.Note)
        {
            walk.Pending = next;
            await folder.WriteWalkAsync(walk, cancellationToken);
        }
        memory.NewestSize = next.Size;
        var wanted = (listed ?? []).Select(static a => a.Size).Concat(onChain.SelectMany(static c => c.Anchors.Keys)).ToHashSet();
        var roots = await TryAsync(Server, () => WalkAsync(walk, history, wanted, cancellationToken));
        IsWalkClean = roots is not null;
        if (IsWalkClean)
        {
            _settled.UnionWith([FaultCodes.BadEntry, FaultCodes.BadKeyChange, AlarmCodes.RecoveryAnnounced]);
            (walk.Confirmed, walk.Pending) = (isNew ? next : walk.Confirmed, null);
            foreach (var finding in memory.Recoveries.Follow(walk.Keys.Recoveries, walk.Size, options.MinRecoveryDelay, now, time.GetUtcNow()))
            {
                Add(finding);
            }
            await CompareMomentsAsync(walk.Keys, onChain, cancellationToken);
        }
        if (await CompareAnchorsAsync(history, roots, listed, onChain, cancellationToken) && IsWalkClean && onChain.Count == audit.Nodes)
        {
            walk.Chain = onChain.Select(static c => c.Next).DefaultIfEmpty(walk.Chain).MinBy(static c => c.NextBlock);
        }
        if (IsWalkClean)
        {
            await folder.WriteWalkAsync(walk, cancellationToken);
        }
    }

    /// <summary>Asks every node about keys that were in wrong hands since a moment. Where one could not be asked, an alarm that it raised before stays.</summary>
    private async Task CompareMomentsAsync(KeyChanges keys, List<ChainAnchors> onChain, CancellationToken cancellationToken)
    {
        var asked = 0;
        for (var node = 0; node < audit.Nodes; node++)
        {
            if (onChain.Find(c => c.Node == audit.NodeName(node)) is not { } chain)
            {
                continue;
            }
            var index = node;
            if (await TryAsync(audit.NodeName(node), () => audit.CompareMomentsAsync(index, chain, keys.Compromised, cancellationToken)) is { } moments)
            {
                asked++;
                foreach (var fault in moments.Faults.Take(RecoveryWatch.MostFindings))
                {
                    Add(new Finding(fault.Code, fault.Subject, fault.Message));
                }
            }
        }
        if (asked < Math.Max(1, audit.Nodes))
        {
            _undecided.UnionWith(memory.Open.Keys.Where(static k => k.Code == FaultCodes.BadKeyChange && k.Subject.StartsWith(LogAudit.KeySubject, StringComparison.Ordinal)));
        }
    }

    private async Task<IReadOnlyDictionary<long, Hash32>> WalkAsync(WalkState walk, TreeHistory history, HashSet<long> wanted, CancellationToken cancellationToken)
    {
        var line = new ProgressLine(shell);
        var run = new LogWalk(audit.Reader, walk, history, wanted)
        {
            Progress = done => line.Show(() => $"{done} of {history.Later.Size} entries checked"),
            SaveAsync = token => SaveAsync(walk, token),
        };
        try
        {
            await run.RunAsync(cancellationToken);
            return run.Roots;
        }
        finally
        {
            line.Finish();
        }
    }

    /// <summary>A state folder that cannot be written ends the monitor; it is no matter of the server that is being read meanwhile.</summary>
    private async Task SaveAsync(WalkState walk, CancellationToken cancellationToken)
    {
        try
        {
            await folder.WriteWalkAsync(walk, cancellationToken);
        }
        catch (CliException exception)
        {
            _folderFailure = exception;
            throw;
        }
    }

    /// <summary>True when every anchor that could be asked for fits.</summary>
    private async Task<bool> CompareAnchorsAsync(
        TreeHistory history, IReadOnlyDictionary<long, Hash32>? roots, IReadOnlyList<ListedAnchor>? listed, List<ChainAnchors> onChain, CancellationToken cancellationToken)
    {
        var complete = await TryAsync(Server, async () =>
        {
            AnchorComparison.RequireCovered(history.Later, listed ?? [], onChain);
            fitting.IntersectWith([.. (listed ?? []).Select(static a => new RootOfSize(a.Size, a.Root)), .. onChain.SelectMany(static c => c.Anchors).Select(static a => new RootOfSize(a.Key, a.Value))]);
            var comparison = new AnchorComparison(history, roots ?? new Dictionary<long, Hash32>(), fitting);
            await comparison.CompareAsync(listed ?? [], cancellationToken);
            foreach (var chain in onChain)
            {
                await comparison.CompareAsync(chain, cancellationToken);
            }
            return "";
        });
        if (complete is not null && listed is not null && onChain.Count == audit.Nodes)
        {
            _settled.Add(FaultCodes.AnchorMismatch);
        }
        return complete is not null;
    }

    /// <summary>Size under the newest anchor: the chain's word where a node is asked, else the server's. Null when nobody said.</summary>
    private long? FindAnchoredSize(IReadOnlyList<ListedAnchor>? listed, List<ChainAnchors> onChain) => audit.Nodes == 0
        ? listed?.Where(static a => a.IsMined).Select(static a => a.Size).DefaultIfEmpty().Max()
        : onChain.Count == 0 ? null : onChain.Max(static c => c.Latest.Size);

    private void CheckLateness(long? anchored)
    {
        if (anchored is not { } size)
        {
            return;
        }
        _settled.Add(AlarmCodes.LateAnchor);
        memory.Sightings.Cover(size);
        if (memory.Sightings.Uncovered is [var oldest, ..] && now - oldest.Seen > options.MaxAnchorAge)
        {
            Add(new Finding(
                AlarmCodes.LateAnchor,
                "anchor",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the newest anchor covers {size} entries; the log had {oldest.Size} at {Record.FormatTime(oldest.Seen)}, which is {(now - oldest.Seen).TotalSeconds:0} seconds ago and longer than {options.MaxAnchorAge.TotalSeconds:0}.")));
        }
    }

    private async Task CheckReceiptsAsync(TreeHistory? history, CancellationToken cancellationToken)
    {
        if (options.ReceiptFolder is null)
        {
            _settled.UnionWith([AlarmCodes.BrokenReceipt, AlarmCodes.UnusableReceipt]);
            return;
        }
        if (await ListReceiptsAsync(options.ReceiptFolder, cancellationToken) is not { } receipts)
        {
            return;
        }
        memory.Kept.IntersectWith(receipts.Select(static r => r.Digest));
        if (history is null)
        {
            return; // Whether a promise was kept is a question to a log that is the monitor's own.
        }
        _settled.UnionWith([AlarmCodes.BrokenReceipt, AlarmCodes.UnusableReceipt]);
        var check = new ReceiptCheck(audit, client, history);
        foreach (var receipt in receipts.Where(r => !memory.Kept.Contains(r.Digest)))
        {
            var verdict = check.Questions < MaxQuestions ? await TryAsync(Server, () => check.RunAsync(receipt, now, cancellationToken)) : null;
            switch (verdict)
            {
                case ReceiptVerdict.Kept:
                    memory.Kept.Add(receipt.Digest);
                    break;
                case ReceiptVerdict.Broken broken:
                    Add(new Finding(AlarmCodes.BrokenReceipt, receipt.Name, $"{receipt.Name}: {broken.Reason}")
                    {
                        Evidence = new FaultEvidence { Checkpoints = [history.Later.Note], Receipt = receipt.Compact },
                    });
                    break;
                case ReceiptVerdict.Unusable unusable:
                    Add(new Finding(AlarmCodes.UnusableReceipt, receipt.Name, $"{receipt.Name}: {unusable.Reason}"));
                    break;
                case null:
                    _undecided.UnionWith([(AlarmCodes.BrokenReceipt, receipt.Name), (AlarmCodes.UnusableReceipt, receipt.Name)]);
                    break;
            }
        }
    }

    /// <summary>The receipts; null when the folder or one of its files cannot be read, which is then among the findings.</summary>
    private async Task<IReadOnlyList<ReceiptFile>?> ListReceiptsAsync(string receiptFolder, CancellationToken cancellationToken)
    {
        try
        {
            return await ReceiptFile.ListAsync(shell, receiptFolder, cancellationToken);
        }
        catch (CliException exception)
        {
            Add(new Finding(AlarmCodes.UnusableReceipt, "folder", exception.Message));
            return null;
        }
    }

    /// <summary>Takes a step; null when it found a fault or could not be taken, which is then among the findings.</summary>
    private async Task<T?> TryAsync<T>(string asked, Func<Task<T>> step)
        where T : class
    {
        try
        {
            return await step();
        }
        catch (LogFaultException fault)
        {
            Add(new Finding(fault.Code, fault.Subject, fault.Message) { Evidence = fault.Evidence });
        }
        catch (CliException exception) when (_folderFailure is null)
        {
            Add(new Finding(AlarmCodes.Unreachable, asked, exception.Message));
        }
        return null;
    }

    private void Add(Finding finding) => _findings.TryAdd((finding.Code, finding.Subject), finding);
}
