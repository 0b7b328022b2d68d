using System.Net;
using Microsoft.Extensions.Options;

namespace TrustChain.Server.Proxy;

/// <summary>Section <c>Proxy</c>: which machines in front of this server may say who called it.</summary>
public sealed class ProxyOptions
{
    public const string Section = "Proxy";

    /// <summary>
    /// Addresses (<c>127.0.0.1</c>) and networks (<c>10.1.0.0/16</c>) of proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed. Default:
    /// none, so that nobody's are.
    /// </summary>
    public List<string> TrustedNetworks { get; set; } = [];

    /// <summary>Reads an address or a network; an address is a network of one. False: it is neither, or has bits set behind its prefix.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
        {
            return true;
        }
        if (IPAddress.TryParse(text, out var address))
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }
        return false;
    }
}

/// <summary>Names every entry that is no network, and the framework's own switch that would believe everybody.</summary>
internal sealed class ProxyOptionsValidator(IConfiguration configuration) : IValidateOptions<ProxyOptions>
{
    public ValidateOptionsResult Validate(string? name, ProxyOptions options)
    {
        var faults = options.TrustedNetworks.Where(static n => !ProxyOptions.TryParse(n, out _))
            .Select(static n => $"Proxy:TrustedNetworks holds \"{n}\", which is neither an address nor a network such as 10.1.0.0/16.").ToList();
        if (string.Equals(configuration["ForwardedHeaders_Enabled"], "true", StringComparison.OrdinalIgnoreCase))
        {
            faults.Add("ASPNETCORE_FORWARDEDHEADERS_ENABLED believes everybody's X-Forwarded-For: remove it, and name the proxies in Proxy:TrustedNetworks.");
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
