namespace TrustChain.Core.Devices;

/// <summary>The codes of <see cref="TelemetryFault.Code"/>.</summary>
public static class TelemetryRules
{
    /// <summary>No ObjectEvent with action OBSERVE, or one with items beside the device.</summary>
    public const string WrongEvent = "wrong-event";
}
