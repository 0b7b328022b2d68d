using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Rpc;

/// <summary>
/// Readers for the shapes of the Ethereum JSON-RPC interface. They look at the raw text of strings: hexadecimal needs no escapes, and a string that is
/// no Unicode text must not throw.
/// </summary>
internal static class RpcResults
{
    public static bool TryQuantity(JsonElement element, out BigInteger value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.String && Hex.TryDecodeQuantity(Inside(element), out value);
    }

    public static bool TryUInt64(JsonElement element, out ulong value)
    {
        value = 0;
        if (!TryQuantity(element, out var number) || number > ulong.MaxValue)
        {
            return false;
        }
        value = (ulong)number;
        return true;
    }

    public static bool TryData(JsonElement element, out byte[] value)
    {
        value = [];
        if (element.ValueKind != JsonValueKind.String || !Hex.TryDecode(Inside(element), out var bytes))
        {
            return false;
        }
        value = bytes;
        return true;
    }

    public static bool TryHash(JsonElement element, out Hash32 value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.String && Hex.TryDecodeHash(Inside(element), out value);
    }

    public static bool TryBlock(JsonElement element, out Block? block)
    {
        block = null;
        if (element.ValueKind == JsonValueKind.Null)
        {
            return true;
        }
        BigInteger baseFee = default;
        // The last second of the year 9999 is where DateTimeOffset ends.
        if (!TryUInt64(Member(element, "number"), out var number) || !TryHash(Member(element, "hash"), out var hash)
            || !TryHash(Member(element, "parentHash"), out var parentHash)
            || !TryUInt64(Member(element, "timestamp"), out var seconds) || seconds > 253_402_300_799
            || (IsPresent(element, "baseFeePerGas") && !TryQuantity(Member(element, "baseFeePerGas"), out baseFee)))
        {
            return false;
        }
        var time = DateTimeOffset.FromUnixTimeSeconds((long)seconds);
        block = new Block(number, hash, parentHash, time, IsPresent(element, "baseFeePerGas") ? baseFee : null);
        return true;
    }

    public static bool TryReceipt(JsonElement element, out TransactionReceipt? receipt)
    {
        receipt = null;
        // Some nodes describe a transaction that is still waiting by a receipt without block.
        if (element.ValueKind == JsonValueKind.Null || (element.ValueKind == JsonValueKind.Object && !IsPresent(element, "blockHash")))
        {
            return true;
        }
        BigInteger price = default;
        Address contract = default;
        if (!TryHash(Member(element, "transactionHash"), out var transactionHash) || !TryUInt64(Member(element, "status"), out var status) || status > 1
            || !TryUInt64(Member(element, "blockNumber"), out var blockNumber) || !TryHash(Member(element, "blockHash"), out var blockHash)
            || !TryUInt64(Member(element, "gasUsed"), out var gasUsed)
            || (IsPresent(element, "effectiveGasPrice") && !TryQuantity(Member(element, "effectiveGasPrice"), out price))
            || (IsPresent(element, "contractAddress") && !TryAddress(Member(element, "contractAddress"), out contract))
            || !TryLogs(Member(element, "logs"), out var logs))
        {
            return false;
        }
        receipt = new TransactionReceipt
        {
            TransactionHash = transactionHash,
            Succeeded = status == 1,
            BlockNumber = blockNumber,
            BlockHash = blockHash,
            GasUsed = gasUsed,
            EffectiveGasPrice = IsPresent(element, "effectiveGasPrice") ? price : null,
            ContractAddress = IsPresent(element, "contractAddress") ? contract : null,
            Logs = logs,
        };
        return true;
    }

    public static bool TryAddresses(JsonElement element, out List<Address> addresses)
    {
        addresses = [];
        if (element.ValueKind != JsonValueKind.Array)
        {
            return false;
        }
        foreach (var item in element.EnumerateArray())
        {
            if (!TryAddress(item, out var address))
            {
                return false;
            }
            addresses.Add(address);
        }
        return true;
    }

    public static bool TryTransactionsOfLogs(JsonElement element, out List<Hash32> hashes)
    {
        hashes = [];
        if (element.ValueKind != JsonValueKind.Array)
        {
            return false;
        }
        foreach (var log in element.EnumerateArray())
        {
            if (!TryHash(Member(log, "transactionHash"), out var hash))
            {
                return false;
            }
            hashes.Add(hash);
        }
        return true;
    }

    private static bool TryLogs(JsonElement element, out List<TransactionLog> logs)
    {
        logs = [];
        if (element.ValueKind != JsonValueKind.Array)
        {
            return false;
        }
        foreach (var log in element.EnumerateArray())
        {
            var topics = new List<Hash32>(4);
            if (!TryAddress(Member(log, "address"), out var address) || !TryData(Member(log, "data"), out var data)
                || Member(log, "topics") is not { ValueKind: JsonValueKind.Array } listed)
            {
                return false;
            }
            foreach (var entry in listed.EnumerateArray())
            {
                if (topics.Count == 4 || !TryHash(entry, out var topic))
                {
                    return false;
                }
                topics.Add(topic);
            }
            logs.Add(new TransactionLog(address, topics, data));
        }
        return true;
    }

    private static bool TryAddress(JsonElement element, out Address value)
    {
        value = default;
        if (!TryData(element, out var bytes) || bytes.Length != Address.Size)
        {
            return false;
        }
        value = new Address(bytes);
        return true;
    }

    private static bool IsPresent(JsonElement element, string name) =>
        Member(element, name).ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>The member, or a default element (of kind Undefined) that no reader accepts.</summary>
    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : default;

    private static ReadOnlySpan<byte> Inside(JsonElement text) => JsonMarshal.GetRawUtf8Value(text)[1..^1];
}
