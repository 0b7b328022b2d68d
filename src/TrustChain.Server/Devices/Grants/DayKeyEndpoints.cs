using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Encryption;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Devices.Grants;

/// <summary>Parts that the endpoints of day keys share.</summary>
internal sealed record DayKeyParts(
    DeviceStore Devices, DeviceAccess Access, DeviceDirectory Directory, GrantStore Grants, DayKeyStore Keys, ServiceKeys Service, DeviceReading Reading, DaySignal Days, IOptions<ServerOptions> Server, TimeProvider Time);

/// <summary>Wrapped day keys: the device or its owner brings them, who has a grant fetches those of its days (<c>docs/devices.md</c> section 6).</summary>
internal static class DayKeyEndpoints
{
    /// <summary><c>typ</c> of a statement by which a device brings keys: its payload is the JSON of the request.</summary>
    public const string StatementType = "day-keys+jws";

    private const int MaxKeys = 500;
    private const int MaxBytes = 2 << 20;

    public static void MapDayKeys(this IEndpointRouteBuilder app)
    {
        var keys = app.MapGroup("/api/devices/{id}/day-keys").WithTags("Grants");
        keys.MapPost("", AddAsync).NeedsRole(OrganisationRole.Operator)
            .WithSummary($"Brings up to {MaxKeys} wrapped day keys: JSON with an API key of the owner, or a statement of the device's key over it (application/jose, typ {StatementType}).");
        keys.MapGet("", ListAsync).RequireOrganisation().WithSummary($"The day keys wrapped to oneself: the owner's, or those of the days and groups that a grant covers; {MaxKeys} at a time.");
    }

