using System.Diagnostics;

namespace TrustChain.Core.Batches;

/// <summary>Where a batch stands.</summary>
public enum BatchState
{
    /// <summary>Nobody has registered it.</summary>
    None,

    /// <summary>Registered by its producer.</summary>
    Registered,

    /// <summary>Under a recall.</summary>
    Recalled,
}

/// <summary>What can be asked of a batch.</summary>
public enum BatchCommand
{
    /// <summary>Register it.</summary>
    Register,

    /// <summary>Set a recall.</summary>
    Recall,

    /// <summary>Lift the recall.</summary>
    LiftRecall,
}

/// <summary>What happened to a batch.</summary>
public enum BatchEvent
{
    /// <summary>It was registered.</summary>
    Registered,

    /// <summary>A recall was set.</summary>
    Recalled,

    /// <summary>The recall was lifted.</summary>
    RecallLifted,
}

/// <summary>Outcome of <see cref="Batch.Decide"/>: an event, or why not.</summary>
public abstract record BatchDecision
{
    private BatchDecision()
    {
    }

    /// <summary>This happens.</summary>
    public sealed record Happens(BatchEvent Event) : BatchDecision;

    /// <summary>Nothing happens.</summary>
    /// <param name="Reason">One sentence in English.</param>
    public sealed record Refused(string Reason) : BatchDecision;
}

/// <summary>The rules of a batch: a pure state machine, whatever hosts it.</summary>
public static class Batch
{
    /// <summary>What a command does in a state.</summary>
    public static BatchDecision Decide(BatchState state, BatchCommand command) => (state, command) switch
    {
        (BatchState.None, BatchCommand.Register) => new BatchDecision.Happens(BatchEvent.Registered),
        (_, BatchCommand.Register) => new BatchDecision.Refused("The batch is registered already."),
        (BatchState.None, _) => new BatchDecision.Refused("The batch is not registered."),
        (BatchState.Registered, BatchCommand.Recall) => new BatchDecision.Happens(BatchEvent.Recalled),
        (BatchState.Recalled, BatchCommand.Recall) => new BatchDecision.Refused("The batch is under a recall already."),
        (BatchState.Recalled, BatchCommand.LiftRecall) => new BatchDecision.Happens(BatchEvent.RecallLifted),
        (BatchState.Registered, BatchCommand.LiftRecall) => new BatchDecision.Refused("The batch is not under a recall."),
        _ => throw new UnreachableException(),
    };

    /// <summary>The state after an event that <see cref="Decide"/> gave.</summary>
    public static BatchState Evolve(BatchState state, BatchEvent happened) => happened switch
    {
        BatchEvent.Registered or BatchEvent.RecallLifted => BatchState.Registered,
        BatchEvent.Recalled => BatchState.Recalled,
        _ => state,
    };
}
