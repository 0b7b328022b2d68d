using Microsoft.Extensions.Options;
using Npgsql;
using TrustChain.Core.Devices;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Devices;

/// <summary>
/// Computes the days of devices that got new statements. A day is always made anew from the summaries of all its statements, so the order of arrival does not matter, and
/// whoever has the statements gets the same. Any number of servers may run it; one works at a time.
/// </summary>
internal sealed partial class DayWorker(
    TelemetryStore telemetry, DeviceStore devices, DeviceDayStore days, DeviceTemplates templates, PlaceReader places, SealedPlaces sealing, DaySignal signal, DeviceMetrics metrics, IOptions<DeviceOptions> options, TimeProvider time, ILogger<DayWorker> logger)
    : BackgroundService
{
    private const int BatchSize = 500;

    // With their summaries some 50 MB in memory. A device that makes a statement a minute has 1,440 of them a day.
    private const int MaxStatements = 20_000;
    private const int QuietPage = 10_000;
    private static readonly TimeSpan SilenceInterval = TimeSpan.FromMinutes(1);

    private DateTimeOffset _silencesAt;
    private readonly Dictionary<int, (string Template, DateTimeOffset? EnrolledAt)> _known = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await signal.WaitAsync(options.Value.ComputeInterval, time, stoppingToken);
                var due = await telemetry.CountDueAsync(stoppingToken);
                if (due.Any)
                {
                    while (await ComputeAsync(stoppingToken))
                    {
                        await FindSilencesAsync(stoppingToken); // However many more wait.
                    }
                    due = await telemetry.CountDueAsync(stoppingToken);
                }
                metrics.SetDue(due.New);
                await FindSilencesAsync(stoppingToken);
                await Task.Delay(options.Value.ComputeInterval / 4, time, stoppingToken); // lets more statements of one day gather
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Nothing was committed by a pass that failed; what it took is still due.
                if (Failures.IsDatabaseAway(exception))
                {
                    Log.DatabaseAway(logger, exception.Message);
                }
                else
                {
                    Log.Failed(logger, exception);
                }
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
        }
    }

    /// <returns>Whether more days wait.</returns>
    private async Task<bool> ComputeAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var computed = new List<(DayOfDevice Day, byte[] Content, IReadOnlyList<Finding> Findings)>();
        var judged = new List<(int DeviceId, PlacesOfDay Places, string? Sealed)>();
        var (taken, hasMore) = await telemetry.TakeDueAsync(BatchSize, MaxStatements, async (connection, due) =>
        {
            var all = due.Concat(await TelemetryStore.ListNextAsync(connection, due, cancellationToken)).Distinct().OrderBy(static d => (d.DeviceId, d.Day)).ToList();
            await LoadAsync([.. all.Select(static d => d.DeviceId).Distinct()], cancellationToken);
            var statements = await TelemetryStore.ListAsync(connection, all, cancellationToken);
            var before = await TelemetryStore.ListBeforeAsync(connection, all, cancellationToken);
            var read = await ReadPlacesAsync(connection, all, statements, before, cancellationToken);
            foreach (var day in all.Where(statements.Contains)) // A key may come before any statement of its day.
            {
                if (!_known.TryGetValue(day.DeviceId, out var device) || templates.Find(device.Template) is not { } template)
                {
                    Log.NoTemplate(logger, day.DeviceId, device.Template ?? "");
                    continue;
                }
                if (Compute(day, template, device.EnrolledAt, before.GetValueOrDefault(day), [.. statements[day].Select(static s => s.Facts)], read) is not var (content, findings, found))
                {
                    continue;
                }
                if (found is { Encrypted: > 0 })
                {
                    // What was found is not taken back because values cannot be read any more: they are in a file, or the owner has put another key in the place of the right one.
                    var earlier = found.IsComplete ? [] : await DeviceDayStore.ListPlaceFindingsAsync(connection, day, cancellationToken);
                    findings = [.. findings.Concat(found.Findings).Concat(earlier).DistinctBy(static f => f.Key)];
                    judged.Add((day.DeviceId, new PlacesOfDay(day.Day, found.Encrypted, found.Read, found.MoreFindings), await SealAsync(connection, day, found, cancellationToken)));
                }
                computed.Add((day, content, findings));
            }
            await DeviceDayStore.WriteAsync(connection, computed, time.GetUtcNow(), cancellationToken);
            if (judged.Count > 0)
            {
                await DeviceDayStore.WritePlacesAsync(connection, judged, cancellationToken);
            }
        }, cancellationToken);
        if (taken > 0)
        {
            metrics.Computed(
                computed.Count,
                [.. computed.SelectMany(static c => c.Findings).CountBy(static f => f.Severity).Select(static c => (c.Key.ToString().ToLowerInvariant(), c.Value))],
                time.GetElapsedTime(start));
        }
        return hasMore;
    }

    /// <summary>A day with its findings, and what its encrypted places say where the service may judge them; null for one that cannot be computed.</summary>
    private (byte[] Content, IReadOnlyList<Finding> Findings, DayPlaces? Places)? Compute(
        DayOfDevice day, DeviceTemplate template, DateTimeOffset? enrolledAt, StatementsBefore before, IReadOnlyList<StatementFacts> facts, IReadOnlyDictionary<long, StatementPlaces> read)
    {
        try
        {
            var result = DeviceDays.Compute(template, day.Day, before, facts, enrolledAt);
            return (result.ToJson(), result.Findings, template.ServiceJudgesPlaces ? DayPlaces.Judge(template, day.Day, before, facts, read) : null);
        }
        catch (Exception exception)
        {
            // A day that cannot be computed keeps what it was, and must not keep all other days from being computed.
            Log.DayFailed(logger, day.DeviceId, day.Day, exception);
            return null;
        }
    }

    /// <summary>Where the day's positions were, for the database; null where nothing was read. What cannot be read any more stays known, as what was found does.</summary>
    private async Task<string?> SealAsync(NpgsqlConnection connection, DayOfDevice day, DayPlaces found, CancellationToken cancellationToken)
    {
        if (found.Read == 0)
        {
            return null;
        }
        var earlier = found.Read < found.Encrypted && await DeviceDayStore.FindSealedPlacesAsync(connection, day, cancellationToken) is { } text ? sealing.Open(day, text) ?? [] : [];
        return sealing.Seal(day, DayPlaces.Join(earlier.Concat(found.Places)));
    }

    /// <summary>The encrypted positions of days and of the last statements before them, as far as the service may read them and has the keys; by record.</summary>
    private Task<IReadOnlyDictionary<long, StatementPlaces>> ReadPlacesAsync(
        NpgsqlConnection connection, List<DayOfDevice> all, ILookup<DayOfDevice, StoredTelemetry> statements, IReadOnlyDictionary<DayOfDevice, StatementsBefore> before,
        CancellationToken cancellationToken)
    {
        var wanted = new Dictionary<long, (int DeviceId, DeviceTemplate Template, StatementFacts Facts)>();
        foreach (var day in all)
        {
            if (_known.TryGetValue(day.DeviceId, out var device) && templates.Find(device.Template) is { ServiceJudgesPlaces: true } template)
            {
                foreach (var facts in statements[day].Select(static s => s.Facts).Concat(before.GetValueOrDefault(day).Own is { } own ? [own] : []).Where(static f => !f.Imported))
                {
                    wanted[facts.RecordId] = (day.DeviceId, template, facts);
                }
            }
        }
        return places.ReadAsync(connection, wanted.Values, cancellationToken);
    }

    /// <summary>Looks each minute for devices that say nothing any more; one that is just sending what it could not send before is not among them. Two servers that look at once find the same.</summary>
    private async Task FindSilencesAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (templates.All.Count == 0 || now - _silencesAt < SilenceInterval)
        {
            return;
        }
        _silencesAt = now;
        var shortest = TimeSpan.FromHours(templates.All.Min(static t => t.SilenceAfter));
        // Page by page to the end: those that are quiet, but not silent yet by their own templates, come again each minute, and must not stand in front of others.
        IReadOnlyList<(int DeviceId, string Template, DateTimeOffset LastReadingAt, DateTimeOffset LastSeenAt)> quiet = [];
        do
        {
            quiet = await days.ListQuietAsync(now - shortest, quiet.Count == 0 ? int.MinValue : quiet[^1].DeviceId, QuietPage, cancellationToken);
            var silences = new List<(int, Finding)>();
            foreach (var (device, name, lastReadingAt, lastSeenAt) in quiet)
            {
                if (templates.Find(name) is { } template && now - lastSeenAt > PauseOf(template) && DevicePeriod.FindSilence(template, lastReadingAt, now) is { } silence)
                {
                    silences.Add((device, silence));
                }
            }
            await days.WriteSilencesAsync(silences, now, cancellationToken);
        }
        while (quiet.Count == QuietPage);
    }

    /// <summary>How long a device that sends what it could not send before may pause without being called silent.</summary>
    private static TimeSpan PauseOf(DeviceTemplate template) =>
        TimeSpan.FromTicks(Math.Max(SilenceInterval.Ticks, 2 * TimeSpan.FromSeconds(template.ExpectedInterval).Ticks));

    /// <summary>Template and enrolment of a device never change, so they are kept.</summary>
    private async Task LoadAsync(IReadOnlyCollection<int> ids, CancellationToken cancellationToken)
    {
        if (_known.Count > 100_000)
        {
            _known.Clear();
        }
        int[] missing = [.. ids.Where(id => !_known.ContainsKey(id))];
        if (missing.Length == 0)
        {
            return;
        }
        foreach (var (device, enrolledAt) in await devices.ListEnrolmentsAsync(missing, cancellationToken))
        {
            _known[device] = enrolledAt;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5500, LogLevel.Warning, "Computing days of devices waits for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(5501, LogLevel.Error, "Computing days of devices failed")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(5503, LogLevel.Error, "{Day} of device {Device} cannot be computed")]
        public static partial void DayFailed(ILogger logger, int device, DateOnly day, Exception exception);

        [LoggerMessage(5502, LogLevel.Error, "Days of device {Device} cannot be computed: there is no device template \"{Template}\"")]
        public static partial void NoTemplate(ILogger logger, int device, string template);
    }
}