    private static async Task<IResult> AddAsync(string id, HttpRequest request, Caller caller, DayKeyParts parts, CancellationToken cancellationToken)
    {
        var isSigned = Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && string.Equals(type.MediaType.Value, CaptureRequest.JoseMediaType, StringComparison.OrdinalIgnoreCase);
        if (!isSigned && caller.Organisation is null)
        {
            return Problems.NotAuthenticated();
        }
        if (await RequestBody.ReadAsync(request, MaxBytes, cancellationToken) is not { } body)
        {
            return Problems.TooLarge(MaxBytes);
        }
        StoredDevice? device;
        ReadOnlyMemory<byte> json = body;
        if (isSigned)
        {
            if (!Jws.TryParse(System.Text.Encoding.UTF8.GetString(body).Trim(), out var jws, out var error))
            {
                return Problems.Create(400, ProblemCodes.InvalidStatement, error!); // Set whenever the answer is false.
            }
            device = await FindSignerAsync(id, jws, parts, cancellationToken);
            json = jws.Payload;
        }
        else
        {
            device = (await parts.Access.FindAsync(id, caller, cancellationToken))?.Device;
        }
        if (device is null)
        {
            return DeviceEndpoints.NotFound();
        }
        if (Read(json) is not { } texts)
        {
            return Problems.InvalidRequest($"The body must be {{\"keys\":[…]}} with 1 to {MaxKeys} compact JWEs, each once.");
        }
        var (rows, due, fault) = await ReadKeysAsync(device, texts, parts, cancellationToken);
        if (fault is not null)
        {
            return Problems.InvalidRequest(fault);
        }
        await parts.Keys.AddAsync(device.Id, rows, due, cancellationToken);
        if (due.Count > 0)
        {
            parts.Days.Raise();
        }
        return Results.Json(new { stored = rows.Count }, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>The keys, one for each recipient and name; the days whose places they let the service judge; and why they are not taken, null when they are.</summary>
    private static async Task<(IReadOnlyCollection<StoredDayKey> Rows, IReadOnlyCollection<DateOnly> Due, string? Fault)> ReadKeysAsync(
        StoredDevice device, List<string> texts, DayKeyParts parts, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<(string Recipient, string Name), StoredDayKey>();
        var recipients = new Dictionary<string, IReadOnlyList<StoredGrant>?>(StringComparer.Ordinal);
        var due = new HashSet<DateOnly>();
        for (var i = 0; i < texts.Count; i++)
        {
            if (!WrappedDayKey.TryParse(texts[i], out var wrapped, out var error))
            {
                return ([], [], $"/keys/{i}: {error}");
            }
            if (await FindFaultAsync(device, wrapped, recipients, parts, cancellationToken) is { } fault)
            {
                return ([], [], $"/keys/{i}: {fault}");
            }
            rows[(wrapped.Recipient, wrapped.Name.ToString())] = new StoredDayKey(wrapped.Name.ToString(), wrapped.Name.Day, wrapped.Recipient, wrapped.Compact);
            if (wrapped.Recipient == parts.Service.PublicKey.Kid && wrapped.Name.Group == KeyGroup.Position && parts.Reading.TemplateOf(device).ServiceJudgesPlaces)
            {
                due.Add(wrapped.Name.Day);
            }
        }
        return (rows.Values, due, null);
    }

    private static async Task<IResult> ListAsync(
        string id, Caller caller, DayKeyParts parts, CancellationToken cancellationToken, string? from = null, string? until = null, string? to = null)
    {
        if (DeviceHistoryEndpoints.ReadPeriod(from, to ?? until, parts.Reading, out var period) is { } problem)
        {
            return problem;
        }
        if (await parts.Access.FindAsync(id, caller, DeviceQuestion.Keys, new DayRange(period.From, period.Until), cancellationToken) is not { } seen)
        {
            return DeviceEndpoints.NotFound();
        }
        var own = await parts.Keys.ListEncryptionKeysAsync(caller.Organisation!.Id, cancellationToken); // The route requires one.
        var list = await parts.Keys.ListAsync(seen.Device.Id, [.. own.Select(static k => k.Kid)], seen.Days.From, seen.Days.Until, MaxKeys, cancellationToken);
        var service = seen.Grant is not null && own.Count > 0 && parts.Service.MayRead(seen.Device)
            ? await parts.Keys.ListAsync(seen.Device.Id, parts.Service.Kids, seen.Days.From, seen.Days.Until, MaxKeys, cancellationToken)
            : [];
        // A list that came back full ends within a day: only days up to it are answered, and that day is asked for again.
        DateOnly? horizon = null;
        foreach (var full in (IReadOnlyList<StoredDayKey>[])[list, service])
        {
            horizon = full.Count == MaxKeys && !(horizon <= full[^1].Day) ? full[^1].Day : horizon;
        }
        var found = list.Where(k => !(k.Day > horizon) && (seen.Grant is null || HandsOver(seen.Grant, k.Name))).ToList();
        if (seen.Grant is { } grant && service.Count > 0)
        {
            found = await WrapAsync(seen, grant, own[0], found, service.Where(k => !(k.Day > horizon)), parts, cancellationToken);
        }
        return Results.Json(new
        {
            device = seen.Device.Uri,
            from = seen.Days.From,
            until = seen.Days.Until,
            keys = found.Select(static k => new { key = k.Name, kid = k.Recipient, jwe = k.Jwe }),
            next = horizon,
        });

        bool HandsOver(StoredGrant g, string name) => DayKeyName.TryParse(name, out var key) && g.Grant.HandsOver(key, parts.Time.GetUtcNow());
    }

    /// <summary>Wraps to the grantee what the service can open and nobody has wrapped to it, and keeps it.</summary>
    private static async Task<List<StoredDayKey>> WrapAsync(
        SeenDevice seen, StoredGrant grant, StoredEncryptionKey recipient, List<StoredDayKey> found, IEnumerable<StoredDayKey> service, DayKeyParts parts, CancellationToken cancellationToken)
    {
        if (!EncryptionKey.TryParse(recipient.Jwk, out var publicKey, out var error))
        {
            throw new InvalidOperationException($"The encryption key {recipient.Kid} is malformed in the database: {error}");
        }
        var there = found.Select(static k => k.Name).ToHashSet(StringComparer.Ordinal);
        var added = new List<StoredDayKey>();
        var now = parts.Time.GetUtcNow();
        // A key may have been wrapped to the service more than once: what was brought to its present key counts first.
        foreach (var stored in service.OrderBy(k => k.Recipient != parts.Service.PublicKey.Kid))
        {
            if (!there.Contains(stored.Name) && DayKeyName.TryParse(stored.Name, out var name) && grant.Grant.HandsOver(name, now) && parts.Service.Open(stored.Jwe) is { } key)
            {
                added.Add(stored with { Recipient = recipient.Kid, Jwe = WrappedDayKey.Wrap(key, publicKey) });
                there.Add(stored.Name);
            }
        }
        if (added.Count == 0)
        {
            return found;
        }
        await parts.Keys.AddAsync(seen.Device.Id, added, [], cancellationToken);
        return [.. found.Concat(added).OrderBy(static k => k.Day).ThenBy(static k => k.Name, StringComparer.Ordinal)];
    }

    /// <summary>Why a wrapped key is not taken, in one sentence; null when it is.</summary>
    private static async Task<string?> FindFaultAsync(
        StoredDevice device, WrappedDayKey wrapped, Dictionary<string, IReadOnlyList<StoredGrant>?> recipients, DayKeyParts parts, CancellationToken cancellationToken)
    {
        if (wrapped.Device != device.Uri)
        {
            return "The key is of another device.";
        }
        if (wrapped.Recipient == parts.Service.PublicKey.Kid)
        {
            return !parts.Service.MayRead(device) ? "The device's template is sealed: the service takes no key of it."
                : parts.Service.Open(wrapped.Compact) is null ? "The service cannot open it with its key."
                : null;
        }
        if (!recipients.TryGetValue(wrapped.Recipient, out var given))
        {
            var owners = await parts.Keys.ListEncryptionKeysAsync(device.OrganisationId, cancellationToken);
            given = owners.Any(k => k.Kid == wrapped.Recipient) ? null : await parts.Grants.ListGivenToKeyAsync(device.Id, wrapped.Recipient, cancellationToken);
            recipients.Add(wrapped.Recipient, given);
        }
        var now = parts.Time.GetUtcNow();
        return given is null || given.Any(g => g.Grant.HandsOver(wrapped.Name, now)) ? null : $"The recipient {wrapped.Recipient} is neither the owner nor somebody whose grant covers {wrapped.Name}.";
    }

    private static async Task<StoredDevice?> FindSignerAsync(string id, Jws jws, DayKeyParts parts, CancellationToken cancellationToken) =>
        jws.Kid is { } kid && jws.Type == StatementType && jws.Audience == parts.Server.Value.Origin && jws.HeaderNames.Count == 4
        && Hash32.TryParseBase64Url(id, out var pseudonym)
        && await parts.Directory.FindAsync(kid, cancellationToken) is { Stored: { EndedAt: null, EntryIndex: not null } } known && known.Device.Pseudonym == pseudonym
        && jws.Verify(known.PublicKey) == SignatureCheck.Valid
            ? known.Device
            : null;

    private static List<string>? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 3 });
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.GetPropertyCount() == 1
                && document.RootElement.TryGetProperty("keys", out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() is > 0 and <= MaxKeys
                && list.EnumerateArray().All(static k => k.ValueKind == JsonValueKind.String)
                    ? [.. list.EnumerateArray().Select(static k => k.GetString()!)] // Strings.
                    : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
