using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Evm.Rpc;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Anchoring;

/// <summary>
/// The <c>AnchorRegistry</c> contract of one log: what it says, and the data of calls to it. Reads throw <see cref="RpcUnavailableException"/> when the
/// node gave no usable answer, <see cref="RpcErrorException"/> when it answered with an error (a revert among them), and
/// <see cref="RegistryMismatchException"/> when something else or nothing is at the address. A zero answer therefore always comes from a contract.
/// </summary>
public sealed class AnchorRegistry(EvmNode node, Address address)
{
    private static readonly Hash32 AnchoredTopic = Keccak256.Compute("Anchored(uint64,bytes32,address)"u8);

    /// <summary>Where the contract is.</summary>
    public Address Address => address;

    /// <summary>Call data that anchors a root under its tree size.</summary>
    public static byte[] EncodeAnchor(ulong size, Hash32 root) => new AbiArguments().Add(size).Add(root).ToCall("anchor(uint64,bytes32)");

    /// <summary>Call data by which the admin names the next publisher, who then has to accept.</summary>
    public static byte[] EncodeTransferPublisher(Address next) => new AbiArguments().Add(next).ToCall("transferPublisher(address)");

    /// <summary>Call data by which the named account becomes the publisher.</summary>
    public static byte[] EncodeAcceptPublisher() => new AbiArguments().ToCall("acceptPublisher()");

    /// <summary>Size and root of the largest anchor; both zero when nothing is anchored yet.</summary>
    public async Task<RegistryAnchor> GetLatestAsync(BlockTag tag, CancellationToken cancellationToken)
    {
        var returned = await ReadAsync(new AbiArguments().ToCall("latest()"), 2, tag, cancellationToken);
        var words = new AbiWords(returned);
        return words.TryReadUInt64(0, out var size) && words.TryReadHash(1, out var root) ? new RegistryAnchor(size, root) : throw Unexpected();
    }

    /// <summary>The root anchored under exactly this size; zero when there is none.</summary>
    public Task<Hash32> GetRootAtAsync(ulong size, BlockTag tag, CancellationToken cancellationToken) =>
        ReadHashAsync(new AbiArguments().Add(size).ToCall("rootAt(uint64)"), tag, cancellationToken);

    /// <summary>The transaction that stored this root under this size, looked for by its event; null when no block from the given one on has it.</summary>
    public async Task<Hash32?> FindTransactionAsync(ulong size, Hash32 root, ulong fromBlock, CancellationToken cancellationToken)
    {
        var word = new Hash32(new AbiArguments().Add(size).ToArray());
        var found = await node.FindTransactionsAsync(address, [AnchoredTopic, word, root], fromBlock, cancellationToken);
        return found.Count == 0 ? null : found[^1];
    }

    /// <summary>The SHA-256 of the log's origin line, fixed when the contract was created.</summary>
    public Task<Hash32> GetOriginHashAsync(BlockTag tag, CancellationToken cancellationToken) =>
        ReadHashAsync(new AbiArguments().ToCall("originHash()"), tag, cancellationToken);

    /// <summary>The account that may anchor.</summary>
    public Task<Address> GetPublisherAsync(BlockTag tag, CancellationToken cancellationToken) => ReadAddressAsync("publisher()", tag, cancellationToken);

    /// <summary>The account that was named as the next publisher and has not accepted yet; the zero address when there is none.</summary>
    public Task<Address> GetPendingPublisherAsync(BlockTag tag, CancellationToken cancellationToken) =>
        ReadAddressAsync("pendingPublisher()", tag, cancellationToken);

    /// <summary>The account that may change the publisher; the zero address when nobody may.</summary>
    public Task<Address> GetAdminAsync(BlockTag tag, CancellationToken cancellationToken) => ReadAddressAsync("admin()", tag, cancellationToken);

    /// <summary>Whether the contract finds the leaf, by an RFC 6962 inclusion proof, in the tree anchored under this size.</summary>
    public async Task<bool> VerifyLeafAsync(
        Hash32 leafHash, ulong index, ulong size, IReadOnlyList<Hash32> proof, BlockTag tag, CancellationToken cancellationToken)
    {
        var call = new AbiArguments().Add(leafHash).Add(index).Add(size).Add(proof).ToCall("verifyLeaf(bytes32,uint64,uint64,bytes32[])");
        var returned = await ReadAsync(call, 1, tag, cancellationToken);
        return new AbiWords(returned).TryReadBool(0, out var isIncluded) ? isIncluded : throw Unexpected();
    }

    private async Task<Hash32> ReadHashAsync(byte[] call, BlockTag tag, CancellationToken cancellationToken)
    {
        var returned = await ReadAsync(call, 1, tag, cancellationToken);
        return new Hash32(returned);
    }

    private async Task<Address> ReadAddressAsync(string signature, BlockTag tag, CancellationToken cancellationToken)
    {
        var returned = await ReadAsync(new AbiArguments().ToCall(signature), 1, tag, cancellationToken);
        return new AbiWords(returned).TryReadAddress(0, out var account) ? account : throw Unexpected();
    }

    /// <summary>Makes the call and checks that exactly so many words came back. A call to an address without code succeeds and returns nothing.</summary>
    private async Task<byte[]> ReadAsync(byte[] call, int words, BlockTag tag, CancellationToken cancellationToken)
    {
        var returned = await node.CallAsync(address, call, tag, cancellationToken);
        if (new AbiWords(returned).Has(words))
        {
            return returned;
        }
        var hasCode = returned.Length > 0 || (await node.GetCodeAsync(address, tag, cancellationToken)).Length > 0;
        throw hasCode ? Unexpected() : new RegistryMismatchException(address, RegistryMismatch.NoCode);
    }

    private RegistryMismatchException Unexpected() => new(address, RegistryMismatch.UnexpectedAnswer);
}

/// <summary>A tree size and the root stored under it.</summary>
/// <param name="Size">Number of leaves.</param>
/// <param name="Root">The RFC 6962 tree head.</param>
public readonly record struct RegistryAnchor(ulong Size, Hash32 Root)
{
    /// <summary>True when nothing is anchored.</summary>
    public bool IsDefault => Size == 0 && Root.IsDefault;
}
