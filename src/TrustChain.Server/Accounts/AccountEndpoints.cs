using System.Buffers;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Identity;
using QRCoder;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Pages;
using TrustChain.Server.Pages.Account;

namespace TrustChain.Server.Accounts;

/// <summary>A person's own page: passkeys, one-time codes, password, sessions, and the organisation they act for.</summary>
internal static partial class AccountEndpoints
{
    private const int RecoveryCodes = 10;
    private const int MaxCredentialId = 1023;
    private const string ByPasskey = "passkey";

    public static void MapAccount(this IEndpointRouteBuilder app)
    {
        var account = app.MapGroup("/account").ExcludeFromDescription().AddEndpointFilter(AccountContext.CheckFormAsync);
        account.MapGet("", ShowAsync);
        account.MapPost("/organisation", ChooseOrganisationAsync);
        account.MapGet("/second-factor", ShowSecondFactorAsync).OpenWithoutSecondFactor();
        account.MapGet("/confirm", ShowConfirmAsync).OpenWithoutSecondFactor();
        account.MapPost("/confirm", ConfirmByPasswordAsync).OpenWithoutSecondFactor();
        account.MapPost("/confirm/passkey", ConfirmByPasskeyAsync).OpenWithoutSecondFactor();
        account.MapPost("/password", ChangePasswordAsync);
        account.MapPost("/password/passkey", ReplacePasswordAsync);
        account.MapPost("/sessions/end", EndSessionAsync);
        account.MapPost("/sign-out-everywhere", SignOutEverywhereAsync).OpenWithoutSecondFactor();
        var confirmed = account.MapGroup("").AddEndpointFilter(AccountContext.CheckConfirmedAsync); // Who may use these may come back at any time.
        confirmed.MapPost("/passkeys/create", OfferPasskeyAsync).OpenToSetUpSecondFactor();
        confirmed.MapPost("/passkeys/add", AddPasskeyAsync).OpenToSetUpSecondFactor();
        confirmed.MapPost("/passkeys/remove", RemovePasskeyAsync);
        confirmed.MapGet("/codes", ShowCodesAsync).OpenToSetUpSecondFactor();
        confirmed.MapPost("/codes", TurnCodesOnAsync).OpenToSetUpSecondFactor();
        confirmed.MapPost("/codes/renew", RenewCodesAsync);
        confirmed.MapPost("/codes/off", TurnCodesOffAsync);
    }

    private static async Task<IResult> ShowAsync(AccountContext context, AccountParts parts) =>
        await context.FindAsync() is { } who ? await RenderAsync(context, parts, who, context.NewForm()) : context.ToSignIn();

    private static async Task<IResult> RenderAsync(AccountContext context, AccountParts parts, SignedIn who, FormState form, int status = StatusCodes.Status200OK)
    {
        var view = new AccountPage.AccountView(
            await parts.Memberships.GetAsync(who.Person.Id, context.Cancellation),
            who.Caller.Organisation?.Code,
            await parts.People.ListPasskeyNamesAsync(who.Person.Id, context.Cancellation),
            who.Person.PasswordHash is not null,
            who.Person.TwoFactor,
            who.Person.RecoveryCodes.Count,
            await parts.Sessions.ListAsync(who.Person.Id, context.Cancellation),
            who.Session,
            who.IsConfirmed);
        return await context.RenderAsync<AccountPage>(
            "/account",
            new Dictionary<string, object?> { [nameof(AccountPage.Form)] = form, [nameof(AccountPage.Frame)] = AccountContext.Frame(who), [nameof(AccountPage.View)] = view }, status);
    }

