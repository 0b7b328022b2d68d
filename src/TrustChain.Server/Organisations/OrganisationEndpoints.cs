using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using TrustChain.Core.Identifiers;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Organisations;

/// <summary>Organisations, their API keys and their claims on identifiers.</summary>
internal static partial class OrganisationEndpoints
{
    public static void MapOrganisations(this IEndpointRouteBuilder app)
    {
        var organisations = app.MapGroup("/api/organisations").WithTags("Organisations");
        organisations.MapPost("", AddAsync).RequireAdmin().WithSummary("Adds an organisation; its first API key is shown this once.");
        organisations.MapGet("", ListAsync).RequireOrganisation().WithSummary("Organisations on this deployment.");
        organisations.MapPost("/{id}/api-keys", AddApiKeyAsync).RequireOrganisation().WithSummary("Makes a further API key, shown this once.");
        organisations.MapDelete("/{id}/api-keys", RevokeApiKeyAsync).RequireOrganisation().WithSummary("Revokes the API key given in the body.");
        var claims = app.MapGroup("/api/claims").WithTags("Organisations").RequireOrganisation();
        claims.MapPost("", AddClaimAsync).WithSummary("Claims a GS1 company prefix, a single key or a URI namespace; self-declared until verified.");
        claims.MapGet("", ListClaimsAsync).WithSummary("Own claims; all of them for an admin.");
        claims.MapPost("/{id:int}/verify", VerifyClaimAsync).RequireAdmin().WithSummary("Marks a claim as verified.");
    }

