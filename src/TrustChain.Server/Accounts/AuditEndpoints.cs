using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Organisations;

namespace TrustChain.Server.Accounts;

/// <summary>What was done: by and on account of one organisation, or all of it for the deployment's admins and auditors.</summary>
internal static class AuditEndpoints
{
    private const int PageSize = 100;

    public static void MapAudit(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/organisations/{id}/audit", ListOwnAsync).WithTags("Audit").RequireOrganisation().NeedsRole(OrganisationRole.Admin)
            .WithSummary("Administrative acts on an organisation's account, newest first, 100 at a time.");
        app.MapGet("/api/audit", ListAllAsync).WithTags("Audit").RequireOrganisation()
            .WithSummary("All administrative acts, newest first, 100 at a time; for admins and auditors of the deployment.");
    }

    private static async Task<IResult> ListOwnAsync(string id, long? before, Caller caller, OrganisationStore organisations, AuditStore audit, CancellationToken cancellationToken) =>
        await organisations.FindOwnAsync(id, caller, cancellationToken) is { } organisation
            ? ToJson(await audit.ListAsync(organisation.Id, before, PageSize, cancellationToken))
            : Problems.NotFound("organisation");

    private static async Task<IResult> ListAllAsync(long? before, Caller caller, AuditStore audit, CancellationToken cancellationToken) =>
        caller.IsDeploymentAdmin || caller.Organisation!.IsAuditor // The endpoint requires an organisation.
            ? ToJson(await audit.ListAsync(null, before, PageSize, cancellationToken))
            : Problems.NotAllowed("Only admins and auditors of the deployment may do this.");

    private static IResult ToJson(IReadOnlyList<AuditEntry> entries) => Results.Json(new
    {
        entries = entries.Select(static e => new { id = e.Id, at = e.At, organisation = e.Organisation, actor = e.Actor, act = e.Act, subject = e.Subject, address = e.Address }),
        next = entries.Count == PageSize ? entries[^1].Id : (long?)null,
    });
}
