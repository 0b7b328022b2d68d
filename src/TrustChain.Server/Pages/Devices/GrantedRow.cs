using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Grants;

namespace TrustChain.Server.Pages.Devices;

/// <summary>A grant as its grantee sees it.</summary>
/// <param name="Uri">The device that was asked for, whether or not there is one.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Terms">What it covers.</param>
public sealed record GrantedRow(string Uri, GrantState State, GrantTerms Terms)
{
    /// <summary>The device's name; null while nothing may be read.</summary>
    public string? Name { get; init; }

    /// <summary>The last days that are open, as far as the grant covers them; null while nothing may be read.</summary>
    public DevicePeriod? Period { get; init; }

    /// <summary>What the checks say of them.</summary>
    public DeviceAnswer? Answer { get; init; }

    /// <summary>Path of the device's page; null while nothing may be read.</summary>
    public string? Url { get; init; }

    /// <summary>Path of the answers with their records.</summary>
    public string? VerdictsUrl { get; init; }

    /// <summary>Path of the evidence, to which a period is added; null where the grant does not cover all that statements show.</summary>
    public string? EvidenceUrl { get; init; }

    /// <summary>The days that are open up to now.</summary>
    public DayRange? Open { get; init; }
}
