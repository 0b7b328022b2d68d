using Microsoft.Extensions.Options;

namespace TrustChain.Server.Subscriptions;

/// <summary>Section <c>Subscriptions</c>: how query results are delivered.</summary>
public sealed class SubscriptionOptions
{
    public const string Section = "Subscriptions";

    /// <summary>Whether results may go to addresses inside of this network and to any port. Only for tests and closed networks. Default false.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>Deliveries that this server makes at once; a quarter of them for one organisation. Default 16.</summary>
    public int MaxConcurrency { get; set; } = 16;

    /// <summary>A receiver must have answered within this time. Default 10 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause after the first failure; it doubles with each further one, and varies by a fifth. Default 1 s.</summary>
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between two attempts. Default 1 h.</summary>
    public TimeSpan MaxRetry { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Attempts in a row that may fail before a subscription is stopped. Default 35: with the other defaults about a day.</summary>
    public int MaxAttempts { get; set; } = 35;

    /// <summary>Most events of one document. Default 1000.</summary>
    public int MaxEvents { get; set; } = 1000;

    /// <summary>Open WebSockets of this server. Default 1000.</summary>
    public int MaxStreams { get; set; } = 1000;

    /// <summary>Open WebSockets of one organisation on this server. Default 100.</summary>
    public int MaxStreamsPerOrganisation { get; set; } = 100;

    /// <summary>A WebSocket client that has not taken a document within this time is disconnected. Default 30 s.</summary>
    public TimeSpan StreamSendTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Names every setting that is out of range at once.</summary>
internal sealed class SubscriptionOptionsValidator : IValidateOptions<SubscriptionOptions>
{
    public ValidateOptionsResult Validate(string? name, SubscriptionOptions options)
    {
        var faults = new List<string>();
        Need(options.MaxConcurrency is >= 1 and <= 1000, nameof(options.MaxConcurrency), "from 1 to 1000");
        Need(options.Timeout > TimeSpan.Zero && options.Timeout <= TimeSpan.FromMinutes(5), nameof(options.Timeout), "more than 0 and at most 5 minutes");
        Need(options.FirstRetry > TimeSpan.Zero, nameof(options.FirstRetry), "more than 0");
        Need(options.MaxRetry >= options.FirstRetry, nameof(options.MaxRetry), "at least FirstRetry");
        Need(options.MaxAttempts >= 1, nameof(options.MaxAttempts), "at least 1");
        Need(options.MaxEvents is >= 1 and <= 10_000, nameof(options.MaxEvents), "from 1 to 10000");
        Need(options.MaxStreams >= 0, nameof(options.MaxStreams), "at least 0");
        Need(options.MaxStreamsPerOrganisation >= 0, nameof(options.MaxStreamsPerOrganisation), "at least 0");
        Need(options.StreamSendTimeout > TimeSpan.Zero, nameof(options.StreamSendTimeout), "more than 0");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Need(bool holds, string setting, string range)
        {
            if (!holds)
            {
                faults.Add($"{SubscriptionOptions.Section}:{setting} must be {range}.");
            }
        }
    }
}
