using System.Collections.Concurrent;
using System.Security.Claims;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Accounts;

/// <summary>Who a signed-in browser may act for, at most ten seconds old.</summary>
internal sealed class Memberships(MemberStore members, TimeProvider time)
{
    /// <summary>Cookie with the code of the organisation that a person of several has chosen.</summary>
    public const string Cookie = "tc-organisation";

    private const int MaxEntries = 10_000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Guid, (IReadOnlyList<Membership> List, long ReadAt)> _known = new();

    public async ValueTask<IReadOnlyList<Membership>> GetAsync(Guid personId, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(personId, out var known) && time.GetElapsedTime(known.ReadAt) < Lifetime)
        {
            return known.List;
        }
        if (_known.Count >= MaxEntries)
        {
            _known.Clear();
        }
        var readAt = time.GetTimestamp();
        var list = await members.ListOrganisationsAsync(personId, cancellationToken);
        _known[personId] = (list, readAt);
        return list;
    }

    public void Forget(Guid personId) => _known.TryRemove(personId, out _);

    /// <summary>The caller that a signed-in browser is; null when nobody is signed in, or they belong to no organisation.</summary>
    public async ValueTask<Caller?> FindCallerAsync(HttpContext context)
    {
        if (context.User.Identity is not { IsAuthenticated: true, Name: { } login } || !Guid.TryParse(context.User.FindFirstValue(ClaimTypes.NameIdentifier), out var id))
        {
            return null;
        }
        var list = await GetAsync(id, context.RequestAborted);
        var chosen = list.FirstOrDefault(m => m.Organisation.Code == context.Request.Cookies[Cookie]) ?? list.FirstOrDefault();
        return chosen is null ? null : new Caller(chosen.Organisation, chosen.Role, $"person:{login}");
    }
}
