using TrustChain.Core.Devices.Grants;
using TrustChain.Postgres.Devices;

namespace TrustChain.Server.Pages.Devices;

/// <summary>What the page of a device shows to somebody with a grant: everything in it is as far as the grant covers it.</summary>
public sealed record GrantedDeviceView
{
    /// <summary>The device over the period. Without newest values, life and maker's word.</summary>
    public required DeviceView View { get; init; }

    /// <summary>The grant that the page is made under.</summary>
    public required GrantTerms Terms { get; init; }

    /// <summary>Where that stands.</summary>
    public required GrantState State { get; init; }

    /// <summary>Keys of the device in the order of admission.</summary>
    public required IReadOnlyList<StoredDeviceKey> Keys { get; init; }

    /// <summary>Days that are open to whoever looks, under this grant and others, those with the latest end first.</summary>
    public required IReadOnlyList<DayRange> Open { get; init; }

    /// <summary>Periods to choose from: with the number of days where they are the last so many.</summary>
    public required IReadOnlyList<(DayRange Days, int? LastDays)> Choices { get; init; }

    /// <summary>Whether the period that was asked for has days that the grant does not.</summary>
    public bool WasCut { get; init; }

    /// <summary>Whether the grant covers what was done to the device.</summary>
    public bool ShowsMaintenance { get; init; }

    /// <summary>Whether the grant covers whole statements, which evidence has.</summary>
    public bool HasEvidence { get; init; }

    /// <summary>Path of the same answers in JSON.</summary>
    public required string VerdictsUrl { get; init; }

    /// <summary>Path of the days in JSON.</summary>
    public required string HistoryUrl { get; init; }
}
