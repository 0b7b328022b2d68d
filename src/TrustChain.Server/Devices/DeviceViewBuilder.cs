using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Pages;
using TrustChain.Server.Pages.Devices;

namespace TrustChain.Server.Devices;

/// <summary>A period as an address asks for it.</summary>
/// <param name="From">First day.</param>
/// <param name="Until">Last day, included.</param>
/// <param name="LastDays">Number of days when it is the last so many.</param>
/// <param name="WasWrong">Whether the address asked for something else, which is no period.</param>
/// <param name="PlacesAreFine">Whether places are wanted to a hundredth of a degree instead of a tenth.</param>
internal sealed record AskedPeriod(DateOnly From, DateOnly Until, int? LastDays, bool WasWrong, bool PlacesAreFine = false);

/// <summary>Gathers what the page of a device shows.</summary>
internal sealed class DeviceViewBuilder(
    DeviceStore devices, DeviceDayStore days, TelemetryStore telemetry, RecordStore records, OrganisationStore organisations, DeviceReading reading, DevicePlaces places,
    DeviceMaintenanceStore maintenance, IOptions<AnchoringOptions> anchoring, TimeProvider time)
{
    private const int MaxFindings = 1000;
    private const int MaxMaintenance = 100;

    /// <summary>The view of a device over a period.</summary>
    /// <param name="seen">The device as the caller may see it.</param>
    /// <param name="asked">The period.</param>
    /// <param name="t">Words of the page's language.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<DeviceView> BuildAsync(SeenDevice seen, AskedPeriod asked, Texts t, CancellationToken cancellationToken)
    {
        var device = seen.Device;
        var template = reading.TemplateOf(device);
        var newest = (await telemetry.ListNewestAsync([device.Id], cancellationToken)).GetValueOrDefault(device.Id);
        var computed = await reading.ListDaysAsync(device, asked.From, asked.Until, cancellationToken);
        var period = await reading.ComputeAsync(device, computed, asked.From, asked.Until, cancellationToken);
        var kept = await days.ListFindingsAsync(device.Id, asked.From, asked.Until, MaxFindings, cancellationToken);
        var refusals = kept.Where(static f => RefusalCodes.IsRefusal(f.Finding.Code)).ToList();
        var others = seen.IsOwner ? kept.Where(static f => f.Finding.Code == RefusalCodes.Impersonated) : []; // Says nothing against the device: not in the answer, and for its owner alone.
        var done = await maintenance.ListAsync(device.Id, asked.From, asked.Until, MaxMaintenance + 1, cancellationToken);
        var cited = await records.ListLeavesAsync(
            [.. period.Findings.SelectMany(static f => f.Records).Concat(period.Verdicts.SelectMany(static v => v.Records)).Concat(done.Select(static m => m.RecordId)).Distinct()], cancellationToken);
        var now = time.GetUtcNow();
        var (calendar, isCoverage) = DeviceCharts.MakeCalendar(period, computed, DateOnly.FromDateTime(now.UtcDateTime), t);
        var values = ReadValues(newest?.Latest);
        var seenPlaces = await places.ListAsync(seen, template, computed, asked.PlacesAreFine, cancellationToken);
        var (from, until) = (asked.From.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), asked.Until.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        return new DeviceView
        {
            Device = device,
            Owner = (await organisations.FindAsync(device.OrganisationId, cancellationToken))!.Name, // Referenced by the row.
            Template = template,
            Newest = newest,
            Values = values,
            Period = period,
            LastDays = asked.LastDays,
            WasPeriodWrong = asked.WasWrong,
            Days = computed,
            IsBehind = newest is not null && DateOnly.FromDateTime(newest.LastReadingAt.UtcDateTime) is var last && last >= asked.From && last <= asked.Until && computed.All(d => d.Day != last),
            Answer = DeviceAnswer.Of(period, refusals.Select(static r => r.Finding)),
            Findings = [.. period.Findings.Select(static f => (f, 1)).Concat(refusals.Concat(others).Select(static r => (r.Finding, r.Times))).OrderBy(static f => f.Item1.From)],
            Cited = cited,
            Places = seenPlaces,
            LastPlace = FindLastPlace(seenPlaces, template, newest, values),
            Maintenance = [.. done.Take(MaxMaintenance)],
            HasMoreMaintenance = done.Count > MaxMaintenance,
            Life = await ListLifeAsync(device, cancellationToken),
            Attestation = ReadAttestation(device.Attestation),
            Calendar = calendar,
            CalendarIsCoverage = isCoverage,
            Meter = DeviceCharts.MakeMeter(template, period, computed, t),
            Health = DeviceCharts.MakeHealth(template, period, computed, t),
            IsOwner = seen.IsOwner,
            EvidenceUrl = $"/api/devices/{device.Pseudonym.ToBase64Url()}/evidence?from={from}&to={until}",
            CommandLine = $"trustchain verify device-evidence.ndjson --trust trust.json --rpc {anchoring.Value.RpcUrlForVisitors ?? AnchoringOptions.AnyNode}",
        };
    }

    /// <summary>Where it was last: by the newest values, else what the service read of the newest day.</summary>
    private static (Place Place, DateOnly Day)? FindLastPlace(PlaceHistory places, DeviceTemplate template, DeviceNewest? newest, Dictionary<string, MeasureValue> values)
    {
        if (places.Why is not null || newest is null)
        {
            return null;
        }
        if (Value(MeasureKind.Latitude) is { } latitude && Value(MeasureKind.Longitude) is { } longitude)
        {
            var place = new Place(latitude, longitude);
            return (places.IsFine ? place.ToCell() : place.Coarsen(), DateOnly.FromDateTime(newest.LastReadingAt.UtcDateTime));
        }
        var last = places.ByDay.Where(static d => d.Value is { Basis: not null, Places.Count: > 0 }).OrderBy(static d => d.Key).LastOrDefault();
        return last.Value is { } seen ? (seen.Places[^1], last.Key) : null;

        double? Value(MeasureKind kind) => template.Measures.FirstOrDefault(m => m.Kind == kind) is { IsOpen: true } measure ? values.GetValueOrDefault(measure.Name).Number : null;
    }

    private async Task<IReadOnlyList<DeviceLifeStep>> ListLifeAsync(StoredDevice device, CancellationToken cancellationToken)
    {
        var names = new Dictionary<string, Phrase>(StringComparer.Ordinal);
        var steps = new List<DeviceLifeStep>();
        foreach (var (_, entry) in await devices.ListEntriesAsync([device.Id], cancellationToken))
        {
            using var body = JsonDocument.Parse(entry.Body);
            if (!PublicEntry.TryParse(body.RootElement, out var published))
            {
                throw new InvalidOperationException($"Entry {entry.LeafIndex} in the database is no device entry.");
            }
            using var payload = JsonDocument.Parse(published.PayloadJcs);
            if (!DeviceAct.TryParse(payload.RootElement, out var act))
            {
                throw new InvalidOperationException($"Entry {entry.LeafIndex} in the database is no device entry.");
            }
            steps.Add(new DeviceLifeStep(
                entry.ReceivedAt, act.Act, await NameAsync(act.Organisation), act.To is { } to ? await NameAsync(to) : null, act.Key?.Kid, act.Reason is { } reason ? new Phrase(reason) : null,
                act.CompromisedSince, entry.LeafIndex, published.Custody));
        }
        return steps;

        async Task<Phrase> NameAsync(string code)
        {
            if (!names.TryGetValue(code, out var name))
            {
                names[code] = name = (await organisations.FindAsync(code, cancellationToken))?.Name ?? code;
            }
            return name;
        }
    }

    /// <summary>The newest values; what is no number or state stays away.</summary>
    private static Dictionary<string, MeasureValue> ReadValues(string? latest)
    {
        var values = new Dictionary<string, MeasureValue>(StringComparer.Ordinal);
        if (latest is null)
        {
            return values;
        }
        using var json = JsonDocument.Parse(latest);
        foreach (var member in json.RootElement.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Number)
            {
                values[member.Name] = new MeasureValue(member.Value.GetDouble(), null);
            }
            else if (member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            {
                values[member.Name] = new MeasureValue(null, member.Value.GetBoolean());
            }
        }
        return values;
    }

    /// <summary>What <see cref="DeviceAttestation.CheckAsync"/> wrote.</summary>
    private static AttestationView? ReadAttestation(string? stored)
    {
        if (stored is null)
        {
            return null;
        }
        using var json = JsonDocument.Parse(stored);
        var result = json.RootElement.GetProperty("result");
        var subject = Text("subject") ?? string.Join(' ', new[] { Text("maker"), Text("model"), Text("serial") }.OfType<string>());
        return new AttestationView(
            Text("verdict") == "passed",
            (Text("root") ?? Text("issuer") ?? Text("name")) is { } issuer ? new Phrase(issuer) : null,
            subject.Length > 0 ? new Phrase(subject) : null,
            Text("why"),
            Text("validUntil") is null ? null : result.GetProperty("validUntil").GetDateTimeOffset(),
            Text("checkedAt") is null ? null : result.GetProperty("checkedAt").GetDateTimeOffset());

        string? Text(string name) => result.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
