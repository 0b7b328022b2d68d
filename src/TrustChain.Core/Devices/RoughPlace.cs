using TrustChain.Core.Devices.Encryption;

namespace TrustChain.Core.Devices;

/// <summary>A place to a tenth of a degree (about eleven kilometres from south to north): as exactly as histories tell it unless more is asked for and allowed.</summary>
/// <param name="Latitude">Tenths of a degree, -900 to 900.</param>
/// <param name="Longitude">Tenths of a degree, -1,800 to 1,800.</param>
public readonly record struct RoughPlace(int Latitude, int Longitude)
{
    /// <summary>The place in degrees.</summary>
    public Place Degrees => new(Latitude / 10.0, Longitude / 10.0);

    /// <summary>The place of which a cell of 0.01 degree is a part: a cell lies wholly within what is rounded to one tenth.</summary>
    public static RoughPlace Of(CoarsePosition cell) => Of(new GeoPoint((cell.Latitude * 100_000) + 50_000, (cell.Longitude * 100_000) + 50_000));

    internal static RoughPlace Of(GeoPoint point) => new(Round(point.Latitude), Round(point.Longitude));

    /// <summary>The nearest tenth, halves away from zero, as grants round places.</summary>
    private static int Round(int tenMillionths) => (tenMillionths + (Math.Sign(tenMillionths) * 500_000)) / 1_000_000;
}
