using System.Globalization;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Devices.Grants;
using TrustChain.Server.Hosting;
using TrustChain.Server.Limits;
using TrustChain.Server.Log;
using TrustChain.Server.Partitions;
using TrustChain.Server.Standby;
using TrustChain.Server.Verification;

namespace TrustChain.Server.Devices;

/// <summary>The evidence of a device's period as a file that verifies and computes again without us: lines of JSON, so that it is written and read without holding it.</summary>
internal static class DeviceEvidenceEndpoints
{
    /// <summary>Media type of lines of JSON.</summary>
    public const string MediaType = "application/x-ndjson";

    // A bundle is at most 16 MiB; a reading with its reports is mostly about 400 bytes, half as much again in base64url. Where it is more, fewer go into a bundle.
    private const int MaxRecords = 100;
    private const int MaxReadings = 12_000;

    // 90 days of a statement a minute are 129,600. Held are some 50 bytes of each and the summaries of one day; more than these could not be made and sent in the time that an answer may take.
    private const int MaxStatements = 150_000;

    public static void MapDeviceEvidence(this IEndpointRouteBuilder app) => app.MapGet("/api/devices/{id}/evidence", GetAsync).MayReadStandby().WithRequestTimeout(LimitsExtensions.Upload).WithTags("Devices")
        .WithSummary("The evidence of a period: header, bundles and summary, one JSON a line (docs/devices.md section 9). trustchain verify checks it and computes it again.");

    private static async Task<IResult> GetAsync(
        string id,
        HttpContext context,
        Caller caller,
        DeviceAccess access,
        DeviceReading reading,
        DeviceTemplates templates,
        TelemetryStore telemetry,
        RecordStore records,
        Visibility visibility,
        EvidenceBuilder builder,
        AnchoredTrees trees,
        LogHead head,
        ColdStorage cold,
        TimeProvider time,
        CancellationToken cancellationToken,
        string? from = null,
        string? until = null,
        string? to = null,
        string? target = null)
    {
        if (DeviceHistoryEndpoints.ReadPeriod(from, to ?? until, reading, out var period) is { } problem)
        {
            return problem;
        }
        if (await access.FindAsync(id, caller, DeviceQuestion.Data, new DayRange(period.From, period.Until), cancellationToken) is not { } seen)
        {
            return DeviceEndpoints.NotFound();
        }
        if (!GrantedView.ShowsStatements(seen, reading.TemplateOf(seen.Device)))
        {
            return Problems.NotAllowed("Evidence has whole statements, which show every open measure; the grant does not cover them all.");
        }
        period = (seen.Days.From, seen.Days.Until);
        if (await trees.FindAsync(target, cancellationToken) is not { } tree)
        {
            return Problems.NotFound("anchoring target on a chain of this name");
        }
        var size = head.Checkpoint?.Size ?? 0;
        // What lies before the period is the owner's alone: a grant begins with its first day.
        var listed = await telemetry.ListPeriodAsync(seen.Device.Id, period.From, period.Until, MaxStatements + 1, cancellationToken);
        if (listed.Count > MaxStatements)
        {
            return Problems.Create(422, ProblemCodes.PeriodTooLarge, string.Create(CultureInfo.InvariantCulture, $"The device has made more than {MaxStatements} statements in this period. Ask for a shorter one."));
        }
        var statements = listed.Where(s => seen.IsOwner || s.Day >= period.From).ToList();
        if (await cold.FindAsync([.. statements.Select(static s => s.RecordId)], cancellationToken) is { Count: > 0 } archives)
        {
            return Problems.InColdStorage(archives);
        }
        var logged = statements.Where(s => s.LeafIndex < size).ToList(); // Only what a checkpoint covers.
        if (logged.Count == 0)
        {
            return Problems.NotFound("telemetry in the log of this period");
        }
        var now = time.GetUtcNow();
        var header = new DeviceEvidenceHeader
        {
            Device = seen.Device.Uri,
            Salt = new Hash32(seen.Device.Salt),
            Template = templates.FindFile(seen.Device.Template) ?? throw new InvalidOperationException($"There is no device template \"{seen.Device.Template}\" any more."),
            From = period.From,
            Until = period.Until,
            ExpectedFrom = await reading.FindExpectedFromAsync(seen.Device, cancellationToken),
            At = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond)),
        };
        context.Response.ContentType = MediaType;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"device-{id[..8]}-{period.From:yyyy-MM-dd}-{period.Until:yyyy-MM-dd}.ndjson\"";
        context.Response.Headers.CacheControl = "no-store";
        await WriteAsync(header.ToJson());
        for (var start = 0; start < logged.Count;)
        {
            var (count, readings) = (0, 0);
            while (start + count < logged.Count && count < MaxRecords && (count == 0 || readings + logged[start + count].Readings <= MaxReadings))
            {
                readings += logged[start + count].Readings;
                count++;
            }
            var line = await BuildAsync(start, count);
            while (line.Length > EvidenceBundle.MaxBytes && count > 1)
            {
                count /= 2; // Readings of many values: no verifier would read so long a line.
                line = await BuildAsync(start, count);
            }
            await WriteAsync(line);
            start += count;
        }
        var summary = new DeviceSummaryBuilder(reading.TemplateOf(seen.Device), header);
        foreach (var day in logged.GroupBy(static l => l.Day).OrderBy(static g => g.Key))
        {
            var leaves = day.ToDictionary(static l => l.RecordId, static l => l.LeafIndex!.Value); // Filtered before.
            var ofDay = await telemetry.ListAsync(seen.Device.Id, day.Key, day.Key, 0, int.MaxValue, cancellationToken);
            // As strangers see them: by leaf index, and none that has come since they were listed.
            summary.Add(day.Key, [.. ofDay.Where(s => leaves.ContainsKey(s.Facts.RecordId)).Select(s => s.Facts with { RecordId = leaves[s.Facts.RecordId] })]);
        }
        await WriteAsync(summary.Build().ToJson());
        return Results.Empty;

        async Task<byte[]> BuildAsync(int start, int count)
        {
            var stored = await records.ListByIdAsync([.. logged.Skip(start).Take(count).Select(static l => l.RecordId)], cancellationToken);
            // The access was checked for the device; a record alone shows only its organisation's.
            var bundle = await builder.BuildAsync(tree, Visibility.OfDevice(stored), [], caller, seen.Device.Uri, null, cancellationToken, mayShowTelemetry: true)
                ?? throw new InvalidOperationException("No checkpoint covers what one covered a moment ago.");
            return bundle.ToUtf8();
        }

        async Task WriteAsync(byte[] line)
        {
            await context.Response.Body.WriteAsync(line, cancellationToken);
            await context.Response.Body.WriteAsync("\n"u8.ToArray(), cancellationToken);
        }
    }
}
