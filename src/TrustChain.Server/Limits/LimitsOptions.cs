using System.Net;
using Microsoft.Extensions.Options;

namespace TrustChain.Server.Limits;

/// <summary>Section <c>Limits</c>: how much one sender may ask of the deployment, and one server take on at once. <c>docs/operations.md</c> explains each.</summary>
public sealed class LimitsOptions
{
    public const string Section = "Limits";

    /// <summary>
    /// Networks without rates and without a limit of connections, separated by commas; empty: none. Default: the machine itself, for tools run there. A request
    /// from there with a forwarding header comes from elsewhere, and is not exempt.
    /// </summary>
    public string Exempt { get; set; } = "127.0.0.0/8, ::1/128";

    /// <summary>Tokens of an address (IPv6: a /64) for requests without an API key. Default 200 a second, 4,000 at once.</summary>
    public RateOptions PerAddress { get; set; } = new() { PerSecond = 200, Burst = 4_000 };

    /// <summary>Tokens of an API key. Default 5,000 a second, 50,000 at once.</summary>
    public RateOptions PerKey { get; set; } = new() { PerSecond = 5_000, Burst = 50_000 };

    /// <summary>Tokens of an organisation with all of its keys. Default 10,000 a second, 100,000 at once.</summary>
    public RateOptions PerOrganisation { get; set; } = new() { PerSecond = 10_000, Burst = 100_000 };

    /// <summary>Failed authentications of an address. Default 1 a second, 50 at once.</summary>
    public RateOptions FailedAuthentication { get; set; } = new() { PerSecond = 1, Burst = 50 };

    /// <summary>Open connections of a server. Default 10,000.</summary>
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>Open connections of an address (IPv6: a /64) to a server. Default 500.</summary>
    public int MaxConnectionsPerAddress { get; set; } = 500;

    /// <summary>Open WebSockets of a server, whatever they are for. Default 2,000.</summary>
    public int MaxUpgradedConnections { get; set; } = 2_000;

    /// <summary>A request's headers must have come within this time. Default 15 s.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A connection without a request is closed after this time. Default 65 s, longer than what most proxies keep one open.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(65);

    /// <summary>Slowest body, in bytes a second, after five seconds of grace. Default 240.</summary>
    public int MinBodyBytesPerSecond { get; set; } = 240;

    /// <summary>An answer must have begun within this time. Not for WebSockets. Default 60 s.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The same for captures and documents, whose bodies may be large and lines slow. Default 10 minutes.</summary>
    public TimeSpan UploadTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Evidence bundles and proofs made at once by a server. Default 16.</summary>
    public int EvidenceConcurrency { get; set; } = 16;

    /// <summary>Queries answered at once by a server. Default 24.</summary>
    public int QueryConcurrency { get; set; } = 24;

    /// <summary>Pages made at once by a server. Default 32.</summary>
    public int PageConcurrency { get; set; } = 32;

    /// <summary>QR codes drawn at once by a server. Default 8.</summary>
    public int LabelConcurrency { get; set; } = 8;

    /// <summary>Documents taken in at once by a server. Default 8: each is in memory while it comes.</summary>
    public int UploadConcurrency { get; set; } = 8;

    /// <summary>Forms of the account's pages worked at at once by a server. Default 8: checking a password keeps a processor busy.</summary>
    public int AccountConcurrency { get; set; } = 8;

    /// <summary>Requests that may wait for one of the places above, for each place. Default 16.</summary>
    public int WaitingPerPlace { get; set; } = 16;

    /// <summary>Captures are refused while this many statements wait for the group commit of a server. Default 10,000.</summary>
    public int MaxWaitingStatements { get; set; } = 10_000;

    /// <summary>Captures are refused while this many bytes of captures are under way in a server. Default 256 MiB.</summary>
    public long MaxWaitingBytes { get; set; } = 256L << 20;

