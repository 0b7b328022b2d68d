using System.Security.Cryptography;
using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Accounts;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Items;

namespace TrustChain.Server.Devices;

/// <summary>Parts that the endpoints of devices share.</summary>
internal sealed record DeviceParts(
    DeviceStore Devices, TelemetryStore Telemetry, DeviceTemplates Templates, DeviceActs Acts, DeviceAttestation Attestations, AuthorityCheck Authority, OrganisationStore Organisations,
    Microsoft.Extensions.Options.IOptions<ServerOptions> Server, Microsoft.Extensions.Options.IOptions<CaptureOptions> Capture, TimeProvider Time);

/// <summary>Devices: who they are, how they come to their key, and what becomes of both (<c>docs/devices.md</c> sections 3 and 4).</summary>
internal static class DeviceEndpoints
{
    private const int MaxBatch = 500;
    private const int PageSize = 100;

    public static void MapDevices(this IEndpointRouteBuilder app)
    {
        var devices = app.MapGroup("/api/devices").WithTags("Devices");
        devices.MapPost("", AddAsync).RequireOrganisation().RefuseWhenHalted().Audited("device-registered").WithSummary("Registers a device: with jwk and proof it is enrolled at once, else the answer has a claim code, shown this once.");
        devices.MapPost("/batch", AddBatchAsync).RequireOrganisation().RefuseWhenHalted().WithSummary("Enrols up to 500 devices with their keys at once, all or none.");
        devices.MapGet("", ListAsync).RequireOrganisation().WithSummary("Own devices and those offered to one, by registration, 100 at a time.");
        devices.MapGet("/claim/{code}", GetClaimAsync).WithSummary("What a device needs to know before it claims its place: its URI, pseudonym and the log's origin.");
        devices.MapPost("/claim", ClaimAsync).NeedsRole(OrganisationRole.Viewer).RefuseWhenHalted().WithSummary("A device brings its key with a claim code.");
        devices.MapGet("/{id}", GetAsync).WithSummary("One device with its keys, its owner and how it stands.");
        devices.MapGet("/{id}/standing", GetStandingAsync).WithSummary("What the public log says of a device's keys, by its pseudonym: for the device itself, which has no API key.");
        devices.MapPost("/{id}/claim", RenewClaimAsync).RequireOrganisation().Audited("claim-code-made").WithSummary("A new claim code for a device without a key; earlier ones end.");
        devices.MapPost("/{id}/acts", ActAsync).NeedsRole(OrganisationRole.Operator).RefuseWhenHalted()
            .WithSummary("Rotates or replaces the key, revokes, transfers, accepts or retires: plain JSON that the service signs for the organisation, or a signed act (application/jose, typ device+jws).");
        devices.MapGet("/templates", static (DeviceTemplates templates) => Results.Json(new { templates = templates.All.Select(t => new { name = t.Name, title = t.Title, digest = t.Digest.ToBase64Url(), forNewDevices = templates.Newest.Contains(t) }) }))
            .WithSummary("The templates of devices on this deployment; of several versions new devices get the newest.");
        devices.MapGet("/templates/{name}", static (string name, DeviceTemplates templates) => templates.FindFile(name) is { } file ? Results.Bytes(file, "application/json") : Problems.NotFound("device template"))
            .WithSummary("A template as it is: whoever computes days again needs it.");
    }

    /// <summary>What a request says of a new device.</summary>
    private sealed record Wanted(StoredDevice Device, PublicKey? Key, string? Proof);

    private static async Task<IResult> AddAsync(HttpRequest request, Caller caller, DeviceParts parts, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var owner = caller.Organisation!; // The route requires one.
        var (wanted, invalid) = await ReadAsync(json, owner, parts, cancellationToken);
        if (wanted is null)
        {
            return invalid!; // One of the two is set.
        }
        request.HttpContext.Concerning(wanted.Device.Uri);
        if (wanted.Key is { } key)
        {
            return await parts.Acts.EnrolAsync(owner, [(wanted.Device, key, wanted.Proof!)], cancellationToken) // Both or neither.
                ?? Results.Json(Answer(wanted.Device with { State = DeviceState.Active }, owner.Code, parts), statusCode: StatusCodes.Status201Created);
        }
        var (added, code, expires, taken) = await AddWithClaimAsync(wanted.Device, parts, cancellationToken);
        return added is not null ? Results.Json(WithClaim(added, owner.Code, parts, code, expires), statusCode: StatusCodes.Status201Created) : taken!; // One of the two is set.
    }

