using Microsoft.Extensions.Options;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Organisations;

namespace TrustChain.Server.Accounts;

/// <summary>Members of organisations by API: who they are, and inviting more. So the deployment's admin lets the first one into a new organisation.</summary>
internal static class MemberEndpoints
{
    public static void MapMembers(this IEndpointRouteBuilder app)
    {
        var organisation = app.MapGroup("/api/organisations/{id}").WithTags("Organisations").RequireOrganisation().NeedsRole(OrganisationRole.Admin);
        organisation.MapGet("/members", ListAsync).WithSummary("Members of an organisation with their roles, by login, 100 at a time: \"next\" is the login to ask for as \"after\".");
        organisation.MapPost("/invitations", InviteAsync).WithSummary("Makes a link that lets one person in, shown this once; it works once, within 7 days.");
    }

    private static async Task<IResult> ListAsync(
        string id, Caller caller, OrganisationStore organisations, MemberStore members, CancellationToken cancellationToken, string search = "", string after = "")
    {
        if (!MemberSearch.IsText(search) || !MemberSearch.IsText(after))
        {
            return Problems.InvalidRequest($"\"search\" and \"after\" have at most {MemberSearch.MaxText} characters, and no control characters.");
        }
        if (await organisations.FindOwnAsync(id, caller, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var page = await members.ListAsync(organisation.Id, search, after, MemberSearch.PageSize, cancellationToken);
        return Results.Json(new
        {
            members = page.Members.Select(static m => new { login = m.Login, name = m.Name, role = m.Role.Name(), since = m.Since }),
            next = page.Next,
        });
    }

    private static async Task<IResult> InviteAsync(
        string id, HttpContext context, Caller caller, OrganisationStore organisations, MemberStore members, AuditStore audit, IOptions<ServerOptions> server, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(context.Request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var (note, roleName) = (fields.Text("note", max: 100), fields.Text("role", max: 20));
        if (roleName is not null && OrganisationRoles.Parse(roleName) is null)
        {
            fields.Fault("role", $"must be one of {string.Join(", ", OrganisationRoles.Names)}.");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await organisations.FindOwnAsync(id, caller, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var role = OrganisationRoles.Parse(roleName)!.Value; // Without faults it is one.
        var invitation = await audit.DoAsync(
            connection => members.InviteAsync(connection, organisation.Id, role, note!, caller.Actor, MemberStore.InvitationLifetime, cancellationToken), // Without faults it is set.
            _ => context.Act(organisation, "member-invited", $"\"{note}\" as {role.Name()}"),
            cancellationToken);
        return Results.Json(
            new { id = organisation.Code, role = role.Name(), link = $"{server.Value.PublicUrl}/account/join?token={invitation!.Token}" }, statusCode: StatusCodes.Status201Created); // One is always made.
    }
}

/// <summary>What may be asked of the list of members.</summary>
internal static class MemberSearch
{
    /// <summary>Members on a page.</summary>
    public const int PageSize = 100;

    /// <summary>Characters of a login or name.</summary>
    public const int MaxText = 100;

    /// <summary>Whether a login or name could have this in it: no control characters, and no half of a surrogate pair, which stands for none.</summary>
    public static bool IsText(string text) => text.Length <= MaxText && !text.Any(char.IsControl) && !text.Where((c, i) => char.IsSurrogate(c) && !IsPaired(text, i)).Any();

    private static bool IsPaired(string text, int at) =>
        char.IsHighSurrogate(text[at]) ? at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) : at > 0 && char.IsHighSurrogate(text[at - 1]);
}
