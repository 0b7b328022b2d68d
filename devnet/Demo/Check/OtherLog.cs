using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Devnet.Serving;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Transactions;
using Record = TrustChain.Core.Log.Record;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>
/// Somebody else's log on the same chain: own origin, own key, own contract, a real anchor, and in it the same event, signed by a key that calls itself the
/// garden's. Nothing about its evidence is wrong, except that it is not of the log one trusts.
/// </summary>
internal static class OtherLog
{
    private const string Origin = "other.trustchain.example/log";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>The bundle of the event in the other log.</summary>
    /// <exception cref="DevnetException">The chain did not take the anchor.</exception>
    public static async Task<byte[]> BuildAsync(string rpcUrl, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using var logKey = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        using var signer = SigningKey.Generate(SignatureAlgorithms.ES256);
        var garden = TeaOrganisations.Yunwu;
        var keyEntry = new KeyEntry(garden.Id, garden.Name, signer.PublicKey, Custody.Self, KeyEntry.StatementsPurpose, null, "operator", null).ToJcs();

        var eventSalt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);
        var statement = Jws.Sign(signer, Statement.RootType, Origin, Statement.RootPayload(1, Statement.ComputeLeaf(eventSalt, content.Span)));
        var hash = EpcisReader.Read(content, EpcisReadOptions.Default).Events[0].EventHashUri;
        var record = new Record(
            1, Custody.Self, hash, 0, signer.PublicKey.Kid, 0, DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()), Hash32.Compute(Encoding.ASCII.GetBytes(statement)));
        var salt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);

        Hash32[] leaves =
        [
            MerkleTree.HashLeaf(LogEntry.ForPublic(EntryKind.Key, keyEntry)),
            new(RandomNumberGenerator.GetBytes(Hash32.Size)), // somebody else's entry
            MerkleTree.HashLeaf(LogEntry.ForEvent(salt, record.ToJcs())),
            new(RandomNumberGenerator.GetBytes(Hash32.Size)),
            new(RandomNumberGenerator.GetBytes(Hash32.Size)),
        ];
        var root = MerkleTree.ComputeRoot(leaves);
        var anchor = await AnchorAsync(rpcUrl, leaves.Length, root, cancellationToken);
        return new EvidenceBundle
        {
            Log = new LogIdentity(Origin, NoteVerifier.Create(Origin, logKey.PublicKey).Text, anchor.ChainId, anchor.Registry),
            Checkpoint = SignedNote.Sign(new Checkpoint(Origin, leaves.Length, root).ToText(), Origin, logKey),
            Anchors = [anchor],
            Proof = ProofPlan.SharedInclusion([0, 2], leaves.Length).Build(_ => Tile.Parse(leaves.SelectMany(static l => l.ToArray()).ToArray())),
            Keys = [new BundleKey(0, leaves[0], keyEntry)],
            Statements = [statement],
            Records = [new BundleRecord(2, leaves[2], record.ToJcs(), new Hash32(salt), 0, content, new Hash32(eventSalt), [], null)],
        }.ToUtf8();
    }

    /// <summary>Deploys the log's own contract and anchors the root in it.</summary>
    private static async Task<BundleAnchor> AnchorAsync(string rpcUrl, long size, Hash32 root, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var rpc = new JsonRpcClient(http, new Uri(rpcUrl), new JsonRpcOptions(), TimeProvider.System);
        var node = new EvmNode(rpc);
        var publisher = Secp256k1Key.Create();
        await Registry.FundAsync(rpc, publisher.Address, cancellationToken);
        var registry = await Registry.DeployAsync(node, publisher, Origin, cancellationToken);

        var fees = new FeePolicy { MaxFeePerGasCeiling = BigInteger.Pow(10, 12), MaxPriorityFeePerGasCeiling = BigInteger.Pow(10, 11) };
        var sender = new TransactionSender(node, publisher, AnvilProcess.ChainId, fees);
        var nonce = await node.GetTransactionCountAsync(publisher.Address, BlockTag.Pending, cancellationToken);
        var prepared = await sender.PrepareAsync(registry, AnchorRegistry.EncodeAnchor((ulong)size, root), nonce, null, cancellationToken);
        if (prepared is not PrepareResult.Ready { Transaction: var transaction } || await sender.SendAsync(transaction, cancellationToken) is not SendResult.Accepted)
        {
            throw new DevnetException("The chain did not take the other log's anchor.");
        }
        var receipt = await WaitAsync(node, transaction.Hash, cancellationToken);
        var block = await node.GetBlockAsync(BlockTag.Number(receipt.BlockNumber), cancellationToken) ?? throw new DevnetException("The block of the other log's anchor is gone.");
        return new BundleAnchor(
            AnvilProcess.ChainId, registry.ToString(), size, root, "0x" + transaction.Hash.ToHex(), (long)block.Number, "0x" + block.Hash.ToHex(), block.Timestamp, []);
    }

    private static async Task<TransactionReceipt> WaitAsync(EvmNode node, Hash32 transaction, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (await node.GetReceiptAsync(transaction, cancellationToken) is { } receipt)
            {
                return receipt.Succeeded ? receipt : throw new DevnetException("The other log's anchor was reverted.");
            }
            if (clock.Elapsed > Timeout)
            {
                throw new DevnetException(string.Create(CultureInfo.InvariantCulture, $"No block held the other log's anchor within {Timeout.TotalSeconds} s."));
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
    }
}
