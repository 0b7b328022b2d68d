using TrustChain.Server.Log;

namespace TrustChain.Server.Devices;

/// <summary>Wakes the computer of days when telemetry came.</summary>
internal sealed class DaySignal : LogSignal;
