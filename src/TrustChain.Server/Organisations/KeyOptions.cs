using Microsoft.Extensions.Options;

namespace TrustChain.Server.Organisations;

/// <summary>Section <c>Keys</c>: how keys of organisations are vouched for and recovered.</summary>
public sealed class KeyOptions
{
    public const string Section = "Keys";

    /// <summary>Time between announcing a recovery and admitting its key; the organisation can object until then. Default 7 days.</summary>
    public TimeSpan RecoveryDelay { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Address of a DNS server, as <c>host:port</c>, for looking up TXT records. Empty: the system's own.</summary>
    public string DnsServer { get; set; } = "";

    /// <summary>Lets did:web documents be fetched over plain HTTP and from private addresses: for tests and closed networks only. Default false.</summary>
    public bool AllowInsecureDidWeb { get; set; }
}

/// <summary>Names every wrong setting at once.</summary>
internal sealed class KeyOptionsValidator : IValidateOptions<KeyOptions>
{
    public ValidateOptionsResult Validate(string? name, KeyOptions options)
    {
        var faults = new List<string>();
        if (options.RecoveryDelay < TimeSpan.FromSeconds(1) || options.RecoveryDelay > TimeSpan.FromDays(365))
        {
            faults.Add("Keys:RecoveryDelay must be between a second and a year, for example \"7.00:00:00\".");
        }
        if (options.DnsServer.Length > 0 && !System.Net.IPEndPoint.TryParse(options.DnsServer, out _))
        {
            faults.Add("Keys:DnsServer must be an IP address with a port, for example \"127.0.0.1:53\".");
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
