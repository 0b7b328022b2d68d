using System.Globalization;
using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Devices.Grants;
using TrustChain.Server.Hosting;
using TrustChain.Server.Standby;

namespace TrustChain.Server.Devices;

/// <summary>What a device's statements amount to: history in days and hours, the statements themselves, verdicts, and live values.</summary>
internal static class DeviceHistoryEndpoints
{
    private const int PageSize = 500;
    private const int MaxFindings = 1000;
    private const int MaxMaintenance = 500;
    private const string Coarse = "coarse";
    private const string Fine = "fine";
    private static readonly TimeSpan LiveInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(20);

    public static void MapDeviceHistory(this IEndpointRouteBuilder app)
    {
        var device = app.MapGroup("/api/devices/{id}").WithTags("Devices");
        device.MapGet("/history", GetHistoryAsync).MayReadStandby().WithSummary("History by day or hour (bucket=day|hour) from one day to another, both included (UTC): figures, places (precision=coarse|fine) and maintenance.");
        device.MapGet("/statements", ListStatementsAsync).MayReadStandby().WithSummary("The telemetry statements of a period with their numbering, 500 at a time.");
        device.MapGet("/verdicts", GetVerdictsAsync).MayReadStandby().WithSummary("The checks over a period, each with its answer and the records it rests on, and every finding.");
        device.MapGet("/live", StreamAsync).DisableRequestTimeout().WithSummary("Newest values as server-sent events.");
    }

    private static async Task<IResult> GetHistoryAsync(
        string id, Caller caller, DeviceAccess access, DeviceReading reading, DevicePlaces whereabouts, DeviceMaintenanceStore maintenance, RecordStore records,
        CancellationToken cancellationToken, string? from = null, string? until = null, string? to = null, string bucket = "day", string precision = Coarse)
    {
        if (ReadPeriod(from, to ?? until, reading, out var period) is { } problem)
        {
            return problem;
        }
        if (bucket is not ("day" or "hour"))
        {
            return Problems.InvalidRequest("\"bucket\" is day or hour.");
        }
        if (precision is not (Coarse or Fine))
        {
            return Problems.InvalidRequest("\"precision\" is coarse (a tenth of a degree) or fine (a hundredth).");
        }
        if (await access.FindAsync(id, caller, DeviceQuestion.Data, new DayRange(period.From, period.Until), cancellationToken) is not { } seen)
        {
            return DeviceEndpoints.NotFound();
        }
        var template = reading.TemplateOf(seen.Device);
        var days = await reading.ListDaysAsync(seen.Device, seen.Days.From, seen.Days.Until, cancellationToken);
        var operation = GrantedView.ShowsOperation(seen);
        var places = await whereabouts.ListAsync(seen, template, days, precision == Fine, cancellationToken);
        var done = operation ? await maintenance.ListAsync(seen.Device.Id, seen.Days.From, seen.Days.Until, MaxMaintenance + 1, cancellationToken) : [];
        var cited = done.Count > 0 ? await records.ListLeavesAsync([.. done.Select(static m => m.RecordId)], cancellationToken) : new Dictionary<long, RecordPlace>();
        var showsHashes = GrantedView.ShowsStatements(seen, template);
        return Results.Json(new
        {
            device = seen.Device.Uri,
            from = seen.Days.From,
            until = seen.Days.Until,
            bucket,
            places = new { precision = places.IsFine ? Fine : Coarse, code = places.Why },
            maintenance = operation
                ? done.Take(MaxMaintenance).Select(m => new { day = m.Day, time = Record.FormatTime(m.At), step = m.Step, organisation = m.Organisation, byOwner = m.OrganisationId == seen.Device.OrganisationId, record = Cite(m.RecordId, cited, showsHashes) })
                : null,
            hasMoreMaintenance = done.Count > MaxMaintenance,
            buckets = bucket == "day"
                ? days.Select(d => ToBucket(d, seen, template, places.ByDay.GetValueOrDefault(d.Day)))
                : days.SelectMany(d => d.Hours.Select((h, hour) => (object)new
                {
                    from = d.Day.ToDateTime(new TimeOnly(hour, 0), DateTimeKind.Utc),
                    readings = h.Readings,
                    runningSeconds = operation ? h.RunningSeconds : null,
                    energyWattHours = operation ? h.EnergyWattHours : null,
                })),
        });
    }

