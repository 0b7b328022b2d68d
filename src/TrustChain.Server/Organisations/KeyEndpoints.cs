using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Organisations;

/// <summary>Signing keys of organisations.</summary>
internal static class KeyEndpoints
{
    public static void MapKeys(this IEndpointRouteBuilder app)
    {
        var keys = app.MapGroup("/api/keys").WithTags("Keys").RequireOrganisation();
        keys.MapPost("", RegisterAsync).RefuseWhenHalted().WithSummary("Registers a self-held key, proven by a signature of its own and agreed to by the outgoing key, if there is one.");
        keys.MapGet("", ListAsync).WithSummary("Own keys with their entries, and the entry that the next registration must name.");
        keys.MapPost("/{kid}/revoke", RevokeAsync).RefuseWhenHalted().WithSummary("Revokes an own key, optionally as compromised since a leaf index.");
    }

    private static async Task<IResult> RegisterAsync(
        HttpRequest request, Caller caller, SigningKeyStore keys, LogSignal signal, TimeProvider time, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var organisation = caller.Organisation!; // The group requires an organisation.
        var fields = new JsonFields(json);
        var (jwk, proof, authorization) = (fields.Object("jwk"), fields.Text("proof", max: 4096), fields.Text("authorization", required: false, max: 4096));
        PublicKey? key = null;
        if (jwk is { } element && !PublicKey.TryParse(element, out key, out var error))
        {
            fields.Fault("jwk", $"is not usable: {error}");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        var known = await keys.ListAsync(organisation.Id, cancellationToken);
        var outgoing = known.LastOrDefault(static k => k is { Custody: Custody.Self, RevokedAt: null, EntryIndex: not null });
        var previous = known.LastOrDefault(static k => k.EntryIndex is not null)?.EntryIndex;
        var payload = KeyEntry.ToAuthorizationPayload(organisation.Code, key!.Kid, previous); // Without faults it is set.
        if (!IsSignedBy(proof!, key, payload))
        {
            return Problems.Create(
                400, ProblemCodes.SignatureInvalid, $"\"proof\" must be a JWS by the new key with typ \"{KeyEntry.AuthorizationType}\" over {System.Text.Encoding.UTF8.GetString(payload)}.");
        }
        if (outgoing is not null && !(PublicKey.TryParse(outgoing.Jwk, out var outgoingKey, out _) && authorization is not null && IsSignedBy(authorization, outgoingKey, payload)))
        {
            return Problems.Create(
                403, ProblemCodes.SignatureInvalid, $"\"authorization\" must be the same payload signed by your key {outgoing.Kid}: after the first self-held key, changes need one of your own.");
        }
        var stored = new StoredKey { Kid = key.Kid, OrganisationId = organisation.Id, Jwk = key.Jwk, Custody = Custody.Self };
        var entry = new KeyEntry(
            organisation.Code, organisation.Name, key, Custody.Self, KeyEntry.StatementsPurpose, previous, "operator", outgoing is null ? null : authorization);
        if (!await keys.AddAsync(stored, new NewPublicEntry(EntryKind.Key, organisation.Id, entry.ToJcs(), null, time.GetUtcNow()), cancellationToken))
        {
            return Problems.Create(409, ProblemCodes.AlreadyExists, "This key is registered already.");
        }
        var index = await WaitForEntryAsync(key.Kid, keys, signal, time, cancellationToken);
        return Results.Json(
            new { kid = key.Kid, organisation = organisation.Code, custody = "self", keyEntry = index },
            statusCode: index is null ? StatusCodes.Status202Accepted : StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(Caller caller, SigningKeyStore keys, CancellationToken cancellationToken)
    {
        var list = await keys.ListAsync(caller.Organisation!.Id, cancellationToken); // The group requires an organisation.
        return Results.Json(new
        {
            organisation = caller.Organisation.Code,
            previous = list.LastOrDefault(static k => k.EntryIndex is not null)?.EntryIndex,
            keys = list.Select(static k =>
            {
                using var jwk = System.Text.Json.JsonDocument.Parse(k.Jwk);
                return new { kid = k.Kid, jwk = jwk.RootElement.Clone(), custody = Record.Name(k.Custody), keyEntry = k.EntryIndex, revokedAt = k.RevokedAt, compromisedSince = k.CompromisedSince };
            }),
        });
    }

    private static async Task<IResult> RevokeAsync(
        string kid, HttpRequest request, Caller caller, SigningKeyStore keys, KeyDirectory directory, LogSignal signal, TimeProvider time, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var since = fields.Number("compromisedSince", required: false);
        if (since is { } number && (number < 0 || number != decimal.Truncate(number) || number > long.MaxValue))
        {
            fields.Fault("compromisedSince", "must be a leaf index.");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        var organisation = caller.Organisation!; // The group requires an organisation.
        if (await keys.FindAsync(kid, cancellationToken) is not { EntryIndex: { } keyEntry } key || key.OrganisationId != organisation.Id)
        {
            return Problems.NotFound("key of yours");
        }
        var revocation = new KeyRevocation(organisation.Code, kid, keyEntry, "organisation", (long?)since, null, null);
        var entry = new NewPublicEntry(EntryKind.Key, organisation.Id, revocation.ToJcs(), null, time.GetUtcNow());
        if (!await keys.RevokeAsync(kid, (long?)since, entry, cancellationToken))
        {
            return Problems.Create(409, ProblemCodes.KeyRevoked, "This key was revoked before.");
        }
        directory.Forget(kid);
        signal.Raise();
        return Results.Json(new { kid, revokedAt = entry.ReceivedAt, compromisedSince = (long?)since });
    }

    private static bool IsSignedBy(string compact, PublicKey key, byte[] payload) =>
        Jws.TryParse(compact, out var jws, out _) && jws.Type == KeyEntry.AuthorizationType && jws.Kid == key.Kid
        && jws.Payload.Span.SequenceEqual(payload) && jws.Verify(key) == SignatureCheck.Valid;

    /// <summary>Leaf index of the key's entry, or null when it is not in the log within five seconds; then it will be soon.</summary>
    private static async Task<long?> WaitForEntryAsync(string kid, SigningKeyStore keys, LogSignal signal, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < TimeSpan.FromSeconds(5))
        {
            if ((await keys.FindAsync(kid, cancellationToken))?.EntryIndex is { } index)
            {
                return index;
            }
            signal.Raise();
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }
        return null;
    }
}