    /// <summary>Registers a device that is to bring its key with a claim code: for the form of the pages.</summary>
    /// <param name="json">What a request without a key says.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="parts">Parts.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The device with its code and when that ends, or the problem.</returns>
    public static async Task<(StoredDevice? Device, string? Code, DateTimeOffset Expires, IResult? Problem)> RegisterAsync(JsonElement json, Organisation owner, DeviceParts parts, CancellationToken cancellationToken)
    {
        var (wanted, invalid) = await ReadAsync(json, owner, parts, cancellationToken);
        return wanted is null ? (null, null, default, invalid) : await AddWithClaimAsync(wanted.Device, parts, cancellationToken);
    }

    private static async Task<(StoredDevice? Device, string Code, DateTimeOffset Expires, IResult? Problem)> AddWithClaimAsync(StoredDevice device, DeviceParts parts, CancellationToken cancellationToken)
    {
        var code = DeviceCodes.Make();
        var expires = parts.Time.GetUtcNow() + DeviceCodes.Lifetime;
        var added = await parts.Devices.AddAsync(device, (DeviceCodes.Hash(code)!, expires), cancellationToken); // Made just now.
        return (added, code, expires, added is null ? DeviceActs.Taken(device.Uri) : null);
    }

    /// <summary>A new claim code for a device without a key; earlier ones end.</summary>
    public static async Task<(string Code, DateTimeOffset Expires)> RenewAsync(StoredDevice device, DeviceParts parts, CancellationToken cancellationToken)
    {
        var code = DeviceCodes.Make();
        var now = parts.Time.GetUtcNow();
        await parts.Devices.RenewClaimAsync(device.Id, DeviceCodes.Hash(code)!, now, now + DeviceCodes.Lifetime, cancellationToken); // Made just now.
        return (code, now + DeviceCodes.Lifetime);
    }

