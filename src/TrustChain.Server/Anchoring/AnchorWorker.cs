using Microsoft.Extensions.Options;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;

namespace TrustChain.Server.Anchoring;

/// <summary>
/// Anchors the log: prepares a signed transaction and keeps it, sends it, watches it into a block and that block into depth. Each state is in the database
/// before the next act, so a restart anywhere goes on from there; sending the same transaction twice is harmless.
/// </summary>
internal sealed partial class AnchorWorker(
    EvmNode node,
    AnchorRegistry registry,
    TransactionSender sender,
    ChainIdentity identity,
    AnchorStore anchors,
    LogStore log,
    RegistryGuard guard,
    LogHead head,
    IOptions<AnchoringOptions> options,
    TimeProvider time,
    ILogger<AnchorWorker> logger) : BackgroundService
{
    private DateTimeOffset _lastPrepared = DateTimeOffset.MinValue;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PollInterval, time);
        do
        {
            try
            {
                await PublishHeadAsync(stoppingToken);
                await identity.ConfirmAsync(stoppingToken);
                await FollowChainAsync(stoppingToken);
                await AdvanceOpenAsync(stoppingToken);
                await PrepareNextAsync(stoppingToken);
                await PublishHeadAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (RpcUnavailableException exception)
            {
                Log.ChainAway(logger, exception.Message);
            }
            catch (Exception exception) when (Failures.IsDatabaseAway(exception))
            {
                Log.DatabaseAway(logger, exception.Message);
            }
            catch (Exception exception)
            {
                Log.Failed(logger, exception); // The next round starts from what the database holds.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>A chain that has gone back holds less than we call final: those anchors count as reorged, and a new one is prepared.</summary>
    private async Task FollowChainAsync(CancellationToken cancellationToken)
    {
        if (await anchors.FindLatestFinalAsync(cancellationToken) is not { } newest)
        {
            return;
        }
        var latest = await registry.GetLatestAsync(BlockTag.Latest, cancellationToken);
        while (newest is not null && (ulong)newest.Size > latest.Size)
        {
            Log.WentBack(logger, newest.Size, latest.Size);
            await anchors.SetStateAsync(newest.Id, AnchorState.Reorged, time.GetUtcNow(), cancellationToken);
            newest = await anchors.FindLatestFinalAsync(cancellationToken);
        }
    }

    private async Task AdvanceOpenAsync(CancellationToken cancellationToken)
    {
        var open = await anchors.ListOpenAsync(cancellationToken);
        foreach (var anchor in open)
        {
            var hash = ParseHash(anchor.Transaction);
            if (await node.GetReceiptAsync(hash, cancellationToken) is { } receipt)
            {
                await ConfirmAsync(anchor, receipt, cancellationToken);
            }
            else
            {
                await SendAsync(anchor, cancellationToken);
            }
        }
    }

    private async Task ConfirmAsync(StoredAnchor anchor, TransactionReceipt receipt, CancellationToken cancellationToken)
    {
        if (!receipt.Succeeded)
        {
            // A larger anchor went in first, or the publisher was changed; what the contract holds tells.
            Log.Reverted(logger, anchor.Size, anchor.Transaction);
            await anchors.SetStateAsync(anchor.Id, AnchorState.Superseded, time.GetUtcNow(), cancellationToken);
            return;
        }
        var block = await node.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), cancellationToken);
        if (block is null || block.Hash != receipt.BlockHash)
        {
            return; // The node is between two forks; look again.
        }
        var depth = await node.GetBlockNumberAsync(cancellationToken) - receipt.BlockNumber;
        var state = depth >= (ulong)options.Value.ConfirmationDepth ? AnchorState.Final : AnchorState.Mined;
        if (state != anchor.State || anchor.BlockHash != "0x" + receipt.BlockHash.ToHex())
        {
            await anchors.SetMinedAsync(
                anchor.Id, state, (long)receipt.BlockNumber, "0x" + receipt.BlockHash.ToHex(), block.Timestamp, (long)receipt.GasUsed, time.GetUtcNow(), cancellationToken);
            Log.Moved(logger, anchor.Size, AnchorStore.Name(state), receipt.BlockNumber);
        }
    }

    /// <summary>Sends the kept transaction, again if need be: the node may have dropped it, or our last attempt may have got lost.</summary>
    private async Task SendAsync(StoredAnchor anchor, CancellationToken cancellationToken)
    {
        if (!SignedTransaction.TryDecode(anchor.RawTransaction, out var transaction, out var fault))
        {
            throw new InvalidOperationException($"The transaction of anchor {anchor.Id} is malformed in the database: {fault}");
        }
        switch (await sender.SendAsync(transaction, cancellationToken))
        {
            case SendResult.Accepted:
                if (anchor.State != AnchorState.Sent)
                {
                    await anchors.SetStateAsync(anchor.Id, AnchorState.Sent, time.GetUtcNow(), cancellationToken);
                }
                break;
            case SendResult.NonceTooLow when await node.GetReceiptAsync(transaction.Hash, cancellationToken) is null:
                // Another transaction took the nonce, and this one can never be mined.
                await anchors.SetStateAsync(anchor.Id, AnchorState.Reorged, time.GetUtcNow(), cancellationToken);
                break;
            case SendResult.NonceTooLow:
                break; // It was mined meanwhile; the next round confirms it.
            case SendResult.Underpriced underpriced:
                Log.NotSent(logger, anchor.Size, underpriced.NodeMessage);
                break;
            case SendResult.InsufficientFunds poor:
                Log.NotSent(logger, anchor.Size, poor.NodeMessage);
                break;
        }
    }

    private async Task PrepareNextAsync(CancellationToken cancellationToken)
    {
        var checkpoint = head.Checkpoint;
        var now = time.GetUtcNow();
        if (checkpoint is null || head.Halted is not null || now - _lastPrepared < options.Value.Interval
            || checkpoint.Size <= await anchors.GetLargestSizeAsync(cancellationToken)
            || (await anchors.ListOpenAsync(cancellationToken)).Count > 0)
        {
            return;
        }
        if (!await guard.MaySignAsync(await log.GetStateAsync(cancellationToken), fresh: true, cancellationToken))
        {
            return; // The registry holds something that is not ours: anchoring over it would hide it.
        }
        var latest = await registry.GetLatestAsync(BlockTag.Latest, cancellationToken);
        if (latest.Size >= (ulong)checkpoint.Size)
        {
            return; // Another server anchored it.
        }
        var nonce = await node.GetTransactionCountAsync(sender.Sender, BlockTag.Pending, cancellationToken);
        var data = AnchorRegistry.EncodeAnchor((ulong)checkpoint.Size, checkpoint.Root);
        switch (await sender.PrepareAsync(registry.Address, data, nonce, null, cancellationToken))
        {
            case PrepareResult.Ready ready:
                var anchor = new StoredAnchor
                {
                    Id = 0,
                    ChainId = options.Value.ChainId,
                    Registry = registry.Address.ToString(),
                    Size = checkpoint.Size,
                    Root = checkpoint.Root,
                    State = AnchorState.Prepared,
                    Nonce = (long)nonce,
                    RawTransaction = ready.Transaction.Raw.ToArray(),
                    Transaction = "0x" + ready.Transaction.Hash.ToHex(),
                    PreparedAt = now,
                };
                var id = await anchors.AddPreparedAsync(anchor, cancellationToken); // Kept before it is sent.
                _lastPrepared = now;
                await SendAsync(anchor with { Id = id }, cancellationToken);
                break;
            case PrepareResult.WouldRevert revert:
                Log.NotSent(logger, checkpoint.Size, revert.NodeMessage);
                break;
            case PrepareResult.AboveCeiling above:
                Log.NotSent(logger, checkpoint.Size, above.Detail);
                break;
        }
    }

    private async Task PublishHeadAsync(CancellationToken cancellationToken)
    {
        var newest = await anchors.FindLatestFinalAsync(cancellationToken);
        if (newest?.Id != head.Anchored?.Anchor.Id)
        {
            head.SetAnchored(newest, newest is null ? null : await log.FindCheckpointAsync(newest.Size, cancellationToken));
        }
    }

    private static Core.Log.Hash32 ParseHash(string hex) => Core.Log.Hash32.TryParseHex(hex.AsSpan(2), out var hash)
        ? hash
        : throw new InvalidOperationException($"\"{hex}\" is no transaction hash.");

    private static partial class Log
    {
        [LoggerMessage(4000, LogLevel.Warning, "Anchoring waits for the chain: {Reason}")]
        public static partial void ChainAway(ILogger logger, string reason);

        [LoggerMessage(4001, LogLevel.Warning, "Anchoring waits for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(4002, LogLevel.Error, "Anchoring failed")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(4003, LogLevel.Information, "Anchor of {Size} entries is {State} in block {Block}")]
        public static partial void Moved(ILogger logger, long size, string state, ulong block);

        [LoggerMessage(4004, LogLevel.Warning, "Anchor of {Size} entries reverted: {Transaction}")]
        public static partial void Reverted(ILogger logger, long size, string transaction);

        [LoggerMessage(4005, LogLevel.Warning, "Anchor of {Size} entries was not sent: {Reason}")]
        public static partial void NotSent(ILogger logger, long size, string reason);

        [LoggerMessage(4006, LogLevel.Warning, "The chain went back: an anchor of {Size} entries was final, now it holds {Latest}")]
        public static partial void WentBack(ILogger logger, long size, ulong latest);
    }
}