    private static object ToBucket(DeviceDay d, SeenDevice seen, DeviceTemplate template, PlacesSeen? places)
    {
        var shown = GrantedView.ShowsOperation(seen) ? d : null;
        return new
        {
            day = d.Day,
            expectedReadings = d.ExpectedReadings,
            coveredReadings = d.CoveredReadings,
            receivedReadings = d.ReceivedReadings,
            statements = d.Statements,
            operatingSeconds = shown?.OperatingSeconds,
            distanceMetres = shown?.DistanceMetres,
            energyWattHours = shown?.EnergyWattHours,
            cycles = shown?.Cycles,
            utilisation = shown?.Utilisation,
            stateOfHealth = shown?.StateOfHealth,
            batteryLevel = shown?.BatteryLevel,
            downtimeSeconds = shown?.DowntimeSeconds,
            alarms = shown?.Alarms,
            measures = d.Measures.Where(m => m.Count > 0 && GrantedView.ShowsFigures(seen, template, m.Name))
                .Select(static m => new { name = m.Name, count = m.Count, first = m.First, last = m.Last, min = m.Min, max = m.Max, mean = m.Mean, increase = m.Increase, trueSeconds = m.TrueSeconds }),
            places = places?.Places.Select(static p => new { latitude = p.Latitude, longitude = p.Longitude }),
            placesBasis = places?.Basis,
            gaps = d.Gaps,
            findings = d.Findings.Where(f => GrantedView.Filter(f, seen, template) is not null).CountBy(static f => f.Code).Select(static c => new { code = c.Key, times = c.Value }),
        };
    }

    private static async Task<IResult> ListStatementsAsync(
        string id, Caller caller, DeviceAccess access, DeviceReading reading, TelemetryStore telemetry, CancellationToken cancellationToken, string? from = null, string? until = null, string? to = null, int offset = 0)
    {
        if (ReadPeriod(from, to ?? until, reading, out var period) is { } problem)
        {
            return problem;
        }
        if (offset is < 0 or > 10_000_000)
        {
            return Problems.InvalidRequest("\"offset\" is from 0 to 10,000,000.");
        }
        if (await access.FindAsync(id, caller, DeviceQuestion.Data, new DayRange(period.From, period.Until), cancellationToken) is not { } seen)
        {
            return DeviceEndpoints.NotFound();
        }
        var list = await telemetry.ListAsync(seen.Device.Id, seen.Days.From, seen.Days.Until, offset, PageSize, cancellationToken);
        return Results.Json(new
        {
            device = seen.Device.Uri,
            statements = list.Select(static s => new
            {
                statement = s.Facts.Digest.ToHex(),
                key = s.Facts.KeyNumber,
                seq = s.Facts.Sequence,
                prev = s.Facts.Previous?.ToHex(),
                boot = s.Facts.Boot,
                clock = Record.FormatTime(s.Facts.Clock),
                receivedAt = Record.FormatTime(s.Facts.ReceivedAt),
                imported = s.Facts.Imported,
                readings = s.Readings,
                from = Record.FormatTime(s.Facts.Summary.First),
                until = Record.FormatTime(s.Facts.Summary.Last),
            }),
            next = list.Count == PageSize ? offset + PageSize : (int?)null,
        });
    }

