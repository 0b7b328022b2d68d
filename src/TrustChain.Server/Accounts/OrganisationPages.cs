using System.Globalization;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Pages.Account;

namespace TrustChain.Server.Accounts;

/// <summary>Pages for an organisation's admins: members and invitations, API keys, and what was done.</summary>
internal static class OrganisationPages
{
    private const int PageSize = 100;

    public static void MapOrganisationPages(this IEndpointRouteBuilder app)
    {
        var account = app.MapGroup("/account").ExcludeFromDescription().AddEndpointFilter(AccountContext.CheckFormAsync);
        account.MapGet("/members", static (AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => ShowMembersAsync(context, parts, who, context.NewForm())));
        account.MapPost("/members/invite", static (AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => InviteAsync(context, parts, who), confirmedFor: "/account/members"));
        account.MapPost("/members/withdraw", static (AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => WithdrawAsync(context, parts, who)));
        account.MapPost("/members/change", static (AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => ChangeAsync(context, parts, who, remove: false), confirmedFor: "/account/members"));
        account.MapPost("/members/remove", static (AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => ChangeAsync(context, parts, who, remove: true)));
        account.MapGet("/api-keys", static (int? before, AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => ShowKeysAsync(context, parts, who, context.NewForm(), before: before)));
        account.MapPost("/api-keys", static (AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => MakeKeyAsync(context, parts, who), confirmedFor: "/account/api-keys"));
        account.MapPost("/api-keys/rotate", static (AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => RotateKeyAsync(context, parts, who), confirmedFor: "/account/api-keys"));
        account.MapPost("/api-keys/revoke", static (AccountContext context, OrganisationParts parts) => AsAdminAsync(context, who => RevokeKeyAsync(context, parts, who)));
        account.MapGet("/audit", ShowAuditAsync);
    }

    /// <param name="context">The request.</param>
    /// <param name="act">What an admin does.</param>
    /// <param name="confirmedFor">The page to come back to, for what opens the organisation to others: it needs a session that is confirmed.</param>
    private static async Task<IResult> AsAdminAsync(AccountContext context, Func<SignedIn, Task<IResult>> act, string? confirmedFor = null) => await context.FindAsync() switch
    {
        null => context.ToSignIn(),
        { Caller: { Organisation: not null, Role: OrganisationRole.Admin }, IsConfirmed: false } when confirmedFor is not null => context.ToConfirm(confirmedFor),
        { Caller: { Organisation: not null, Role: OrganisationRole.Admin } } who => await act(who),
        _ => Problems.NotAllowed("Only admins of the organisation may do this."),
    };

    private static async Task<IResult> ShowMembersAsync(AccountContext context, OrganisationParts parts, SignedIn who, FormState form, string? link = null, int status = StatusCodes.Status200OK)
    {
        var organisation = who.Caller.Organisation!.Id; // An admin has one.
        var (search, after) = (MemberText(context, "search"), MemberText(context, "after"));
        var page = await parts.Members.ListAsync(organisation, search, after, MemberSearch.PageSize, context.Cancellation);
        return await context.RenderAsync<MembersPage>(
            "/account/members",
            new Dictionary<string, object?>
            {
                [nameof(MembersPage.Form)] = form,
                [nameof(MembersPage.Frame)] = AccountContext.Frame(who),
                [nameof(MembersPage.Members)] = page.Members,
                [nameof(MembersPage.Search)] = search,
                [nameof(MembersPage.IsWhole)] = search.Length == 0 && after.Length == 0 && page.Next is null,
                [nameof(MembersPage.Next)] = page.Next is { } next ? context.Page.To($"/account/members?search={Uri.EscapeDataString(search)}&after={Uri.EscapeDataString(next)}") : null,
                [nameof(MembersPage.Invitations)] = await parts.Members.ListInvitationsAsync(organisation, context.Cancellation),
                [nameof(MembersPage.Link)] = link,
            },
            status);
    }

