namespace TrustChain.Evm.Keys;

/// <summary>Paths of the key files of a log's operator.</summary>
public sealed record OperatorKeyFiles
{
    /// <summary>The pass phrase of the log key and the custodial key, on one line.</summary>
    public required string PassPhrase { get; init; }

    /// <summary>The log's Ed25519 key: an encrypted JWK; null where the log is only read.</summary>
    public required string? LogKey { get; init; }

    /// <summary>The key under which custodial keys are encrypted: an encrypted JWK of type <c>oct</c> with 32 bytes.</summary>
    public required string CustodialKey { get; init; }

    /// <summary>The publisher's key (Web3 Secret Storage); null where an external signer holds it.</summary>
    public string? Publisher { get; init; }

    /// <summary>The pass phrase of <see cref="Publisher"/>; null: the same as <see cref="PassPhrase"/>.</summary>
    public string? PublisherPassPhrase { get; init; }
}