    /// <summary>Captures are refused while the oldest statement waits longer than this for the group commit, or another would. Default 1 s.</summary>
    public TimeSpan MaxWaitingAge { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The networks of <see cref="Exempt"/>; null when it cannot be read.</summary>
    internal IReadOnlyList<IPNetwork>? ReadExempt()
    {
        var networks = new List<IPNetwork>();
        foreach (var text in Exempt.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!IPNetwork.TryParse(text, out var network))
            {
                return null;
            }
            networks.Add(network);
        }
        return networks;
    }
}

/// <summary>A token bucket.</summary>
public sealed class RateOptions
{
    /// <summary>Tokens that come back each second; 0 switches the limit off.</summary>
    public double PerSecond { get; set; }

    /// <summary>Most tokens there are.</summary>
    public double Burst { get; set; }
}

/// <summary>Names every setting that is out of range at once.</summary>
internal sealed class LimitsOptionsValidator : IValidateOptions<LimitsOptions>
{
    public ValidateOptionsResult Validate(string? name, LimitsOptions options)
    {
        var faults = new List<string>();
        Need(options.ReadExempt() is not null, nameof(options.Exempt), "networks such as \"127.0.0.0/8, ::1/128\", separated by commas");
        NeedRate(options.PerAddress, nameof(options.PerAddress));
        NeedRate(options.PerKey, nameof(options.PerKey));
        NeedRate(options.PerOrganisation, nameof(options.PerOrganisation));
        NeedRate(options.FailedAuthentication, nameof(options.FailedAuthentication));
        NeedPlaces(options.MaxConnections, nameof(options.MaxConnections));
        NeedPlaces(options.MaxConnectionsPerAddress, nameof(options.MaxConnectionsPerAddress));
        NeedPlaces(options.MaxUpgradedConnections, nameof(options.MaxUpgradedConnections));
        NeedPlaces(options.EvidenceConcurrency, nameof(options.EvidenceConcurrency));
        NeedPlaces(options.QueryConcurrency, nameof(options.QueryConcurrency));
        NeedPlaces(options.PageConcurrency, nameof(options.PageConcurrency));
        NeedPlaces(options.LabelConcurrency, nameof(options.LabelConcurrency));
        NeedPlaces(options.UploadConcurrency, nameof(options.UploadConcurrency));
        NeedPlaces(options.AccountConcurrency, nameof(options.AccountConcurrency));
        Need(options.WaitingPerPlace is >= 0 and <= 1000, nameof(options.WaitingPerPlace), "from 0 to 1000");
        NeedTime(options.HeadersTimeout, nameof(options.HeadersTimeout));
        NeedTime(options.KeepAliveTimeout, nameof(options.KeepAliveTimeout));
        NeedTime(options.RequestTimeout, nameof(options.RequestTimeout));
        NeedTime(options.UploadTimeout, nameof(options.UploadTimeout));
        NeedTime(options.MaxWaitingAge, nameof(options.MaxWaitingAge));
        Need(options.MinBodyBytesPerSecond >= 1, nameof(options.MinBodyBytesPerSecond), "at least 1");
        Need(options.MaxWaitingStatements >= 1, nameof(options.MaxWaitingStatements), "at least 1");
        Need(options.MaxWaitingBytes >= 1 << 20, nameof(options.MaxWaitingBytes), "at least 1048576, the largest statement");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void NeedRate(RateOptions rate, string setting)
        {
            Need(rate.PerSecond is >= 0 and <= 1e9, $"{setting}:PerSecond", "from 0 (no limit) to 1000000000");
            Need(rate.PerSecond == 0 || rate.Burst is >= 1 and <= 1e12, $"{setting}:Burst", "at least 1");
        }

        void NeedPlaces(int value, string setting) => Need(value is >= 1 and <= 1_000_000, setting, "from 1 to 1000000");

        void NeedTime(TimeSpan value, string setting) => Need(value > TimeSpan.Zero && value <= TimeSpan.FromHours(24), setting, "more than 0 and at most 24 hours");

        void Need(bool holds, string setting, string range)
        {
            if (!holds)
            {
                faults.Add($"{LimitsOptions.Section}:{setting} must be {range}.");
            }
        }
    }
}
