using System.Text.Json;
using System.Text.Json.Serialization;
using TrustChain.Core.Log;
using TrustChain.Postgres.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>A subscription as its owner sees it (EPCIS 2.0 REST binding), with how it is doing. The signature token is never given back.</summary>
internal sealed record SubscriptionAnswer
{
    [JsonPropertyName("subscriptionID")]
    public required Guid SubscriptionId { get; init; }

    public required string QueryName { get; init; }

    public required string Dest { get; init; }

    public required string CreatedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LastNotifiedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Schedule { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Stream { get; init; }

    public required bool ReportIfEmpty { get; init; }

    public required string InitialRecordTime { get; init; }

    public required string MinRecordTime { get; init; }

    public required string EpcFormat { get; init; }

    /// <summary><c>active</c>, <c>retrying</c> after a failure, or <c>stopped</c> until it is resumed.</summary>
    public required string State { get; init; }

    /// <summary>Attempts in a row that failed.</summary>
    public required int Failures { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LastError { get; init; }

    /// <summary>When a failed delivery is tried again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RetryAt { get; init; }

    /// <summary>When a scheduled query runs next.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextRunAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DeadLettersAnswer? DeadLetters { get; init; }

    public static SubscriptionAnswer From(Subscription subscription) => new()
    {
        SubscriptionId = subscription.Id,
        QueryName = subscription.QueryName,
        Dest = subscription.Destination,
        CreatedAt = Record.FormatTime(subscription.CreatedAt),
        LastNotifiedAt = Format(subscription.LastNotifiedAt),
        Schedule = subscription.Schedule is { } schedule ? ReadSchedule(schedule) : null,
        Stream = subscription.Schedule is null ? true : null,
        ReportIfEmpty = subscription.ReportIfEmpty,
        InitialRecordTime = Record.FormatTime(subscription.InitialRecordTime),
        MinRecordTime = Record.FormatTime(subscription.MinRecordTime),
        EpcFormat = subscription.EpcFormat,
        State = subscription.IsStopped ? "stopped" : subscription.Failures > 0 ? "retrying" : "active",
        Failures = subscription.Failures,
        LastError = subscription.LastError,
        RetryAt = Format(subscription.RetryAt),
        NextRunAt = subscription.IsStopped ? null : Format(subscription.NextRunAt),
    };

    /// <summary>The fields of a schedule as it is stored.</summary>
    public static Dictionary<string, string> ReadSchedule(string json) =>
        JsonSerializer.Deserialize(json, SubscriptionJson.Default.DictionaryStringString) ?? throw new InvalidOperationException("A stored schedule is null.");

    private static string? Format(DateTimeOffset? time) => time is { } t ? Record.FormatTime(t) : null;
}

/// <summary>What could not be delivered.</summary>
internal sealed record DeadLettersAnswer(long Count, IReadOnlyList<DeadLetterAnswer> Newest)
{
    public static DeadLettersAnswer From(long count, IReadOnlyList<DeadLetter> newest) =>
        new(count, [.. newest.Select(static d => new DeadLetterAnswer(d.FromLeaf, d.ToLeaf, d.Error, Record.FormatTime(d.CreatedAt)))]);
}

/// <summary>Log entries that were given up.</summary>
/// <param name="FromLeaf">The first one's index.</param>
/// <param name="ToLeaf">The index after the last one's.</param>
/// <param name="Error">Why the last attempt failed.</param>
/// <param name="CreatedAt">When.</param>
internal sealed record DeadLetterAnswer(long FromLeaf, long ToLeaf, string Error, string CreatedAt);

[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class SubscriptionJson : JsonSerializerContext;
