using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Pages;
using TrustChain.Server.Pages.Account;

namespace TrustChain.Server.Accounts;

/// <summary>What the handlers of the account's pages share: who is signed in, what is written down, and how a page is rendered.</summary>
internal sealed class AccountContext(
    IHttpContextAccessor accessor, UserManager<Person> users, AuditStore audit, Memberships memberships, IAntiforgery antiforgery, HtmlRenderer renderer, IOptions<ServerOptions> server, TimeProvider time)
{
    /// <summary>Name of the query parameter that says what was just done.</summary>
    public const string DoneParameter = "done";

    public HttpContext Http => accessor.HttpContext!; // This service lives within a request.

    public PageContext Page => PageContext.For(Http.Request, server.Value.Operator, time.GetUtcNow());

    public Texts T => Page.Texts;

    public ServerOptions Server => server.Value;

    public CancellationToken Cancellation => Http.RequestAborted;

    /// <summary>Who is signed in, with the organisation they act for; null when nobody is.</summary>
    public async Task<SignedIn?> FindAsync()
    {
        if (await users.GetUserAsync(Http.User) is not { DisabledAt: null } person)
        {
            return null;
        }
        var caller = await memberships.FindCallerAsync(Http) ?? new Caller(null, OrganisationRole.Viewer, $"person:{person.Login}");
        var ticket = await Http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        var named = ticket.Properties is { } properties && properties.Items.TryGetValue(SessionTickets.SessionId, out var id) ? id : null;
        return new SignedIn(person, caller, Guid.TryParse(named, out var session) ? session : null, Confirmation.Holds(ticket.Properties, time.GetUtcNow()));
    }

    /// <summary>Leads to the sign-in page and back here.</summary>
    /// <remarks>A query that is too long for a header is not kept, and a path that is leads nowhere.</remarks>
    public IResult ToSignIn()
    {
        var path = Http.Request.Path.ToString();
        var address = HttpMethods.IsGet(Http.Request.Method) && PageContext.IsReturn(path + Http.Request.QueryString) ? path + Http.Request.QueryString : path;
        return Redirect("/account/sign-in" + (PageContext.IsReturn(address) ? "?returnUrl=" + Uri.EscapeDataString(address) : ""));
    }

    /// <summary>Takes away the cookie of a session that is over, or that this browser no longer shares in: the next one who signs in begins a session of their own.</summary>
    public void DropSession()
    {
        if (Http.Request.Cookies.ContainsKey(AccountsExtensions.SessionCookie))
        {
            Http.Response.Cookies.Delete(AccountsExtensions.SessionCookie);
        }
    }

    /// <summary>Leads to the page where somebody who is signed in shows that it is them, and from there to another.</summary>
    public IResult ToConfirm(string page) => Redirect("/account/confirm?returnUrl=" + Uri.EscapeDataString(page));

    /// <summary>From here on this browser's session counts as confirmed.</summary>
    /// <param name="byPasskey">Whether a passkey was shown, which is a second factor; the password alone is not.</param>
    public async Task ConfirmAsync(bool byPasskey)
    {
        var ticket = await Http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        Confirmation.Note(ticket.Properties!, time.GetUtcNow()); // Somebody is signed in.
        if (byPasskey)
        {
            SecondFactor.Announce(Http);
        }
        await Http.SignInAsync(IdentityConstants.ApplicationScheme, ticket.Principal!, ticket.Properties);
    }

    /// <summary>From here on this browser's session counts as opened with two factors: the person has just shown one beside what they signed in with.</summary>
    public async Task NoteSecondFactorAsync()
    {
        var ticket = await Http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        SecondFactor.Announce(Http);
        await Http.SignInAsync(IdentityConstants.ApplicationScheme, ticket.Principal!, ticket.Properties); // Somebody is signed in.
    }

    /// <summary>Leads on after a form was taken.</summary>
    public IResult Redirect(string path, string? done = null)
    {
        Http.Response.Headers.Location = Page.To(done is null ? path : $"{path}?{DoneParameter}={done}");
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    /// <summary>Writes down what was done; also when whoever did it does not wait for the answer.</summary>
    public Task WriteAsync(Person person, Organisation? organisation, string act, string subject) =>
        audit.AddAsync(new AuditAct(organisation?.Id, $"person:{person.Login}", act, subject, Http.Address()), CancellationToken.None);

    /// <summary>The empty form of a page.</summary>
    public FormState NewForm()
    {
        var tokens = antiforgery.GetAndStoreTokens(Http);
        return new FormState(tokens.FormFieldName, tokens.RequestToken!) { Done = T.Done(Http.Request.Query[DoneParameter]) }; // The framework always makes one.
    }

    /// <summary>A form that is shown again, with what was typed and what is wrong.</summary>
    public FormState NewForm(IFormCollection typed, params IReadOnlyList<(string Field, string Message)> errors) => NewForm() with
    {
        Done = null,
        Errors = errors,
        Values = typed.Where(static f => !f.Key.Contains("assword", StringComparison.Ordinal) && f.Key is not ("current" or "code" or "credential"))
            .ToDictionary(static f => f.Key, static f => f.Value.ToString()),
    };

    public static AccountFrame Frame(SignedIn who) => new(
        who.Person.Name,
        who.Caller.Organisation?.Name,
        who.Caller.Organisation is not null && who.Caller.Role == OrganisationRole.Admin,
        who.Caller.IsDeploymentAdmin || who.Caller.Organisation is { IsAuditor: true });

    /// <summary>Renders a page whose parameters beside the page context are given; never kept by anybody.</summary>
    /// <param name="address">Where it is shown without a form: its links to other languages lead there.</param>
    /// <param name="parameters">What the page is given.</param>
    /// <param name="status">HTTP status.</param>
    public async Task<IResult> RenderAsync<TPage>(string address, IReadOnlyDictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
        where TPage : IComponent
    {
        SecurityHeaders.SetForPage(Http, hasForms: true);
        Http.Response.Headers.CacheControl = "no-store";
        var all = new Dictionary<string, object?>(parameters) { ["Page"] = Page with { Address = address } };
        var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TPage>(ParameterView.FromDictionary(all))).ToHtmlString());
        return Results.Content(html, "text/html; charset=utf-8", statusCode: status);
    }

    /// <summary>Refuses forms that do not come from a page of this site.</summary>
    public static async ValueTask<object?> CheckFormAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext.Request;
        if (HttpMethods.IsPost(request.Method))
        {
            var account = context.HttpContext.RequestServices.GetRequiredService<AccountContext>();
            if (!await IsReadableAsync(request, context.HttpContext.RequestAborted) || !await context.HttpContext.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context.HttpContext))
            {
                return Problems.InvalidRequest(account.T.FormExpired);
            }
        }
        return await next(context);
    }

    /// <summary>Sends whoever is signed in, but has not shown lately that it is them, to the page that asks for that.</summary>
    public static async ValueTask<object?> CheckConfirmedAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var account = context.HttpContext.RequestServices.GetRequiredService<AccountContext>();
        return await account.FindAsync() is { IsConfirmed: false } ? account.ToConfirm(HttpMethods.IsGet(account.Http.Request.Method) ? account.Http.Request.Path : "/account") : await next(context);
    }

    /// <summary>Whether the body is a form within the limits that forms have: number and length of fields.</summary>
    private static async Task<bool> IsReadableAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return request.HasFormContentType && await request.ReadFormAsync(cancellationToken) is not null;
        }
        catch (InvalidDataException)
        {
            return false; // What the reader has for a form beyond its limits, or cut short.
        }
    }
}

/// <summary>Who is signed in.</summary>
/// <param name="Person">They.</param>
/// <param name="Caller">For whom they act.</param>
/// <param name="Session">The session of this browser.</param>
/// <param name="IsConfirmed">Whether they have shown lately that it is them: see <see cref="Confirmation"/>.</param>
internal sealed record SignedIn(Person Person, Caller Caller, Guid? Session, bool IsConfirmed);
