using TrustChain.Evm.Keys;

namespace TrustChain.Evm.Anchoring;

/// <summary>What is at the registry's address is not an anchor registry. It is neither an empty registry nor an unreachable node.</summary>
public sealed class RegistryMismatchException : Exception
{
    /// <summary>Creates the exception.</summary>
    public RegistryMismatchException(Address registry, RegistryMismatch reason)
        : base(reason == RegistryMismatch.NoCode
            ? $"There is no contract at {registry} on this chain, in the block that was asked for."
            : $"The contract at {registry} does not answer like an anchor registry.")
    {
        Registry = registry;
        Reason = reason;
    }

    /// <summary>The address that was asked.</summary>
    public Address Registry { get; }

    /// <summary>What is wrong there.</summary>
    public RegistryMismatch Reason { get; }
}

/// <summary>Why an address is not a registry.</summary>
public enum RegistryMismatch
{
    /// <summary>No contract code: another chain, a wrong address, or a block before the registry was created.</summary>
    NoCode,

    /// <summary>A contract whose answers do not have the registry's types.</summary>
    UnexpectedAnswer,
}
