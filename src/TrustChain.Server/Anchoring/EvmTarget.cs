using System.Numerics;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.Evm.Wire;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Database;
using TrustChain.Postgres.Log;
using TrustChain.Server.Log;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Anchoring;

/// <summary>What an EVM target works with, beside its own chain.</summary>
internal sealed record EvmTargetParts(
    AnchorStore Anchors, AnchorTargetStore Targets, LogStore Log, LogHead Head, RegistryGuard Guard, AnchorMetrics Metrics, TimeProvider Time, ILogger Logger);

/// <summary>
/// Anchors the log in a registry contract. Each round asks the chain, decides by <see cref="AnchorDecision"/> what each open anchor needs and does that,
/// and prepares the next anchor when <see cref="AnchorPace"/> says so. Each state is in the database before the next act, so a restart anywhere goes on
/// from there; sending the same transaction twice is harmless.
/// </summary>
internal sealed partial class EvmTarget(
    string name,
    AnchorTargetOptions options,
    EvmNode node,
    AnchorRegistry registry,
    ITransactionSigner signer,
    TransactionBuilder builder,
    ChainIdentity identity,
    EvmTargetParts parts) : IAnchorTarget
{
    /// <summary>While nothing waits, the chain is asked in one of so many rounds.</summary>
    public const int IdleRounds = 10;

    // Rounds in a row in which a node may be behind what it once said, before that counts as a chain that went back.
    private const int PatienceRounds = 30;

    private static readonly TimeSpan SupersededWatch = TimeSpan.FromMinutes(10);

    private int _roundsIdle = IdleRounds;
    private int _roundsBehind;
    private RegistryAnchor _compared;

    public string Name => name;

    public AnchorTargetOptions Options => options;

    public EvmNode Node => node;

    public AnchorRegistry Registry => registry;

    public ChainIdentity Identity => identity;

    public Task RegisterAsync(CancellationToken cancellationToken) =>
        parts.Targets.SetEvmAsync(name, options.ChainId, registry.Address.ToString(), cancellationToken);

    public async Task<long> GetCoveredSizeAsync(bool final, CancellationToken cancellationToken) => final
        ? (await parts.Anchors.FindLatestFinalAsync(name, cancellationToken))?.Size ?? 0
        : await parts.Anchors.GetLargestMinedSizeAsync(name, cancellationToken);

    public async Task RunAsync(AnchorLease lease, AnchorRound round, CancellationToken cancellationToken)
    {
        var watched = await parts.Anchors.ListWatchedAsync(name, parts.Time.GetUtcNow() - SupersededWatch, cancellationToken);
        var isIdle = watched.Count == 0 && (parts.Head.Checkpoint?.Size ?? 0) <= await GetCoveredSizeAsync(final: false, cancellationToken);
        if (isIdle && _roundsBehind == 0 && ++_roundsIdle < IdleRounds)
        {
            round.IsIdle = true;
            return;
        }
        _roundsIdle = 0;

        await identity.ConfirmAsync(cancellationToken);
        var (chain, latest) = await ObserveAsync(cancellationToken);
        round.Balance = chain.Balance;
        if (!await FollowFinalAsync(lease, round, chain, cancellationToken))
        {
            return; // The node is behind: it cannot tell what became of anything.
        }
        await AdvanceAsync(lease, round, chain, cancellationToken);
        if (await MayAnchorOverAsync(latest, cancellationToken))
        {
            await PrepareNextAsync(lease, round, chain, cancellationToken);
        }
    }

    private async Task<(ChainView Chain, RegistryAnchor Latest)> ObserveAsync(CancellationToken cancellationToken)
    {
        var head = await node.GetBlockAsync(BlockTag.Latest, cancellationToken) ?? throw new RpcUnavailableException("The node has no latest block.");
        ulong? finalized = options.Finality == AnchorFinality.Finalized
            ? (await node.GetBlockAsync(BlockTag.Finalized, cancellationToken))?.Number ?? 0
            : null;
        var latest = await registry.GetLatestAsync(BlockTag.Latest, cancellationToken);
        // Nonces before receipts: a nonce that was used by then has its receipt by now.
        var next = await node.GetTransactionCountAsync(signer.Account, BlockTag.Latest, cancellationToken);
        var pending = await node.GetTransactionCountAsync(signer.Account, BlockTag.Pending, cancellationToken);
        var balance = await node.GetBalanceAsync(signer.Account, BlockTag.Latest, cancellationToken);
        var chain = new ChainView(head.Number, finalized, (long)latest.Size, next, Math.Max(next, pending), head.BaseFeePerGas ?? BigInteger.Zero, balance);
        return (chain, latest);
    }

    /// <summary>
    /// Looks whether the block of the newest final anchor still stands. If not, it and those before it whose blocks left the chain too count as reorged.
    /// </summary>
    /// <returns>False while the node does not know a block as high yet.</returns>
    private async Task<bool> FollowFinalAsync(AnchorLease lease, AnchorRound round, ChainView chain, CancellationToken cancellationToken)
    {
        var below = long.MaxValue;
        var gone = new List<StoredAnchor>();
        while (await parts.Anchors.ListFinalBelowAsync(name, below, 20, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var anchor in page)
            {
                if (below == long.MaxValue && (ulong)anchor.Block!.Value > chain.Head && ++_roundsBehind < PatienceRounds) // A final anchor has its block.
                {
                    round.Raise(AnchorAlarm.NodeBehind, $"Its newest block is {chain.Head}, but block {anchor.Block} held an anchor.");
                    return false;
                }
                if ((await node.GetBlockAsync(BlockTag.Number((ulong)anchor.Block!.Value), cancellationToken)) is { } block && Hex.Encode(block.Hash) == anchor.BlockHash)
                {
                    page.Clear(); // What is below a block that stands, stands.
                    break;
                }
                gone.Add(anchor);
                below = anchor.Block.Value;
            }
            if (page.Count == 0)
            {
                break;
            }
            await lease.KeepAsync(cancellationToken);
        }
        _roundsBehind = 0;
        if (gone.Count > 0)
        {
            round.Raise(AnchorAlarm.DeepReorg, $"{gone.Count} final anchor(s), from {gone[^1].Size} to {gone[0].Size} entries, in blocks from {gone[^1].Block} on.");
            foreach (var anchor in gone)
            {
                await ReorgAsync(lease, anchor, "a reorganisation deeper than the confirmation depth", cancellationToken);
            }
        }
        return true;
    }

    private async Task AdvanceAsync(AnchorLease lease, AnchorRound round, ChainView chain, CancellationToken cancellationToken)
    {
        var watched = await parts.Anchors.ListWatchedAsync(name, parts.Time.GetUtcNow() - SupersededWatch, cancellationToken);
        var transactions = await parts.Anchors.GetTransactionsAsync(watched.Select(static a => a.Id), cancellationToken);
        bool? isPublisher = null;
        foreach (var anchor in watched)
        {
            var own = transactions[anchor.Id].ToList();
            var newest = own[^1]; // Each anchor was stored with one.
            var (found, mined) = await FindOnChainAsync(anchor, own, chain, cancellationToken);
            var sender = AnchorSender.Ours;
            if (anchor.IsWaiting && anchor.Sender.Length > 0 && anchor.Sender != signer.Account.ToString()) // Rows of the first version do not name it.
            {
                isPublisher ??= await identity.IsPublisherAsync(cancellationToken);
                sender = isPublisher.Value ? AnchorSender.Replaced : AnchorSender.Foreign;
            }
            var step = AnchorDecision.Decide(new AnchorFacts
            {
                State = anchor.State,
                Size = anchor.Size,
                Nonce = (ulong)anchor.Nonce,
                Chain = chain,
                Sender = sender,
                Found = found,
                LargestOther = watched.Where(a => a.Id != anchor.Id && a.State != AnchorState.Superseded).Select(static a => a.Size).DefaultIfEmpty().Max(),
                Waited = parts.Time.GetUtcNow() - (newest.SentAt ?? newest.PreparedAt),
                MaxFee = ToTransaction(anchor, newest).MaxFeePerGas,
                ReplaceAfter = options.ReplaceAfter,
                ConfirmationDepth = options.ConfirmationDepth,
            });
            await TakeAsync(lease, round, anchor, newest, mined, step, chain, cancellationToken);
        }
        if (isPublisher == false)
        {
            await identity.ConfirmPublisherAsync(cancellationToken); // What waits is another account's, and so is the contract: that is said.
        }
    }

    /// <summary>Does what was decided; each case is one durable step, and sending is followed by one.</summary>
    private async Task TakeAsync(
        AnchorLease lease, AnchorRound round, StoredAnchor anchor, StoredTransaction newest, MinedTransaction? mined, AnchorStep step, ChainView chain, CancellationToken cancellationToken)
    {
        var now = parts.Time.GetUtcNow();
        switch (step)
        {
            case AnchorStep.Keep:
                break;
            case AnchorStep.Send:
                await SendAsync(lease, round, anchor, newest, chain, mayReplace: true, cancellationToken);
                break;
            case AnchorStep.Replace:
                await ReplaceAsync(lease, round, anchor, newest, chain, cancellationToken);
                break;
            case AnchorStep.Mine:
                CrashPoint.Pass("anchor.before-mined");
                await lease.SetMinedAsync(anchor.Id, AnchorState.Mined, mined!, now, cancellationToken); // Found, or it would not be decided.
                CrashPoint.Pass("anchor.mined");
                LogText.Mined(parts.Logger, name, anchor.Size, mined!.Block);
                break;
            case AnchorStep.Finalise:
                CrashPoint.Pass("anchor.before-final");
                await lease.SetFinalAsync(anchor.Id, now, cancellationToken);
                CrashPoint.Pass("anchor.final");
                round.BecameFinal = true;
                parts.Metrics.BecameFinal(name);
                Tracing.StartAnchor("anchor final", name, anchor.Size)?.Dispose(); // A moment, told for the one who follows a record.
                LogText.Final(parts.Logger, name, anchor.Size, anchor.Block ?? 0);
                break;
            case AnchorStep.Reorg reorg:
                await ReorgAsync(lease, anchor, reorg.Reason, cancellationToken);
                break;
            case AnchorStep.Revert revert:
                CrashPoint.Pass("anchor.before-reverted");
                await lease.SetRevertedAsync(anchor.Id, revert.Reason, mined!, now, cancellationToken); // Found, or it would not be decided.
                CrashPoint.Pass("anchor.reverted");
                LogText.Superseded(parts.Logger, name, anchor.Size, revert.Reason);
                round.Raise(AnchorAlarm.Reverted, $"The anchor of {anchor.Size} entries: {revert.Reason}.");
                break;
            case AnchorStep.Supersede supersede:
                CrashPoint.Pass("anchor.before-superseded");
                await lease.SetSupersededAsync(anchor.Id, supersede.Reason, now, cancellationToken);
                CrashPoint.Pass("anchor.superseded");
                LogText.Superseded(parts.Logger, name, anchor.Size, supersede.Reason);
                if (supersede.Alarm is { } alarm)
                {
                    round.Raise(alarm, $"The anchor of {anchor.Size} entries was lost: {supersede.Reason}.");
                }
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task ReorgAsync(AnchorLease lease, StoredAnchor anchor, string reason, CancellationToken cancellationToken)
    {
        CrashPoint.Pass("anchor.before-reorged");
        await lease.SetReorgedAsync(anchor.Id, reason, parts.Time.GetUtcNow(), cancellationToken);
        CrashPoint.Pass("anchor.reorged");
        LogText.Reorged(parts.Logger, name, anchor.Size, anchor.Block ?? 0, reason);
    }

    /// <summary>Looks for every transaction of the anchor, and for the anchor itself where the registry says that it has it.</summary>
    private async Task<(FoundTransaction? Found, MinedTransaction? Mined)> FindOnChainAsync(
        StoredAnchor anchor, IReadOnlyList<StoredTransaction> own, ChainView chain, CancellationToken cancellationToken)
    {
        TransactionReceipt? receipt = null;
        StoredTransaction? known = null;
        foreach (var transaction in own.Reverse().Where(static t => t.Hash is not null))
        {
            receipt = await node.GetReceiptAsync(ParseHash(transaction.Hash!), cancellationToken); // Filtered.
            if (receipt is not null)
            {
                known = transaction;
                break;
            }
        }
        if (receipt is null && anchor.IsWaiting && chain.RegistrySize >= anchor.Size
            && await registry.FindTransactionAsync((ulong)anchor.Size, anchor.Root, (ulong)(anchor.PreparedBlock ?? 0), cancellationToken) is { } hash)
        {
            receipt = await node.GetReceiptAsync(hash, cancellationToken);
        }
        if (receipt is null)
        {
            return (null, null);
        }
        var block = await node.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), cancellationToken);
        var blockHash = Hex.Encode(receipt.BlockHash);
        var found = new FoundTransaction(receipt.BlockNumber, receipt.Succeeded, block?.Hash == receipt.BlockHash, anchor.BlockHash == blockHash);
        var mined = block is null
            ? null
            : new MinedTransaction(
                known?.Id, Hex.Encode(receipt.TransactionHash), (long)receipt.BlockNumber, blockHash, block.Timestamp, (long)receipt.GasUsed, receipt.EffectiveGasPrice);
        return (found, mined);
    }

    /// <summary>The registry must hold nothing but roots of this log: anchoring over another would hide it.</summary>
    private async Task<bool> MayAnchorOverAsync(RegistryAnchor latest, CancellationToken cancellationToken)
    {
        if (latest.IsDefault || latest == _compared)
        {
            return true;
        }
        var agrees = await parts.Guard.AgreesAsync(name, latest, await parts.Log.GetStateAsync(cancellationToken), cancellationToken);
        _compared = agrees ? latest : default;
        return agrees;
    }

    private static Hash32 ParseHash(string hex) => Hex.TryDecodeHash(Encoding.ASCII.GetBytes(hex), out var hash)
        ? hash
        : throw new InvalidOperationException($"\"{hex}\" is no transaction hash.");
}