    private static async Task<IResult> AddBatchAsync(HttpRequest request, Caller caller, DeviceParts parts, CancellationToken cancellationToken)
    {
        const int Limit = 1 << 20;
        if (await RequestBody.ReadAsync(request, Limit, cancellationToken) is not { } body)
        {
            return Problems.TooLarge(Limit);
        }
        var owner = caller.Organisation!; // The route requires one.
        var enrolled = new List<(StoredDevice, PublicKey, string)>();
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object || document.RootElement.EnumerateObject().Count() != 1
                || !document.RootElement.TryGetProperty("devices", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MaxBatch)
            {
                return Problems.InvalidRequest($"The body must be {{\"devices\":[…]}} with 1 to {MaxBatch} devices.");
            }
            foreach (var item in list.EnumerateArray())
            {
                var (wanted, invalid) = item.ValueKind == JsonValueKind.Object ? await ReadAsync(item, owner, parts, cancellationToken) : (null, Problems.InvalidRequest($"/devices/{enrolled.Count} must be an object."));
                if (wanted is null)
                {
                    return invalid!; // One of the two is set.
                }
                if (wanted.Key is null)
                {
                    return Problems.InvalidRequest($"/devices/{enrolled.Count}: \"jwk\" and \"proof\" are missing.");
                }
                enrolled.Add((wanted.Device, wanted.Key, wanted.Proof!)); // Both or neither.
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return Problems.InvalidRequest("The body is not JSON without repeated members.");
        }
        if (enrolled.Select(static e => e.Item1.Uri).Distinct().Count() < enrolled.Count || enrolled.Select(static e => e.Item2.Kid).Distinct().Count() < enrolled.Count)
        {
            return Problems.InvalidRequest("A device or a key stands there twice.");
        }
        return await parts.Acts.EnrolAsync(owner, enrolled, cancellationToken)
            ?? Results.Json(new { devices = enrolled.Select(e => Answer(e.Item1 with { State = DeviceState.Active }, owner.Code, parts)) }, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<(Wanted? Wanted, IResult? Problem)> ReadAsync(JsonElement json, Organisation owner, DeviceParts parts, CancellationToken cancellationToken)
    {
        var fields = new JsonFields(json);
        var (device, name, template) = (fields.Text("device", max: TelemetryHeader.MaxDeviceChars), fields.Text("name", max: 200), fields.Text("template", max: 63));
        var (maker, model, serial) = (fields.Text("maker", required: false, max: 200), fields.Text("model", required: false, max: 200), fields.Text("serial", required: false, max: 200));
        var (jwk, proof, attestation) = (fields.Object("jwk", required: false), fields.Text("proof", required: false, max: 4096), fields.Object("attestation", required: false));
        var saltText = fields.Text("salt", required: false, max: 43);
        var kind = parts.Templates.FindNewest(template);
        if (template is not null && kind is null)
        {
            fields.Fault("template", $"must be one of {parts.Templates.Names}.");
        }
        var uri = device is null ? null : ItemUri.Read(device, fields, "device");
        PublicKey? key = null;
        if (jwk is { } given && !PublicKey.TryParse(given, out key, out var error))
        {
            fields.Fault("jwk", $"is no public key: {error}");
        }
        var salt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);
        if ((jwk is null) != (proof is null) || (jwk is null) != (saltText is null))
        {
            fields.Fault("jwk", "comes with \"proof\" that the key is held, and with the \"salt\" of the pseudonym that the proof names: all three or none.");
        }
        else if (saltText is not null && (!Base64UrlText.TryDecode(saltText, out salt) || salt.Length != LogEntry.SaltSize))
        {
            fields.Fault("salt", "must be 32 bytes in base64url.");
        }
        string? kept = null;
        if (attestation is { } word)
        {
            if (key is null)
            {
                fields.Fault("attestation", "is about a key: give it with \"jwk\", or when the device claims its place.");
            }
            else if (uri is not null)
            {
                (kept, var fault) = await parts.Attestations.CheckAsync(word, uri, key, cancellationToken);
                if (fault is not null)
                {
                    fields.Fault("attestation", fault);
                }
            }
        }
        if (fields.Problem() is { } faults)
        {
            return (null, faults);
        }
        if (parts.Capture.Value.Authority == AuthorityPolicy.Enforce && await parts.Authority.FindClaimAsync(owner.Id, uri!, cancellationToken) is null) // Without faults it is set.
        {
            return (null, Problems.Create(403, ProblemCodes.NoAuthority, $"Registering {uri} needs a claim over its key; register one with POST /api/claims.", "SecurityException"));
        }
        return (new Wanted(
            new StoredDevice
            {
                Uri = uri!,
                Salt = salt,
                Pseudonym = DeviceAct.ComputePseudonym(salt, uri!),
                OrganisationId = owner.Id,
                Template = kind!.Name, // Without faults these are set.
                Name = name!,
                Maker = maker,
                Model = model,
                Serial = serial,
                Attestation = kept,
                State = DeviceState.None,
                CreatedAt = parts.Time.GetUtcNow(),
            },
            key,
            proof), null);
    }

    private static async Task<IResult> ListAsync(Caller caller, DeviceParts parts, CancellationToken cancellationToken, int after = 0)
    {
        var list = await parts.Devices.ListAsync(caller.Organisation!.Id, after, PageSize, cancellationToken); // The route requires one.
        var newest = await parts.Telemetry.ListNewestAsync([.. list.Select(static d => d.Id)], cancellationToken);
        return Results.Json(new
        {
            devices = list.Select(d => Answer(d, d.OrganisationId == caller.Organisation.Id ? caller.Organisation.Code : null, parts, d.OrganisationId == caller.Organisation.Id ? newest.GetValueOrDefault(d.Id) : null)), // What it measured is the owner's until it is handed over.
            next = list.Count == PageSize ? list[^1].Id : (int?)null,
        });
    }

    private static async Task<IResult> GetAsync(string id, Caller caller, DeviceAccess access, DeviceParts parts, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(id, caller, DeviceQuestion.Existence, null, cancellationToken) is not { Device: var device } seen)
        {
            return NotFound();
        }
        var owner = await parts.Organisations.FindAsync(device.OrganisationId, cancellationToken);
        var newest = await parts.Telemetry.ListNewestAsync([device.Id], cancellationToken);
        var keys = await parts.Devices.ListKeysAsync(device.Id, cancellationToken);
        var answer = Answer(device, owner!.Code, parts, seen.IsOwner ? newest.GetValueOrDefault(device.Id) : null); // Referenced by the row. What is newest is live data, which others follow at /live.
        answer["keys"] = keys.Select(static k => new
        {
            kid = k.Kid,
            number = k.Number,
            entry = k.EntryIndex,
            admittedAt = k.AdmittedAt,
            endedAt = k.EndedAt,
            compromisedSince = k.CompromisedSince,
        });
        answer["offeredTo"] = seen.IsOwner && device.OfferedTo is { } to ? (await parts.Organisations.FindAsync(to, cancellationToken))?.Code : null;
        if (device.Attestation is { } attestation)
        {
            using var document = JsonDocument.Parse(attestation);
            answer["attestation"] = document.RootElement.GetProperty("result").Clone();
        }
        return Results.Json(answer);
    }

