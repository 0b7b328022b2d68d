using System.Text.Json;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Items;

/// <summary>A signed statement to be published in the log, and who made it.</summary>
internal sealed record PublicStatement(Organisation Organisation, NewPublicEntry Entry, JsonElement Payload, Custody Custody);

/// <summary>
/// Takes certificates, recalls, grants and encryption keys: as a JWS of the organisation's own key (<c>application/jose</c>, payload in canonical JSON), or as plain JSON that the
/// service signs with the organisation's custodial key.
/// </summary>
internal sealed class PublicStatements(KeyDirectory keys, CustodialSigner custodial, LogSignal signal, IOptions<ServerOptions> server, TimeProvider time)
{
    private const int MaxBytes = 32_768;

    /// <summary>Reads the request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="caller">Who sends it; may be nobody when it is signed.</param>
    /// <param name="type">The JWS type expected.</param>
    /// <param name="kind">Kind of the log entry.</param>
    /// <param name="complete">Turns plain JSON into the payload to sign, or answers with a problem.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<(PublicStatement? Statement, IResult? Problem)> ReceiveAsync(
        HttpRequest request,
        Caller caller,
        string type,
        EntryKind kind,
        Func<JsonElement, Organisation, (object? Payload, IResult? Problem)> complete,
        CancellationToken cancellationToken)
    {
        var mediaType = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed.MediaType.Value : null;
        return string.Equals(mediaType, "application/jose", StringComparison.OrdinalIgnoreCase)
            ? await ReceiveSignedAsync(request, caller, type, kind, cancellationToken)
            : await ReceivePlainAsync(request, caller, type, kind, complete, cancellationToken);
    }

    /// <summary>To be called once the entry is in the database.</summary>
    public void Published() => signal.Raise();

    private async Task<(PublicStatement?, IResult?)> ReceiveSignedAsync(HttpRequest request, Caller caller, string type, EntryKind kind, CancellationToken cancellationToken)
    {
        if (await RequestBody.ReadAsync(request, MaxBytes, cancellationToken) is not { } body)
        {
            return (null, Problems.TooLarge(MaxBytes));
        }
        if (!Jws.TryParse(System.Text.Encoding.UTF8.GetString(body).Trim(), out var jws, out var error))
        {
            return (null, Problems.Create(400, ProblemCodes.InvalidStatement, error!)); // Set whenever the answer is false.
        }
        var key = jws.Kid is null ? null : await keys.FindAsync(jws.Kid, cancellationToken);
        if (key?.Stored is not { Custody: Custody.Self, RevokedAt: null, EntryIndex: { } keyEntry } || (caller.Organisation is { } own && own.Id != key.Organisation.Id))
        {
            return (null, Problems.Create(403, ProblemCodes.KeyUnknown, "The kid is not a key in force registered for you."));
        }
        if (jws.Type != type || jws.Audience != server.Value.Origin)
        {
            return (null, Problems.Create(400, ProblemCodes.AudienceMismatch, $"The header must have typ \"{type}\" and aud \"{server.Value.Origin}\"."));
        }
        if (jws.Verify(key.PublicKey) != SignatureCheck.Valid)
        {
            return (null, Problems.Create(403, ProblemCodes.SignatureInvalid, "The signature is not that of the registered key."));
        }
        try
        {
            using var document = JsonDocument.Parse(jws.Payload, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            if (document.RootElement.ValueKind == JsonValueKind.Object && jws.Payload.Span.SequenceEqual(Jcs.Canonicalize(document.RootElement)))
            {
                return (Make(key.Organisation, kind, Custody.Self, keyEntry, jws, document.RootElement.Clone()), null);
            }
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException) // the last for what is no text
        {
            // Answered below.
        }
        return (null, Problems.Create(400, ProblemCodes.InvalidStatement, "The payload must be a JSON object in canonical form (RFC 8785)."));
    }

    private async Task<(PublicStatement?, IResult?)> ReceivePlainAsync(
        HttpRequest request,
        Caller caller,
        string type,
        EntryKind kind,
        Func<JsonElement, Organisation, (object? Payload, IResult? Problem)> complete,
        CancellationToken cancellationToken)
    {
        if (caller.Organisation is not { } organisation)
        {
            return (null, Problems.NotAuthenticated());
        }
        var (json, malformed) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (malformed is not null)
        {
            return (null, malformed);
        }
        var (payload, problem) = complete(json, organisation);
        if (problem is not null)
        {
            return (null, problem);
        }
        var element = JsonSerializer.SerializeToElement(payload, PayloadJson);
        var key = await custodial.GetAsync(organisation, cancellationToken);
        var compact = custodial.Sign(key, type, Jcs.Canonicalize(element));
        return Jws.TryParse(compact, out var jws, out var error)
            ? (Make(organisation, kind, Custody.Custodial, key.KeyEntry, jws, element), null)
            : throw new InvalidOperationException($"The statement made here cannot be read: {error}");
    }

    private static readonly JsonSerializerOptions PayloadJson = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    private PublicStatement Make(Organisation organisation, EntryKind kind, Custody custody, long keyEntry, Jws jws, JsonElement payload)
    {
        var now = time.GetUtcNow();
        var entry = new PublicEntry(custody, keyEntry, jws.Kid!, jws.Payload, now, jws.ComputeDigest()); // Its key was found by kid.
        return new PublicStatement(organisation, new NewPublicEntry(kind, organisation.Id, entry.ToJcs(), jws.Compact, now), payload, custody);
    }
}
