namespace TrustChain.Core.Devices;

/// <summary>From when on readings are expected of a device: from its enrolment, or from its first reading where that is older (a history that was recorded before).</summary>
public static class DeviceDays
{
    /// <summary>Computes a day of a device; as <see cref="DeviceDay.Compute(DeviceTemplate, DateOnly, StatementsBefore, IReadOnlyList{StatementFacts}, DateTimeOffset?)"/>, but for when expectation begins.</summary>
    /// <param name="template">The device's template.</param>
    /// <param name="day">The day.</param>
    /// <param name="before">The last statements of all days before.</param>
    /// <param name="statements">The day's statements, in any order.</param>
    /// <param name="enrolledAt">When the device was enrolled.</param>
    public static DeviceDay Compute(DeviceTemplate template, DateOnly day, StatementsBefore before, IReadOnlyList<StatementFacts> statements, DateTimeOffset? enrolledAt)
    {
        // An import from before the enrolment makes nothing expected then: it covers nothing either.
        var first = statements.Where(static s => !s.Imported).Select(static s => (DateTimeOffset?)s.Summary.First).Min();
        return DeviceDay.Compute(template, day, before, statements, before.Own is null ? ExpectedFrom(first, enrolledAt) : null);
    }

    /// <summary>When expectation begins, given the first reading that the device signed.</summary>
    public static DateTimeOffset? ExpectedFrom(DateTimeOffset? firstReading, DateTimeOffset? enrolledAt) => firstReading < enrolledAt || enrolledAt is null ? firstReading : enrolledAt;
}
