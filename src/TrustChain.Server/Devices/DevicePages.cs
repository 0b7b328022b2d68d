using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using QRCoder;
using TrustChain.Core.Devices;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Items;
using TrustChain.Server.Pages.Account;
using TrustChain.Server.Pages.Devices;

namespace TrustChain.Server.Devices;

/// <summary>What people see of devices: an organisation's list, the form that registers one, and the page of each.</summary>
internal static class DevicePages
{
    private const int PageSize = 25;
    private const int MaxText = 200;
    private const int FleetDays = 30;

    public static void MapDevicePages(this IEndpointRouteBuilder app)
    {
        var account = app.MapGroup("/account/devices").ExcludeFromDescription().AddEndpointFilter(AccountContext.CheckFormAsync);
        account.MapGet("", ShowFleetAsync);
        account.MapGet("/new", static (AccountContext context, DeviceParts parts) => AsOperatorAsync(context, who => ShowFormAsync(context, parts, who, context.NewForm())));
        account.MapPost("/new", static (AccountContext context, DeviceParts parts) => AsOperatorAsync(context, who => RegisterAsync(context, parts, who)));
        account.MapPost("/claim", static (AccountContext context, DeviceParts parts, DeviceAccess access) => AsOperatorAsync(context, who => RenewClaimAsync(context, parts, access, who)));
        app.MapGet("/devices/{id}", ShowDeviceAsync).WithTags("Devices").WithSummary("The page of a device over a period: the last so many days (days=30|90|365), or from one day to another, both included (UTC).");
    }

    /// <summary>Who acts for an organisation and may record on its behalf.</summary>
    private static async Task<IResult> AsOperatorAsync(AccountContext context, Func<SignedIn, Task<IResult>> act) => await context.FindAsync() switch
    {
        null => context.ToSignIn(),
        { Caller: { Organisation: not null, Role: >= OrganisationRole.Operator }, IsConfirmed: false } => context.ToConfirm("/account/devices/new"), // Who has a claim code speaks as the device.
        { Caller: { Organisation: not null, Role: >= OrganisationRole.Operator } } who => await act(who),
        _ => Problems.NotAllowed("Only operators and admins of an organisation may do this."),
    };

    private static async Task<IResult> ShowFleetAsync(AccountContext context, DeviceParts parts, DeviceFleetStore fleet, DeviceReading reading)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        if (who.Caller.Organisation is not { } organisation)
        {
            return context.Redirect("/account");
        }
        var query = ReadQuery(context.Http.Request.Query);
        var number = int.TryParse(context.Http.Request.Query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Clamp(asked, 1, 100_000) : 1;
        var (from, until) = reading.LastDays(FleetDays);
        var page = await fleet.ListAsync(organisation.Id, query, from, (number - 1) * PageSize, PageSize, context.Cancellation);
        if (page.Rows.Count == 0 && page.Total > 0)
        {
            number = 1; // A page beyond the last: the list became shorter.
            page = await fleet.ListAsync(organisation.Id, query, from, 0, PageSize, context.Cancellation);
        }
        var view = new FleetView
        {
            Query = query,
            Rows = await ReadRowsAsync(page, parts, fleet, from, until, context.Cancellation),
            Total = page.Total,
            PageNumber = number,
            PageSize = PageSize,
            Templates = [.. parts.Templates.All],
            MayRegister = who.Caller.Role >= OrganisationRole.Operator,
        };
        return await context.RenderAsync<FleetPage>(
            view.Address(number), new Dictionary<string, object?> { [nameof(FleetPage.Frame)] = AccountContext.Frame(who), [nameof(FleetPage.View)] = view });
    }

    private static async Task<IReadOnlyList<FleetRow>> ReadRowsAsync(FleetSlice page, DeviceParts parts, DeviceFleetStore fleet, DateOnly from, DateOnly until, CancellationToken cancellationToken)
    {
        int[] ids = [.. page.Rows.Select(static r => r.DeviceId)];
        var devices = (await parts.Devices.ListAsync(ids, cancellationToken)).ToDictionary(static d => d.Id);
        var newest = await parts.Telemetry.ListNewestAsync(ids, cancellationToken);
        var enrolments = (await parts.Devices.ListEnrolmentsAsync(ids, cancellationToken)).ToDictionary(static e => e.DeviceId, static e => e.Enrolment.EnrolledAt);
        var days = await fleet.ListDaysAsync(ids, from, until, cancellationToken);
        var now = parts.Time.GetUtcNow();
        return [.. page.Rows.Where(r => devices.ContainsKey(r.DeviceId)).Select(r =>
        {
            var device = devices[r.DeviceId];
            var template = parts.Templates.Find(device.Template);
            var last = newest.GetValueOrDefault(r.DeviceId);
            var period = template is null || (last is null && enrolments.GetValueOrDefault(r.DeviceId) is null)
                ? null
                : DevicePeriod.Compute(template, from, until, [.. days[r.DeviceId].Select(static d => DeviceDay.Parse(d))], DeviceDays.ExpectedFrom(last?.FirstSignedAt, enrolments.GetValueOrDefault(r.DeviceId)), now);
            return new FleetRow(device, template, last?.LastSeenAt, period, r.Alarms);
        })];
    }

