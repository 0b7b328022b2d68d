namespace TrustChain.Core.Devices;

/// <summary>Computes days and verdicts of a period day by day, so that no more than one day's statements need be held. Not safe for concurrent use.</summary>
/// <param name="template">The device's template.</param>
/// <param name="header">Which device and period.</param>
public sealed class DeviceSummaryBuilder(DeviceTemplate template, DeviceEvidenceHeader header)
{
    private readonly List<DeviceDay> _days = [];
    private StatementsBefore _before;

    /// <summary>Takes all statements of a day. One before the period counts as what the device said last, and nothing more.</summary>
    /// <param name="day">The day (UTC), later than those before.</param>
    /// <param name="statements">Its statements, none twice; records by leaf index.</param>
    public void Add(DateOnly day, IReadOnlyList<StatementFacts> statements)
    {
        if (day >= header.From && day <= header.Until)
        {
            _days.Add(DeviceDays.Compute(template, day, _before, statements, header.ExpectedFrom));
        }
        _before = _before.After(statements);
    }

    /// <summary>What the days amount to.</summary>
    public DeviceSummary Build() => new(_days, DevicePeriod.Compute(template, header.From, header.Until, _days, header.ExpectedFrom, header.At));
}
