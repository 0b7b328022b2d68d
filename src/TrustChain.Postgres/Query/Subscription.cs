namespace TrustChain.Postgres.Query;

/// <summary>A subscription to a query: where its results go and how far they got.</summary>
public sealed record Subscription
{
    public required Guid Id { get; init; }

    public required int OrganisationId { get; init; }

    public required string QueryName { get; init; }

    /// <summary>URL that is called.</summary>
    public required string Destination { get; init; }

    /// <summary>Key of signatures, sealed; null: deliveries are not signed.</summary>
    public string? SignatureToken { get; init; }

    /// <summary>Prefixes of names in the query, as the header <c>GS1-Extensions</c> has them.</summary>
    public required string Extensions { get; init; }

    /// <summary>JSON object of the schedule's fields; null: a stream.</summary>
    public string? Schedule { get; init; }

    public required bool ReportIfEmpty { get; init; }

    /// <summary>As the header <c>GS1-EPC-Format</c> has it.</summary>
    public required string EpcFormat { get; init; }

    /// <summary>Events recorded before are not told.</summary>
    public required DateTimeOffset InitialRecordTime { get; init; }

    /// <summary>When the query last ran; <see cref="InitialRecordTime"/> until it did.</summary>
    public required DateTimeOffset MinRecordTime { get; init; }

    /// <summary>Most events of one delivery.</summary>
    public required int MaxEvents { get; init; }

    /// <summary>The log's index of the first entry not looked at yet.</summary>
    public required long NextLeaf { get; init; }

    /// <summary>When a scheduled query runs next; null for streams, and when the schedule has come to its end.</summary>
    public DateTimeOffset? NextRunAt { get; init; }

    /// <summary>The entries before are those of the run that is under way; null between runs.</summary>
    public long? RunUntilLeaf { get; init; }

    /// <summary>Whether that run has told anything yet.</summary>
    public bool RunReported { get; init; }

    /// <summary>Attempts that failed since the last delivery.</summary>
    public int Failures { get; init; }

    /// <summary>No attempt before; null: at once.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    public string? LastError { get; init; }

    /// <summary>Nothing is delivered until it is resumed.</summary>
    public bool IsStopped { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? LastNotifiedAt { get; init; }
}

/// <summary>Entries that could not be delivered: from one index of the log to before another.</summary>
public sealed record DeadLetter(long FromLeaf, long ToLeaf, string Error, DateTimeOffset CreatedAt);

/// <summary>How subscriptions are doing.</summary>
/// <param name="Stopped">Those that have been given up.</param>
/// <param name="Lag">Most entries that a stream has not looked at.</param>
public readonly record struct SubscriptionState(long Stopped, long Lag);
