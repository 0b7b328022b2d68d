using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Organisations;

/// <summary>Signing keys of organisations: what an organisation does with its own, and what anybody may read.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder app)
    {
        var keys = app.MapGroup("/api/keys").WithTags("Keys").RequireOrganisation();
        const OrganisationRole Admin = OrganisationRole.Admin;
        keys.MapPost("", RegisterAsync).NeedsRole(Admin).RefuseWhenHalted().WithSummary("Registers a self-held key, proven by a signature of its own and agreed to by the outgoing key, if there is one.");
        keys.MapGet("", ListAsync).WithSummary("Own keys with their entries, announced recoveries, and the entry that the next change must name.");
        keys.MapPost("/{kid}/revoke", RevokeAsync).NeedsRole(Admin).RefuseWhenHalted()
            .WithSummary("Ends an own key, optionally as compromised since a leaf index or a moment. A self-held key is ended with the signature of one of your own.");
        keys.MapPost("/recoveries/{index:long}/object", ObjectAsync).NeedsRole(Admin).RefuseWhenHalted().WithSummary("Stops an announced recovery, with the signature of one of your own keys.");
        app.MapGet("/api/organisations/{id}/keys/history", GetHistoryAsync).WithTags("Keys").WithSummary("Every key entry of an organisation, as the public log has it.");
        app.MapGet("/organisations/{id}/did.json", GetDidAsync).WithTags("Keys").WithSummary("The did:web document of an organisation: its keys in force.");
        app.MapGet("/.well-known/did.json", GetOwnDid).WithTags("Keys").WithSummary("The did:web document of this service: the key that signs checkpoints and receipts.");
    }

    private static async Task<IResult> RegisterAsync(
        HttpRequest request, Caller caller, KeyChanges changes, KeyVouching vouching, AuditStore audit, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var organisation = caller.Organisation!; // The group requires an organisation.
        var fields = new JsonFields(json);
        var (proof, authorization) = (fields.Text("proof", max: 4096), fields.Text("authorization", required: false, max: 4096));
        var vouchedBy = fields.Text("vouchedBy", required: false, max: 500) ?? KeyEntry.VouchedByOperator;
        var key = ReadKey(fields);
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await changes.FindSettledAsync(organisation, cancellationToken) is not { History: var history })
        {
            return KeyChanges.Moved();
        }
        var entry = new KeyEntry(organisation.Code, organisation.Name, key!, Custody.Self, KeyEntry.StatementsPurpose, history.Last, vouchedBy, authorization); // Without faults it is set.
        if (history.Keys.Any(k => k.Key.Kid == entry.Key.Kid))
        {
            return KeyChanges.AlreadyThere(); // A repeat names the entry that was the newest before it, so its proof would not fit any more.
        }
        if (FindProofFault(entry, proof!) is { } badProof)
        {
            return badProof;
        }
        if (history.HasSelfHeld && changes.FindAuthorizationFault(history, entry) is { } unauthorized)
        {
            return unauthorized;
        }
        return await vouching.FindFaultAsync(vouchedBy, entry.Key, cancellationToken) is { } fault
            ? Problems.Create(400, ProblemCodes.NotVouchedFor, $"\"vouchedBy\" {fault}")
            : await request.HttpContext.WriteDownAsync(audit, organisation, "key-admitted", entry.Key.Kid, await changes.RegisterAsync(organisation, history, entry, null, cancellationToken));
    }

    private static async Task<IResult> ListAsync(Caller caller, KeyChanges changes, SigningKeyStore keys, IOptions<ServerOptions> options, CancellationToken cancellationToken)
    {
        var organisation = caller.Organisation!; // The group requires an organisation.
        var list = await keys.ListAsync(organisation.Id, cancellationToken);
        var known = await changes.GetLoggedAsync(organisation, cancellationToken);
        return Results.Json(new
        {
            organisation = organisation.Code,
            origin = options.Value.Origin,
            previous = known.History.Last,
            keys = list.Select(static k => new
            {
                kid = k.Kid,
                jwk = Parse(k.Jwk),
                custody = Record.Name(k.Custody),
                keyEntry = k.EntryIndex,
                revokedAt = k.RevokedAt,
                compromisedSince = k.CompromisedSince,
            }),
            recoveries = known.History.OpenRecoveries.Select(r => new
            {
                index = r.Key,
                kid = r.Value.Key.Kid,
                reason = r.Value.Reason,
                announcedAt = known.ReceivedAt(r.Key),
                admittedFrom = known.ReceivedAt(r.Key).AddSeconds(r.Value.DelaySeconds),
            }),
        });
    }

    private static async Task<IResult> RevokeAsync(string kid, HttpRequest request, Caller caller, KeyChanges changes, AuditStore audit, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var organisation = caller.Organisation!; // The group requires an organisation.
        var answer = await changes.RevokeAsync(organisation, kid, KeyRevocation.ByOrganisation, new JsonFields(json), cancellationToken);
        return await request.HttpContext.WriteDownAsync(audit, organisation, "key-ended", kid, answer);
    }

    private static async Task<IResult> ObjectAsync(long index, HttpRequest request, Caller caller, KeyChanges changes, AuditStore audit, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var organisation = caller.Organisation!; // The group requires an organisation.
        var fields = new JsonFields(json);
        var authorization = fields.Text("authorization", max: 4096);
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await changes.FindSettledAsync(organisation, cancellationToken) is not { History: var history })
        {
            return KeyChanges.Moved();
        }
        if (history.OpenRecoveries.All(r => r.Key != index))
        {
            return Problems.NotFound("open recovery of your keys");
        }
        var objection = new KeyObjection(organisation.Code, index, history.Last, authorization);
        var answer = changes.FindAuthorizationFault(history, objection)
            ?? await changes.AddAsync(organisation, history, objection, () => Results.Json(new { recovery = index, stopped = true }), cancellationToken);
        return await request.HttpContext.WriteDownAsync(audit, organisation, "key-recovery-stopped", index.ToString(System.Globalization.CultureInfo.InvariantCulture), answer);
    }

    private static async Task<IResult> GetHistoryAsync(string id, OrganisationStore organisations, KeyChanges changes, CancellationToken cancellationToken)
    {
        if (await organisations.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var known = await changes.GetLoggedAsync(organisation, cancellationToken);
        return Results.Json(new
        {
            organisation = organisation.Code,
            name = organisation.Name,
            entries = known.Entries.Select(static e => new { index = e.LeafIndex, receivedAt = Record.FormatTime(e.ReceivedAt), entry = Parse(System.Text.Encoding.UTF8.GetString(e.Body)) }),
        });
    }

    private static async Task<IResult> GetDidAsync(
        string id, OrganisationStore organisations, SigningKeyStore keys, IOptions<ServerOptions> options, CancellationToken cancellationToken)
    {
        if (await organisations.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var inForce = (await keys.ListAsync(organisation.Id, cancellationToken)).Where(static k => k is { RevokedAt: null, EntryIndex: not null, Custody: Custody.Self });
        var did = DidWeb.FromUrl(new Uri(options.Value.PublicUrl), "organisations", organisation.Code);
        return Results.Json(DidWeb.Document(did, inForce.Select(static k => (k.Kid, k.Jwk))), contentType: "application/did+json");
    }

    private static IResult GetOwnDid(Signing.KeyRing ring, IOptions<ServerOptions> options)
    {
        var key = ring.Verifier.Key;
        return Results.Json(DidWeb.Document(DidWeb.FromUrl(new Uri(options.Value.PublicUrl)), [(key.Kid, key.Jwk)]), contentType: "application/did+json");
    }

    /// <summary>The member <c>jwk</c> as a key; faults are noted.</summary>
    internal static PublicKey? ReadKey(JsonFields fields)
    {
        PublicKey? key = null;
        if (fields.Object("jwk") is { } element && !PublicKey.TryParse(element, out key, out var error))
        {
            fields.Fault("jwk", $"is not usable: {error}");
        }
        return key;
    }

    /// <summary>The new key must have signed the request for its own admission.</summary>
    internal static IResult? FindProofFault(KeyEntry entry, string proof)
    {
        var payload = entry.ToAuthorizationPayload();
        return Jws.TryParse(proof, out var jws, out _) && jws.Type == KeyChange.AuthorizationType && jws.Kid == entry.Key.Kid
            && jws.Payload.Span.SequenceEqual(payload) && jws.Verify(entry.Key) == SignatureCheck.Valid
                ? null
                : Problems.Create(
                    400, ProblemCodes.SignatureInvalid, $"\"proof\" must be a JWS by the new key with typ \"{KeyChange.AuthorizationType}\" over {System.Text.Encoding.UTF8.GetString(payload)}.");
    }

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
