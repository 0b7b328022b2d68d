using Microsoft.AspNetCore.Http.HttpResults;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Grants;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Items;
using TrustChain.Server.Pages.Account;
using TrustChain.Server.Pages.Devices;

namespace TrustChain.Server.Devices.Grants;

/// <summary>What a lender, insurer or buyer sees: devices of others that their organisation may read, and the form that asks for more.</summary>
internal static class GrantedPages
{
    private const int PageSize = 20;
    private const int Days = 30;
    private const string Address = "/account/granted";

    public static void MapGrantedPages(this IEndpointRouteBuilder app)
    {
        var account = app.MapGroup(Address).ExcludeFromDescription().AddEndpointFilter(AccountContext.CheckFormAsync);
        account.MapGet("", static (AccountContext context, GrantParts parts, DeviceReading reading) => ShowAsync(context, parts, reading));
        account.MapPost("", RequestAsync).RefuseWhenHalted();
        account.MapGet("/{id}", GrantedDevicePages.ShowAsync);
    }

    private static async Task<IResult> ShowAsync(AccountContext context, GrantParts parts, DeviceReading reading)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        return who.Caller.Organisation is null ? context.Redirect("/account") : await RenderAsync(context, parts, reading, who, context.NewForm());
    }

    private static async Task<IResult> RenderAsync(AccountContext context, GrantParts parts, DeviceReading reading, SignedIn who, FormState form, int status = StatusCodes.Status200OK)
    {
        var after = context.Http.Request.Query["after"].ToString();
        var grants = await parts.Grants.ListOfGranteeAsync(who.Caller.Organisation!.Id, GrantAct.IsId(after) ? after : "", PageSize, context.Cancellation); // Asked before.
        var rows = new List<GrantedRow>();
        foreach (var grant in grants)
        {
            rows.Add(await ReadAsync(grant, who.Caller, parts, reading, context.Cancellation));
        }
        return await context.RenderAsync<GrantedPage>(
            Address,
            new Dictionary<string, object?>
            {
                [nameof(GrantedPage.Frame)] = AccountContext.Frame(who),
                [nameof(GrantedPage.Form)] = form,
                [nameof(GrantedPage.Rows)] = rows,
                [nameof(GrantedPage.Next)] = grants.Count == PageSize ? $"{Address}?after={grants[^1].Id}" : null,
                [nameof(GrantedPage.MayAsk)] = who.Caller.Role >= OrganisationRole.Operator,
            },
            status);
    }

    /// <summary>A grant with what the checks say of the last days that it opens, as far as it covers them. That is a read, and written down as one.</summary>
    private static async Task<GrantedRow> ReadAsync(StoredGrant stored, Caller caller, GrantParts parts, DeviceReading reading, CancellationToken cancellationToken)
    {
        var now = parts.Time.GetUtcNow();
        var row = new GrantedRow(stored.Uri, stored.Grant.StateForGranteeAt(now), stored.Grant.Terms);
        if (stored.Grant.GrantedAt is null || stored.Grant.DaysAt(now) is not { } open || stored.DeviceId is not { } id || await parts.Devices.FindAsync(id, cancellationToken) is not { } device)
        {
            return row;
        }
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var until = open.Until < today ? open.Until : today;
        if (open.From > until)
        {
            return row;
        }
        var wanted = new DayRange(open.From > until.AddDays(1 - Days) ? open.From : until.AddDays(1 - Days), until);
        if (await parts.Access.FindAsync(device.Pseudonym.ToBase64Url(), caller, DeviceQuestion.Verdicts, wanted, cancellationToken) is not { } seen)
        {
            return row;
        }
        var template = reading.TemplateOf(device);
        var days = await reading.ListDaysAsync(device, seen.Days.From, seen.Days.Until, cancellationToken);
        var period = await reading.ComputeAsync(device, days, seen.Days.From, seen.Days.Until, cancellationToken);
        var shown = GrantedView.Filter(period, seen, template);
        var refusals = await reading.ListRefusalsAsync(device, seen.Days.From, seen.Days.Until, cancellationToken);
        var query = GrantedDevicePages.Query(seen.Days);
        var path = $"/api/devices/{device.Pseudonym.ToBase64Url()}";
        return row with
        {
            Name = device.Name,
            Url = $"{Address}/{device.Pseudonym.ToBase64Url()}{query}",
            Period = shown,
            Answer = DeviceAnswer.Of(shown, refusals),
            VerdictsUrl = $"{path}/verdicts{query}",
            EvidenceUrl = GrantedView.ShowsStatements(seen, template) ? $"{path}/evidence" : null,
            Open = new DayRange(open.From, until),
        };
    }

    private static async Task<IResult> RequestAsync(AccountContext context, GrantParts parts, DeviceReading reading)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        if (who.Caller is not { Organisation: not null, Role: >= OrganisationRole.Operator })
        {
            return Problems.NotAllowed("Only operators and admins of an organisation may do this.");
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var errors = new List<(string Field, string Message)>();
        var device = typed["device"].ToString().Trim();
        if (device.Length is 0 or > TelemetryHeader.MaxDeviceChars || device.Any(char.IsControl) || ItemUri.Read(device, new JsonFields(default)) is null)
        {
            errors.Add(("device", context.T.DeviceUriWrong));
        }
        errors.AddRange(GrantForms.FindWrongDays(typed).Select(name => (name, context.T.DayWrong)));
        if (errors.Count > 0)
        {
            return await RenderAsync(context, parts, reading, who, context.NewForm(typed, [.. errors]), StatusCodes.Status400BadRequest);
        }
        var inner = GrantForms.Request(context, new { device, terms = GrantForms.Terms(typed) });
        return await GrantEndpoints.RequestAsync(inner, who.Caller, parts, context.Cancellation) switch
        {
            ProblemHttpResult { ProblemDetails: var details } => await RenderAsync(
                context, parts, reading, who, context.NewForm(typed, ("", details.Detail ?? context.T.ChangedMeanwhile)), StatusCodes.Status400BadRequest),
            _ => context.Redirect(Address, "asked"),
        };
    }
}
