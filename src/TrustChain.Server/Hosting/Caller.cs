using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Accounts;
using TrustChain.Server.Log;

namespace TrustChain.Server.Hosting;

/// <summary>Who makes a request: an organisation by its API key or a signed-in member of it, or nobody in particular.</summary>
/// <param name="Organisation">Null for anonymous requests.</param>
/// <param name="Role">What the key or member may do for it.</param>
/// <param name="Actor">As audit entries name them.</param>
public sealed record Caller(Organisation? Organisation, OrganisationRole Role = OrganisationRole.Viewer, string Actor = "anonymous")
{
    public static Caller Anonymous { get; } = new((Organisation?)null);

    /// <summary>Somebody is signed in, and is nobody here until they have shown a second factor.</summary>
    public bool LacksSecondFactor { get; init; }

    /// <summary>Administers the deployment.</summary>
    public bool IsDeploymentAdmin => Organisation is { IsAdmin: true } && Role == OrganisationRole.Admin;

    /// <summary>Lets endpoints take the caller as a parameter; the middleware has put it there.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult<Caller?>(Of(context));

    public static Caller Of(HttpContext context) => context.Items.TryGetValue(typeof(Caller), out var caller) ? (Caller)caller! : Anonymous;
}

/// <summary>
/// Turns <c>Authorization: Bearer</c>, and Basic on routes for <see cref="OldClients"/>, into a <see cref="Caller"/>. A wrong key is refused with 401
/// everywhere, rather than treated as anonymous. Keys are cached by digest for ten seconds, so a revocation takes effect within that time on other servers
/// and at once on this one.
/// </summary>
internal sealed class CallerMiddleware(RequestDelegate next, CallerCache cache, Memberships memberships, SecondFactor secondFactor)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count > 0)
        {
            var isOld = OldClients.Of(context.GetEndpoint()) is not null;
            var caller = header is [{ } text] && KeyOf(text, isOld) is { } key ? await cache.FindAsync(key, context.RequestAborted) : null;
            if (caller is null)
            {
                context.Response.Headers.WWWAuthenticate = isOld ? OldClients.Challenges : "Bearer";
                await OldClients.WriteAsync(context, context.GetEndpoint(), Problems.NotAuthenticated());
                return;
            }
            context.Items[typeof(Caller)] = caller;
            if (caller.Role < NeededRole.Of(context))
            {
                await OldClients.WriteAsync(context, context.GetEndpoint(), Problems.NotAllowed($"This needs the role \"{NeededRole.Of(context).Name()}\"; the API key has \"{caller.Role.Name()}\"."));
                return;
            }
        }
        else if ((HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) && await memberships.FindCallerAsync(context) is { } member)
        {
            // A browser's cookie opens what can be read. What changes something needs a key in a header, or a form of the account's pages: no other site can make a browser send those.
            if (await secondFactor.FindAsync(context) != SecondFactorState.Enough)
            {
                context.Items[typeof(Caller)] = Caller.Anonymous with { LacksSecondFactor = true };
            }
            else
            {
                context.Items[typeof(Caller)] = member;
                if (member.Role < NeededRole.Of(context))
                {
                    await Problems.NotAllowed($"This needs the role \"{NeededRole.Of(context).Name()}\"; you have \"{member.Role.Name()}\".").ExecuteAsync(context);
                    return;
                }
            }
        }
        await next(context);
    }

    /// <summary>The key in a header; null when it has another form than is taken.</summary>
    private static string? KeyOf(string header, bool takesBasic)
    {
        const int MaxBasic = 512;
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return header.Length <= 256 ? header["Bearer ".Length..].Trim() : null;
        }
        Span<byte> pair = stackalloc byte[MaxBasic];
        if (!takesBasic || header.Length > MaxBasic || !header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
            || !Convert.TryFromBase64String(header["Basic ".Length..].Trim(), pair, out var length))
        {
            return null;
        }
        // The user's name says nothing here: the key alone tells whose it is.
        var colon = pair[..length].IndexOf((byte)':');
        return colon < 0 ? null : Encoding.UTF8.GetString(pair[(colon + 1)..length]);
    }
}

