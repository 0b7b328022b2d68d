using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Log;

namespace TrustChain.Server.Hosting;

/// <summary>Who makes a request: an organisation by its API key, or nobody in particular.</summary>
/// <param name="Organisation">Null for anonymous requests.</param>
public sealed record Caller(Organisation? Organisation)
{
    public static Caller Anonymous { get; } = new((Organisation?)null);

    /// <summary>Lets endpoints take the caller as a parameter; the middleware has put it there.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult<Caller?>(Of(context));

    public static Caller Of(HttpContext context) => context.Items.TryGetValue(typeof(Caller), out var caller) ? (Caller)caller! : Anonymous;
}

/// <summary>
/// Turns <c>Authorization: Bearer</c>, and Basic on routes for <see cref="OldClients"/>, into a <see cref="Caller"/>. A wrong key is refused with 401
/// everywhere, rather than treated as anonymous. Keys are cached by digest for ten seconds, so a revocation takes effect within that time on other servers
/// and at once on this one.
/// </summary>
internal sealed class CallerMiddleware(RequestDelegate next, CallerCache cache)
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

/// <summary>Organisations by the digest of their API key.</summary>
internal sealed class CallerCache(OrganisationStore organisations, TimeProvider time)
{
    private const int MaxEntries = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Hash32, (Caller Caller, long Expires)> _known = new();

    public async ValueTask<Caller?> FindAsync(string key, CancellationToken cancellationToken)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        var digest = new Hash32(hash);
        var now = time.GetTimestamp();
        if (_known.TryGetValue(digest, out var cached) && now < cached.Expires)
        {
            return cached.Caller;
        }
        var organisation = await organisations.FindByApiKeyAsync(hash, cancellationToken);
        if (organisation is null)
        {
            _known.TryRemove(digest, out _);
            return null;
        }
        if (_known.Count >= MaxEntries)
        {
            _known.Clear();
        }
        var caller = new Caller(organisation);
        _known[digest] = (caller, now + (long)(Lifetime.TotalSeconds * time.TimestampFrequency));
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
            Caller.Of(context.HttpContext).Organisation is null ? Problems.NotAuthenticated() : await next(context));

    /// <summary>503 while the log is halted: for everything that would write an entry.</summary>
    public static TBuilder RefuseWhenHalted<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(async (context, next) =>
        {
            if (context.HttpContext.RequestServices.GetRequiredService<LogHead>().Halted is null)
            {
                return await next(context);
            }
            context.HttpContext.Response.Headers.RetryAfter = "60";
            return Problems.Create(
                503, ProblemCodes.ReadOnly, "The log differs from its anchors, so nothing is taken until the operator has looked.", "ImplementationException");
        });

    /// <summary>401 for anonymous requests, 403 for organisations without the role.</summary>
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(async (context, next) => Caller.Of(context.HttpContext).Organisation switch
        {
            null => Problems.NotAuthenticated(),
            { IsAdmin: false } => Problems.NotAllowed("Only an organisation with the role \"admin\" may do this."),
            _ => await next(context),
        });
}