    /// <summary>A part of the page's address; empty when nobody's login or name is like it.</summary>
    private static string MemberText(AccountContext context, string parameter) => context.Http.Request.Query[parameter].ToString().Trim() is var text && MemberSearch.IsText(text) ? text : "";

    private static async Task<IResult> InviteAsync(AccountContext context, OrganisationParts parts, SignedIn who)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var (note, role) = (typed["note"].ToString().Trim(), OrganisationRoles.Parse(typed["role"]));
        if (role is null || note.Length is 0 or > 100 || note.Any(char.IsControl))
        {
            return await ShowMembersAsync(context, parts, who, context.NewForm(typed, ("note", context.T.FieldMissing)), status: StatusCodes.Status400BadRequest);
        }
        var invitation = await parts.Audit.DoAsync(
            connection => parts.Members.InviteAsync(connection, who.Caller.Organisation!.Id, role.Value, note, who.Caller.Actor, MemberStore.InvitationLifetime, context.Cancellation),
            made => Act(context, who, "member-invited", $"\"{note}\" as {role.Value.Name()}"),
            context.Cancellation);
        return await ShowMembersAsync(context, parts, who, context.NewForm(), $"{context.Server.PublicUrl}/account/join?token={invitation!.Token}"); // The store always makes one.
    }

    private static async Task<IResult> WithdrawAsync(AccountContext context, OrganisationParts parts, SignedIn who)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var note = Guid.TryParse(typed["invitation"], out var id)
            ? await parts.Audit.DoAsync(
                connection => parts.Members.WithdrawAsync(connection, who.Caller.Organisation!.Id, id, context.Cancellation),
                withdrawn => Act(context, who, "invitation-withdrawn", $"\"{withdrawn}\""),
                context.Cancellation)
            : null;
        return context.Redirect("/account/members", note is null ? null : "withdrawn");
    }

    private static async Task<IResult> ChangeAsync(AccountContext context, OrganisationParts parts, SignedIn who, bool remove)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var role = OrganisationRoles.Parse(typed["role"]);
        string? login = null;
        if (Guid.TryParse(typed["person"], out var person) && (remove || role is not null))
        {
            login = await parts.Audit.DoAsync(
                connection => parts.Members.ChangeAsync(connection, who.Caller.Organisation!.Id, person, remove ? null : role, context.Cancellation),
                changed => Act(context, who, remove ? "member-removed" : "member-changed", remove ? changed : $"{changed} to {role!.Value.Name()}"), // Read above.
                context.Cancellation);
            parts.Memberships.Forget(person);
        }
        return login is null
            ? await ShowMembersAsync(context, parts, who, context.NewForm(typed, ("", context.T.MemberUnchanged)), status: StatusCodes.Status409Conflict)
            : context.Redirect("/account/members", "member");
    }

    private static async Task<IResult> ShowKeysAsync(
        AccountContext context, OrganisationParts parts, SignedIn who, FormState form, string? newKey = null, int? before = null, int status = StatusCodes.Status200OK)
    {
        var keys = await parts.ApiKeys.Store.ListAsync(who.Caller.Organisation!.Id, before, ApiKeys.PageSize, context.Cancellation); // An admin has one.
        return await context.RenderAsync<ApiKeysPage>(
            "/account/api-keys",
            new Dictionary<string, object?>
            {
                [nameof(ApiKeysPage.Form)] = form,
                [nameof(ApiKeysPage.Frame)] = AccountContext.Frame(who),
                [nameof(ApiKeysPage.Keys)] = keys,
                [nameof(ApiKeysPage.Older)] = keys.Count == ApiKeys.PageSize ? context.Page.To(string.Create(CultureInfo.InvariantCulture, $"/account/api-keys?before={keys[^1].Id}")) : null,
                [nameof(ApiKeysPage.NewKey)] = newKey,
            },
            status);
    }

    private static async Task<IResult> MakeKeyAsync(AccountContext context, OrganisationParts parts, SignedIn who)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var (label, role, daysText) = (typed["label"].ToString().Trim(), OrganisationRoles.Parse(typed["role"]), typed["days"].ToString().Trim());
        var days = 0;
        var errors = new List<(string, string)>();
        if (role is null || label.Length is 0 or > 100 || label.Any(char.IsControl))
        {
            errors.Add(("label", context.T.FieldMissing));
        }
        if (daysText.Length > 0 && (!int.TryParse(daysText, NumberStyles.None, CultureInfo.InvariantCulture, out days) || days is < 1 or > 3650))
        {
            errors.Add(("days", context.T.DaysWrong));
        }
        if (errors.Count > 0)
        {
            return await ShowKeysAsync(context, parts, who, context.NewForm(typed, [.. errors]), status: StatusCodes.Status400BadRequest);
        }
        DateTimeOffset? expiresAt = days == 0 ? null : context.Page.Now.AddDays(days);
        var key = await parts.ApiKeys.MakeAsync(who.Caller.Organisation!, label, role!.Value, expiresAt, who.Caller.Actor, context.Http.Address(), context.Cancellation); // Checked above.
        return key is null
            ? await ShowKeysAsync(context, parts, who, context.NewForm(typed, ("", context.T.TooManyApiKeys)), status: StatusCodes.Status409Conflict)
            : await ShowKeysAsync(context, parts, who, context.NewForm(), key.Key);
    }

    private static async Task<IResult> RotateKeyAsync(AccountContext context, OrganisationParts parts, SignedIn who)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var (rotated, areTooMany) = int.TryParse(typed["key"], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? await parts.ApiKeys.RotateAsync(who.Caller.Organisation!, id, ApiKeys.DefaultOverlap, null, who.Caller.Actor, context.Http.Address(), context.Cancellation)
            : (null, false);
        return rotated is null
            ? await ShowKeysAsync(context, parts, who, context.NewForm(typed, ("", areTooMany ? context.T.TooManyApiKeys : context.T.ChangedMeanwhile)), status: StatusCodes.Status409Conflict)
            : await ShowKeysAsync(context, parts, who, context.NewForm(), rotated.Key.Key);
    }

    private static async Task<IResult> RevokeKeyAsync(AccountContext context, OrganisationParts parts, SignedIn who)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        return int.TryParse(typed["key"], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && await parts.ApiKeys.RevokeAsync(who.Caller.Organisation!, id, who.Caller.Actor, context.Http.Address(), context.Cancellation)
            ? context.Redirect("/account/api-keys", "revoked")
            : await ShowKeysAsync(context, parts, who, context.NewForm(typed, ("", context.T.ChangedMeanwhile)), status: StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ShowAuditAsync(bool? all, long? before, AccountContext context, OrganisationParts parts)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var frame = AccountContext.Frame(who);
        if (all == true ? !frame.SeesEverything : !frame.IsAdmin)
        {
            return Problems.NotAllowed("Only admins and auditors may do this.");
        }
        var entries = await parts.Audit.ListAsync(all == true ? null : who.Caller.Organisation!.Id, before, PageSize, context.Cancellation); // An admin has one.
        var older = entries.Count == PageSize
            ? context.Page.To(string.Create(CultureInfo.InvariantCulture, $"/account/audit?before={entries[^1].Id}{(all == true ? "&all=true" : "")}"))
            : null;
        return await context.RenderAsync<AuditPage>("/account/audit" + (all == true ? "?all=true" : ""), new Dictionary<string, object?>
        {
            [nameof(AuditPage.Frame)] = frame,
            [nameof(AuditPage.Entries)] = entries,
            [nameof(AuditPage.Older)] = older,
        });
    }

    private static AuditAct Act(AccountContext context, SignedIn who, string act, string subject) =>
        new(who.Caller.Organisation!.Id, who.Caller.Actor, act, subject, context.Http.Address()); // An admin has one.
}

/// <summary>What the handlers of an organisation's pages use.</summary>
internal sealed record OrganisationParts(MemberStore Members, ApiKeys ApiKeys, AuditStore Audit, Memberships Memberships);
