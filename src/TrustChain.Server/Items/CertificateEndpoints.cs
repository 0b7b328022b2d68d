using System.Text.Json;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Items;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Organisations;

namespace TrustChain.Server.Items;

/// <summary>Certificates about items: issued and revoked by signed statements of their issuer, each an entry of the log.</summary>
internal static class CertificateEndpoints
{
    public static void MapCertificates(this IEndpointRouteBuilder app)
    {
        var certificates = app.MapGroup("/api/certificates").WithTags("Certificates");
        certificates.MapPost("", IssueAsync).RefuseWhenHalted().WithSummary("Issues a certificate: plain JSON with an API key, or a signed statement (typ certificate+jws).");
        certificates.MapGet("", ListAsync).WithSummary("Certificates about an item, or one's own.");
        certificates.MapGet("/{id}", GetAsync).WithSummary("One certificate with its state.");
        certificates.MapPost("/{id}/revoke", RevokeAsync).RefuseWhenHalted().WithSummary("Withdraws a certificate of one's own.");
    }

    private static async Task<IResult> IssueAsync(
        HttpRequest request, Caller caller, PublicStatements statements, StatusStore status, DocumentStore documents, ItemPageCache pages, CancellationToken cancellationToken)
    {
        var (statement, problem) = await statements.ReceiveAsync(request, caller, PublicEntry.CertificateType, EntryKind.Certificate, Complete, cancellationToken);
        if (statement is null)
        {
            return problem!; // One of the two is set.
        }
        var (certificate, invalid) = Read(statement.Payload, statement.Organisation);
        if (certificate is null)
        {
            return invalid!; // One of the two is set.
        }
        if (statement.Payload.TryGetProperty("document", out var document)
            && (!DocumentEndpoints.TryParseDigest(document.GetString()!, out var digest) // Read has checked that it is text.
                || !(await documents.FindReadableAsync([digest], statement.Organisation.Id, cancellationToken)).ContainsKey(digest)))
        {
            return Problems.InvalidRequest("\"document\" must be the digest of a document uploaded before, as ni:///sha-256;….");
        }
        if (!await status.AddCertificateAsync(certificate, statement.Entry, cancellationToken))
        {
            return Problems.Create(409, ProblemCodes.AlreadyExists, $"There is a certificate \"{certificate.Id}\" already.");
        }
        statements.Published();
        pages.Clear();
        return Results.Json(Answer(certificate, statement.Organisation.Code), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RevokeAsync(string id, HttpRequest request, Caller caller, PublicStatements statements, StatusStore status, ItemPageCache pages, CancellationToken cancellationToken)
    {
        var (statement, problem) = await statements.ReceiveAsync(request, caller, PublicEntry.CertificateType, EntryKind.Certificate, (json, organisation) =>
        {
            var fields = new JsonFields(json);
            var reason = fields.Text("reason");
            return fields.Problem() is { } faults ? (null, faults) : (new { act = "revoke", certificate = id, issuer = organisation.Code, reason, v = 1 }, null);
        }, cancellationToken);
        if (statement is null)
        {
            return problem!; // One of the two is set.
        }
        var payload = new JsonFields(statement.Payload);
        var (act, certificate, issuer, text, version) = (payload.Text("act"), payload.Text("certificate"), payload.Text("issuer"), payload.Text("reason"), payload.Number("v"));
        if (payload.Problem() is { } wrong)
        {
            return wrong;
        }
        if (act != "revoke" || certificate != id || issuer != statement.Organisation.Code || version != 1)
        {
            return Problems.InvalidRequest("The statement must have act \"revoke\", this certificate, your organisation as issuer, and v 1.");
        }
        if (!await status.RevokeCertificateAsync(id, statement.Organisation.Id, text!, statement.Entry, cancellationToken)) // Without faults it is set.
        {
            return Problems.NotFound("certificate of yours in force");
        }
        statements.Published();
        pages.Clear();
        return Results.Json(new { id, state = "revoked", revokedAt = statement.Entry.ReceivedAt, reason = text });
    }

    private static async Task<IResult> ListAsync(
        Caller caller, ItemStatus itemStatus, StatusStore status, OrganisationDirectory organisations, CancellationToken cancellationToken, string? item = null)
    {
        if (item is null && caller.Organisation is null)
        {
            return Problems.NotAuthenticated();
        }
        var uri = item is not null && Gs1Identifier.TryParse(item, out var id, out _) ? id.DigitalLink : item;
        // Without an item the caller is known.
        var list = uri is null ? await status.ListCertificatesOfAsync(caller.Organisation!.Id, cancellationToken) : await itemStatus.ListCertificatesAsync([uri], cancellationToken);
        var names = await organisations.GetAsync(list.Select(static c => c.OrganisationId), cancellationToken);
        return Results.Json(new { certificates = list.Select(c => Answer(c, names[c.OrganisationId].Code)) });
    }

    private static async Task<IResult> GetAsync(string id, StatusStore status, OrganisationStore organisations, CancellationToken cancellationToken) =>
        await status.FindCertificateAsync(id, cancellationToken) is { } certificate
            ? Results.Json(Answer(certificate, (await organisations.FindAsync(certificate.OrganisationId, cancellationToken))!.Code)) // Referenced by the row.
            : Problems.NotFound("certificate");

    private static (object? Payload, IResult? Problem) Complete(JsonElement json, Organisation organisation)
    {
        var fields = new JsonFields(json);
        var payload = new
        {
            act = "issue",
            certificate = fields.Text("id", required: false, max: 100) ?? Guid.CreateVersion7().ToString(),
            document = fields.Text("document", required: false, max: 200),
            issuer = organisation.Code,
            item = fields.Text("item", max: 2048),
            name = fields.Text("name", max: 200),
            number = fields.Text("number", required: false, max: 100),
            type = fields.Text("type", max: 100),
            v = 1,
            validFrom = AsGiven(fields.Time("validFrom")),
            validUntil = AsGiven(fields.Time("validUntil")),
        };
        return fields.Problem() is { } faults ? (null, faults) : (payload, null);
    }

    // With the offset the issuer gave: a day of validity is a day there.
    private static string? AsGiven(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd'T'HH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture);

    private static (StoredCertificate? Certificate, IResult? Problem) Read(JsonElement payload, Organisation organisation)
    {
        var fields = new JsonFields(payload);
        var (act, id, issuer, item, version) = (fields.Text("act"), fields.Text("certificate", max: 100), fields.Text("issuer"), fields.Text("item", max: 2048), fields.Number("v"));
        _ = (fields.Text("name", max: 200), fields.Text("type", max: 100), fields.Text("number", required: false, max: 100), fields.Text("document", required: false, max: 200));
        var (from, until) = (fields.Time("validFrom"), fields.Time("validUntil"));
        if (act is not null && act != "issue")
        {
            fields.Fault("act", "must be \"issue\".");
        }
        if (issuer is not null && issuer != organisation.Code)
        {
            fields.Fault("issuer", "must be your own organisation.");
        }
        if (version is not null && version != 1)
        {
            fields.Fault("v", "must be 1.");
        }
        if (until < from)
        {
            fields.Fault("validUntil", "must not be before validFrom.");
        }
        if (item is not null && ItemUri.Read(item, fields) is { } uri)
        {
            item = uri;
        }
        return fields.Problem() is { } faults
            ? (null, faults)
            : (new StoredCertificate
            {
                Id = id!, // Without faults all are set.
                OrganisationId = organisation.Id,
                Item = item!,
                ItemKey = ItemKey.Compute(item!),
                Details = payload.GetRawText(),
                ValidFrom = from!.Value,
                ValidUntil = until!.Value,
            }, null);
    }

    private static object Answer(StoredCertificate c, string issuer)
    {
        using var details = JsonDocument.Parse(c.Details);
        return new { id = c.Id, issuer, item = c.Item, validFrom = c.ValidFrom, validUntil = c.ValidUntil, revokedAt = c.RevokedAt, revokeReason = c.RevokeReason, statement = details.RootElement.Clone() };
    }
}