    private static async Task<IResult> GetVerdictsAsync(
        string id, Caller caller, DeviceAccess access, DeviceReading reading, DeviceDayStore store, RecordStore records, CancellationToken cancellationToken, string? from = null, string? until = null, string? to = null)
    {
        if (ReadPeriod(from, to ?? until, reading, out var range) is { } problem)
        {
            return problem;
        }
        if (await access.FindAsync(id, caller, DeviceQuestion.Verdicts, new DayRange(range.From, range.Until), cancellationToken) is not { } seen)
        {
            return DeviceEndpoints.NotFound();
        }
        range = (seen.Days.From, seen.Days.Until);
        var template = reading.TemplateOf(seen.Device);
        var days = await reading.ListDaysAsync(seen.Device, range.From, range.Until, cancellationToken);
        var period = await reading.ComputeAsync(seen.Device, days, range.From, range.Until, cancellationToken);
        var refusals = (await store.ListFindingsAsync(seen.Device.Id, range.From, range.Until, MaxFindings, cancellationToken)).Where(f => f.Finding.Records.Count == 0 && f.Times > 0 && (RefusalCodes.IsRefusal(f.Finding.Code) || (seen.IsOwner && f.Finding.Code == RefusalCodes.Impersonated))).ToList();
        var verdicts = period.Verdicts.Select(v => GrantedView.Filter(v, seen)).ToList();
        var findings = period.Findings.Select(f => GrantedView.Filter(f, seen, template)).OfType<Finding>().ToList();
        var cited = await records.ListLeavesAsync([.. findings.SelectMany(static f => f.Records).Concat(verdicts.SelectMany(static v => v.Records)).Distinct()], cancellationToken);
        var shown = GrantedView.ShowsOperation(seen) ? period : null;
        // What was refused may quote anything: others than the owner learn that there was something.
        var told = refusals.Select(r => (Finding: seen.IsOwner ? r.Finding : r.Finding with { Detail = "", Measure = null }, r.Times));
        // The hash of an event is not salted. Whoever knows all but a place could find the place by trying.
        var showsHashes = GrantedView.ShowsStatements(seen, template);
        return Results.Json(new
        {
            device = seen.Device.Uri,
            template = seen.Device.Template,
            from = range.From,
            until = range.Until,
            expectedReadings = period.ExpectedReadings,
            coveredReadings = period.CoveredReadings,
            receivedReadings = period.ReceivedReadings,
            statements = period.Statements,
            daysWithStatements = period.DaysWithStatements,
            operatingSeconds = shown?.OperatingSeconds,
            distanceMetres = shown?.DistanceMetres,
            energyWattHours = shown?.EnergyWattHours,
            cycles = shown?.Cycles,
            utilisation = shown?.Utilisation,
            stateOfHealth = shown?.StateOfHealth,
            batteryLevel = shown?.BatteryLevel,
            downtimeSeconds = shown?.DowntimeSeconds,
            alarms = shown?.Alarms,
            gaps = period.Gaps,
            verdicts = verdicts.Select(v => new
            {
                check = v.Check,
                outcome = v.Outcome switch { VerdictOutcome.Passed => "passed", VerdictOutcome.Failed => "failed", _ => "could-not-check" },
                code = v.Code,
                detail = v.Detail,
                basis = v.Basis,
                records = v.Records.Select(r => Cite(r, cited, showsHashes)),
                moreRecords = v.MoreRecords,
                runs = v.Runs.Select(static r => new { key = r.KeyNumber, first = r.First, last = r.Last }),
            }),
            findings = findings.Select(f => ToJson(f, 1, cited, showsHashes)).Concat(told.Select(r => ToJson(r.Finding, r.Times, cited, showsHashes))),
        });
    }

    private static object ToJson(Finding f, int times, IReadOnlyDictionary<long, RecordPlace> cited, bool showsHashes) => new
    {
        code = f.Code,
        severity = f.Severity.ToString().ToLowerInvariant(),
        title = RefusalCodes.Title(f.Code, "en"),
        from = f.From,
        until = f.Until,
        measure = f.Measure,
        detail = f.Detail,
        times,
        records = f.Records.Select(r => Cite(r, cited, showsHashes)),
    };

    /// <summary>A record as strangers can find it: its event and its place in the log.</summary>
    private static object Cite(long record, IReadOnlyDictionary<long, RecordPlace> cited, bool showsHashes) =>
        cited.TryGetValue(record, out var place) ? new { leaf = place.LeafIndex, eventHash = showsHashes ? (string?)place.EventHash : null } : new { leaf = (long?)null, eventHash = (string?)null };

    /// <summary>The newest values whenever there are new ones, and a comment now and then so that nobody between closes the connection.</summary>
    private static async Task<IResult> StreamAsync(
        string id, HttpContext context, Caller caller, DeviceAccess access, DeviceReading reading, TelemetryStore telemetry, LiveStreams streams, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        if (await access.FindAsync(id, caller, DeviceQuestion.Live, null, context.RequestAborted) is not { } seen)
        {
            return DeviceEndpoints.NotFound();
        }
        using var place = streams.TryOpen();
        if (place is null)
        {
            context.Response.Headers.RetryAfter = "60";
            return Problems.Create(503, ProblemCodes.Busy, "Too many live streams are open; try again later.");
        }
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            // The reader is to know at once that the stream is open, also while there is nothing to say.
            await context.Response.WriteAsync(": open\n\n", ending.Token);
            await context.Response.Body.FlushAsync(ending.Token);
            await SendAsync(seen);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader left, or the server stops: the reader connects again.
        }
        return Results.Empty;

