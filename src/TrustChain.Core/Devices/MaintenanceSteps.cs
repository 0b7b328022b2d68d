namespace TrustChain.Core.Devices;

/// <summary>The business steps of an event that a device's history tells as maintenance (<c>docs/devices.md</c> section 7).</summary>
public static class MaintenanceSteps
{
    private const string Cbv = "https://ref.gs1.org/cbv/BizStep-";

    // CBV 2.0 has no word for work that is done on time and mends nothing.
    private const string Own = "urn:trustchain:bizstep:";

    /// <summary>The word of each step by its URI: those of CBV 2.0 section 7.1 that something is done to a machine in, and two of our own.</summary>
    public static IReadOnlyDictionary<string, string> Words { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Cbv + "inspecting"] = "inspecting",
        [Cbv + "installing"] = "installing",
        [Cbv + "removing"] = "removing",
        [Cbv + "repairing"] = "repairing",
        [Cbv + "replacing"] = "replacing",
        [Own + "calibrating"] = "calibrating",
        [Own + "maintaining"] = "maintaining",
    };

    /// <summary>The word of a step; null for one that is no maintenance.</summary>
    public static string? WordOf(string? bizStep) => bizStep is null ? null : Words.GetValueOrDefault(bizStep);
}