/// <summary>What a route needs of a caller beyond what its method says: reading needs a viewer, everything else an operator.</summary>
internal sealed record NeededRole(OrganisationRole Role)
{
    /// <summary>The role that a request needs. Closed by default: a new route that changes something needs an operator.</summary>
    public static OrganisationRole Of(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<NeededRole>()?.Role
        ?? (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method)
            ? OrganisationRole.Viewer
            : OrganisationRole.Operator);
}

/// <summary>Organisations by the digest of their API key.</summary>
internal sealed class CallerCache(ApiKeyStore keys, TimeProvider time)
{
    private const int MaxEntries = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Hash32, (Caller Caller, long Expires)> _known = new();

    public async ValueTask<Caller?> FindAsync(string key, CancellationToken cancellationToken)
    {
        var hash = ApiKeyStore.Hash(key);
        var digest = new Hash32(hash);
        var now = time.GetTimestamp();
        if (_known.TryGetValue(digest, out var cached) && now < cached.Expires)
        {
            return cached.Caller;
        }
        if (await keys.FindAsync(hash, cancellationToken) is not { } holder)
        {
            _known.TryRemove(digest, out _);
            return null;
        }
        if (_known.Count >= MaxEntries)
        {
            _known.Clear();
        }
        var caller = new Caller(holder.Organisation, holder.Role, string.Create(CultureInfo.InvariantCulture, $"api-key:{holder.KeyId}"));
        var lifetime = holder.ExpiresAt - time.GetUtcNow() is { } left && left < Lifetime ? left : Lifetime;
        _known[digest] = (caller, now + (long)(lifetime.TotalSeconds * time.TimestampFrequency));
        return caller;
    }

    public void Forget(byte[] hash) => _known.TryRemove(new Hash32(hash), out _);
}

/// <summary>Filters that guard endpoints.</summary>
internal static class CallerFilters
{
    /// <summary>401 for anonymous requests.</summary>
    public static TBuilder RequireOrganisation<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(async (context, next) =>
            Caller.Of(context.HttpContext) is { Organisation: null } caller ? Problems.NotAuthenticated(caller) : await next(context));

    /// <summary>503 while the log is halted or only read: for everything that would write an entry.</summary>
    public static TBuilder RefuseWhenHalted<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(async (context, next) =>
        {
            var head = context.HttpContext.RequestServices.GetRequiredService<LogHead>();
            if (head.Stopped is null)
            {
                return await next(context);
            }
            if (head.Halted is null)
            {
                // No word of trying again: this log takes nothing any more.
                return Problems.Create(503, ProblemCodes.ReadOnly, "This log is only read: what it holds is served, and it takes nothing new. The operator says where records go now.", "ImplementationException");
            }
            context.HttpContext.Response.Headers.RetryAfter = "60";
            return Problems.Create(
                503, ProblemCodes.ReadOnly, "The log differs from its anchors, so nothing is taken until the operator has looked.", "ImplementationException");
        });

    /// <summary>Says which role a route needs, where it is not the one that its method says.</summary>
    public static TBuilder NeedsRole<TBuilder>(this TBuilder builder, OrganisationRole role)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new NeededRole(role));

    /// <summary>401 for anonymous requests, 403 for everybody but admins of an organisation with the role "admin".</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.NeedsRole(OrganisationRole.Admin).AddEndpointFilter(async (context, next) => Caller.Of(context.HttpContext) switch
        {
            { Organisation: null } caller => Problems.NotAuthenticated(caller),
            { IsDeploymentAdmin: false } => Problems.NotAllowed("Only an organisation with the role \"admin\" may do this."),
            _ => await next(context),
        });
}
