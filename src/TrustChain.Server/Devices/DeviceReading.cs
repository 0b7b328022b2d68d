using TrustChain.Core.Devices;
using TrustChain.Postgres.Devices;

namespace TrustChain.Server.Devices;

/// <summary>Reads what was computed about a device: for the API, for pages and for evidence.</summary>
internal sealed class DeviceReading(DeviceStore devices, TelemetryStore telemetry, DeviceDayStore days, DeviceTemplates templates, TimeProvider time)
{
    /// <summary>The computed days of a period, in order.</summary>
    public async Task<IReadOnlyList<DeviceDay>> ListDaysAsync(StoredDevice device, DateOnly from, DateOnly until, CancellationToken cancellationToken) =>
        [.. (await days.ListAsync(device.Id, from, until, cancellationToken)).Select(static d => DeviceDay.Parse(d.Content))];

    /// <summary>What was refused in a period though a key of the device signed it.</summary>
    public async Task<IReadOnlyList<Finding>> ListRefusalsAsync(StoredDevice device, DateOnly from, DateOnly until, CancellationToken cancellationToken)
    {
        var most = (until.DayNumber - from.DayNumber + 1) * RefusalCodes.All.Count; // A day has one of each code.
        return [.. (await days.ListFindingsAsync(device.Id, from, until, RefusalCodes.All, most, cancellationToken)).Select(static f => f.Finding)];
    }

    /// <summary>What the days of a period say together, as of now, with what the service says of encrypted places.</summary>
    public async Task<DevicePeriod> ComputeAsync(StoredDevice device, IReadOnlyList<DeviceDay> computed, DateOnly from, DateOnly until, CancellationToken cancellationToken) =>
        await ComputeAsync(device, computed, from, until, await FindExpectedFromAsync(device, cancellationToken), cancellationToken);

    /// <inheritdoc cref="ComputeAsync(StoredDevice, IReadOnlyList{DeviceDay}, DateOnly, DateOnly, CancellationToken)"/>
    public async Task<DevicePeriod> ComputeAsync(
        StoredDevice device, IReadOnlyList<DeviceDay> computed, DateOnly from, DateOnly until, DateTimeOffset? expectedFrom, CancellationToken cancellationToken)
    {
        var template = TemplateOf(device);
        var period = DevicePeriod.Compute(template, from, until, computed, expectedFrom, time.GetUtcNow());
        return template.ServiceJudgesPlaces ? (await days.FindPlacesAsync(device.Id, from, until, cancellationToken)).Complete(period, template, computed) : period;
    }

    /// <summary>From when on readings are expected.</summary>
    public async Task<DateTimeOffset?> FindExpectedFromAsync(StoredDevice device, CancellationToken cancellationToken)
    {
        var newest = (await telemetry.ListNewestAsync([device.Id], cancellationToken)).GetValueOrDefault(device.Id);
        var enrolment = await devices.ListEnrolmentsAsync([device.Id], cancellationToken);
        return DeviceDays.ExpectedFrom(newest?.FirstSignedAt, enrolment.Count == 0 ? null : enrolment[0].Enrolment.EnrolledAt);
    }

    /// <summary>The device's template.</summary>
    /// <exception cref="InvalidOperationException">It is not on this deployment any more.</exception>
    public DeviceTemplate TemplateOf(StoredDevice device) =>
        templates.Find(device.Template) ?? throw new InvalidOperationException($"There is no device template \"{device.Template}\" any more.");

    /// <summary>The last so many days, today included.</summary>
    public (DateOnly From, DateOnly Until) LastDays(int count)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        return (today.AddDays(1 - count), today);
    }
}
