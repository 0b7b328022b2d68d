using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Grants;
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
internal sealed class DeviceTestimony(DeviceStore devices, DeviceReading reading, DeviceTemplates templates, TimeProvider time)
{
    private const int MostDevices = 4;

    /// <param name="e">The event.</param>
    /// <param name="owner">Who states it.</param>
    /// <param name="eventTime">Its time: the day that counts where the sensor's metadata has no period.</param>
    /// <param name="language">Of the page.</param>
    /// <param name="budget">Of the page.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What may be said, and how many further devices the event names that nobody looked for: so many the page does not ask about. It tells no more of them than the event does.</returns>
    public async Task<(IReadOnlyList<MeasuredByView> Devices, int More)> FindAsync(
        EventExtensions e, Organisation owner, DateTimeOffset eventTime, PageLanguage language, TestimonyBudget budget, CancellationToken cancellationToken)
    {
        var views = new List<MeasuredByView>();
        // One element for each reading is as good as one for all.
        var all = e.Devices(eventTime).GroupBy(static d => ItemUris.Canonicalise(d.Uri)).ToList();
        var more = Math.Max(0, all.Count - MostDevices);
        foreach (var named in all.Take(MostDevices))
        {
            var claimed = new DayRange(named.Min(static d => d.From), named.Max(static d => d.Until));
            if (!budget.Known.TryGetValue((named.Key, owner.Id, claimed), out var view))
            {
                if (!budget.TryTake())
                {
                    more++;
                    continue;
                }
                view = await MakeAsync(named.Key, owner, claimed, language, cancellationToken);
                budget.Known.Add((named.Key, owner.Id, claimed), view);
            }
            if (view is not null)
            {
                views.Add(view);
            }
        }
        return (views, more);
    }

    private async Task<MeasuredByView?> MakeAsync(string uri, Organisation owner, DayRange claimed, PageLanguage language, CancellationToken cancellationToken)
    {
        if (await devices.FindByUriAsync(uri, cancellationToken) is not { } device || device.OrganisationId != owner.Id || templates.Find(device.Template) is not { } template)
        {
            return null;
        }
        var now = time.GetUtcNow();
        var expectedFrom = await reading.FindExpectedFromAsync(device, cancellationToken);
        var (from, until) = (claimed.From, Least(claimed.Until, DateOnly.FromDateTime(now.UtcDateTime)));
        if (expectedFrom is { } begin && from < DateOnly.FromDateTime(begin.UtcDateTime))
        {
            from = Least(DateOnly.FromDateTime(begin.UtcDateTime), until);
        }
        from = from > until ? until : until.DayNumber - from.DayNumber >= DeviceEvidence.MaxDays ? until.AddDays(1 - DeviceEvidence.MaxDays) : from;
        var period = await reading.ComputeAsync(device, await reading.ListDaysAsync(device, from, until, cancellationToken), from, until, expectedFrom, cancellationToken);
        var refusals = await reading.ListRefusalsAsync(device, from, until, cancellationToken);
        return new MeasuredByView(
            new Phrase(template.Title.In(language.Code()), language.Tag()), device.Uri, from, until, period.CoveredReadings, period.ExpectedReadings,
            DeviceAnswer.Of(period, refusals), (from, until) == (claimed.From, claimed.Until) ? null : (claimed.From, claimed.Until))
        {
            ByService = period.Verdicts.Any(static v => v.Basis is not null),
        };
    }

    private static DateOnly Least(DateOnly one, DateOnly other) => one < other ? one : other;
}

/// <summary>What one page may ask of devices: the days of a device are read and judged once, and a page that names very many says nothing of the last ones.</summary>
internal sealed class TestimonyBudget
{
    private int _left = 8;

    /// <summary>What was found, by device, owner and days; null where nothing may be said.</summary>
    public Dictionary<(string Device, int Owner, DayRange Days), MeasuredByView?> Known { get; } = [];

    public bool TryTake() => _left-- > 0;
}
