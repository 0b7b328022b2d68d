using System.Numerics;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Transactions;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Rpc;

/// <summary>
/// The requests to an Ethereum node that anchoring and verification need. Every method throws <see cref="RpcUnavailableException"/> when the node gave no
/// usable answer and <see cref="RpcErrorException"/> when it answered with an error; no failure is ever turned into a value.
/// </summary>
public sealed class EvmNode(JsonRpcClient rpc)
{
    /// <summary>The chain's id (EIP-155).</summary>
    public Task<ulong> GetChainIdAsync(CancellationToken cancellationToken) =>
        rpc.CallAsync<ulong>("eth_chainId", static _ => { }, RpcResults.TryUInt64, cancellationToken);

    /// <summary>The accounts whose keys the answering program holds: an external signer's own.</summary>
    public Task<List<Address>> GetAccountsAsync(CancellationToken cancellationToken) => rpc.CallAsync<List<Address>>("eth_accounts", static _ => { }, RpcResults.TryAddresses, cancellationToken);

    /// <summary>The number of the newest block.</summary>
    public Task<ulong> GetBlockNumberAsync(CancellationToken cancellationToken) =>
        rpc.CallAsync<ulong>("eth_blockNumber", static _ => { }, RpcResults.TryUInt64, cancellationToken);

    /// <summary>The block, or null when the node says there is none.</summary>
    public Task<Block?> GetBlockAsync(BlockTag tag, CancellationToken cancellationToken) => rpc.CallAsync<Block?>(
        "eth_getBlockByNumber",
        json =>
        {
            json.WriteStringValue(tag.ToString());
            json.WriteBooleanValue(false);
        },
        RpcResults.TryBlock,
        cancellationToken);

    /// <summary>How many transactions the account has sent: the next nonce, with <see cref="BlockTag.Pending"/> counting the waiting ones too.</summary>
    public Task<ulong> GetTransactionCountAsync(Address account, BlockTag tag, CancellationToken cancellationToken) =>
        rpc.CallAsync<ulong>("eth_getTransactionCount", AccountAt(account, tag), RpcResults.TryUInt64, cancellationToken);

    /// <summary>The account's balance in wei.</summary>
    public Task<BigInteger> GetBalanceAsync(Address account, BlockTag tag, CancellationToken cancellationToken) =>
        rpc.CallAsync<BigInteger>("eth_getBalance", AccountAt(account, tag), RpcResults.TryQuantity, cancellationToken);

    /// <summary>The node's suggestion for the priority fee, in wei per gas.</summary>
    public Task<BigInteger> GetMaxPriorityFeeAsync(CancellationToken cancellationToken) =>
        rpc.CallAsync<BigInteger>("eth_maxPriorityFeePerGas", static _ => { }, RpcResults.TryQuantity, cancellationToken);

    /// <summary>The code at an address; empty where no contract is.</summary>
    public Task<byte[]> GetCodeAsync(Address contract, BlockTag tag, CancellationToken cancellationToken) =>
        rpc.CallAsync<byte[]>("eth_getCode", AccountAt(contract, tag), RpcResults.TryData, cancellationToken);

    /// <summary>
    /// Runs a call without a transaction and gives what it returned. An address without code returns nothing and does not fail.
    /// </summary>
    /// <exception cref="RpcErrorException">Among others: the call reverted.</exception>
    public Task<byte[]> CallAsync(Address to, ReadOnlyMemory<byte> data, BlockTag tag, CancellationToken cancellationToken) => rpc.CallAsync<byte[]>(
        "eth_call",
        json =>
        {
            WriteCall(json, null, to, data, BigInteger.Zero);
            json.WriteStringValue(tag.ToString());
        },
        RpcResults.TryData,
        cancellationToken);

    /// <summary>Gas the transaction would use now; <paramref name="to"/> null creates a contract.</summary>
    /// <exception cref="RpcErrorException">Among others: the execution would revert.</exception>
    public Task<ulong> EstimateGasAsync(Address from, Address? to, ReadOnlyMemory<byte> data, BigInteger value, CancellationToken cancellationToken) =>
        rpc.CallAsync<ulong>("eth_estimateGas", json => WriteCall(json, from, to, data, value), RpcResults.TryUInt64, cancellationToken);

    /// <summary>The receipt, or null while no block known to the node holds the transaction.</summary>
    public Task<TransactionReceipt?> GetReceiptAsync(Hash32 transactionHash, CancellationToken cancellationToken) => rpc.CallAsync<TransactionReceipt?>(
        "eth_getTransactionReceipt",
        json => json.WriteStringValue(Hex.Encode(transactionHash)),
        (JsonElement element, out TransactionReceipt? receipt) =>
            RpcResults.TryReceipt(element, out receipt) && (receipt is null || receipt.TransactionHash == transactionHash),
        cancellationToken);

