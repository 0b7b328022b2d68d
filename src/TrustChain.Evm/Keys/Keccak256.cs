using Org.BouncyCastle.Crypto.Digests;
using TrustChain.Core.Log;

namespace TrustChain.Evm.Keys;

/// <summary>Keccak-256 as Ethereum uses it: the original padding, so not SHA3-256.</summary>
public static class Keccak256
{
    /// <summary>The digest of the bytes.</summary>
    public static Hash32 Compute(ReadOnlySpan<byte> bytes)
    {
        var digest = new KeccakDigest(256);
        digest.BlockUpdate(bytes.ToArray(), 0, bytes.Length);
        var hash = new byte[Hash32.Size];
        digest.DoFinal(hash, 0);
        return new Hash32(hash);
    }
}
