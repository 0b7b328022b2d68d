using Microsoft.AspNetCore.Http.HttpResults;
using TrustChain.Core.Devices.Grants;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Organisations;
using TrustChain.Server.Pages.Account;
using TrustChain.Server.Pages.Devices;

namespace TrustChain.Server.Devices.Grants;

/// <summary>What an owner sees of who may read a device: requests to answer, grants to withdraw, the form that gives one unasked, and every read.</summary>
internal static class GrantingPages
{
    private const int PageSize = 20;

    public static void MapGrantingPages(this IEndpointRouteBuilder app)
    {
        var account = app.MapGroup("/account/devices/{id}/grants").ExcludeFromDescription().AddEndpointFilter(AccountContext.CheckFormAsync);
        account.MapGet("", ShowAsync);
        account.MapPost("", ActAsync).RefuseWhenHalted();
    }

    private static async Task<IResult> ShowAsync(string id, AccountContext context, GrantParts parts)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        return await parts.Access.FindAsync(id, who.Caller, context.Cancellation) is { IsOwner: true, Device: var device }
            ? await RenderAsync(context, parts, who, device, context.NewForm())
            : await DevicePages.UnknownAsync(context);
    }

    private static async Task<IResult> ActAsync(string id, AccountContext context, GrantParts parts)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        if (await parts.Access.FindAsync(id, who.Caller, context.Cancellation) is not { IsOwner: true, Device: var device })
        {
            return await DevicePages.UnknownAsync(context);
        }
        if (who.Caller.Role < OrganisationRole.Operator)
        {
            return Problems.NotAllowed("Only operators and admins of an organisation may do this.");
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var (act, grant) = (typed["act"].ToString(), typed["grant"].ToString());
        if (act is "offer" or "approve" && !who.IsConfirmed)
        {
            return context.ToConfirm(AddressOf(device)); // What is handed over cannot be taken back.
        }
        if (act == "offer" && FindErrors(typed, context) is { Count: > 0 } errors)
        {
            return await RenderAsync(context, parts, who, device, context.NewForm(typed, errors), StatusCodes.Status400BadRequest);
        }
        var (caller, cancellation) = (who.Caller, context.Cancellation);
        var (result, done) = act switch
        {
            "offer" => (await GrantEndpoints.OfferAsync(id, GrantForms.Request(context, new { grantee = typed["grantee"].ToString().Trim(), terms = GrantForms.Terms(typed) }), caller, parts, cancellation), "granted"),
            "approve" => (await GrantEndpoints.ApproveAsync(id, grant, GrantForms.Request(context, new { }), caller, parts, cancellation), "granted"),
            "refuse" => (await GrantEndpoints.RefuseAsync(id, grant, caller, parts, cancellation), "refused"),
            "revoke" => (await GrantEndpoints.RevokeAsync(id, grant, GrantForms.Request(context, new { }), caller, parts, cancellation), "grant-withdrawn"),
            _ => (Problems.InvalidRequest("There is no such act."), ""),
        };
        if (act == "refuse" && result is not ProblemHttpResult)
        {
            await context.WriteAsync(who.Person, who.Caller.Organisation, "grant-refused", $"{device.Uri} {grant}"); // The others are entries of the log.
        }
        return result is ProblemHttpResult { ProblemDetails: var details }
            ? await RenderAsync(context, parts, who, device, context.NewForm(act == "offer" ? typed : FormCollection.Empty, ("", details.Detail ?? context.T.ChangedMeanwhile)), details.Status ?? StatusCodes.Status400BadRequest)
            : context.Redirect(AddressOf(device), done);
    }

    private static List<(string Field, string Message)> FindErrors(IFormCollection typed, AccountContext context)
    {
        var errors = GrantForms.FindWrongDays(typed).Select(name => (name, context.T.DayWrong)).ToList();
        if (!OrganisationEndpoints.IsCode(typed["grantee"].ToString().Trim()))
        {
            errors.Insert(0, ("grantee", context.T.GranteeWrong));
        }
        return errors;
    }

    private static async Task<IResult> RenderAsync(AccountContext context, GrantParts parts, SignedIn who, StoredDevice device, FormState form, int status = StatusCodes.Status200OK)
    {
        var query = context.Http.Request.Query;
        var after = query["after"].ToString();
        var grants = await parts.Grants.ListOfDeviceAsync(device.Id, GrantAct.IsId(after) ? after : "", PageSize, context.Cancellation);
        var before = long.TryParse(query["before"], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : long.MaxValue;
        var accesses = await parts.Grants.ListAccessesAsync(device.Id, before, PageSize, context.Cancellation);
        var names = new Dictionary<string, string>();
        foreach (var code in grants.Select(static g => g.Grantee).Concat(accesses.Select(static a => a.Access.Grantee)).Distinct())
        {
            names[code] = (await parts.Organisations.FindAsync(code, context.Cancellation))?.Name ?? code;
        }
        var address = AddressOf(device);
        return await context.RenderAsync<GrantingPage>(
            address,
            new Dictionary<string, object?>
            {
                [nameof(GrantingPage.Frame)] = AccountContext.Frame(who),
                [nameof(GrantingPage.Form)] = form,
                [nameof(GrantingPage.Device)] = device,
                [nameof(GrantingPage.Grants)] = grants.Select(g => new GrantingRow(g, names[g.Grantee], g.Grant.StateAt(parts.Time.GetUtcNow()))).ToList(),
                [nameof(GrantingPage.NextGrants)] = grants.Count == PageSize ? $"{address}?after={grants[^1].Id}" : null,
                [nameof(GrantingPage.Accesses)] = accesses,
                [nameof(GrantingPage.NextAccesses)] = accesses.Count == PageSize ? System.FormattableString.Invariant($"{address}?before={accesses[^1].Id}#reads") : null,
                [nameof(GrantingPage.Names)] = names,
                [nameof(GrantingPage.MayAct)] = who.Caller.Role >= OrganisationRole.Operator,
            },
            status);
    }

    private static string AddressOf(StoredDevice device) => $"/account/devices/{device.Pseudonym.ToBase64Url()}/grants";
}
