using System.Net;
using TrustChain.Server.Commands;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Doctor;

/// <summary>Every setting of every feature by the rules that also stop a start, and the address people are given.</summary>
internal static class ConfigurationCheck
{
    public static void Run(DoctorReport report, IServiceProvider services, IConfiguration configuration)
    {
        var faults = ServerConfiguration.FindFaults(services);
        foreach (var fault in faults)
        {
            report.Fault("configuration", fault, "correct the setting in the configuration file or the environment");
        }
        if (faults.Count == 0)
        {
            report.Ok("configuration", "every setting is there and within its bounds");
        }
        foreach (var unknown in UnknownSettings.Find(configuration))
        {
            report.Warn("configuration", $"{unknown} is no setting of this program", "see whether it is misspelt: docs/operations.md lists all settings");
        }
        CheckPublicUrl(report, configuration[$"{ServerOptions.Section}:{nameof(ServerOptions.PublicUrl)}"] ?? "");
    }

    private static void CheckPublicUrl(DoctorReport report, string value)
    {
        const string Check = "public address";
        if (!Uri.TryCreate(value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            report.Skip(Check, "TrustChain:PublicUrl is no http or https address");
        }
        else if (url.PathAndQuery != "/" || value.EndsWith('/') || url.Fragment.Length > 0)
        {
            report.Fault(Check, $"{value} has more than scheme, host and port", "links in QR codes begin at the root of a host: set TrustChain:PublicUrl to the address without a path or a slash at the end");
        }
        else if (url.IsLoopback || !url.Host.Contains('.', StringComparison.Ordinal) || (IPAddress.TryParse(url.Host, out var address) && IsPrivate(address)))
        {
            report.Warn(Check, $"{value} can be reached from this machine or network only", "QR codes on goods hold this address for good: use a name in the public DNS");
        }
        else if (url.Scheme == "http")
        {
            report.Warn(Check, $"{value} is not encrypted", "browsers check evidence on https pages only: serve TLS, or put a proxy in front that does");
        }
        else
        {
            report.Ok(Check, value);
        }
    }

    private static bool IsPrivate(IPAddress address) =>
        address.GetAddressBytes() is [10, ..] or [192, 168, ..] or [172, >= 16 and <= 31, ..] or [169, 254, ..] || address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal;
}
