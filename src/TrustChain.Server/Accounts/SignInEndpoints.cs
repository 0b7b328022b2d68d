using System.Text.Json;
using Microsoft.AspNetCore.Identity;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Pages;
using TrustChain.Server.Pages.Account;

namespace TrustChain.Server.Accounts;

/// <summary>Signing in and out, and joining by invitation.</summary>
internal static class SignInEndpoints
{
    // Checked when nobody has the login, so that an unknown login takes as long as a wrong password.
    private static readonly string NobodysHash = new PasswordHasher<Person>().HashPassword(new Person(), Guid.NewGuid().ToString());

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        var account = app.MapGroup("/account").ExcludeFromDescription().AddEndpointFilter(AccountContext.CheckFormAsync);
        account.MapGet("/sign-in", ShowSignInAsync).OpenWithoutSecondFactor();
        account.MapPost("/sign-in", SignInAsync).AddEndpointFilter(AsNobodyAsync).OpenWithoutSecondFactor();
        account.MapGet("/sign-in/code", ShowCodeAsync).OpenWithoutSecondFactor();
        account.MapPost("/sign-in/code", SignInWithCodeAsync).AddEndpointFilter(AsNobodyAsync).OpenWithoutSecondFactor();
        account.MapPost("/passkeys/request", RequestPasskeyAsync).OpenWithoutSecondFactor();
        account.MapPost("/passkeys/sign-in", SignInWithPasskeyAsync).AddEndpointFilter(AsNobodyAsync).OpenWithoutSecondFactor();
        account.MapPost("/sign-out", SignOutAsync).OpenWithoutSecondFactor();
        account.MapGet("/join", ShowJoinAsync);
        account.MapPost("/join", JoinAsync);
    }

    private static async Task<IResult> ShowSignInAsync(string? returnUrl, AccountContext context)
    {
        if (await context.FindAsync() is not null)
        {
            return context.Redirect("/account"); // Whoever is signed in signs out first: a session is one person's from its beginning to its end.
        }
        context.DropSession();
        return await RenderSignInAsync(context, context.NewForm() with { Values = new Dictionary<string, string> { ["returnUrl"] = returnUrl ?? "" } });
    }

    private static async ValueTask<object?> AsNobodyAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var account = context.HttpContext.RequestServices.GetRequiredService<AccountContext>();
        return await account.FindAsync() is null ? await next(context) : account.Redirect("/account");
    }

    private static Task<IResult> RenderSignInAsync(AccountContext context, FormState form, int status = StatusCodes.Status200OK) =>
        context.RenderAsync<SignInPage>("/account/sign-in", new Dictionary<string, object?> { [nameof(SignInPage.Form)] = form }, status);

    private static async Task<IResult> SignInAsync(AccountContext context, UserManager<Person> users, SignInManager<Person> signIn)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var (login, password) = (typed["login"].ToString(), typed["password"].ToString());
        var person = login.Length <= 100 ? await users.FindByNameAsync(login) : null;
        if (person?.PasswordHash is null)
        {
            users.PasswordHasher.VerifyHashedPassword(new Person(), NobodysHash, password);
            return await RenderSignInAsync(context, context.NewForm(typed, ("", context.T.SignInFailed)), StatusCodes.Status401Unauthorized);
        }
        var result = await signIn.PasswordSignInAsync(person, password, isPersistent: false, lockoutOnFailure: true);
        if (result.RequiresTwoFactor)
        {
            var returnUrl = typed["returnUrl"].ToString();
            return context.Redirect("/account/sign-in/code" + (PageContext.IsReturn(returnUrl) ? "?returnUrl=" + Uri.EscapeDataString(returnUrl) : ""));
        }
        return await AnswerAsync(context, person, result, typed, "password");
    }

    private static async Task<IResult> ShowCodeAsync(string? returnUrl, AccountContext context, UserManager<Person> users, SignInManager<Person> signIn)
    {
        var form = context.NewForm() with { Values = new Dictionary<string, string> { ["returnUrl"] = returnUrl ?? "" } };
        var closed = await signIn.GetTwoFactorAuthenticationUserAsync() is { } person && await users.GetAuthenticatorKeyAsync(person) is null;
        return await RenderCodeAsync(context, closed ? form with { Errors = [("code", context.T.CodesClosed)] } : form);
    }

    private static Task<IResult> RenderCodeAsync(AccountContext context, FormState form, int status = StatusCodes.Status200OK) =>
        context.RenderAsync<CodePage>("/account/sign-in/code", new Dictionary<string, object?> { [nameof(CodePage.Form)] = form }, status);

    private static async Task<IResult> SignInWithCodeAsync(AccountContext context, UserManager<Person> users, SignInManager<Person> signIn)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        if (await signIn.GetTwoFactorAuthenticationUserAsync() is not { } person)
        {
            return context.Redirect("/account/sign-in"); // The first step is too long ago.
        }
        var code = typed["code"].ToString().Replace(" ", "", StringComparison.Ordinal);
        SecondFactor.Announce(context.Http); // Should the code be right, a session begins.
        var result = code.Length == 6 && code.All(char.IsAsciiDigit)
            ? await signIn.TwoFactorAuthenticatorSignInAsync(code, isPersistent: false, rememberClient: false)
            : await signIn.TwoFactorRecoveryCodeSignInAsync(code);
        if (!result.Succeeded && !result.IsLockedOut)
        {
            await context.WriteAsync(person, null, "sign-in-failed", "one-time code");
            var fault = await users.GetAuthenticatorKeyAsync(person) is null ? context.T.CodesClosed : context.T.CodeWrong;
            return await RenderCodeAsync(context, context.NewForm(typed, ("code", fault)), StatusCodes.Status401Unauthorized);
        }
        return await AnswerAsync(context, person, result, typed, code.Length == 6 ? "password and one-time code" : "password and recovery code");
    }

    private static async Task<IResult> RequestPasskeyAsync(SignInManager<Person> signIn) =>
        Results.Content(await signIn.MakePasskeyRequestOptionsAsync(null), "application/json");

    private static async Task<IResult> SignInWithPasskeyAsync(AccountContext context, PersonStore people, SignInManager<Person> signIn)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var credential = typed["credential"].ToString();
        SecondFactor.Announce(context.Http);
        var result = (credential.Length is > 0 and <= 16_384 ? await PasskeyForm.TryAsync(() => signIn.PasskeySignInAsync(credential)) : null) ?? SignInResult.Failed;
        return await FindByCredentialAsync(people, credential, context.Cancellation) is { } person
            ? await AnswerAsync(context, person, result, typed, "passkey")
            : await RenderSignInAsync(context, context.NewForm(typed, ("", context.T.PasskeyFailed)), StatusCodes.Status401Unauthorized);
    }

    private static async Task<Person?> FindByCredentialAsync(PersonStore people, string credential, CancellationToken cancellationToken)
    {
        try
        {
            using var json = JsonDocument.Parse(credential);
            return json.RootElement.TryGetProperty("id", out var id) && id.GetString() is { } text && Base64UrlText.TryDecode(text, out var bytes)
                && await people.FindPasskeyAsync(bytes, cancellationToken) is { } passkey
                ? await people.FindAsync(passkey.PersonId, cancellationToken)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null; // No credential at all.
        }
    }

    private static async Task<IResult> AnswerAsync(AccountContext context, Person person, SignInResult result, IFormCollection typed, string how)
    {
        if (!result.Succeeded)
        {
            await context.WriteAsync(person, null, "sign-in-failed", result.IsLockedOut ? $"{how}, locked out" : how);
            return await RenderSignInAsync(context, context.NewForm(typed, ("", result.IsLockedOut ? context.T.SignInLocked : context.T.SignInFailed)), StatusCodes.Status401Unauthorized);
        }
        await context.WriteAsync(person, null, "signed-in", how);
        var returnUrl = typed["returnUrl"].ToString();
        return context.Redirect(PageContext.IsReturn(returnUrl) ? returnUrl : "/account");
    }

    private static async Task<IResult> SignOutAsync(AccountContext context, SignInManager<Person> signIn)
    {
        if (await context.FindAsync() is { } who)
        {
            await context.WriteAsync(who.Person, null, "signed-out", "this browser");
        }
        await signIn.SignOutAsync();
        return context.Redirect("/account/sign-in", "signed-out");
    }

    private static async Task<IResult> ShowJoinAsync(string? token, AccountContext context, MemberStore members, TimeProvider time)
    {
        if (await context.FindAsync() is null)
        {
            context.DropSession();
        }
        return await RenderJoinAsync(context, await FindOpenAsync(token, members, time, context.Cancellation), token, context.NewForm());
    }

    private static async Task<IResult> RenderJoinAsync(AccountContext context, Invitation? invitation, string? token, FormState form, int status = StatusCodes.Status200OK)
    {
        var view = invitation is null ? null : new JoinPage.JoinView(token!, invitation.Organisation.Name, invitation.Role.Name(), (await context.FindAsync())?.Person.Login); // It was found by the token.
        return await context.RenderAsync<JoinPage>(
            "/account/join?token=" + Uri.EscapeDataString(token ?? ""),
            new Dictionary<string, object?> { [nameof(JoinPage.Form)] = form, [nameof(JoinPage.View)] = view }, view is null ? StatusCodes.Status404NotFound : status);
    }

    private static async Task<IResult> JoinAsync(
        AccountContext context, MemberStore members, AuditStore audit, Memberships memberships, UserManager<Person> users, SignInManager<Person> signIn, TimeProvider time)
    {
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var token = typed["token"].ToString();
        if (await FindOpenAsync(token, members, time, context.Cancellation) is not { } invitation)
        {
            return await RenderJoinAsync(context, null, token, context.NewForm());
        }
        var person = (await context.FindAsync())?.Person;
        if (person is null)
        {
            var errors = new List<(string, string)>();
            person = new Person { Login = typed["login"].ToString(), Name = typed["name"].ToString().Trim() };
            if (person.Name.Length is 0 or > 100 || person.Name.Any(char.IsControl))
            {
                errors.Add(("name", context.T.FieldMissing));
            }
            if (person.Login.Length is < 3 or > 100 || person.Login.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c)))
            {
                errors.Add(("login", context.T.LoginForm));
            }
            if (errors.Count == 0 && await users.CreateAsync(person, typed["password"].ToString()) is { Succeeded: false } refused)
            {
                errors.Add(refused.Errors.Any(static e => e.Code.StartsWith("Password", StringComparison.Ordinal)) ? ("password", context.T.PasswordWeak) : ("login", context.T.LoginTaken));
            }
            if (errors.Count > 0)
            {
                return await RenderJoinAsync(context, invitation, token, context.NewForm(typed, [.. errors]), StatusCodes.Status400BadRequest);
            }
            await signIn.SignInAsync(person, isPersistent: false);
            await context.WriteAsync(person, null, "account-made", person.Login);
        }
        var joined = await audit.DoAsync(
            connection => members.AcceptAsync(connection, invitation, person.Id, context.Cancellation),
            taken => new AuditAct(taken.Organisation.Id, $"person:{person.Login}", "member-joined", $"{person.Login} as {taken.Role.Name()}", context.Http.Address()),
            context.Cancellation);
        memberships.Forget(person.Id);
        return joined is null ? await RenderJoinAsync(context, null, token, context.NewForm()) : context.Redirect("/account");
    }

    private static async Task<Invitation?> FindOpenAsync(string? token, MemberStore members, TimeProvider time, CancellationToken cancellationToken) =>
        token is { Length: > 0 and <= 100 } && await members.FindInvitationAsync(token, cancellationToken) is { } invitation && invitation.IsOpen(time.GetUtcNow()) ? invitation : null;
}
