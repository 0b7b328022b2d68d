namespace TrustChain.Evm.Transactions;

/// <summary>Whether a transaction was signed.</summary>
public abstract record PrepareResult
{
    private PrepareResult()
    {
    }

    /// <summary>Signed and not yet sent: store it first, then send it.</summary>
    public sealed record Ready(SignedTransaction Transaction) : PrepareResult;

    /// <summary>The node says the execution would revert now. The data is what the contract reverted with; null where the node does not say.</summary>
    public sealed record WouldRevert(ReadOnlyMemory<byte>? RevertData, string NodeMessage) : PrepareResult;

    /// <summary>It would cost more than the fee policy allows; the detail says what.</summary>
    public sealed record AboveCeiling(string Detail) : PrepareResult;
}
