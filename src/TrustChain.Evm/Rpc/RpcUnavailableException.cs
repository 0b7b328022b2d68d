namespace TrustChain.Evm.Rpc;

/// <summary>
/// The node gave no usable answer: not reached, timed out, HTTP failure, answer too long or malformed. It says nothing about the chain. The message names
/// the endpoint by scheme, host and port only, because paths of RPC endpoints carry access keys.
/// </summary>
public sealed class RpcUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public RpcUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
