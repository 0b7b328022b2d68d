using System.Diagnostics;
using System.Numerics;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using TrustChain.Evm.Wire;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Database;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Anchoring;

/// <summary>Preparing, sending and replacing transactions.</summary>
internal sealed partial class EvmTarget
{
    private async Task PrepareNextAsync(AnchorLease lease, AnchorRound round, ChainView chain, CancellationToken cancellationToken)
    {
        var now = parts.Time.GetUtcNow();
        var open = await parts.Anchors.ListWatchedAsync(name, now, cancellationToken);
        if (parts.Head.Halted is not null || open.Any(static a => a.IsWaiting))
        {
            return;
        }
        var covered = Math.Max(await parts.Anchors.GetLargestMinedSizeAsync(name, cancellationToken), chain.RegistrySize);
        if (parts.Head.FindCheckpointToAnchor(covered) is not { } checkpoint)
        {
            return;
        }
        var due = AnchorPace.FindDue(new PaceFacts
        {
            Size = checkpoint.Size,
            Covered = covered,
            WaitingSince = await parts.Anchors.FindWaitingSinceAsync(covered, cancellationToken),
            LastPrepared = await parts.Anchors.FindLastPreparedAsync(name, cancellationToken),
            TimeToBlock = await parts.Anchors.FindTimeToBlockAsync(name, cancellationToken),
            Interval = options.Interval,
            Latency = options.EffectiveLatency,
        });
        if (due is null || due > now)
        {
            return;
        }
        using var span = Tracing.StartAnchor("anchor", name, checkpoint.Size);
        if (name == AnchorStore.Primary && !await parts.Guard.MaySignAsync(await parts.Log.GetStateAsync(cancellationToken), fresh: true, cancellationToken))
        {
            return; // The registry holds something that is not ours: anchoring over it would hide it.
        }
        await identity.ConfirmPublisherAsync(cancellationToken);
        // Transactions that are not ours may wait in the pool, and the node may be behind what we know.
        var nonce = Math.Max(chain.PendingNonce, (ulong)(await parts.Anchors.GetHighestMinedNonceAsync(name, signer.Account.ToString(), cancellationToken) + 1));
        if (await BuildAsync(round, chain, AnchorRegistry.EncodeAnchor((ulong)checkpoint.Size, checkpoint.Root), nonce, null, cancellationToken) is not { } transaction)
        {
            return;
        }
        var anchor = new StoredAnchor
        {
            Id = 0,
            Target = name,
            ChainId = options.ChainId,
            Registry = registry.Address.ToString(),
            Sender = signer.Account.ToString(),
            Size = checkpoint.Size,
            Root = checkpoint.Root,
            State = AnchorState.Prepared,
            Nonce = (long)nonce,
            PreparedAt = now,
            PreparedBlock = (long)chain.Head,
        };
        var stored = ToStored(transaction, 0, now);
        CrashPoint.Pass("anchor.before-prepared");
        var (anchorId, transactionId) = await lease.AddPreparedAsync(anchor, stored, cancellationToken); // Kept before it is sent.
        CrashPoint.Pass("anchor.prepared");
        parts.Metrics.Prepared(name);
        LogText.Prepared(parts.Logger, name, checkpoint.Size, anchor.Nonce);
        await SendAsync(lease, round, anchor with { Id = anchorId }, stored with { Id = transactionId, AnchorId = anchorId }, chain, mayReplace: false, cancellationToken);
    }

