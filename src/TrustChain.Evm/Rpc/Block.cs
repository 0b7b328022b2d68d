using System.Numerics;
using TrustChain.Core.Log;

namespace TrustChain.Evm.Rpc;

/// <summary>The part of a block's header that anchoring needs.</summary>
/// <param name="Number">Height above the genesis block.</param>
/// <param name="Hash">The block's name.</param>
/// <param name="ParentHash">The block before it; all zero for the genesis block.</param>
/// <param name="Timestamp">What the block says of its time, to the second.</param>
/// <param name="BaseFeePerGas">Wei per gas that are burnt; null on a chain without EIP-1559.</param>
public sealed record Block(ulong Number, Hash32 Hash, Hash32 ParentHash, DateTimeOffset Timestamp, BigInteger? BaseFeePerGas);