    private static async Task<IResult> ChooseOrganisationAsync(AccountContext context, AccountParts parts)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var code = (await context.Http.Request.ReadFormAsync(context.Cancellation))["organisation"].ToString();
        if ((await parts.Memberships.GetAsync(who.Person.Id, context.Cancellation)).Any(m => m.Organisation.Code == code))
        {
            context.Http.Response.Cookies.Append(
                Memberships.Cookie, code, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = context.Http.Request.IsHttps, MaxAge = TimeSpan.FromDays(365) });
        }
        return context.Redirect("/account");
    }

    private static async Task<IResult> OfferPasskeyAsync(AccountContext context, SignInManager<Person> signIn) => await context.FindAsync() is { } who
        ? Results.Content(
            await signIn.MakePasskeyCreationOptionsAsync(new PasskeyUserEntity { Id = who.Person.Id.ToString(), Name = who.Person.Login, DisplayName = who.Person.Name }), "application/json")
        : Problems.NotAuthenticated();

    private static async Task<IResult> AddPasskeyAsync(
        AccountContext context, AccountParts parts, UserManager<Person> users, SignInManager<Person> signIn, SecondFactor secondFactor, ILogger<AccountContext> logger)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var (credential, name) = (typed["credential"].ToString(), typed["passkeyName"].ToString().Trim());
        if (name.Length is 0 or > 60 || name.Any(char.IsControl))
        {
            return await RefuseAsync(context.NewForm(typed, ("passkeyName", context.T.FieldMissing)), StatusCodes.Status400BadRequest);
        }
        if (await parts.People.CountPasskeysAsync(who.Person.Id, context.Cancellation) >= PersonStore.MaxPasskeys)
        {
            return await RefuseAsync(context.NewForm(typed, ("", context.T.TooManyPasskeys)), StatusCodes.Status409Conflict);
        }
        var attested = credential.Length is > 0 and <= 65_536 ? await PasskeyForm.TryAsync(() => signIn.PerformPasskeyAttestationAsync(credential)) : null;
        if (attested is not { Succeeded: true } || attested.UserEntity.Id != who.Person.Id.ToString())
        {
            Log.PasskeyRefused(logger, attested?.Failure?.Message ?? "none was sent, or it was made for somebody else");
            return await RefuseAsync(context.NewForm(typed, ("", context.T.PasskeyFailed)), StatusCodes.Status400BadRequest);
        }
        attested.Passkey.Name = name;
        try
        {
            if (!(await users.AddOrUpdatePasskeyAsync(who.Person, attested.Passkey)).Succeeded)
            {
                return await RefuseAsync(context.NewForm(typed, ("", context.T.ChangedMeanwhile)), StatusCodes.Status409Conflict);
            }
        }
        catch (TooManyPasskeysException)
        {
            return await RefuseAsync(context.NewForm(typed, ("", context.T.TooManyPasskeys)), StatusCodes.Status409Conflict); // Others came since they were counted.
        }
        await context.NoteSecondFactorAsync();
        return await DoneAsync(context, who, "passkey-added", name, "passkey");

        // Whose account is closed until this succeeds is not shown the account.
        async Task<IResult> RefuseAsync(FormState form, int status) => await secondFactor.FindAsync(context.Http) == SecondFactorState.Enough
            ? await RenderAsync(context, parts, who, form, status)
            : await RenderSecondFactorAsync(context, parts, who, SecondFactorState.NotSetUp, form, status);
    }

    private static async Task<IResult> RemovePasskeyAsync(AccountContext context, AccountParts parts)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var id = (await context.Http.Request.ReadFormAsync(context.Cancellation))["credentialId"].ToString();
        var bytes = new byte[MaxCredentialId];
        return Convert.FromHexString(id, bytes, out _, out var length) == OperationStatus.Done
            && await parts.People.RemovePasskeyAsync(who.Person.Id, bytes[..length], context.Cancellation) is { } name
            ? await DoneAsync(context, who, "passkey-removed", name, "passkey-removed")
            : context.Redirect("/account");
    }

    private static async Task<IResult> ShowCodesAsync(AccountContext context, UserManager<Person> users, PendingCodes pending)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        return who.Person.TwoFactor ? context.Redirect("/account") : await RenderCodesAsync(context, who, pending, users.GenerateNewAuthenticatorKey(), context.NewForm());
    }

    /// <summary>Shows a secret that is nobody's yet: only this page has it, and its form brings it back, so that a secret somebody else was shown is never taken up.</summary>
    private static async Task<IResult> RenderCodesAsync(AccountContext context, SignedIn who, PendingCodes pending, string secret, FormState form, int status = StatusCodes.Status200OK)
    {
        var (issuer, login) = (UrlEncoder.Default.Encode(context.Server.Operator), UrlEncoder.Default.Encode(who.Person.Login));
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode($"otpauth://totp/{issuer}:{login}?secret={secret}&issuer={issuer}&digits=6", QRCodeGenerator.ECCLevel.M);
        using var picture = new PngByteQRCode(data);
        return await context.RenderAsync<CodesPage>(
            "/account/codes",
            new Dictionary<string, object?>
            {
                [nameof(CodesPage.Form)] = form,
                [nameof(CodesPage.Frame)] = AccountContext.Frame(who),
                [nameof(CodesPage.Picture)] = "data:image/png;base64," + Convert.ToBase64String(picture.GetGraphic(6)),
                [nameof(CodesPage.Secret)] = secret,
                [nameof(CodesPage.Pending)] = pending.Protect(who.Person.Id, secret),
            },
            status);
    }

    private static async Task<IResult> TurnCodesOnAsync(
        AccountContext context, AccountParts parts, UserManager<Person> users, SignInManager<Person> signIn, IUserAuthenticatorKeyStore<Person> secrets, PendingCodes pending)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        if (who.Person.TwoFactor || pending.Unprotect(who.Person.Id, typed["pending"].ToString()) is not { } secret)
        {
            return context.Redirect("/account/codes"); // They are on, or the page is too old.
        }
        await secrets.SetAuthenticatorKeyAsync(who.Person, secret, context.Cancellation); // In memory: stored once a code of it was shown.
        var code = typed["code"].ToString().Replace(" ", "", StringComparison.Ordinal);
        if (!await users.VerifyTwoFactorTokenAsync(who.Person, users.Options.Tokens.AuthenticatorTokenProvider, code))
        {
            return await RenderCodesAsync(context, who, pending, secret, context.NewForm(typed, ("code", context.T.CodeWrong)), StatusCodes.Status400BadRequest);
        }
        if (!(await users.SetTwoFactorEnabledAsync(who.Person, true)).Succeeded)
        {
            return await RenderCodesAsync(context, who, pending, secret, context.NewForm(typed, ("", context.T.ChangedMeanwhile)), StatusCodes.Status409Conflict);
        }
        SecondFactor.Announce(context.Http); // They have just shown a code.
        await EndOthersAsync(parts, who, signIn);
        await context.WriteAsync(who.Person, null, "codes-turned-on", "");
        return await ShowRecoveryCodesAsync(context, parts, users, who);
    }

    private static async Task<IResult> RenewCodesAsync(AccountContext context, AccountParts parts, UserManager<Person> users) =>
        await context.FindAsync() is { } who ? await ShowRecoveryCodesAsync(context, parts, users, who, "recovery-codes-made") : context.ToSignIn();

    /// <param name="context">The request.</param>
    /// <param name="parts">For the page that is shown when another request changed the person at the same moment, and no codes were made.</param>
    /// <param name="users">Makes the codes.</param>
    /// <param name="who">Whose they are.</param>
    /// <param name="act">What is written down once they are made; null: nothing.</param>
    private static async Task<IResult> ShowRecoveryCodesAsync(AccountContext context, AccountParts parts, UserManager<Person> users, SignedIn who, string? act = null)
    {
        if (await users.GenerateNewTwoFactorRecoveryCodesAsync(who.Person, RecoveryCodes) is not { } codes)
        {
            return await RenderAsync(context, parts, who, context.NewForm() with { Errors = [("", context.T.ChangedMeanwhile)] }, StatusCodes.Status409Conflict);
        }
        if (act is not null)
        {
            await context.WriteAsync(who.Person, null, act, "");
        }
        return await context.RenderAsync<CodesPage>("/account/codes", new Dictionary<string, object?>
        {
            [nameof(CodesPage.Form)] = context.NewForm(),
            [nameof(CodesPage.Frame)] = AccountContext.Frame(who),
            [nameof(CodesPage.RecoveryCodes)] = codes.ToList(),
        });
    }

    private static async Task<IResult> TurnCodesOffAsync(AccountContext context, AccountParts parts, UserManager<Person> users, SignInManager<Person> signIn)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        who.Person.TwoFactor = false; // In memory: the next line stores it together with another secret, since the old one is not to be taken up again.
        if (!(await users.ResetAuthenticatorKeyAsync(who.Person)).Succeeded)
        {
            who.Person.TwoFactor = true; // The page shows what is stored.
            return await RenderAsync(context, parts, who, context.NewForm() with { Errors = [("", context.T.ChangedMeanwhile)] }, StatusCodes.Status409Conflict);
        }
        await signIn.RefreshSignInAsync(who.Person);
        return await DoneAsync(context, who, "codes-turned-off", "", "codes-off");
    }

    private static async Task<IResult> ShowSecondFactorAsync(AccountContext context, AccountParts parts, SecondFactor secondFactor)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var state = await secondFactor.FindAsync(context.Http);
        if (state == SecondFactorState.Enough)
        {
            return context.Redirect("/account");
        }
        return await RenderSecondFactorAsync(context, parts, who, state, context.NewForm());
    }

    private static async Task<IResult> RenderSecondFactorAsync(
        AccountContext context, AccountParts parts, SignedIn who, SecondFactorState state, FormState form, int status = StatusCodes.Status200OK)
    {
        var hasPasskey = await parts.People.CountPasskeysAsync(who.Person.Id, context.Cancellation) > 0;
        return await context.RenderAsync<SecondFactorPage>(
            "/account/second-factor",
            new Dictionary<string, object?>
            {
                [nameof(SecondFactorPage.Form)] = form,
                [nameof(SecondFactorPage.Frame)] = new AccountFrame(who.Person.Name, null, false, false), // What the frame would lead to is closed.
                [nameof(SecondFactorPage.View)] = new SecondFactorPage.SecondFactorView(state == SecondFactorState.NotShown, hasPasskey, who.Person.TwoFactor, who.IsConfirmed),
            },
            status);
    }

    private static async Task<IResult> ShowConfirmAsync(string? returnUrl, AccountContext context, AccountParts parts) => await context.FindAsync() is { } who
        ? await RenderConfirmAsync(context, parts, who, context.NewForm() with { Values = new Dictionary<string, string> { ["returnUrl"] = returnUrl ?? "" } })
        : context.ToSignIn();

    private static async Task<IResult> RenderConfirmAsync(AccountContext context, AccountParts parts, SignedIn who, FormState form, int status = StatusCodes.Status200OK) =>
        await context.RenderAsync<ConfirmPage>(
            "/account/confirm",
            new Dictionary<string, object?>
            {
                [nameof(ConfirmPage.Form)] = form,
                [nameof(ConfirmPage.Frame)] = AccountContext.Frame(who),
                [nameof(ConfirmPage.HasPassword)] = who.Person.PasswordHash is not null,
                [nameof(ConfirmPage.HasPasskey)] = await parts.People.CountPasskeysAsync(who.Person.Id, context.Cancellation) > 0,
            },
            status);

    private static async Task<IResult> ConfirmByPasswordAsync(AccountContext context, AccountParts parts, SignInManager<Person> signIn)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        return await FindPasswordFaultAsync(context, who, typed, signIn) is { } fault
            ? await RenderConfirmAsync(context, parts, who, context.NewForm(typed, ("current", fault)), StatusCodes.Status400BadRequest)
            : await ConfirmedAsync(context, who, typed, "password");
    }

    private static async Task<IResult> ConfirmByPasskeyAsync(AccountContext context, AccountParts parts, UserManager<Person> users, SignInManager<Person> signIn)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        if (await IsPasskeyShownAsync(who, typed, users, signIn))
        {
            return await ConfirmedAsync(context, who, typed, ByPasskey);
        }
        await context.WriteAsync(who.Person, null, "confirmation-refused", "passkey");
        return await RenderConfirmAsync(context, parts, who, context.NewForm(typed, ("", context.T.PasskeyNotShown)), StatusCodes.Status400BadRequest);
    }

    private static async Task<IResult> ConfirmedAsync(AccountContext context, SignedIn who, IFormCollection typed, string how)
    {
        await context.WriteAsync(who.Person, null, "confirmed", how);
        await context.ConfirmAsync(byPasskey: how == ByPasskey);
        var returnUrl = typed["returnUrl"].ToString();
        return context.Redirect(PageContext.IsReturn(returnUrl) && !returnUrl.Contains('?', StringComparison.Ordinal) ? returnUrl : "/account", "confirmed");
    }

    /// <summary>What is wrong with the current password that was typed; each wrong one counts towards the lockout, as at signing in.</summary>
    private static async Task<string?> FindPasswordFaultAsync(AccountContext context, SignedIn who, IFormCollection typed, SignInManager<Person> signIn)
    {
        var result = await signIn.CheckPasswordSignInAsync(who.Person, typed["current"].ToString(), lockoutOnFailure: true);
        if (result.Succeeded)
        {
            return null;
        }
        await context.WriteAsync(who.Person, null, "confirmation-refused", result.IsLockedOut ? "password, locked out" : "password");
        return result.IsLockedOut ? context.T.SignInLocked : context.T.PasswordWrong;
    }

    /// <summary>Whether the form holds the answer of one of this person's passkeys to a challenge of this moment.</summary>
    private static async Task<bool> IsPasskeyShownAsync(SignedIn who, IFormCollection typed, UserManager<Person> users, SignInManager<Person> signIn)
    {
        var credential = typed["credential"].ToString();
        var shown = credential.Length is > 0 and <= 16_384 ? await PasskeyForm.TryAsync(() => signIn.PerformPasskeyAssertionAsync(credential)) : null;
        return shown is { Succeeded: true } && shown.User.Id == who.Person.Id && (await users.AddOrUpdatePasskeyAsync(who.Person, shown.Passkey)).Succeeded;
    }

    private static async Task<IResult> ChangePasswordAsync(AccountContext context, AccountParts parts, UserManager<Person> users, SignInManager<Person> signIn)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var (current, password) = (typed["current"].ToString(), typed["password"].ToString());
        if (who.Person.PasswordHash is null && !who.IsConfirmed)
        {
            return context.ToConfirm("/account");
        }
        if (who.Person.PasswordHash is not null && await FindPasswordFaultAsync(context, who, typed, signIn) is { } fault)
        {
            return await RenderAsync(context, parts, who, context.NewForm(typed, ("current", fault)), StatusCodes.Status400BadRequest);
        }
        var result = who.Person.PasswordHash is null ? await users.AddPasswordAsync(who.Person, password) : await users.ChangePasswordAsync(who.Person, current, password);
        if (!result.Succeeded)
        {
            return await RenderAsync(context, parts, who, context.NewForm(typed, ("password", context.T.PasswordWeak)), StatusCodes.Status400BadRequest);
        }
        await EndOthersAsync(parts, who, signIn);
        return await DoneAsync(context, who, "password-changed", "", "password");
    }

    /// <summary>A new password for whoever has forgotten the old one: a passkey, used at this moment and not merely some time in this session, stands in for it.</summary>
    private static async Task<IResult> ReplacePasswordAsync(AccountContext context, AccountParts parts, UserManager<Person> users, SignInManager<Person> signIn)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        var password = typed["newPassword"].ToString();
        if (!await IsPasskeyShownAsync(who, typed, users, signIn))
        {
            await context.WriteAsync(who.Person, null, "password-refused", "passkey");
            return await RenderAsync(context, parts, who, context.NewForm(typed, ("newPassword", context.T.PasskeyNotShown)), StatusCodes.Status400BadRequest);
        }
        var before = who.Person.PasswordHash;
        who.Person.PasswordHash = null; // In memory: the next line stores the new one in its place, or refuses it and stores nothing.
        if (!(await users.AddPasswordAsync(who.Person, password)).Succeeded)
        {
            who.Person.PasswordHash = before; // The page shows what is stored.
            return await RenderAsync(context, parts, who, context.NewForm(typed, ("newPassword", context.T.PasswordWeak)), StatusCodes.Status400BadRequest);
        }
        await EndOthersAsync(parts, who, signIn);
        return await DoneAsync(context, who, "password-changed", "by passkey", "password");
    }

    private static async Task<IResult> EndSessionAsync(AccountContext context, AccountParts parts)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        var typed = await context.Http.Request.ReadFormAsync(context.Cancellation);
        return Guid.TryParse(typed["session"], out var id) && await parts.Sessions.EndAsync(who.Person.Id, id, context.Cancellation) == 1
            ? await DoneAsync(context, who, "signed-out", "another browser", "session")
            : context.Redirect("/account");
    }

    private static async Task<IResult> SignOutEverywhereAsync(AccountContext context, AccountParts parts, UserManager<Person> users, SignInManager<Person> signIn)
    {
        if (await context.FindAsync() is not { } who)
        {
            return context.ToSignIn();
        }
        await users.UpdateSecurityStampAsync(who.Person);
        await parts.Sessions.EndAllAsync(who.Person.Id, null, CancellationToken.None);
        await context.WriteAsync(who.Person, null, "signed-out", "everywhere");
        await signIn.SignOutAsync();
        return context.Redirect("/account/sign-in", "signed-out");
    }

    /// <summary>Whoever signed in with what was just replaced is not signed in any more, but for this browser.</summary>
    private static async Task EndOthersAsync(AccountParts parts, SignedIn who, SignInManager<Person> signIn)
    {
        await signIn.RefreshSignInAsync(who.Person);
        await parts.Sessions.EndAllAsync(who.Person.Id, who.Session, CancellationToken.None); // Also when nobody waits for the answer.
    }

    private static async Task<IResult> DoneAsync(AccountContext context, SignedIn who, string act, string subject, string done)
    {
        await context.WriteAsync(who.Person, null, act, subject);
        return context.Redirect("/account", done);
    }

    private static partial class Log
    {
        [LoggerMessage(5200, LogLevel.Information, "A passkey was not added: {Reason}.")]
        public static partial void PasskeyRefused(ILogger logger, string reason);
    }
}

/// <summary>Stores that the handlers of a person's own page use.</summary>
internal sealed record AccountParts(PersonStore People, SessionStore Sessions, Memberships Memberships);
