using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace TrustChain.Core.Query;

/// <summary>
/// Where query results may be sent. A subscriber names an address that this service then calls, so addresses inside of the operator's network must be out
/// of reach: all that IANA's special-purpose registries do not call globally reachable, and where clouds keep the metadata of their machines.
/// </summary>
public static class DestinationRules
{
    /// <summary>Longest URL.</summary>
    public const int MaxLength = 2000;

    private static readonly IPNetwork[] Special =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
            "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32", // metadata of a cloud, though the address looks public
            "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        ]).Select(static n => IPNetwork.Parse(n)),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether an address is reachable from everywhere, so that calling it tells nothing about this network. IPv4 inside of IPv6 is judged as IPv4.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.GetAddressBytes().Length == 16)
        {
            if (address.IsIPv4MappedToIPv6)
            {
                return IsPublic(address.MapToIPv4());
            }
            if (Nat64.Contains(address))
            {
                return IsPublic(new IPAddress(address.GetAddressBytes().AsSpan(12)));
            }
            if (!GlobalUnicast.Contains(address))
            {
                return false;
            }
        }
        foreach (var network in Special)
        {
            if (network.Contains(address))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Reads a destination: an absolute <c>http</c> or <c>https</c> URL without user name, password and fragment.</summary>
    /// <param name="text">The URL as given.</param>
    /// <param name="allowsPrivate">Whether addresses that are not public, and any port, are taken.</param>
    /// <param name="destination">The URL; null when it is refused.</param>
    /// <param name="fault">Why it is refused, as a predicate.</param>
    public static bool TryParse(string text, bool allowsPrivate, [NotNullWhen(true)] out Uri? destination, [NotNullWhen(false)] out string? fault)
    {
        destination = null;
        if (text.Length > MaxLength || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            fault = $"must be an absolute http or https address of at most {MaxLength} characters.";
            return false;
        }
        if (url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            fault = "must have neither user name, password nor fragment.";
            return false;
        }
        if (!allowsPrivate)
        {
            // Other low ports belong to protocols that could take a request's text for commands.
            if (url.Port is not (80 or 443 or >= 1024))
            {
                fault = "may have the port 80, 443 or one from 1024.";
                return false;
            }
            var host = url.IdnHost.TrimEnd('.');
            if ((IPAddress.TryParse(host, out var address) && !IsPublic(address))
                || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
            {
                fault = "must have a public address.";
                return false;
            }
        }
        destination = url;
        fault = null;
        return true;
    }
}