    private static async Task<IResult> AddAsync(HttpRequest request, OrganisationStore organisations, TemplateCatalog templates, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var (id, name, roles, template) = (fields.Text("id", max: 63), fields.Text("name", max: 200), fields.Texts("roles"), fields.Text("template", required: false, max: 63));
        if (id is not null && !Slug().IsMatch(id))
        {
            fields.Fault("id", "must be 2 to 63 lower-case letters, digits and hyphens, starting with a letter or digit.");
        }
        if (template is not null && templates.Find(template) is null)
        {
            fields.Fault("template", $"is none of {string.Join(", ", templates.All.Select(static t => t.Name))}.");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await organisations.AddAsync(id!, name!, roles, template, cancellationToken) is not { } organisation) // Without faults both are set.
        {
            return Problems.Create(409, ProblemCodes.AlreadyExists, $"There is an organisation \"{id}\" already.");
        }
        var apiKey = await organisations.AddApiKeyAsync(organisation.Id, "first key", cancellationToken);
        return Results.Json(new { id, name, roles, template, apiKey }, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(OrganisationStore organisations, CancellationToken cancellationToken) => Results.Json(new
    {
        organisations = (await organisations.ListAsync(cancellationToken)).Select(static o => new { id = o.Code, name = o.Name, roles = o.Roles, template = o.Template }),
    });

    private static async Task<IResult> AddApiKeyAsync(string id, HttpRequest request, Caller caller, OrganisationStore organisations, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var label = fields.Text("label", max: 100);
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await FindOwnAsync(id, caller, organisations, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var apiKey = await organisations.AddApiKeyAsync(organisation.Id, label!, cancellationToken); // Without faults it is set.
        return Results.Json(new { id, label, apiKey }, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RevokeApiKeyAsync(
        string id, HttpRequest request, Caller caller, OrganisationStore organisations, CallerCache cache, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var apiKey = fields.Text("apiKey", max: 200);
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await FindOwnAsync(id, caller, organisations, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(apiKey!)); // Without faults it is set.
        if (!await organisations.RevokeApiKeyAsync(organisation.Id, hash, cancellationToken))
        {
            return Problems.NotFound("API key in force");
        }
        cache.Forget(hash);
        return Results.NoContent();
    }

    private static async Task<IResult> AddClaimAsync(
        HttpRequest request, Caller caller, OrganisationStore organisations, AuthorityCheck authority, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var (kindText, value) = (fields.Text("kind", max: 20), fields.Text("value", max: 500));
        ClaimKind? kind = kindText switch { "gcp" => ClaimKind.Gcp, "key" => ClaimKind.Key, "namespace" => ClaimKind.Namespace, _ => null };
        if (kindText is not null && kind is null)
        {
            fields.Fault("kind", "must be gcp, key or namespace.");
        }
        if (kind is not null && value is not null)
        {
            value = Normalise(kind.Value, value, fields);
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        // Without faults all are set, and the endpoint has an organisation.
        var claim = await organisations.AddClaimAsync(caller.Organisation!.Id, kind!.Value, value!, cancellationToken);
        authority.Forget();
        return claim is null
            ? Problems.Create(409, ProblemCodes.ClaimOverlaps, $"{value} overlaps a claim of another organisation.")
            : Results.Json(Answer(claim, caller.Organisation.Code), statusCode: StatusCodes.Status201Created);
    }

    private static string? Normalise(ClaimKind kind, string value, JsonFields fields)
    {
        switch (kind)
        {
            case ClaimKind.Gcp:
                if (value.Length is < 4 or > 12 || value.Any(static c => !char.IsAsciiDigit(c)))
                {
                    fields.Fault("value", "must be a GS1 company prefix: 4 to 12 digits.");
                    return null;
                }
                return value;
            case ClaimKind.Key:
                if (!Gs1Identifier.TryParse(value, out var id, out var error) || id.CheckDigitOk == false)
                {
                    fields.Fault("value", $"must be a GS1 key with a right check digit. {error}");
                    return null;
                }
                return id.DigitalLink;
            default:
                if (!Uri.TryCreate(value, UriKind.Absolute, out var uri) || value.StartsWith("urn:epc:", StringComparison.OrdinalIgnoreCase)
                    || CanonicalDigitalLink.Domain.Contains(uri.Host, StringComparison.OrdinalIgnoreCase) && uri.Host.Length > 0
                    || value[^1] is not ('/' or ':' or '#') || value.Count(static c => c is '/' or ':') < 2)
                {
                    fields.Fault("value", "must be an absolute URI of your own that ends in a slash, colon or hash, such as https://example.com/items/ or urn:example:; GS1 keys are claimed by prefix.");
                    return null;
                }
                return value;
        }
    }

    private static async Task<IResult> ListClaimsAsync(Caller caller, OrganisationStore organisations, CancellationToken cancellationToken)
    {
        var own = caller.Organisation!; // The group requires an organisation.
        var names = own.IsAdmin ? (await organisations.ListAsync(cancellationToken)).ToDictionary(static o => o.Id, static o => o.Code) : new Dictionary<int, string> { [own.Id] = own.Code };
        var claims = await organisations.ListClaimsAsync(own.IsAdmin ? null : own.Id, cancellationToken);
        return Results.Json(new { claims = claims.Select(c => Answer(c, names[c.OrganisationId])) });
    }

    private static async Task<IResult> VerifyClaimAsync(int id, OrganisationStore organisations, AuthorityCheck authority, CancellationToken cancellationToken)
    {
        var known = await organisations.VerifyClaimAsync(id, cancellationToken);
        authority.Forget();
        return known ? Results.Json(new { id, status = "verified" }) : Problems.NotFound("claim");
    }

    private static object Answer(Claim claim, string organisation) => new
    {
        id = claim.Id,
        organisation,
        kind = OrganisationStore.Name(claim.Kind),
        value = claim.Value,
        status = claim.VerifiedAt is null ? "self-declared" : "verified",
    };

    private static async Task<Organisation?> FindOwnAsync(string code, Caller caller, OrganisationStore organisations, CancellationToken cancellationToken) =>
        caller.Organisation!.IsAdmin || caller.Organisation.Code == code ? await organisations.FindAsync(code, cancellationToken) : null; // The endpoints require an organisation.

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{1,62}$")]
    private static partial Regex Slug();
}
