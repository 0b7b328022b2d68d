using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Accounts;

/// <summary>Registers people, their sessions and how they sign in.</summary>
internal static class AccountsExtensions
{
    /// <summary>Name of the cookie of a session.</summary>
    public const string SessionCookie = "tc-session";

    /// <summary>A session ends after so long without use.</summary>
    private static readonly TimeSpan SessionLifetime = TimeSpan.FromHours(12);

    public static void AddAccounts(this IServiceCollection services)
    {
        services.AddSingleton<AuditStore>();
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<AccountParts>();
        services.AddSingleton<OrganisationParts>();
        services.AddSingleton<PersonStore>();
        services.AddSingleton<MemberStore>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<SessionTickets>();
        services.AddSingleton<Memberships>();
        services.AddSingleton<SecondFactor>();
        services.AddSingleton<PendingCodes>();
        services.AddScoped(static provider => (IUserAuthenticatorKeyStore<Person>)provider.GetRequiredService<IUserStore<Person>>()); // The store below is one.
        services.AddScoped<AccountContext>();
        services.AddHttpContextAccessor();
        services.AddAuthentication(IdentityConstants.ApplicationScheme).AddIdentityCookies();
        services.AddIdentityCore<Person>(static options =>
        {
            options.User.AllowedUserNameCharacters = ""; // Names of all scripts; the form says what is refused.
            options.Password = new PasswordOptions { RequiredLength = 12, RequiredUniqueChars = 5, RequireDigit = false, RequireLowercase = false, RequireUppercase = false, RequireNonAlphanumeric = false };
            options.Lockout = new LockoutOptions { MaxFailedAccessAttempts = 5, DefaultLockoutTimeSpan = TimeSpan.FromMinutes(15) };
        }).AddUserStore<IdentityPersonStore>().AddSignInManager().AddTokenProvider<OneTimeCodes>(TokenOptions.DefaultAuthenticatorProvider);
        services.AddOptions<IdentityPasskeyOptions>().Configure<IOptions<ServerOptions>>(static (options, server) =>
        {
            // WebAuthn knows no addresses in figures; then it is the name that the browser used, such as localhost.
            var host = new Uri(server.Value.PublicUrl).Host;
            options.ServerDomain = Uri.CheckHostName(host) == UriHostNameType.Dns ? host : null;
            // The pages tell nobody where they lead from, so a form's Origin header says nothing: the origin that the authenticator signed is compared with our own.
            var own = options.ServerDomain is null ? null : new Uri(server.Value.PublicUrl).GetLeftPart(UriPartial.Authority);
            options.ValidateOrigin = context => ValueTask.FromResult(
                !context.CrossOrigin && context.Origin == (own ?? $"{context.HttpContext.Request.Scheme}://{context.HttpContext.Request.Host}"));
            options.UserVerificationRequirement = "required"; // A passkey counts as both factors only when the authenticator knows its person.
            options.ResidentKeyRequirement = "required";
        });
        services.AddOptions<CookieAuthenticationOptions>(IdentityConstants.ApplicationScheme).Configure<SessionTickets, TimeProvider>(static (options, tickets, time) =>
        {
            options.Cookie.Name = SessionCookie;
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.SessionStore = tickets;
            options.ExpireTimeSpan = SessionLifetime;
            options.SlidingExpiration = true;
            options.Events.OnSigningIn = context =>
            {
                Confirmation.NoteFirst(context.Properties, time.GetUtcNow());
                SecondFactor.NoteAnnounced(context.Properties, context.HttpContext);
                SessionBinding.Renew(context.Properties, context.HttpContext);
                return Task.CompletedTask;
            };
            options.Events.OnCheckSlidingExpiration = static context =>
            {
                context.ShouldRenew &= SessionBinding.Holds(context.Properties, context.Request);
                return Task.CompletedTask;
            };
            var validate = options.Events.OnValidatePrincipal;
            options.Events.OnValidatePrincipal = async context =>
            {
                if (!SessionBinding.Holds(context.Properties, context.Request))
                {
                    context.RejectPrincipal(); // A copy made before: the session itself goes on where it belongs.
                    return;
                }
                await validate(context);
            };
        });
        services.AddAntiforgery(static options => options.Cookie.Name = "tc-form");
        services.AddSingleton<ProtectionKeyStore>();
        services.AddDataProtection().SetApplicationName("TrustChain");
        services.AddSingleton<ProtectionKeys>();
        services.AddOptions<KeyManagementOptions>().Configure<ProtectionKeys, KeyRing>(static (options, keys, ring) =>
        {
            options.XmlRepository = keys;
            options.XmlEncryptor = new ProtectionKeyEncryptor(ring);
        });
    }
}
