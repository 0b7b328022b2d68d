namespace TrustChain.Core.Devices;

/// <summary>From when on readings are expected of a device: from its enrolment, or from its first reading where that is older (a history that was recorded before).</summary>
public static class DeviceDays
{
    /// <summary>Computes a day of a device; as <see cref="DeviceDay.Compute"/>, but for when expectation begins.</summary>
    /// <param name="template">The device's template.</param>
    /// <param name="day">The day.</param>
    /// <param name="before">The last statement of all days before; null when there is none.</param>
    /// <param name="statements">The day's statements, in any order.</param>
    /// <param name="enrolledAt">When the device was enrolled.</param>
    public static DeviceDay Compute(DeviceTemplate template, DateOnly day, StatementFacts? before, IReadOnlyList<StatementFacts> statements, DateTimeOffset? enrolledAt) =>
        DeviceDay.Compute(template, day, before, statements, before is null ? ExpectedFrom(statements.Count == 0 ? null : statements.Min(static s => s.Summary.First), enrolledAt) : null);

    /// <summary>When expectation begins, given the first reading there is.</summary>
    public static DateTimeOffset? ExpectedFrom(DateTimeOffset? firstReading, DateTimeOffset? enrolledAt) => firstReading < enrolledAt || enrolledAt is null ? firstReading : enrolledAt;
}
