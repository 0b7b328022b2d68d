namespace TrustChain.Evm.Rpc;

/// <summary>The node answered a request with a JSON-RPC error.</summary>
public sealed class RpcErrorException : Exception
{
    /// <summary>Error code of a reverted execution (geth and those who follow it).</summary>
    public const int ExecutionReverted = 3;

    /// <summary>Creates the exception.</summary>
    public RpcErrorException(string method, int code, string nodeMessage, byte[]? data)
        : base($"{method}: the node answered with error {code}: {nodeMessage}")
    {
        Code = code;
        NodeMessage = nodeMessage;
        // Spelt out, because the array's own conversion turns null into an empty value.
        Data = data is null ? default(ReadOnlyMemory<byte>?) : data;
    }

    /// <summary>The JSON-RPC error code.</summary>
    public int Code { get; }

    /// <summary>The node's own words, cut at 500 characters. Untrusted text.</summary>
    public string NodeMessage { get; }

    /// <summary>The error's data where it is hexadecimal: what the contract reverted with, selector first. Null where there is none.</summary>
    public new ReadOnlyMemory<byte>? Data { get; }

    /// <summary>True when the call ran and the contract reverted.</summary>
    public bool IsRevert => Code == ExecutionReverted || NodeMessage.Contains("revert", StringComparison.OrdinalIgnoreCase);
}
