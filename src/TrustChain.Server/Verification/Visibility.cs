using TrustChain.Core.Epcis;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Verification;

/// <summary>A record the caller may see, with its event read; the event is null when its content was erased.</summary>
internal sealed record VisibleEvent(StoredEvent Stored, EpcisEvent? Event)
{
    /// <summary>Whether the event names the item, or happened there; an index key alone may be another item's.</summary>
    public bool SpeaksOf(string canonicalUri)
    {
        var wanted = ItemUris.Normalise(canonicalUri);
        return Event is null || HasEpc(canonicalUri)
            || (Event.ReadPoint is { } readPoint && ItemUris.Normalise(readPoint) == wanted) || (Event.BizLocation is { } location && ItemUris.Normalise(location) == wanted);
    }

    /// <summary>Whether the event names the item as an EPC, class, parent, input or output.</summary>
    public bool HasEpc(string canonicalUri)
    {
        var wanted = ItemUris.Normalise(canonicalUri);
        return Event is not null && Event.Items.Any(i => ItemUris.Normalise(i.CanonicalUri) == wanted);
    }
}

/// <summary>
/// The one rule of who may read a record: its organisation, organisations named in its sources and destinations (by a verified claim), and everybody
/// where the template makes the step public. A statement in document form shows all of its events, so its signature may be shown only if all are public.
/// </summary>
internal sealed class Visibility(AuthorityCheck authority)
{
    private static readonly EpcisReadOptions Lenient = new() { CheckDigits = CheckDigitPolicy.Warn };

    /// <summary>Those of the records that the caller may read.</summary>
    public async Task<IReadOnlyList<VisibleEvent>> FilterAsync(Caller caller, IReadOnlyList<StoredEvent> stored, CancellationToken cancellationToken)
    {
        var visible = new List<VisibleEvent>(stored.Count);
        IReadOnlyList<Claim>? claims = null;
        foreach (var item in stored)
        {
            var allowed = item.IsPublic || item.OrganisationId == caller.Organisation?.Id;
            if (!allowed && caller.Organisation is null)
            {
                continue; // Nothing in the event could change that.
            }
            var read = item.Event is null ? null : EpcisReader.Read(item.Event, Lenient);
            var e = read is { IsValid: true } ? read.Events[0] : null;
            if (!allowed && e is not null && caller.Organisation is { } organisation && (e.Sources.Count > 0 || e.Destinations.Count > 0))
            {
                claims ??= [.. (await authority.ClaimsOfAsync(organisation.Id, cancellationToken)).Where(static c => c.VerifiedAt is not null)];
                allowed = e.Sources.Concat(e.Destinations).Any(party => claims.Any(claim => AuthorityCheck.Covers(claim, party.CanonicalUri)));
            }
            if (allowed)
            {
                visible.Add(new VisibleEvent(item, e));
            }
        }
        return visible;
    }

    /// <summary>Telemetry of a device that the caller may see as a whole: that was decided for the device.</summary>
    public static IReadOnlyList<VisibleEvent> OfDevice(IReadOnlyList<StoredEvent> stored) => [.. stored.Select(static s => new VisibleEvent(s, null))];

    /// <summary>Whether the caller may see the statement of a record that they may read.</summary>
    public static bool MaySeeStatement(Caller caller, StoredEvent stored) =>
        stored.Form == Core.Signing.StatementForm.Root || stored.StatementIsPublic || stored.OrganisationId == caller.Organisation?.Id;
}