    /// <summary>Gives a kept transaction to the node, again if need be: the node may have dropped it, or the last attempt may have got lost.</summary>
    private async Task SendAsync(
        AnchorLease lease, AnchorRound round, StoredAnchor anchor, StoredTransaction stored, ChainView chain, bool mayReplace, CancellationToken cancellationToken)
    {
        var transaction = ToTransaction(anchor, stored);
        if (chain.Balance < transaction.MaxFeePerGas * transaction.GasLimit)
        {
            // It may be in a pool all the same, where it waits for the money.
            round.Raise(AnchorAlarm.OutOfFunds, Describe(chain.Balance, transaction.MaxFeePerGas * transaction.GasLimit));
        }
        CrashPoint.Pass("anchor.before-send");
        var result = await GiveToSignerAsync(transaction, stored, cancellationToken);
        CrashPoint.Pass("anchor.after-send");
        switch (result)
        {
            case SendResult.Accepted accepted:
                var hash = stored.Hash is null && !accepted.TransactionHash.IsDefault ? Hex.Encode(accepted.TransactionHash) : null;
                if (anchor.State != AnchorState.Sent || stored.SentAt is null || hash is not null)
                {
                    // The node has it: that is noted even when the server is stopping.
                    await lease.SetSentAsync(anchor.Id, stored.Id, hash, parts.Time.GetUtcNow(), CancellationToken.None);
                    CrashPoint.Pass("anchor.sent");
                    LogText.Sent(parts.Logger, name, anchor.Size, hash ?? stored.Hash ?? "unknown");
                }
                break;
            case SendResult.NonceTooLow:
                break; // Mined meanwhile, or lost: the next round finds out which.
            case SendResult.Underpriced when mayReplace && anchor.State != AnchorState.Sent:
                await ReplaceAsync(lease, round, anchor, stored, chain, cancellationToken);
                break;
            case SendResult.Underpriced:
                break; // It waits in the pool, or is replaced when its time is up.
            case SendResult.InsufficientFunds poor:
                round.Raise(AnchorAlarm.OutOfFunds, $"The node says: {poor.NodeMessage}. {Describe(chain.Balance, transaction.MaxFeePerGas * transaction.GasLimit)}");
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Makes a transaction of the same nonce that pays more; where a ceiling forbids it, sends the present one again.</summary>
    private async Task ReplaceAsync(
        AnchorLease lease, AnchorRound round, StoredAnchor anchor, StoredTransaction stored, ChainView chain, CancellationToken cancellationToken)
    {
        var before = ToTransaction(anchor, stored);
        if (await BuildAsync(round, chain, before.Data, before.Nonce, before, cancellationToken) is not { } transaction)
        {
            await SendAsync(lease, round, anchor, stored, chain, mayReplace: false, cancellationToken);
            return;
        }
        var replacement = ToStored(transaction, anchor.Id, parts.Time.GetUtcNow());
        CrashPoint.Pass("anchor.before-replaced");
        var id = await lease.AddReplacementAsync(anchor.Id, replacement, cancellationToken); // Kept before it is sent.
        CrashPoint.Pass("anchor.replaced");
        parts.Metrics.Prepared(name);
        LogText.Replaced(parts.Logger, name, anchor.Size, before.MaxFeePerGas, transaction.MaxFeePerGas);
        await SendAsync(lease, round, anchor, replacement with { Id = id }, chain, mayReplace: false, cancellationToken);
    }

    /// <summary>Builds a transaction within all ceilings; null, with the alarm raised, when one is in the way.</summary>
    private async Task<Eip1559Transaction?> BuildAsync(
        AnchorRound round, ChainView chain, ReadOnlyMemory<byte> data, ulong nonce, Eip1559Transaction? replaces, CancellationToken cancellationToken)
    {
        if (chain.Balance.IsZero)
        {
            round.Raise(AnchorAlarm.OutOfFunds, $"The account {signer.Account} has nothing.");
            return null;
        }
        switch (await builder.BuildAsync(registry.Address, data, nonce, replaces, cancellationToken))
        {
            case BuildResult.WouldRevert revert:
                round.Raise(AnchorAlarm.WouldRevert, revert.NodeMessage);
                return null;
            case BuildResult.AboveCeiling above:
                round.Raise(AnchorAlarm.FeeCeiling, above.Detail);
                return null;
            case BuildResult.Ready ready:
                var cost = ready.Transaction.MaxFeePerGas * ready.Transaction.GasLimit;
                if (chain.Balance < cost)
                {
                    round.Raise(AnchorAlarm.OutOfFunds, Describe(chain.Balance, cost));
                    return null;
                }
                var today = new DateTimeOffset(parts.Time.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);
                var spending = await parts.Anchors.GetSpendingAsync(name, today, cancellationToken);
                var reserved = BigInteger.Max(BigInteger.Zero, spending.Reserved - (replaces is null ? BigInteger.Zero : replaces.MaxFeePerGas * replaces.GasLimit));
                if (spending.SpentToday + reserved + cost > options.MaxWeiPerDay)
                {
                    round.Raise(
                        AnchorAlarm.SpendingCeiling,
                        $"{spending.SpentToday} wei are spent today and {reserved} promised; with up to {cost} for this anchor that is above {options.MaxWeiPerDay}.");
                    return null;
                }
                return ready.Transaction;
            default:
                throw new UnreachableException();
        }
    }

    private async Task<SendResult> GiveToSignerAsync(Eip1559Transaction transaction, StoredTransaction stored, CancellationToken cancellationToken)
    {
        SignedTransaction? signed = null;
        if (stored.Raw is { } raw && !SignedTransaction.TryDecode(raw, out signed, out var fault))
        {
            throw new InvalidOperationException($"Transaction {stored.Id} is malformed in the database: {fault}");
        }
        try
        {
            return await signer.SendAsync(transaction, signed, cancellationToken);
        }
        catch (RpcUnavailableException exception) when (signer is ExternalSigner)
        {
            throw new AnchorFaultException(AnchorAlarm.SignerAway, exception.Message);
        }
    }

    /// <summary>The fields of a kept transaction: from its bytes, or else from what was stored for the external signer.</summary>
    private Eip1559Transaction ToTransaction(StoredAnchor anchor, StoredTransaction stored) =>
        stored.Raw is { } raw && SignedTransaction.TryDecode(raw, out var signed, out _)
            ? signed.Transaction
            : new Eip1559Transaction
            {
                ChainId = (ulong)options.ChainId,
                Nonce = (ulong)anchor.Nonce,
                MaxPriorityFeePerGas = stored.PriorityFee,
                MaxFeePerGas = stored.MaxFee,
                GasLimit = (ulong)stored.GasLimit,
                To = registry.Address,
                Data = AnchorRegistry.EncodeAnchor((ulong)anchor.Size, anchor.Root),
            };

    private StoredTransaction ToStored(Eip1559Transaction transaction, long anchorId, DateTimeOffset now)
    {
        var signed = signer.Sign(transaction);
        return new StoredTransaction
        {
            Id = 0,
            AnchorId = anchorId,
            Hash = signed is null ? null : Hex.Encode(signed.Hash),
            Raw = signed?.Raw.ToArray(),
            GasLimit = (long)transaction.GasLimit,
            MaxFee = transaction.MaxFeePerGas,
            PriorityFee = transaction.MaxPriorityFeePerGas,
            PreparedAt = now,
        };
    }

    private string Describe(BigInteger balance, BigInteger cost) => $"The account {signer.Account} has {balance} wei, and an anchor may cost {cost}.";

    private static partial class LogText
    {
        [LoggerMessage(4031, LogLevel.Debug, "Anchor in {Target} of {Size} entries is prepared with nonce {Nonce}")]
        public static partial void Prepared(ILogger logger, string target, long size, long nonce);

        [LoggerMessage(4032, LogLevel.Information, "Anchor in {Target} of {Size} entries is sent: {Transaction}")]
        public static partial void Sent(ILogger logger, string target, long size, string transaction);

        [LoggerMessage(4033, LogLevel.Information, "Anchor in {Target} of {Size} entries is mined in block {Block}")]
        public static partial void Mined(ILogger logger, string target, long size, long block);

        [LoggerMessage(4034, LogLevel.Information, "Anchor in {Target} of {Size} entries is final in block {Block}")]
        public static partial void Final(ILogger logger, string target, long size, long block);

        [LoggerMessage(4035, LogLevel.Warning, "Anchor in {Target} of {Size} entries left the chain with block {Block}: {Reason}")]
        public static partial void Reorged(ILogger logger, string target, long size, long block, string reason);

        [LoggerMessage(4036, LogLevel.Warning, "Anchor in {Target} of {Size} entries is superseded: {Reason}")]
        public static partial void Superseded(ILogger logger, string target, long size, string reason);

        [LoggerMessage(4037, LogLevel.Warning, "Anchor in {Target} of {Size} entries is not mined; its transaction is replaced by one that pays up to {MaxFee} instead of {OldFee} wei per gas")]
        public static partial void Replaced(ILogger logger, string target, long size, BigInteger oldFee, BigInteger maxFee);
    }
}
