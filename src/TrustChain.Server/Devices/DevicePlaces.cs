using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Devices.Grants;
using TrustChain.Postgres.Devices;

namespace TrustChain.Server.Devices;

/// <summary>Where a device was on a day, as far as the caller may see it.</summary>
/// <param name="Places">In degrees, each once.</param>
/// <param name="Basis"><see cref="ServicePlaces.Basis"/> where the service decrypted them; null where they are in the clear, and whoever has the statements computes the same.</param>
public sealed record PlacesSeen(IReadOnlyList<Place> Places, string? Basis);

/// <summary>Where a device was by days.</summary>
/// <param name="IsFine">Whether places are cells of a hundredth of a degree; else they are rounded to a tenth.</param>
/// <param name="Why">Why no day has any: <c>not-in-template</c>, <c>not-granted</c> or <c>sealed</c>; null where days can have some.</param>
/// <param name="ByDay">The days of which something is known. One that is not there has encrypted positions that the service has not read, or may not tell.</param>
public sealed record PlaceHistory(bool IsFine, string? Why, IReadOnlyDictionary<DateOnly, PlacesSeen> ByDay)
{
    /// <summary>Whether whoever looks may have them to a hundredth of a degree.</summary>
    public bool MayBeFine { get; init; }
}

/// <summary>
/// Tells where a device was: to a tenth of a degree unless more is asked for, and never more exactly than the caller may see it. Of encrypted positions it is what the service read of them, to a
/// tenth of a degree for everybody: the owner and whoever has a grant for more have the keys. Of days before an owner became it they are neither its to see nor its to grant.
/// </summary>
internal sealed class DevicePlaces(DeviceDayStore days, DeviceStore devices, SealedPlaces sealing)
{
    /// <summary>The places of days.</summary>
    /// <param name="seen">The device as the caller may see it.</param>
    /// <param name="template">Its template.</param>
    /// <param name="computed">The days.</param>
    /// <param name="wantsFine">Whether cells of a hundredth of a degree are wanted, where the caller may see them.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<PlaceHistory> ListAsync(SeenDevice seen, DeviceTemplate template, IReadOnlyList<DeviceDay> computed, bool wantsFine, CancellationToken cancellationToken)
    {
        var empty = new Dictionary<DateOnly, PlacesSeen>();
        var latitude = template.Measures.FirstOrDefault(static m => m.Kind == MeasureKind.Latitude);
        if (latitude is null)
        {
            return new PlaceHistory(false, "not-in-template", empty);
        }
        if (seen.Precision == PlacePrecision.None || !seen.Covers(KeyGroup.Position, latitude.Name))
        {
            return new PlaceHistory(false, Grants.GrantedView.NotGranted, empty);
        }
        if (latitude.IsOpen)
        {
            var mayBeFine = seen.Precision == PlacePrecision.Exact;
            var isFine = wantsFine && mayBeFine;
            var open = computed.ToDictionary(static d => d.Day, d => new PlacesSeen(isFine ? Fine(d) : [.. d.Positions.Select(RoughPlace.Of).Distinct().Select(static p => p.Degrees)], null));
            return new PlaceHistory(isFine, null, open) { MayBeFine = mayBeFine };
        }
        if (!template.ServiceJudgesPlaces)
        {
            return new PlaceHistory(false, "sealed", empty);
        }
        // A day without any position has none to show; one with some is there as far as it was read.
        var found = computed.Where(d => d.Measures.All(m => m.Name != latitude.Name || m.Count == 0)).ToDictionary(static d => d.Day, static _ => new PlacesSeen([], null));
        if (computed.Count > 0)
        {
            var first = Grant.FirstKeyDay(seen.Grant is { } grant ? grant.Grant.OwnerSince : await devices.FindOwnedSinceAsync(seen.Device.Id, cancellationToken));
            foreach (var (day, text) in await days.ListSealedPlacesAsync(seen.Device.Id, computed[0].Day, computed[^1].Day, cancellationToken))
            {
                if (day >= first && sealing.Open(new DayOfDevice(seen.Device.Id, day), text) is { } places)
                {
                    found[day] = new PlacesSeen([.. places.Select(static p => p.Degrees)], ServicePlaces.Basis);
                }
            }
        }
        return new PlaceHistory(false, null, found);
    }

    /// <summary>The middles of the day's cells.</summary>
    private static IReadOnlyList<Place> Fine(DeviceDay day) => [.. day.Positions.Select(static c => new Place((c.Latitude + 0.5) / 100, (c.Longitude + 0.5) / 100))];
}