        // A grant that has today may not have the day of the newest reading.
        static bool MaySee(SeenDevice seen, DateTimeOffset readingAt) => seen.IsOwner || seen.Grant?.Grant.Terms.Days.Contains(DateOnly.FromDateTime(readingAt.UtcDateTime)) is true;

        async Task SendAsync(SeenDevice first)
        {
            var sent = (KeyNumber: -1, Sequence: -1L);
            var lastSent = time.GetTimestamp();
            var template = reading.TemplateOf(first.Device);
            for (var current = first; ;)
            {
                var newest = (await telemetry.ListNewestAsync([current.Device.Id], ending.Token)).GetValueOrDefault(current.Device.Id);
                if (newest is not null && (newest.KeyNumber, newest.Sequence) != sent && MaySee(current, newest.LastReadingAt))
                {
                    using var latest = JsonDocument.Parse(newest.Latest ?? "{}");
                    var data = JsonSerializer.Serialize(new { key = newest.KeyNumber, seq = newest.Sequence, readingAt = newest.LastReadingAt, seenAt = newest.LastSeenAt, statements = current.IsOwner ? newest.Statements : (long?)null, readings = current.IsOwner ? newest.Readings : (long?)null, values = GrantedView.Filter(latest.RootElement, current, template) });
                    await context.Response.WriteAsync($"id: {newest.KeyNumber}-{newest.Sequence}\nevent: values\ndata: {data}\n\n", ending.Token);
                    await context.Response.Body.FlushAsync(ending.Token);
                    (sent, lastSent) = ((newest.KeyNumber, newest.Sequence), time.GetTimestamp());
                }
                else if (time.GetElapsedTime(lastSent) > KeepAlive)
                {
                    await context.Response.WriteAsync(": nothing new\n\n", ending.Token);
                    await context.Response.Body.FlushAsync(ending.Token);
                    lastSent = time.GetTimestamp();
                }
                await Task.Delay(LiveInterval, time, ending.Token);
                // Who may read can change while the stream is open.
                if (await access.FindAsync(id, caller, DeviceQuestion.Live, null, ending.Token) is not { } still)
                {
                    await context.Response.WriteAsync("event: end\ndata: {\"code\":\"grant-ended\",\"reason\":\"What opened this stream has ended: the grant expired or was withdrawn, or the device changed hands.\"}\n\n", ending.Token);
                    return;
                }
                current = still;
            }
        }
    }

    /// <summary>Reads the first and the last day of a period; the last 30 days where nothing is said.</summary>
    public static IResult? ReadPeriod(string? from, string? until, DeviceReading reading, out (DateOnly From, DateOnly Until) period)
    {
        period = reading.LastDays(30);
        if ((from is not null && !TryDay(from, out period.From)) || (until is not null && !TryDay(until, out period.Until)))
        {
            return Problems.InvalidRequest("\"from\" and \"to\" are days such as 2026-04-05 (UTC), both included.");
        }
        if (from is null && until is not null)
        {
            period.From = period.Until.AddDays(-29);
        }
        return period.From > period.Until || period.Until.DayNumber - period.From.DayNumber >= DeviceEvidence.MaxDays
            ? Problems.InvalidRequest($"\"from\" must not be after \"to\", and at most {DeviceEvidence.MaxDays} days are answered at once.")
            : null;
    }

    private static bool TryDay(string text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) && day.Year is >= 2000 and < 9999;
}

/// <summary>Counts open live streams.</summary>
internal sealed class LiveStreams
{
    private const int Max = 500;
    private int _open;

    /// <summary>A place that is given back when disposed; null when all are taken.</summary>
    public IDisposable? TryOpen()
    {
        if (Interlocked.Increment(ref _open) <= Max)
        {
            return new Place(this);
        }
        Interlocked.Decrement(ref _open);
        return null;
    }

    private sealed class Place(LiveStreams streams) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref streams._open);
    }
}
