using TrustChain.Core.Devices;
using TrustChain.Core.Query;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Items;
using TrustChain.Server.Pages;
using TrustChain.Server.Pages.Devices;

namespace TrustChain.Server.Devices;

/// <summary>
/// What the checks say of the devices that an event about goods names as having measured (<c>sensorMetadata.deviceID</c>): whoever reads that a field was watered wants to know whether the
/// meter was there all the time. Only for devices of the organisation that states the event: naming its own device in an event is its consent to show that device's answers of those days, as
/// far as the event is shown; naming somebody else's shows nothing, and not whether there is one. Never readings, figures or places.
/// </summary>
internal sealed class DeviceTestimony(DeviceStore devices, DeviceReading reading, DeviceDayStore days, DeviceTemplates templates)
{
    private const int MostDevices = 4;
    private const int MostRefusals = 100;

    /// <param name="e">The event.</param>
    /// <param name="owner">Who states it.</param>
    /// <param name="time">Its time: the day that counts where the sensor's metadata has no period.</param>
    /// <param name="language">Of the page.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<MeasuredByView>> FindAsync(EventExtensions e, Organisation owner, DateTimeOffset time, PageLanguage language, CancellationToken cancellationToken)
    {
        var views = new List<MeasuredByView>();
        foreach (var (uri, from, until) in e.Devices(time).DistinctBy(static d => ItemUris.Canonicalise(d.Uri)).Take(MostDevices))
        {
            if (await devices.FindByUriAsync(ItemUris.Canonicalise(uri), cancellationToken) is not { } device || device.OrganisationId != owner.Id || templates.Find(device.Template) is not { } template)
            {
                continue;
            }
            var first = until.DayNumber - from.DayNumber >= DeviceEvidence.MaxDays ? until.AddDays(1 - DeviceEvidence.MaxDays) : from;
            var period = await reading.ComputeAsync(device, await reading.ListDaysAsync(device, first, until, cancellationToken), first, until, cancellationToken);
            var refusals = (await days.ListFindingsAsync(device.Id, first, until, MostRefusals, cancellationToken)).Where(static f => RefusalCodes.IsRefusal(f.Finding.Code)).Select(static f => f.Finding);
            views.Add(new MeasuredByView(
                new Phrase(template.Title.In(language.Code()), language.Tag()), device.Uri, first, until, period.CoveredReadings, period.ExpectedReadings, DeviceAnswer.Of(period, refusals)));
        }
        return views;
    }
}
