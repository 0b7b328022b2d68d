using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Rpc;

/// <summary>Which block a request is about. The default value is the latest one.</summary>
public readonly record struct BlockTag
{
    private readonly string? _text;

    private BlockTag(string text) => _text = text;

    /// <summary>The newest block the node knows; it may still be replaced.</summary>
    public static BlockTag Latest => new("latest");

    /// <summary>The newest block that is unlikely to be replaced.</summary>
    public static BlockTag Safe => new("safe");

    /// <summary>The newest block that will not be replaced, by the chain's own rule. Nodes of chains without one answer with an error.</summary>
    public static BlockTag Finalized => new("finalized");

    /// <summary>Latest, with the transactions waiting in the node's pool applied.</summary>
    public static BlockTag Pending => new("pending");

    /// <summary>The block with this number.</summary>
    public static BlockTag Number(ulong number) => new(Hex.EncodeQuantity(number));

    /// <summary>The form of the JSON-RPC interface.</summary>
    public override string ToString() => _text ?? "latest";
}
