using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Devices.Grants;

/// <summary>Single readings of a day, as far as the caller may see them.</summary>
internal static class ReadingEndpoints
{
    private const int PageSize = 20;

    public static void MapReadings(this IEndpointRouteBuilder app) => app.MapGet("/api/devices/{id}/readings", ListAsync).WithTags("Devices")
        .WithSummary($"The readings of one day (UTC) by statement, {PageSize} statements at a time: open values, and ciphertexts of what is encrypted.");

    private static async Task<IResult> ListAsync(
        string id, Caller caller, DeviceAccess access, DeviceReading reading, TelemetryStore telemetry, RecordStore records, ServiceKeys service, TimeProvider time,
        CancellationToken cancellationToken, string? day = null, int offset = 0)
    {
        if (!DayKeyName.TryParseDay(day, out var wanted) || offset is < 0 or > 10_000_000)
        {
            return Problems.InvalidRequest("\"day\" is a day such as 2026-04-05 (UTC), and \"offset\" is from 0 to 10,000,000.");
        }
        if (await access.FindAsync(id, caller, DeviceQuestion.Data, new DayRange(wanted, wanted), cancellationToken) is not { } seen)
        {
            return DeviceEndpoints.NotFound();
        }
        var template = reading.TemplateOf(seen.Device);
        var list = await telemetry.ListAsync(seen.Device.Id, wanted, wanted, offset, PageSize, cancellationToken);
        var stored = (await records.ListByIdAsync([.. list.Select(static s => s.Facts.RecordId)], cancellationToken)).ToDictionary(static r => r.RecordId);
        var now = time.GetUtcNow();
        var keys = seen.Grant?.Grant.KeyDaysAt(now)?.Contains(wanted) == true ? await service.ListAsync(seen.Device, wanted, cancellationToken) : null;
        return Results.Json(new
        {
            device = seen.Device.Uri,
            day = wanted,
            statements = list.Select(s => new
            {
                statement = s.Facts.Digest.ToHex(),
                key = s.Facts.KeyNumber,
                seq = s.Facts.Sequence,
                // Null where the content was erased, or is not in the database any more.
                readings = stored.GetValueOrDefault(s.Facts.RecordId)?.Event is { } e && Core.Devices.Telemetry.TryRead(e, seen.Device.Uri, template, now, out var read, out _)
                    ? read.Readings.Select(r => new { time = Record.FormatTime(r.Time), values = Show(r, seen, template, keys) }).ToList()
                    : null,
            }),
            next = list.Count == PageSize ? offset + PageSize : (int?)null,
        });
    }

    private static JsonObject Show(TelemetryReading reading, SeenDevice seen, DeviceTemplate template, IReadOnlyDictionary<DayKeyName, DayKey>? keys)
    {
        var values = new JsonObject();
        for (var i = 0; i < template.Measures.Count; i++)
        {
            var measure = template.Measures[i];
            if (!measure.IsOpen)
            {
                if (reading.Text(i) is { } text && Show(text, reading.Time, template, i, seen, keys) is { } shown)
                {
                    values[measure.Name] = shown;
                }
            }
            else if (seen.Covers(GrantedView.GroupOf(measure), measure.Name))
            {
                JsonNode? value = reading.Number(i) is { } number ? GrantedView.Round(number, GrantedView.GroupOf(measure), seen) : reading.State(i) is { } state ? state : reading.Text(i);
                if (value is not null)
                {
                    values[measure.Name] = value;
                }
            }
        }
        return values;
    }

    /// <summary>An encrypted value: the ciphertext to the owner and to whom its key is handed over, else what the service can decrypt of it and the grant covers; null where there is nothing to show.</summary>
    private static JsonNode? Show(string text, DateTimeOffset time, DeviceTemplate template, int index, SeenDevice seen, IReadOnlyDictionary<DayKeyName, DayKey>? keys)
    {
        var measure = template.Measures[index];
        if (seen.IsOwner)
        {
            return text;
        }
        if (seen.Grant is not { Grant.Terms: var terms } || !EncryptedValue.TryParse(text, out var encrypted, out _))
        {
            return null;
        }
        var group = encrypted.KeyName.Group;
        // A place is one under whatever key a device has put it, and so is what is about the rider: the grant has to cover that as well.
        if (measure.About == MeasureSubject.Rider && !terms.Covers(KeyGroup.Rider, measure.Name))
        {
            return null;
        }
        var isAside = measure.IsPlace && group is not (KeyGroup.Position or KeyGroup.Area);
        if (terms.HandsOver(group) && (!isAside || terms.HandsOver(KeyGroup.Position)))
        {
            return text;
        }
        if (!terms.Covers(group, measure.Name) || (isAside && !terms.Covers(KeyGroup.Position, measure.Name)) || keys?.GetValueOrDefault(encrypted.KeyName) is not { } key
            || !EncryptedReport.TryDecrypt(encrypted, key, seen.Device.Uri, time, template, index, out var value))
        {
            return null;
        }
        if (value is MeasuredValue.Position ? !terms.Covers(KeyGroup.Position, measure.Name)
            : (group == KeyGroup.Position || isAside) && !(value is MeasuredValue.Number { Unit: "DD" } && measure.Kind is MeasureKind.Latitude or MeasureKind.Longitude))
        {
            return null; // Places are reached for coarse grants alone, and only degrees can be made coarse.
        }
        return value switch
        {
            MeasuredValue.Number n => GrantedView.Round(n.Value, isAside ? KeyGroup.Position : group, seen),
            MeasuredValue.Flag f => f.Value,
            MeasuredValue.Text t => t.Value,
            // Reached for coarse grants alone: exact ones have the key.
            MeasuredValue.Position { Value: var place } => place.Coarsen() is var coarse ? new JsonObject { ["latitude"] = coarse.Latitude, ["longitude"] = coarse.Longitude } : null,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