    /// <summary>
    /// Key in force, owner and newest entry. All of it stands in the public log under the pseudonym, which nobody has who was not told it; a device needs it to rotate its key, and when the answer to
    /// its claim was lost.
    /// </summary>
    private static async Task<IResult> GetStandingAsync(string id, DeviceParts parts, CancellationToken cancellationToken)
    {
        if (!Hash32.TryParseBase64Url(id, out var pseudonym) || await parts.Devices.FindAsync(pseudonym, cancellationToken) is not { } device)
        {
            return NotFound();
        }
        var (history, waits) = await parts.Acts.ReadAsync(device, cancellationToken);
        return waits ? DeviceActs.NotYetLogged() : history.Last is { } last
            ? Results.Json(new { kid = history.Current?.Key.Kid, organisation = history.Owner, previous = last })
            : NotFound();
    }

    private static async Task<IResult> GetClaimAsync(string code, DeviceParts parts, CancellationToken cancellationToken) =>
        DeviceCodes.Hash(code) is { } hash && await parts.Devices.FindByClaimAsync(hash, cancellationToken) is { } device
            ? Results.Json(new { device = device.Uri, pseudonym = device.Pseudonym.ToBase64Url(), origin = parts.Server.Value.Origin, name = device.Name, template = device.Template })
            : Problems.NotFound("claim code in force");