    /// <summary>Reads what narrows and orders the list; what is not understood narrows nothing.</summary>
    private static FleetQuery ReadQuery(IQueryCollection query)
    {
        var search = query["search"].ToString().Trim();
        return new FleetQuery
        {
            Template = query["template"].ToString() is { Length: > 0 and <= 63 } template && !template.Any(char.IsControl) ? template : null,
            State = Enum.GetValues<DeviceState>().Cast<DeviceState?>().FirstOrDefault(s => FleetView.StateCode(s!.Value) == query["state"]), // Cast so that there may be none.
            AlarmsOnly = query["alarms"] == "1",
            Search = search.Length is > 0 and <= MaxText && !search.Any(static c => char.IsControl(c) || char.IsSurrogate(c)) ? search : null,
            Order = Enum.GetValues<FleetOrder>().FirstOrDefault(o => FleetView.OrderCode(o) == query["sort"]),
        };
    }

    private static Task<IResult> ShowFormAsync(AccountContext context, DeviceParts parts, SignedIn who, FormState form, int status = StatusCodes.Status200OK) =>
        context.RenderAsync<RegisterDevicePage>(
            "/account/devices/new",
            new Dictionary<string, object?>
            {
                [nameof(RegisterDevicePage.Form)] = form,
                [nameof(RegisterDevicePage.Frame)] = AccountContext.Frame(who),
                [nameof(RegisterDevicePage.Templates)] = parts.Templates.Newest,
            },
            status);

