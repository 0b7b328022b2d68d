using TrustChain.Postgres.Anchoring;

namespace TrustChain.Server.Anchoring;

/// <summary>One place that the log is anchored in: a contract on a chain, or a timestamp authority.</summary>
internal interface IAnchorTarget
{
    string Name { get; }

    AnchorTargetOptions Options { get; }

    /// <summary>Notes in the database what this target is now.</summary>
    Task RegisterAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Looks at the target and takes the steps that are due, each of them durable before the next.
    /// </summary>
    /// <param name="lease">Held by this server until it returns.</param>
    /// <param name="round">Takes what comes to light.</param>
    /// <param name="cancellationToken">Honoured between steps.</param>
    /// <exception cref="AnchorFaultException">Nothing can be done in this round.</exception>
    Task RunAsync(AnchorLease lease, AnchorRound round, CancellationToken cancellationToken);

    /// <summary>Entries that the target covers: for alarms with what a block holds though it is not final yet, else with what is final.</summary>
    Task<long> GetCoveredSizeAsync(bool final, CancellationToken cancellationToken);
}