    private static async Task<IResult> ClaimAsync(HttpRequest request, DeviceParts parts, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var (code, jwk, proof, attestation) = (fields.Text("claim", max: 64), fields.Object("jwk"), fields.Text("proof", max: 4096), fields.Object("attestation", required: false));
        PublicKey? key = null;
        if (jwk is { } given && !PublicKey.TryParse(given, out key, out var error))
        {
            fields.Fault("jwk", $"is no public key: {error}");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (DeviceCodes.Hash(code!) is not { } hash || await parts.Devices.FindByClaimAsync(hash, cancellationToken) is not { } device) // Without faults these are set.
        {
            return Problems.NotFound("claim code in force");
        }
        if (parts.Acts.CheckProof(key!, proof!, DeviceActKind.Enrol, device.Pseudonym) is { } refused)
        {
            return refused;
        }
        Hash32? digest = null;
        if (attestation is { } word)
        {
            var (kept, fault) = await parts.Attestations.CheckAsync(word, device.Uri, key!, cancellationToken);
            if (kept is null)
            {
                return Problems.InvalidRequest($"\"attestation\" {fault}");
            }
            await parts.Devices.SetAttestationAsync(device.Id, kept, cancellationToken);
            digest = DeviceAttestation.DigestOf(kept);
        }
        var owner = await parts.Organisations.FindAsync(device.OrganisationId, cancellationToken);
        return await parts.Acts.DoAsync(
            device,
            owner!, // Referenced by the row.
            previous => new DeviceAct { Act = DeviceActKind.Enrol, Device = device.Pseudonym, Organisation = owner!.Code, Previous = previous, Key = key, Proof = proof, Attestation = digest },
            hash,
            cancellationToken) ?? Results.Json(Answer(device with { State = DeviceState.Active }, owner!.Code, parts), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RenewClaimAsync(string id, Caller caller, DeviceAccess access, DeviceParts parts, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(id, caller, cancellationToken) is not { IsOwner: true, Device: var device })
        {
            return NotFound();
        }
        if (device.State != DeviceState.None)
        {
            return Problems.Create(409, ProblemCodes.DeviceActRefused, "The device has its first key already: replace it instead.");
        }
        var (code, expires) = await RenewAsync(device, parts, cancellationToken);
        return Results.Json(WithClaim(device, caller.Organisation!.Code, parts, code, expires), statusCode: StatusCodes.Status201Created); // Its owner.
    }

    private static async Task<IResult> ActAsync(string id, HttpRequest request, Caller caller, DeviceAccess access, DeviceParts parts, CancellationToken cancellationToken)
    {
        const int Limit = 32_768;
        var isSigned = Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && string.Equals(type.MediaType.Value, CaptureRequest.JoseMediaType, StringComparison.OrdinalIgnoreCase);
        if (isSigned)
        {
            if (await RequestBody.ReadAsync(request, Limit, cancellationToken) is not { } body)
            {
                return Problems.TooLarge(Limit);
            }
            // A signed act needs no API key, so who may see the device is not asked: the pseudonym cannot be guessed, and the signature decides.
            var signed = Hash32.TryParseBase64Url(id, out var pseudonym) ? await parts.Devices.FindAsync(pseudonym, cancellationToken) : null;
            return signed is null ? NotFound()
                : await parts.Acts.TakeAsync(signed, System.Text.Encoding.UTF8.GetString(body).Trim(), cancellationToken) ?? await DoneAsync(signed.Id, parts, cancellationToken);
        }
        if (caller.Organisation is not { } organisation)
        {
            return Problems.NotAuthenticated();
        }
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var seen = await access.FindAsync(id, caller, cancellationToken);
        var device = seen is { IsOwner: true } ? seen.Device : await FindOfferedAsync(id, organisation, parts, cancellationToken);
        if (device is null)
        {
            return NotFound();
        }
        var fields = new JsonFields(json);
        var (name, jwk, proof) = (fields.Text("act", max: 20), fields.Object("jwk", required: false), fields.Text("proof", required: false, max: 4096));
        var (to, reason, since) = (fields.Text("to", required: false, max: 63), fields.Text("reason", required: false, max: DeviceAct.MaxReason), fields.Number("compromisedSince", required: false));
        DeviceActKind? act = name switch
        {
            "replace" => DeviceActKind.Replace,
            "revoke" => DeviceActKind.Revoke,
            "transfer" => DeviceActKind.Transfer,
            "accept" => DeviceActKind.Accept,
            "retire" => DeviceActKind.Retire,
            _ => null,
        };
        if (name is not null && act is null)
        {
            fields.Fault("act", "must be replace, revoke, transfer, accept or retire; rotate is signed by the device itself.");
        }
        PublicKey? key = null;
        if (jwk is { } given && !PublicKey.TryParse(given, out key, out var error))
        {
            fields.Fault("jwk", $"is no public key: {error}");
        }
        if (since is { } leaf && (leaf < 0 || leaf != decimal.Truncate(leaf) || leaf > long.MaxValue))
        {
            fields.Fault("compromisedSince", "must be a leaf index.");
        }
        Expect(jwk is not null, act == DeviceActKind.Replace, "jwk");
        Expect(proof is not null, act == DeviceActKind.Replace, "proof");
        Expect(to is not null, act == DeviceActKind.Transfer, "to");
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (key is not null && parts.Acts.CheckProof(key, proof!, act!.Value, device.Pseudonym) is { } refused) // Without faults these are set.
        {
            return refused;
        }
        return await parts.Acts.DoAsync(device, organisation, previous => new DeviceAct
        {
            Act = act!.Value,
            Device = device.Pseudonym,
            Organisation = organisation.Code,
            Previous = previous,
            Key = key,
            Proof = proof,
            To = to,
            CompromisedSince = act is DeviceActKind.Revoke or DeviceActKind.Replace ? (long?)since : null,
            Reason = act is DeviceActKind.Revoke or DeviceActKind.Replace or DeviceActKind.Retire ? reason : null,
        }, null, cancellationToken) ?? await DoneAsync(device.Id, parts, cancellationToken);

        void Expect(bool isThere, bool isWanted, string member)
        {
            if (act is not null && isThere != isWanted)
            {
                fields.Fault(member, isWanted ? "is missing." : $"does not go with \"{name}\".");
            }
        }
    }

    /// <summary>A device that is offered to an organisation: it may accept it, though it sees nothing of its history before.</summary>
    private static async Task<StoredDevice?> FindOfferedAsync(string id, Organisation organisation, DeviceParts parts, CancellationToken cancellationToken) =>
        Hash32.TryParseBase64Url(id, out var pseudonym) && await parts.Devices.FindAsync(pseudonym, cancellationToken) is { } device && device.OfferedTo == organisation.Id ? device : null;

    private static async Task<IResult> DoneAsync(int deviceId, DeviceParts parts, CancellationToken cancellationToken)
    {
        var device = await parts.Devices.FindAsync(deviceId, cancellationToken) ?? throw new InvalidOperationException($"Device {deviceId} is gone.");
        var owner = await parts.Organisations.FindAsync(device.OrganisationId, cancellationToken);
        return Results.Json(Answer(device, owner!.Code, parts)); // Referenced by the row.
    }

    /// <summary>The answer to whoever may not see a device, the same whether there is one.</summary>
    public static IResult NotFound() => Problems.NotFound("device");

    private static Dictionary<string, object?> WithClaim(StoredDevice device, string owner, DeviceParts parts, string code, DateTimeOffset expires)
    {
        var answer = Answer(device, owner, parts);
        answer["claim"] = code;
        answer["claimExpiresAt"] = expires;
        return answer;
    }

    private static Dictionary<string, object?> Answer(StoredDevice device, string? owner, DeviceParts parts, DeviceNewest? newest = null)
    {
        var answer = new Dictionary<string, object?>
        {
            ["id"] = device.Pseudonym.ToBase64Url(),
            ["device"] = device.Uri,
            ["salt"] = Base64UrlText.Encode(device.Salt),
            ["origin"] = parts.Server.Value.Origin,
            ["name"] = device.Name,
            ["template"] = device.Template,
            ["maker"] = device.Maker,
            ["model"] = device.Model,
            ["serial"] = device.Serial,
            ["owner"] = owner,
            ["state"] = device.State switch { DeviceState.None => "unclaimed", DeviceState.Active => "active", DeviceState.WithoutKey => "without-key", _ => "retired" },
            ["registeredAt"] = device.CreatedAt,
            ["url"] = $"/api/devices/{device.Pseudonym.ToBase64Url()}",
        };
        if (newest is not null)
        {
            using var latest = JsonDocument.Parse(newest.Latest ?? "{}");
            answer["newest"] = new { readingAt = newest.LastReadingAt, seenAt = newest.LastSeenAt, statements = newest.Statements, readings = newest.Readings, values = latest.RootElement.Clone() };
        }
        return answer;
    }
}
