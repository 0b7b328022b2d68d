using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Organisations;

namespace TrustChain.Server.Accounts;

/// <summary>API keys of organisations: made, rotated, revoked, listed.</summary>
internal static class ApiKeyEndpoints
{
    public static void MapApiKeys(this IEndpointRouteBuilder app)
    {
        var keys = app.MapGroup("/api/organisations/{id}/api-keys").WithTags("Organisations").RequireOrganisation().NeedsRole(OrganisationRole.Admin);
        keys.MapGet("", ListAsync).WithSummary("API keys with role, expiry and last use, newest first, 100 at a time: \"next\" is the id to ask for as \"before\"; never the keys themselves.");
        keys.MapPost("", AddAsync).WithSummary("Makes a further API key, shown this once.");
        keys.MapPost("/{keyId:int}/rotate", RotateAsync).WithSummary("Makes a successor of an API key, shown this once; the old one ends after the overlap.");
        keys.MapDelete("/{keyId:int}", RevokeAsync).WithSummary("Revokes an API key.");
        keys.MapDelete("", RevokeByKeyAsync).WithSummary("Revokes the API key given in the body, for whoever found one and knows no more of it.");
    }

    private static async Task<IResult> ListAsync(string id, int? before, Caller caller, OrganisationStore organisations, ApiKeys keys, CancellationToken cancellationToken)
    {
        if (await organisations.FindOwnAsync(id, caller, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var list = await keys.Store.ListAsync(organisation.Id, before, ApiKeys.PageSize, cancellationToken);
        return Results.Json(new { apiKeys = list.Select(ToJson), next = list.Count == ApiKeys.PageSize ? list[^1].Id : (int?)null });
    }

    private static async Task<IResult> AddAsync(
        string id, HttpContext context, Caller caller, OrganisationStore organisations, ApiKeys keys, TimeProvider time, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var (label, roleName, expiresAt) = (fields.Text("label", max: 100), fields.Text("role", required: false, max: 20), fields.Time("expiresAt", required: false));
        var role = roleName is null ? OrganisationRole.Operator : OrganisationRoles.Parse(roleName);
        if (role is null)
        {
            fields.Fault("role", $"must be one of {string.Join(", ", OrganisationRoles.Names)}.");
        }
        if (expiresAt <= time.GetUtcNow())
        {
            fields.Fault("expiresAt", "lies in the past.");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await organisations.FindOwnAsync(id, caller, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var added = await keys.MakeAsync(organisation, label!, role!.Value, expiresAt, caller.Actor, context.Address(), cancellationToken); // Without faults both are set.
        return added is null ? TooMany() : Made(organisation, added, label!, role.Value, expiresAt);
    }

    private static async Task<IResult> RotateAsync(
        string id, int keyId, HttpContext context, Caller caller, OrganisationStore organisations, ApiKeys keys, TimeProvider time, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var (hours, expiresAt) = (fields.Number("overlapHours", required: false), fields.Time("expiresAt", required: false));
        if (hours is < 0 or > 720)
        {
            fields.Fault("overlapHours", "must be 0 to 720.");
        }
        if (expiresAt <= time.GetUtcNow())
        {
            fields.Fault("expiresAt", "lies in the past.");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await organisations.FindOwnAsync(id, caller, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var overlap = hours is { } given ? TimeSpan.FromHours((double)given) : ApiKeys.DefaultOverlap;
        return await keys.RotateAsync(organisation, keyId, overlap, expiresAt, caller.Actor, context.Address(), cancellationToken) switch
        {
            ({ } rotated, _) => Made(organisation, rotated.Key, rotated.Old.Label, rotated.Old.Role, rotated.ExpiresAt),
            (_, true) => TooMany(),
            _ => Problems.NotFound("API key in force"),
        };
    }

    private static async Task<IResult> RevokeAsync(
        string id, int keyId, HttpContext context, Caller caller, OrganisationStore organisations, ApiKeys keys, CancellationToken cancellationToken)
    {
        if (await organisations.FindOwnAsync(id, caller, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        return await keys.RevokeAsync(organisation, keyId, caller.Actor, context.Address(), cancellationToken) ? Results.NoContent() : Problems.NotFound("API key in force");
    }

    private static async Task<IResult> RevokeByKeyAsync(
        string id, HttpContext context, Caller caller, OrganisationStore organisations, ApiKeys keys, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, cancellationToken);
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
        if (await organisations.FindOwnAsync(id, caller, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        return await keys.Store.FindIdAsync(organisation.Id, ApiKeyStore.Hash(apiKey!), cancellationToken) is { } keyId // Without faults it is set.
            ? await RevokeAsync(id, keyId, context, caller, organisations, keys, cancellationToken)
            : Problems.NotFound("API key in force");
    }

    private static IResult TooMany() =>
        Problems.Create(409, ProblemCodes.TooManyApiKeys, $"An organisation has at most {ApiKeyStore.MaxInForce} API keys in force; revoke one first.");

    private static IResult Made(Organisation organisation, NewApiKey key, string label, OrganisationRole role, DateTimeOffset? expiresAt) =>
        Results.Json(new { id = organisation.Code, keyId = key.Id, label, role = role.Name(), expiresAt, apiKey = key.Key }, statusCode: StatusCodes.Status201Created);

    private static object ToJson(ApiKey key) => new
    {
        keyId = key.Id,
        label = key.Label,
        role = key.Role.Name(),
        createdBy = key.CreatedBy,
        createdAt = key.CreatedAt,
        expiresAt = key.ExpiresAt,
        lastUsedAt = key.LastUsedAt,
        revokedAt = key.RevokedAt,
    };
}