    private static async Task<IResult> RegisterAsync(AccountContext context, DeviceParts parts, SignedIn who)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var values = new Dictionary<string, string>();
        var errors = new List<(string Field, string Message)>();
        foreach (var (name, required, max) in ((string, bool, int)[])[("device", true, TelemetryHeader.MaxDeviceChars), ("name", true, MaxText), ("template", true, 63), ("maker", false, MaxText), ("model", false, MaxText), ("serial", false, MaxText)])
        {
            var text = typed[name].ToString().Trim();
            if (text.Length > max || text.Any(char.IsControl))
            {
                errors.Add((name, context.T.TextWrong));
            }
            else if (text.Length > 0)
            {
                values[name] = text;
            }
            else if (required)
            {
                errors.Add((name, context.T.FieldMissing));
            }
        }
        if (values.TryGetValue("device", out var uri) && ItemUri.Read(uri, new JsonFields(default)) is null)
        {
            errors.Add(("device", context.T.DeviceUriWrong));
        }
        if (values.TryGetValue("template", out var template) && parts.Templates.FindNewest(template) is null)
        {
            errors.Add(("template", context.T.FieldMissing));
        }
        if (errors.Count > 0)
        {
            return await ShowFormAsync(context, parts, who, context.NewForm(typed, [.. errors]), StatusCodes.Status400BadRequest);
        }
        var organisation = who.Caller.Organisation!; // An operator has one.
        var (device, code, expires, problem) = await DeviceEndpoints.RegisterAsync(JsonSerializer.SerializeToElement(values), organisation, parts, context.Cancellation);
        if (device is null)
        {
            return await ShowFormAsync(context, parts, who, context.NewForm(typed, Explain(problem!, context)), StatusCodes.Status409Conflict); // One of the two is set.
        }
        await context.WriteAsync(who.Person, organisation, "device-registered", device.Uri);
        return await ShowCodeAsync(context, who, device, code!, expires); // Set with the device.
    }

    /// <summary>What the interface for programs refuses, as a sentence beside the field.</summary>
    private static (string Field, string Message) Explain(IResult problem, AccountContext context) =>
        problem is ProblemHttpResult { ProblemDetails: var details }
            ? details.Extensions["code"] switch
            {
                ProblemCodes.NoAuthority => ("device", context.T.DeviceNoClaim),
                ProblemCodes.AlreadyExists => ("device", context.T.DeviceUriTaken),
                _ => ("", details.Detail ?? context.T.ChangedMeanwhile),
            }
            : throw new InvalidOperationException("A problem is a problem.");

    private static async Task<IResult> RenewClaimAsync(AccountContext context, DeviceParts parts, DeviceAccess access, SignedIn who)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        if (await access.FindAsync(typed["device"].ToString(), who.Caller, context.Cancellation) is not { IsOwner: true, Device: var device })
        {
            return await UnknownAsync(context);
        }
        if (device.State != DeviceState.None)
        {
            return context.Redirect($"/devices/{device.Pseudonym.ToBase64Url()}"); // It came with its key meanwhile.
        }
        var (code, expires) = await DeviceEndpoints.RenewAsync(device, parts, context.Cancellation);
        await context.WriteAsync(who.Person, who.Caller.Organisation, "claim-code-made", device.Uri);
        return await ShowCodeAsync(context, who, device, code, expires);
    }

    private static Task<IResult> ShowCodeAsync(AccountContext context, SignedIn who, StoredDevice device, string code, DateTimeOffset expires)
    {
        var address = $"{context.Server.PublicUrl.TrimEnd('/')}/api/devices/claim/{code}";
        using var data = QRCodeGenerator.GenerateQrCode(address, QRCodeGenerator.ECCLevel.M);
        using var picture = new PngByteQRCode(data);
        return context.RenderAsync<ClaimCodePage>("/account/devices", new Dictionary<string, object?>
        {
            [nameof(ClaimCodePage.Frame)] = AccountContext.Frame(who),
            [nameof(ClaimCodePage.Code)] = code,
            [nameof(ClaimCodePage.ExpiresAt)] = expires,
            [nameof(ClaimCodePage.Address)] = address,
            [nameof(ClaimCodePage.Picture)] = "data:image/png;base64," + Convert.ToBase64String(picture.GetGraphic(6)),
            [nameof(ClaimCodePage.Name)] = new Pages.Phrase(device.Name),
            [nameof(ClaimCodePage.Uri)] = device.Uri,
            [nameof(ClaimCodePage.Id)] = device.Pseudonym.ToBase64Url(),
        });
    }

    private static async Task<IResult> ShowDeviceAsync(string id, AccountContext context, Caller caller, DeviceAccess access, DeviceReading reading, DeviceViewBuilder builder)
    {
        if (await access.FindAsync(id, caller, context.Cancellation) is not { } seen)
        {
            return await UnknownAsync(context);
        }
        var mayRenew = seen is { IsOwner: true, Device.State: DeviceState.None } && caller.Role >= OrganisationRole.Operator;
        var view = (await builder.BuildAsync(seen, ReadPeriod(context.Http.Request.Query, reading) with { PlacesAreFine = context.Http.Request.Query["places"] == "fine" }, context.T, context.Cancellation)) with { MayRenewClaim = mayRenew };
        return await context.RenderAsync<DevicePage>(context.Page.Address, new Dictionary<string, object?>
        {
            [nameof(DevicePage.View)] = view,
            [nameof(DevicePage.Form)] = mayRenew ? context.NewForm() : null,
        });
    }

    private static AskedPeriod ReadPeriod(IQueryCollection query, DeviceReading reading)
    {
        if (query.ContainsKey("from") || query.ContainsKey("to"))
        {
            var wrong = DeviceHistoryEndpoints.ReadPeriod(query["from"], query["to"], reading, out var period) is not null;
            return wrong ? Last(30, true) : new AskedPeriod(period.From, period.Until, null, false);
        }
        return query["days"].ToString() switch
        {
            "90" => Last(90, false),
            "365" => Last(365, false),
            "" or "30" => Last(30, false),
            _ => Last(30, true),
        };

        AskedPeriod Last(int count, bool wasWrong)
        {
            var (from, until) = reading.LastDays(count);
            return new AskedPeriod(from, until, count, wasWrong);
        }
    }

    /// <summary>The same for a device that does not exist and for one that the caller may not see.</summary>
    public static Task<IResult> UnknownAsync(AccountContext context) =>
        context.RenderAsync<DeviceUnknownPage>(context.Http.Request.Path.ToUriComponent(), new Dictionary<string, object?>(), StatusCodes.Status404NotFound);
}
