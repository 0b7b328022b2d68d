using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using TrustChain.Core.Epcis;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Capture;

/// <summary>
/// Who may bring an item into being: creating one (ADD with a creating step, outputs of a transformation, a new parent of an aggregation or association)
/// needs a claim over its key. Every other event about any item is accepted and labelled.
/// </summary>
internal sealed class AuthorityCheck(OrganisationStore organisations, ItemIndex items, IOptions<CaptureOptions> options, TimeProvider time)
{
    private const int MaxOrganisations = 100;
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);
    private static readonly string[] CreatingSteps = ["https://ref.gs1.org/cbv/BizStep-commissioning", "https://ref.gs1.org/cbv/BizStep-creating_class_instance"];

    private readonly ConcurrentDictionary<int, (IReadOnlyList<Claim> Claims, long Expires)> _claims = new();

    /// <summary>The events that create something the organisation has no authority over, with what; each event once.</summary>
    public async ValueTask<IReadOnlyList<(int Event, string Uri)>> ListRefusalsAsync(
        Organisation organisation, IReadOnlyList<EpcisEvent> events, bool firstOnly, CancellationToken cancellationToken)
    {
        if (options.Value.Authority == AuthorityPolicy.Observe)
        {
            return [];
        }
        var claims = await ClaimsOfAsync(organisation.Id, cancellationToken);
        var parents = new List<(int Event, string Uri)>();
        var refusals = new List<(int Event, string Uri)>();
        for (var i = 0; i < events.Count; i++)
        {
            foreach (var item in events[i].Items)
            {
                if (!Creates(events[i], item.Role) || Covers(claims, item.CanonicalUri))
                {
                    continue;
                }
                if (item.Role == ItemRole.ParentId)
                {
                    parents.Add((i, item.CanonicalUri)); // allowed if it exists already
                    continue;
                }
                refusals.Add((i, item.CanonicalUri));
                if (firstOnly)
                {
                    return refusals;
                }
                break;
            }
        }
        if (parents.Count > 0)
        {
            var existing = await items.FindExistingAsync([.. parents.Select(static p => ItemKey.Compute(p.Uri)).Distinct()], cancellationToken);
            refusals.AddRange(parents.Where(p => !existing.Contains(ItemKey.Compute(p.Uri)) && !refusals.Exists(r => r.Event == p.Event)));
        }
        return refusals;
    }

    /// <summary>Whether an organisation has a claim over an item's key: for labelling events of third parties.</summary>
    public async ValueTask<Claim?> FindClaimAsync(int organisationId, string canonicalUri, CancellationToken cancellationToken) =>
        (await ClaimsOfAsync(organisationId, cancellationToken)).FirstOrDefault(claim => Covers(claim, canonicalUri));

    /// <summary>Claims of an organisation, at most ten seconds old.</summary>
    public async ValueTask<IReadOnlyList<Claim>> ClaimsOfAsync(int organisationId, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        if (_claims.TryGetValue(organisationId, out var cached) && now < cached.Expires)
        {
            return cached.Claims;
        }
        var claims = await organisations.ListClaimsAsync(organisationId, cancellationToken);
        if (_claims.Count >= MaxOrganisations)
        {
            _claims.Clear();
        }
        _claims[organisationId] = (claims, now + (long)(Lifetime.TotalSeconds * time.TimestampFrequency));
        return claims;
    }

    public void Forget() => _claims.Clear();

    /// <summary>Whether a claim covers an item.</summary>
    public static bool Covers(Claim claim, string canonicalUri) => claim.Kind switch
    {
        ClaimKind.Gcp => CompanyPrefix.DigitsOf(canonicalUri).StartsWith(claim.Value, StringComparison.Ordinal),
        ClaimKind.Key => canonicalUri == claim.Value || (canonicalUri.StartsWith(claim.Value, StringComparison.Ordinal) && canonicalUri[claim.Value.Length] == '/'),
        _ => canonicalUri.StartsWith(claim.Value, StringComparison.Ordinal),
    };

    private static bool Covers(IReadOnlyList<Claim> claims, string canonicalUri)
    {
        foreach (var claim in claims)
        {
            if (Covers(claim, canonicalUri))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>Whether an event brings an item into being, and so needed the claim over its key when it was taken.</summary>
    public static bool Creates(EpcisEvent e, string canonicalUri)
    {
        var wanted = ItemUris.Normalise(canonicalUri);
        return e.Items.Any(i => Creates(e, i.Role) && ItemUris.Normalise(i.CanonicalUri) == wanted);
    }

    private static bool Creates(EpcisEvent e, ItemRole role) => role switch
    {
        ItemRole.OutputEpc or ItemRole.OutputClass => true,
        ItemRole.Epc or ItemRole.ClassEpc => e.EventType == "ObjectEvent" && e.Action == EpcisAction.Add && (e.BizStep is null || CreatingSteps.Contains(e.BizStep)),
        ItemRole.ParentId => e.EventType is "AggregationEvent" or "AssociationEvent" && e.Action == EpcisAction.Add,
        _ => false,
    };

    /// <summary>The problem of such an event.</summary>
    public static IResult Refusal(int number, string uri) => Problems.Create(
        403, ProblemCodes.NoAuthority, $"event {number}: creating {uri} needs a claim over its key; register one with POST /api/claims.", "SecurityException");
}
