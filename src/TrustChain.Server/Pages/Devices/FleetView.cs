using TrustChain.Core.Devices;
using TrustChain.Postgres.Devices;

namespace TrustChain.Server.Pages.Devices;

/// <summary>What the list of an organisation's devices shows.</summary>
public sealed record FleetView
{
    /// <summary>What was asked for.</summary>
    public required FleetQuery Query { get; init; }

    /// <summary>The devices of this page.</summary>
    public required IReadOnlyList<FleetRow> Rows { get; init; }

    /// <summary>How many there are on all pages.</summary>
    public required int Total { get; init; }

    /// <summary>Number of this page, from 1.</summary>
    public required int PageNumber { get; init; }

    /// <summary>Devices on a full page.</summary>
    public required int PageSize { get; init; }

    /// <summary>Templates to choose from: name and title.</summary>
    public required IReadOnlyList<DeviceTemplate> Templates { get; init; }

    /// <summary>Whether whoever looks may register devices.</summary>
    public required bool MayRegister { get; init; }

    /// <summary>Whether another template has the same title: then its name says which it is.</summary>
    public bool HasVersions(DeviceTemplate template) => Templates.Any(t => t.Name != template.Name && t.Title == template.Title);

    /// <summary>Whether anything narrows the list.</summary>
    public bool IsFiltered => Query.Template is not null || Query.State is not null || Query.AlarmsOnly || Query.Search is not null;

    /// <summary>Path and query of the list with what was asked for.</summary>
    /// <param name="pageNumber">Of this page.</param>
    public string Address(int pageNumber)
    {
        var parts = new List<string>();
        Add("search", Query.Search);
        Add("template", Query.Template);
        Add("state", Query.State is { } state ? StateCode(state) : null);
        Add("alarms", Query.AlarmsOnly ? "1" : null);
        Add("sort", Query.Order == FleetOrder.Name ? null : OrderCode(Query.Order));
        Add("page", pageNumber == 1 ? null : pageNumber.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return parts.Count == 0 ? "/account/devices" : "/account/devices?" + string.Join('&', parts);

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                parts.Add($"{name}={Uri.EscapeDataString(value)}");
            }
        }
    }

    /// <summary>A state as addresses and the API name it.</summary>
    public static string StateCode(DeviceState state) => state switch
    {
        DeviceState.None => "unclaimed",
        DeviceState.Active => "active",
        DeviceState.WithoutKey => "without-key",
        _ => "retired",
    };

    /// <summary>An order as addresses name it.</summary>
    public static string OrderCode(FleetOrder order) => order.ToString().ToLowerInvariant();
}

/// <summary>A device of the list.</summary>
/// <param name="Device">The device.</param>
/// <param name="Template">Its template; null when it is not on this deployment any more.</param>
/// <param name="LastSeenAt">When it was last heard of.</param>
/// <param name="Period">The last 30 days; null where there is nothing to compute.</param>
/// <param name="Alarms">Alarms in force.</param>
public sealed record FleetRow(StoredDevice Device, DeviceTemplate? Template, DateTimeOffset? LastSeenAt, DevicePeriod? Period, int Alarms);
