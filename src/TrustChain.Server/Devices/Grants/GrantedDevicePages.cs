using System.Globalization;
using Microsoft.Extensions.Options;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Grants;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Accounts;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Pages.Devices;

namespace TrustChain.Server.Devices.Grants;

/// <summary>Parts of the page of a granted device.</summary>
internal sealed record GrantedParts(
    DeviceAccess Access, DeviceReading Reading, DeviceStore Devices, DeviceDayStore Days, TelemetryStore Telemetry, RecordStore Records, DevicePlaces Places, DeviceMaintenanceStore Maintenance, GrantParts Grants,
    IOptions<AnchoringOptions> Anchoring);

/// <summary>
/// The page of one device for a lender, insurer or buyer with a grant. It goes the way of a program with an API key: <see cref="DeviceAccess"/> says under which grant and of which days, and
/// writes the read down; <see cref="GrantedView"/> takes out what that grant does not cover, before anything is drawn. Where nothing is open the answer is that of a device that does not exist.
/// </summary>
internal static class GrantedDevicePages
{
    private const int MaxFindings = 1000;
    private const int MaxMaintenance = 100;
    private static readonly int[] LastDays = [30, 90, 365];

    public static async Task<IResult> ShowAsync(string id, AccountContext context, GrantedParts parts)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        if (await parts.Access.FindAsync(id, who.Caller, context.Cancellation) is not null)
        {
            return context.Redirect($"/devices/{id}"); // One's own: it has come to whoever had a grant.
        }
        List<DayRange> open = [.. (await parts.Access.ListOpenAsync(id, who.Caller, context.Cancellation)).OrderByDescending(static d => d.Until).ThenBy(static d => d.From)];
        if (open.Count == 0)
        {
            return await DevicePages.UnknownAsync(context);
        }
        var first = Last(open[0], LastDays[0]);
        var (asked, wasWrong) = ReadPeriod(context.Http.Request.Query, open, first, parts.Reading);
        // What it is, and its days: two reads, each with its entry.
        if (await parts.Access.FindAsync(id, who.Caller, DeviceQuestion.Existence, null, context.Cancellation) is null
            || await parts.Access.FindAsync(id, who.Caller, DeviceQuestion.Data, asked, context.Cancellation) is not { Grant: { } grant } seen)
        {
            return await DevicePages.UnknownAsync(context); // It ended meanwhile.
        }
        var view = await BuildAsync(seen, grant, open, wasWrong, context, parts);
        return await context.RenderAsync<GrantedDevicePage>(context.Page.Address, new Dictionary<string, object?>
        {
            [nameof(GrantedDevicePage.Frame)] = AccountContext.Frame(who),
            [nameof(GrantedDevicePage.Granted)] = view with { WasCut = !wasWrong && asked != seen.Days },
        });
    }

    private static async Task<GrantedDeviceView> BuildAsync(SeenDevice seen, StoredGrant grant, List<DayRange> open, bool wasWrong, AccountContext context, GrantedParts parts)
    {
        var (device, days, cancellationToken) = (seen.Device, seen.Days, context.Cancellation);
        var template = parts.Reading.TemplateOf(device);
        var all = await parts.Reading.ListDaysAsync(device, days.From, days.Until, cancellationToken);
        var whole = await parts.Reading.ComputeAsync(device, all, days.From, days.Until, cancellationToken);
        var period = GrantedView.Filter(whole, seen, template);
        List<DeviceDay> shown = [.. all.Select(d => GrantedView.Filter(d, seen, template))];
        var refusals = (await parts.Days.ListFindingsAsync(device.Id, days.From, days.Until, MaxFindings, cancellationToken))
            .Where(static f => RefusalCodes.IsRefusal(f.Finding.Code)).Select(f => (Finding: GrantedView.FilterRefusal(f.Finding, seen), f.Times)).ToList();
        var showsMaintenance = GrantedView.ShowsOperation(seen);
        var done = showsMaintenance ? await parts.Maintenance.ListAsync(device.Id, days.From, days.Until, MaxMaintenance + 1, cancellationToken) : [];
        var leaves = await parts.Records.ListLeavesAsync(
            [.. period.Findings.SelectMany(static f => f.Records).Concat(period.Verdicts.SelectMany(static v => v.Records)).Concat(done.Select(static m => m.RecordId)).Distinct()], cancellationToken);
        var newest = (await parts.Telemetry.ListNewestAsync([device.Id], cancellationToken)).GetValueOrDefault(device.Id);
        var now = parts.Grants.Time.GetUtcNow();
        var (calendar, isCoverage) = DeviceCharts.MakeCalendar(period, shown, DateOnly.FromDateTime(now.UtcDateTime), context.T);
        var path = $"/api/devices/{device.Pseudonym.ToBase64Url()}";
        var query = Query(days);
        return new GrantedDeviceView
        {
            View = new DeviceView
            {
                Device = device,
                Owner = (await parts.Grants.Organisations.FindAsync(device.OrganisationId, cancellationToken))!.Name, // Referenced by the row.
                Template = template,
                Period = period,
                LastDays = LastDays.Cast<int?>().FirstOrDefault(n => Last(open[0], n!.Value) == days), // Cast so that there may be none.
                WasPeriodWrong = wasWrong,
                Days = shown,
                IsBehind = newest is not null && DateOnly.FromDateTime(newest.LastReadingAt.UtcDateTime) is var last && days.Contains(last) && all.All(d => d.Day != last),
                Answer = DeviceAnswer.Of(period, refusals.Select(static r => r.Finding)),
                Findings = [.. period.Findings.Select(static f => (f, 1)).Concat(refusals).OrderBy(static f => f.Item1.From)],
                Cited = leaves.ToDictionary(static l => l.Key, static l => l.Value with { EventHash = "" }), // A record alone is shown to its organisation; and whoever knows all but a place could find it by the hash.
                Places = await parts.Places.ListAsync(seen, template, all, context.Http.Request.Query["places"] == "fine", cancellationToken),
                Maintenance = [.. done.Take(MaxMaintenance)],
                HasMoreMaintenance = done.Count > MaxMaintenance,
                Life = [],
                Calendar = calendar,
                CalendarIsCoverage = isCoverage,
                Meter = DeviceCharts.MakeMeter(template, period, shown, context.T),
                Health = DeviceCharts.MakeHealth(template, period, shown, context.T),
                EvidenceUrl = $"{path}/evidence{query}",
                CommandLine = $"trustchain verify device-evidence.ndjson --trust trust.json --rpc {parts.Anchoring.Value.RpcUrlForVisitors ?? AnchoringOptions.AnyNode}",
            },
            Terms = grant.Grant.Terms,
            State = grant.Grant.StateForGranteeAt(now),
            Keys = await parts.Devices.ListKeysAsync(device.Id, cancellationToken),
            Open = open,
            Choices = [.. LastDays.Select(n => (Days: Last(open[0], n), LastDays: (int?)n)).Concat(open.Select(static d => (Days: Last(d, DeviceEvidence.MaxDays), LastDays: (int?)null))).DistinctBy(static c => c.Days)],
            ShowsMaintenance = showsMaintenance,
            HasEvidence = GrantedView.ShowsStatements(seen, template),
            VerdictsUrl = $"{path}/verdicts{query}",
            HistoryUrl = $"{path}/history{query}",
        };
    }

    /// <summary>The days that the address asks for; where it asks for none, or for none that are open, the last ones that are.</summary>
    private static (DayRange Asked, bool WasWrong) ReadPeriod(IQueryCollection query, List<DayRange> open, DayRange otherwise, DeviceReading reading)
    {
        if (!query.ContainsKey("from") && !query.ContainsKey("to"))
        {
            return (otherwise, false);
        }
        var asked = DeviceHistoryEndpoints.ReadPeriod(query["from"], query["to"], reading, out var period) is null ? new DayRange(period.From, period.Until) : (DayRange?)null;
        return asked is { } days && open.Exists(o => o.Intersect(days) is not null) ? (days, false) : (otherwise, true);
    }

    private static DayRange Last(DayRange days, int count) => days.Until.DayNumber - days.From.DayNumber < count ? days : days with { From = days.Until.AddDays(1 - count) };

    /// <summary>A period as a query.</summary>
    public static string Query(DayRange days) => string.Create(CultureInfo.InvariantCulture, $"?from={days.From:yyyy-MM-dd}&to={days.Until:yyyy-MM-dd}");
}