    /// <summary>
    /// Gives a signed transaction to the node. The same bytes may be sent any number of times, so a lost answer is asked for again.
    /// </summary>
    /// <exception cref="RpcErrorException">The node refused for a reason that <see cref="SendResult"/> does not know.</exception>
    public async Task<SendResult> SendRawTransactionAsync(ReadOnlyMemory<byte> raw, CancellationToken cancellationToken)
    {
        var hash = Keccak256.Compute(raw.Span);
        try
        {
            await rpc.CallAsync(
                "eth_sendRawTransaction",
                json => json.WriteStringValue(Hex.Encode(raw.Span)),
                (JsonElement element, out Hash32 answered) => RpcResults.TryHash(element, out answered) && answered == hash,
                cancellationToken);
            return new SendResult.Accepted(hash, AlreadyKnown: false);
        }
        catch (RpcErrorException exception) when (SendResult.Recognise(hash, exception.NodeMessage) is { } recognised)
        {
            return recognised;
        }
    }

    /// <summary>Has whoever is at the endpoint sign the transaction with the account's key and send it (<c>eth_sendTransaction</c>).</summary>
    /// <returns>The hash in an acceptance is default where the node only said that it knows the transaction.</returns>
    /// <exception cref="RpcErrorException">It was refused for a reason that <see cref="SendResult"/> does not know.</exception>
    public async Task<SendResult> SendTransactionAsync(Address from, Eip1559Transaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            var hash = await rpc.CallAsync<Hash32>("eth_sendTransaction", json => WriteTransaction(json, from, transaction), RpcResults.TryHash, cancellationToken);
            return new SendResult.Accepted(hash, AlreadyKnown: false);
        }
        catch (RpcErrorException exception) when (SendResult.Recognise(default, exception.NodeMessage) is { } recognised)
        {
            return recognised;
        }
    }

    /// <summary>Hashes of the transactions whose events of a contract have exactly these topics, from a block on; only in blocks that stand.</summary>
    public Task<List<Hash32>> FindTransactionsAsync(Address contract, IReadOnlyList<Hash32> topics, ulong fromBlock, CancellationToken cancellationToken) =>
        rpc.CallAsync<List<Hash32>>(
            "eth_getLogs",
            json =>
            {
                json.WriteStartObject();
                json.WriteString("address"u8, Hex.Encode(contract.ToArray()));
                json.WriteString("fromBlock"u8, Hex.EncodeQuantity(fromBlock));
                json.WriteString("toBlock"u8, "latest"u8);
                json.WriteStartArray("topics"u8);
                foreach (var topic in topics)
                {
                    json.WriteStringValue(Hex.Encode(topic));
                }
                json.WriteEndArray();
                json.WriteEndObject();
            },
            RpcResults.TryTransactionsOfLogs,
            cancellationToken);

    private static Action<Utf8JsonWriter> AccountAt(Address account, BlockTag tag) => json =>
    {
        json.WriteStringValue(Hex.Encode(account.ToArray()));
        json.WriteStringValue(tag.ToString());
    };

    private static void WriteTransaction(Utf8JsonWriter json, Address from, Eip1559Transaction transaction)
    {
        json.WriteStartObject();
        json.WriteString("from"u8, Hex.Encode(from.ToArray()));
        if (transaction.To is { } called)
        {
            json.WriteString("to"u8, Hex.Encode(called.ToArray()));
        }
        json.WriteString("gas"u8, Hex.EncodeQuantity(transaction.GasLimit));
        json.WriteString("maxFeePerGas"u8, Hex.EncodeQuantity(transaction.MaxFeePerGas));
        json.WriteString("maxPriorityFeePerGas"u8, Hex.EncodeQuantity(transaction.MaxPriorityFeePerGas));
        json.WriteString("nonce"u8, Hex.EncodeQuantity(transaction.Nonce));
        json.WriteString("value"u8, Hex.EncodeQuantity(transaction.Value));
        json.WriteString("data"u8, Hex.Encode(transaction.Data.Span));
        json.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter json, Address? from, Address? to, ReadOnlyMemory<byte> data, BigInteger value)
    {
        json.WriteStartObject();
        if (from is { } sender)
        {
            json.WriteString("from"u8, Hex.Encode(sender.ToArray()));
        }
        if (to is { } called)
        {
            json.WriteString("to"u8, Hex.Encode(called.ToArray()));
        }
        if (!value.IsZero)
        {
            json.WriteString("value"u8, Hex.EncodeQuantity(value));
        }
        json.WriteString("data"u8, Hex.Encode(data.Span));
        json.WriteEndObject();
    }
}
