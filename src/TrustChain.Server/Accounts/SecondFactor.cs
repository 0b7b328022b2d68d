using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Accounts;

/// <summary>Whether a session may do what needs a second factor.</summary>
internal enum SecondFactorState
{
    /// <summary>It was shown in this session, or nobody demands one of this person.</summary>
    Enough,

    /// <summary>One is demanded, and the person has none: no one-time codes and no passkey.</summary>
    NotSetUp,

    /// <summary>One is demanded, the person has one, and this session was opened by the password alone.</summary>
    NotShown,
}

/// <summary>
/// Demands a second factor of people with a role on the deployment, or of everybody, as <see cref="ServerOptions.SecondFactor"/> says. Who has none yet is let to where one is set up and nowhere
/// else; who has one must show it, for otherwise whoever knows the password would set up another.
/// </summary>
internal sealed class SecondFactor(PersonStore people, Memberships memberships, IOptions<ServerOptions> server)
{
    private const string Item = "second-factor"; // of a ticket's properties, which only the server has
    private static readonly object Announced = new();
    private static readonly object Found = new();

    /// <summary>The session that this request begins, should it begin one, is opened with a passkey or a second step.</summary>
    public static void Announce(HttpContext http) => http.Items[Announced] = true;

    /// <summary>Notes at the beginning of a session what was announced; a ticket that is renewed keeps its own.</summary>
    public static void NoteAnnounced(AuthenticationProperties properties, HttpContext http)
    {
        if (http.Items.ContainsKey(Announced))
        {
            Note(properties);
        }
    }

    /// <summary>From here on the session counts as opened with two factors.</summary>
    public static void Note(AuthenticationProperties properties) => properties.Items[Item] = "shown";

    /// <summary>What the request's session may do; found out once for each request.</summary>
    public async ValueTask<SecondFactorState> FindAsync(HttpContext context)
    {
        if (context.Items.TryGetValue(Found, out var known))
        {
            return (SecondFactorState)known!; // Put there below.
        }
        var state = await ComputeAsync(context);
        context.Items[Found] = state;
        return state;
    }

    private async ValueTask<SecondFactorState> ComputeAsync(HttpContext context)
    {
        if (context.User.Identity is not { IsAuthenticated: true } || !Guid.TryParse(context.User.FindFirstValue(ClaimTypes.NameIdentifier), out var id)
            || !await IsDemandedAsync(id, context.RequestAborted))
        {
            return SecondFactorState.Enough;
        }
        if (!await people.HasSecondFactorAsync(id, context.RequestAborted))
        {
            return SecondFactorState.NotSetUp; // Also when this session showed one that was taken away since.
        }
        var ticket = context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult;
        return ticket?.Properties?.Items.ContainsKey(Item) == true ? SecondFactorState.Enough : SecondFactorState.NotShown;
    }

    /// <summary>For whom a person acts at the moment makes no difference: they may choose another organisation at any time.</summary>
    private async ValueTask<bool> IsDemandedAsync(Guid person, CancellationToken cancellationToken) => server.Value.SecondFactor switch
    {
        SecondFactorPolicy.Nobody => false,
        SecondFactorPolicy.Everybody => true,
        _ => (await memberships.GetAsync(person, cancellationToken)).Any(static m => (m.Organisation.IsAdmin && m.Role == OrganisationRole.Admin) || m.Organisation.IsAuditor),
    };
}

/// <summary>What an account's route lets through although a second factor is demanded; routes that say nothing let nothing through.</summary>
/// <param name="OnlyToSetUp">Only for people who have none: who has one shows it.</param>
internal sealed record WithoutSecondFactor(bool OnlyToSetUp);

/// <summary>Closes the account's pages, but for those that say otherwise, to sessions that lack a second factor.</summary>
internal sealed class SecondFactorMiddleware(RequestDelegate next, SecondFactor secondFactor)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/account") && await secondFactor.FindAsync(context) is var state && state != SecondFactorState.Enough
            && context.GetEndpoint() is { } endpoint && !IsOpen(endpoint.Metadata.GetMetadata<WithoutSecondFactor>(), state))
        {
            var answer = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
                ? context.RequestServices.GetRequiredService<AccountContext>().Redirect("/account/second-factor")
                : Problems.SecondFactorNeeded();
            await answer.ExecuteAsync(context);
            return;
        }
        await next(context);
    }

    private static bool IsOpen(WithoutSecondFactor? route, SecondFactorState state) => route is not null && (!route.OnlyToSetUp || state == SecondFactorState.NotSetUp);
}

/// <summary>Marks the routes that a session without a second factor may use.</summary>
internal static class SecondFactorRoutes
{
    /// <summary>Open to everybody: signing in and out, showing who one is.</summary>
    public static TBuilder OpenWithoutSecondFactor<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new WithoutSecondFactor(false));

    /// <summary>Open to people who have no second factor yet, to set one up.</summary>
    public static TBuilder OpenToSetUpSecondFactor<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new WithoutSecondFactor(true));
}
