using System.Globalization;
using System.Numerics;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Transactions;

namespace TrustChain.UnitTests.Evm;

public sealed class Eip1559TransactionTests
{
    private const string SigningFile = "ethereum/eip1559-signing.json";
    private const string DecodingFile = "ethereum/eip1559-transactions.json";

    public static IEnumerable<TheoryDataRow<string>> SigningNames() => Vectors.Rows(() =>
    {
        using var document = Vectors.Read(SigningFile);
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select((_, index) => index.ToString(CultureInfo.InvariantCulture))];
    });

    public static IEnumerable<TheoryDataRow<string>> DecodingNames() => Vectors.Rows(() =>
    {
        using var document = Vectors.Read(DecodingFile);
        return [.. document.RootElement.GetProperty("cases").EnumerateObject().Select(member => member.Name)];
    });

    [Theory]
    [MemberData(nameof(SigningNames))]
    public void Sign_PublishedVector_GivesTheSameBytes(string index)
    {
        using var document = Vectors.Read(SigningFile);
        var vector = document.RootElement.GetProperty("cases")[int.Parse(index, CultureInfo.InvariantCulture)];
        var transaction = ToTransaction(vector.GetProperty("transaction"));
        var key = new Secp256k1Key(RlpTests.Bytes(vector.GetProperty("privateKey")));

        var signed = transaction.Sign(key);

        Assert.Equal(RlpTests.Bytes(vector.GetProperty("unsignedLondon")), transaction.EncodeUnsigned());
        var signature = vector.GetProperty("signatureLondon");
        Assert.Equal(RlpTests.Bytes(signature.GetProperty("r")), signed.Signature.R.ToArray());
        Assert.Equal(RlpTests.Bytes(signature.GetProperty("s")), signed.Signature.S.ToArray());
        Assert.Equal((byte)Quantity(signature, "v"), signed.Signature.RecoveryId);
        Assert.Equal(RlpTests.Bytes(vector.GetProperty("signedLondon")), signed.Raw.ToArray());
        Assert.Equal(Keccak256.Compute(signed.Raw.Span), signed.Hash);
        Assert.Equal(key.Address, signed.Sender);

        // Random fields include transactions no block can hold; their form is read all the same.
        Assert.True(SignedTransactionReader.TryRead(signed.Raw, out var read, out var readSignature));
        Assert.Equal(transaction.EncodeUnsigned(), read.EncodeUnsigned());
        Assert.Equal(signed.Signature, readSignature);
    }

    [Theory]
    [MemberData(nameof(DecodingNames))]
    public void TryDecode_PublishedVector_AcceptsOrRefusesAsExpected(string name)
    {
        using var document = Vectors.Read(DecodingFile);
        var vector = document.RootElement.GetProperty("cases").GetProperty(name);
        var expected = vector.GetProperty("result").EnumerateObject().Single().Value;

        var accepted = SignedTransaction.TryDecode(RlpTests.Bytes(vector.GetProperty("txbytes")), out var signed, out var fault);

        if (expected.TryGetProperty("exception", out _))
        {
            Assert.False(accepted);
            return;
        }
        Assert.True(accepted, fault);
        Assert.Equal(RlpTests.Bytes(expected.GetProperty("hash")), signed!.Hash.ToArray());
        Assert.Equal(RlpTests.Bytes(expected.GetProperty("sender")), signed.Sender.ToArray());
    }

    [Fact]
    public void TryDecode_SignedTransaction_GivesFieldsSenderAndHash()
    {
        var key = new Secp256k1Key(Keccak256.Compute("key"u8).ToArray());
        var signed = Valid().Sign(key);

        Assert.True(SignedTransaction.TryDecode(signed.Raw, out var decoded, out var fault), fault);
        Assert.Equal((signed.Hash, key.Address, signed.Signature), (decoded.Hash, decoded.Sender, decoded.Signature));
        Assert.Equal(Valid().EncodeUnsigned(), decoded.Transaction.EncodeUnsigned());
    }

    [Fact]
    public void TryDecode_OneThingBroken_Refuses()
    {
        Eip1559Transaction[] broken =
        [
            Valid() with { MaxPriorityFeePerGas = 31 },
            Valid() with { GasLimit = 20_999 },
            Valid() with { Nonce = ulong.MaxValue },
            Valid() with { MaxFeePerGas = BigInteger.Pow(2, 256) - 1 },
            Valid() with { To = null, GasLimit = 53_000 },
            Valid() with { To = null, GasLimit = 30_000_000, Data = new byte[49_153] },
        ];
        var key = new Secp256k1Key(Keccak256.Compute("key"u8).ToArray());

        Assert.All(broken, transaction => Assert.False(SignedTransaction.TryDecode(transaction.Sign(key).Raw, out _, out _)));
    }

    [Fact]
    public void TryDecode_EveryByteFlippedOrCutOff_NeverGivesTheSameTransaction()
    {
        var key = new Secp256k1Key(Keccak256.Compute("key"u8).ToArray());
        var signed = Valid().Sign(key);
        for (var i = 0; i < signed.Raw.Length; i++)
        {
            var changed = signed.Raw.ToArray();
            changed[i] ^= 0x41;

            Assert.True(!SignedTransaction.TryDecode(changed, out var decoded, out _) || decoded.Sender != key.Address, $"byte {i}");
            Assert.False(SignedTransaction.TryDecode(signed.Raw[..i], out _, out _));
        }
        Assert.False(SignedTransaction.TryDecode((byte[])[.. signed.Raw.Span, 0], out _, out _));
    }

    private static Eip1559Transaction Valid() => new()
    {
        ChainId = 31337,
        Nonce = 7,
        MaxPriorityFeePerGas = 2,
        MaxFeePerGas = 30,
        GasLimit = 100_000,
        To = Address.Parse("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
        Value = 5,
        Data = new byte[] { 1, 0, 2 },
        AccessList = [new AccessListEntry(default, [Hash32.Compute([])])],
    };

    private static Eip1559Transaction ToTransaction(JsonElement fields) => new()
    {
        ChainId = (ulong)Quantity(fields, "chainId"),
        Nonce = (ulong)Quantity(fields, "nonce"),
        MaxPriorityFeePerGas = Quantity(fields, "maxPriorityFeePerGas"),
        MaxFeePerGas = Quantity(fields, "maxFeePerGas"),
        GasLimit = (ulong)Quantity(fields, "gasLimit"),
        To = fields.TryGetProperty("to", out var to) ? Address.Parse(to.GetString()!) : null,
        Value = Quantity(fields, "value"),
        Data = fields.TryGetProperty("data", out var data) ? RlpTests.Bytes(data) : [],
        AccessList = fields.TryGetProperty("accessList", out var list)
            ?
            [
                .. list.EnumerateArray().Select(entry => new AccessListEntry(
                    Address.Parse(entry.GetProperty("address").GetString()!),
                    [.. entry.GetProperty("storageKeys").EnumerateArray().Select(key => new Hash32(RlpTests.Bytes(key)))])),
            ]
            : [],
    };

    private static BigInteger Quantity(JsonElement fields, string name) => !fields.TryGetProperty(name, out var value)
        ? BigInteger.Zero
        : value.ValueKind == JsonValueKind.Number
            ? value.GetInt64()
            : BigInteger.Parse("0" + value.GetString()![2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
