using System.Numerics;

namespace TrustChain.Server.Anchoring;

/// <summary>Section <c>Anchoring</c>: the primary target, whose anchors are in evidence, and further ones by name.</summary>
public sealed class AnchoringOptions : AnchorTargetOptions
{
    public const string Section = "Anchoring";

    /// <summary>Further targets by name: small letters, digits and hyphens. Each is anchored in independently of the others.</summary>
    public Dictionary<string, AnchorTargetOptions> Targets { get; set; } = [];
}

/// <summary>Where and how to anchor.</summary>
public class AnchorTargetOptions
{
    /// <summary>A contract on an EVM chain, or a timestamp authority. The primary target is a contract. Default <c>evm</c>.</summary>
    public AnchorTargetKind Kind { get; set; } = AnchorTargetKind.Evm;

    /// <summary>The shortest time between two anchors. Default 60 s.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// An entry is anchored at the latest this long after it is under a checkpoint; the more entries wait, the sooner, down to <see cref="Interval"/>. Null,
    /// the default: the same as the interval.
    /// </summary>
    public TimeSpan? Latency { get; set; }

    /// <summary>What stands in a command line for a node that whoever runs it has to choose.</summary>
    public const string AnyNode = "NODE";

    /// <summary>How often the target is looked at; a tenth as often while nothing is open and nothing is new. Default 2 s.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>An entry that waits this long for its anchor raises the alarm <c>late</c>. Null, the default: ten minutes more than the latency.</summary>
    public TimeSpan? LateAfter { get; set; }

    /// <summary>EVM: JSON-RPC URL of a node.</summary>
    public string RpcUrl { get; set; } = "";

    /// <summary>EVM: JSON-RPC URL that browsers may use for checking; empty: <see cref="RpcUrl"/>, where that holds nothing but a host.</summary>
    public string PublicRpcUrl { get; set; } = "";

    /// <summary>
    /// EVM: the JSON-RPC URL that pages name to everybody; null where there is none to be named: in path, query or user name of <see cref="RpcUrl"/> may be the operator's access key.
    /// </summary>
    public string? RpcUrlForVisitors => PublicRpcUrl.Length > 0 ? PublicRpcUrl
        : Uri.TryCreate(RpcUrl, UriKind.Absolute, out var own) && own is { PathAndQuery: "/", UserInfo: "", Fragment: "" } ? RpcUrl
        : null;

    /// <summary>EVM: EIP-155 chain id; the node must serve it.</summary>
    public long ChainId { get; set; }

    /// <summary>EVM: hash of the chain's first block; empty: the one seen first, which is remembered.</summary>
    public string Genesis { get; set; } = "";

    /// <summary>EVM: address of the AnchorRegistry contract.</summary>
    public string Registry { get; set; } = "";

    /// <summary>EVM: path of the publisher's Web3 Secret Storage key file; not with <see cref="ExternalSigner"/>.</summary>
    public string KeystoreFile { get; set; } = "";

    /// <summary>EVM: path of the file with its pass phrase.</summary>
    public string PassPhraseFile { get; set; } = "";

    /// <summary>EVM: JSON-RPC URL of a signer that holds the publisher's key and takes <c>eth_sendTransaction</c>, such as Web3Signer.</summary>
    public string ExternalSigner { get; set; } = "";

    /// <summary>EVM, with an external signer: the publisher's address.</summary>
    public string Publisher { get; set; } = "";

    /// <summary>EVM: when a mined anchor is final. Default <c>depth</c>.</summary>
    public AnchorFinality Finality { get; set; } = AnchorFinality.Depth;

    /// <summary>EVM, finality by depth: blocks on top of an anchor's own before it is called final. Default 3.</summary>
    public int ConfirmationDepth { get; set; } = 3;

    /// <summary>EVM: highest fee per gas paid, in gwei. Default 200.</summary>
    public int MaxFeeGwei { get; set; } = 200;

    /// <summary>EVM: most that may be spent in a day of UTC, in whole coins (ether on Ethereum), waiting transactions counted at their highest price. Default 1.</summary>
    public decimal MaxSpendPerDay { get; set; } = 1;

    /// <summary>EVM: what the coin is called. Default ETH.</summary>
    public string Currency { get; set; } = "ETH";

    /// <summary>EVM: a transaction that no block took for this long is replaced by one that pays at least an eighth more. Default 2 min.</summary>
    public TimeSpan ReplaceAfter { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>RFC 3161: where the authority takes requests.</summary>
    public string Url { get; set; } = "";

    /// <summary>RFC 3161: path of the PEM certificate of the authority, or of a certification authority above it.</summary>
    public string TrustedCertificate { get; set; } = "";

    /// <summary><see cref="Latency"/>, or what it defaults to.</summary>
    public TimeSpan EffectiveLatency => Latency ?? Interval;

    /// <summary><see cref="LateAfter"/>, or what it defaults to.</summary>
    public TimeSpan EffectiveLateAfter => LateAfter ?? (EffectiveLatency + TimeSpan.FromMinutes(10));

    /// <summary><see cref="MaxSpendPerDay"/> in wei.</summary>
    public BigInteger MaxWeiPerDay => new(MaxSpendPerDay * 1_000_000_000_000_000_000m);
}

/// <summary>Choices of <see cref="AnchorTargetOptions.Kind"/>.</summary>
public enum AnchorTargetKind
{
    /// <summary>An AnchorRegistry contract on an EVM chain.</summary>
    Evm,

    /// <summary>A timestamp authority.</summary>
    Rfc3161,
}

/// <summary>Choices of <see cref="AnchorTargetOptions.Finality"/>.</summary>
public enum AnchorFinality
{
    /// <summary>So many blocks on top.</summary>
    Depth,

    /// <summary>At or below the block that the chain calls finalized.</summary>
    Finalized,
}
