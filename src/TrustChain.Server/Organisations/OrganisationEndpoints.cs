using System.Text.RegularExpressions;
using TrustChain.Core.Identifiers;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Accounts;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Organisations;

/// <summary>Organisations and their claims on identifiers.</summary>
internal static partial class OrganisationEndpoints
{
    private const int PageSize = 100;

    public static void MapOrganisations(this IEndpointRouteBuilder app)
    {
        var organisations = app.MapGroup("/api/organisations").WithTags("Organisations");
        organisations.MapPost("", AddAsync).RequireAdmin().WithSummary("Adds an organisation; its first API key is shown this once.");
        organisations.MapGet("", ListAsync).RequireOrganisation().WithSummary("Organisations on this deployment, by id, 100 at a time: \"next\" is the id to ask for as \"after\".");
        var claims = app.MapGroup("/api/claims").WithTags("Organisations").RequireOrganisation();
        claims.MapPost("", AddClaimAsync).NeedsRole(OrganisationRole.Admin).WithSummary("Claims a GS1 company prefix, a single key or a URI namespace; self-declared until verified.");
        claims.MapGet("", ListClaimsAsync).WithSummary("Own claims, those of everybody for an admin, oldest first, 100 at a time: \"next\" is the id to ask for as \"after\".");
        claims.MapPost("/{id:int}/verify", VerifyClaimAsync).RequireAdmin().WithSummary("Marks a claim as verified.");
    }

    private static async Task<IResult> AddAsync(
        HttpContext context, OrganisationStore organisations, ApiKeyStore keys, AuditStore audit, TemplateCatalog templates, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, cancellationToken);
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
        var actor = Caller.Of(context).Actor;
        Organisation? organisation = null;
        var apiKey = await audit.DoAsync(
            async connection => (organisation = await organisations.AddAsync(connection, id!, name!, roles, template, cancellationToken)) is null // Without faults both are set.
                ? null
                : await keys.AddAsync(connection, organisation.Id, "first key", OrganisationRole.Admin, null, actor, cancellationToken),
            _ => context.Act(organisation, "organisation-added", id!),
            cancellationToken);
        return apiKey is null
            ? Problems.Create(409, ProblemCodes.AlreadyExists, $"There is an organisation \"{id}\" already.")
            : Results.Json(new { id, name, roles, template, apiKey = apiKey.Key }, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(OrganisationStore organisations, CancellationToken cancellationToken, string after = "")
    {
        if (after.Length > 0 && !IsCode(after))
        {
            return Problems.InvalidRequest("\"after\" must be the id of an organisation.");
        }
        var list = await organisations.ListAsync(after, PageSize, cancellationToken);
        return Results.Json(new
        {
            organisations = list.Select(static o => new { id = o.Code, name = o.Name, roles = o.Roles, template = o.Template }),
            next = list.Count == PageSize ? list[^1].Code : null,
        });
    }

    private static async Task<IResult> AddClaimAsync(
        HttpContext context, Caller caller, OrganisationStore organisations, AuthorityCheck authority, AuditStore audit, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, cancellationToken);
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
        var own = caller.Organisation!;
        ClaimRefusal? refusal = null;
        var claim = await audit.DoAsync(
            async connection =>
            {
                var result = await organisations.AddClaimAsync(connection, own.Id, kind!.Value, value!, cancellationToken);
                refusal = result.Refusal;
                return result.Claim;
            },
            made => context.Act(own, "claim-made", $"{OrganisationStore.Name(made.Kind)} {made.Value}"),
            cancellationToken);
        authority.Forget();
        if (refusal == ClaimRefusal.TooMany)
        {
            return Problems.Create(409, ProblemCodes.TooManyClaims, $"An organisation has at most {OrganisationStore.MaxClaims} claims.");
        }
        return claim is null
            ? Problems.Create(409, ProblemCodes.ClaimOverlaps, $"{value} overlaps a claim of another organisation.")
            : Results.Json(Answer(claim, own.Code), statusCode: StatusCodes.Status201Created);
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

    private static async Task<IResult> ListClaimsAsync(Caller caller, OrganisationStore organisations, CancellationToken cancellationToken, int after = 0)
    {
        var own = caller.Organisation!; // The group requires an organisation.
        var claims = await organisations.ListClaimsAsync(caller.IsDeploymentAdmin ? null : own.Id, after, PageSize, cancellationToken);
        var names = (await organisations.ListAsync([.. claims.Select(static c => c.OrganisationId).Distinct()], cancellationToken)).ToDictionary(static o => o.Id, static o => o.Code);
        return Results.Json(new { claims = claims.Select(c => Answer(c, names[c.OrganisationId])), next = claims.Count == PageSize ? claims[^1].Id : (int?)null });
    }

    private static async Task<IResult> VerifyClaimAsync(
        int id, HttpContext context, Caller caller, OrganisationStore organisations, AuthorityCheck authority, AuditStore audit, CancellationToken cancellationToken)
    {
        var verified = await audit.DoAsync(
            connection => organisations.VerifyClaimAsync(connection, id, cancellationToken),
            value => context.Act(caller.Organisation, "claim-verified", value),
            cancellationToken);
        authority.Forget();
        return verified is not null ? Results.Json(new { id, status = "verified" }) : Problems.NotFound("claim");
    }

    private static object Answer(Claim claim, string organisation) => new
    {
        id = claim.Id,
        organisation,
        kind = OrganisationStore.Name(claim.Kind),
        value = claim.Value,
        status = claim.VerifiedAt is null ? "self-declared" : "verified",
    };

    /// <summary>The organisation of this code if the caller may act for it: its own, or any for the deployment's admins.</summary>
    public static async Task<Organisation?> FindOwnAsync(this OrganisationStore organisations, string code, Caller caller, CancellationToken cancellationToken) =>
        caller.IsDeploymentAdmin || caller.Organisation?.Code == code ? await organisations.FindAsync(code, cancellationToken) : null;

    /// <summary>Whether a text can be the code of an organisation.</summary>
    public static bool IsCode(string text) => Slug().IsMatch(text);

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{1,62}$")]
    private static partial Regex Slug();
}
