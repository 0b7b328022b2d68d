using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Encryption;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Items;

namespace TrustChain.Server.Devices.Grants;

/// <summary>Keys that day keys are wrapped to: the service's and those of organisations (<c>docs/devices.md</c> section 6).</summary>
internal static class EncryptionKeyEndpoints
{
    public static void MapEncryptionKeys(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/devices/encryption-key", static (ServiceKeys keys) => Results.Json(new { kid = keys.PublicKey.Kid, jwk = ToJson(keys.PublicKey.Jwk) })).WithTags("Devices")
            .WithSummary("The service's encryption key: to it the day keys of service-readable devices are wrapped.");
        var own = app.MapGroup("/api/encryption-keys").WithTags("Devices");
        own.MapPost("", AddAsync).NeedsRole(OrganisationRole.Admin).RefuseWhenHalted().Audited("encryption-key-published")
            .WithSummary("Publishes one's encryption key: plain JSON that the service signs for the organisation, or a signed statement (application/jose, typ encryption-key+jws).");
        own.MapGet("/{code}", GetAsync).RequireOrganisation().WithSummary("An organisation's encryption key with the statement that says so.");
    }

    private static async Task<IResult> AddAsync(
        HttpRequest request, Caller caller, PublicStatements statements, DayKeyStore store, IOptions<ServerOptions> server, CancellationToken cancellationToken)
    {
        var (statement, problem) = await statements.ReceiveAsync(request, caller, EncryptionKeyStatement.Type, EntryKind.Grant, static (json, organisation) =>
        {
            var fields = new JsonFields(json);
            EncryptionKey? key = null;
            if (fields.Object("jwk") is { } jwk && !EncryptionKey.TryParse(jwk, out key, out var error))
            {
                fields.Fault("jwk", $"is no encryption key: {error}");
            }
            return fields.Problem() is { } faults ? (null, faults) : (ToJson(Encoding.UTF8.GetString(new EncryptionKeyStatement(organisation.Code, key!).ToJcs())), null); // Without faults it is set.
        }, cancellationToken);
        if (statement is null)
        {
            return problem!; // One of the two is set.
        }
        var compact = statement.Entry.Jws!; // A received statement has one.
        if (!Jws.TryParse(compact, out var jws, out _) || !EncryptionKeyStatement.TryRead(jws, server.Value.Origin, out var read) || read.Organisation != statement.Organisation.Code)
        {
            return Problems.Create(400, ProblemCodes.InvalidStatement, "The payload must be the canonical JSON {\"jwk\":…,\"organisation\":…,\"v\":1} of your own organisation (docs/devices.md section 6).");
        }
        request.HttpContext.Concerning(read.Key.Kid);
        var custody = statement.Custody;
        if (!await store.AddEncryptionKeyAsync(new StoredEncryptionKey(statement.Organisation.Id, read.Key.Kid, read.Key.Jwk, compact, custody), cancellationToken))
        {
            // Anybody can have the statement of an earlier key: it must not bring that key back.
            return (await store.ListEncryptionKeysAsync(statement.Organisation.Id, cancellationToken))[0] is var newest && newest.Kid == read.Key.Kid
                ? Results.Json(Answer(statement.Organisation.Code, newest.Kid, newest.Jwk, newest.Statement, newest.Custody))
                : Problems.Create(409, ProblemCodes.AlreadyExists, "The key was published before, and another after it. A key does not come back: publish a new one.");
        }
        return Results.Json(Answer(statement.Organisation.Code, read.Key.Kid, read.Key.Jwk, compact, custody), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> GetAsync(string code, OrganisationStore organisations, DayKeyStore store, CancellationToken cancellationToken) =>
        await organisations.FindAsync(code, cancellationToken) is { } organisation && (await store.ListEncryptionKeysAsync(organisation.Id, cancellationToken)).FirstOrDefault() is { } key
            ? Results.Json(Answer(code, key.Kid, key.Jwk, key.Statement, key.Custody))
            : Problems.NotFound("encryption key of this organisation");

    private static object Answer(string organisation, string kid, string jwk, string statement, Custody custody) =>
        new { organisation, kid, jwk = ToJson(jwk), statement, custody = Record.Name(custody) };

    private static JsonElement ToJson(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
