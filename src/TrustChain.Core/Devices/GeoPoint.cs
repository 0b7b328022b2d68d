namespace TrustChain.Core.Devices;

/// <summary>A place on earth in ten-millionths of a degree (about a centimetre), WGS 84.</summary>
internal readonly record struct GeoPoint(int Latitude, int Longitude)
{
    /// <summary>How far one position may be off, in metres: receivers in streets and halls jump by as much.</summary>
    public const long Noise = 250;

    private const double EarthRadius = 6_371_008.8;
    private const double Scale = 1e7;

    public static GeoPoint Of(double latitude, double longitude) =>
        new((int)Math.Round(Math.Clamp(latitude, -90, 90) * Scale), (int)Math.Round(Math.Clamp(longitude, -180, 180) * Scale));

    /// <summary>The cell of the grid of 0.01 degree.</summary>
    public CoarsePosition Coarse => new(FloorDiv(Latitude), FloorDiv(Longitude));

    /// <summary>
    /// Whole metres in a straight line, hence never more than over ground. Sines by their series: those of the platform differ in the last digit from one
    /// to another, and everybody must compute the same.
    /// </summary>
    public long MetresTo(GeoPoint other)
    {
        var (x1, y1, z1) = Vector();
        var (x2, y2, z2) = other.Vector();
        var (x, y, z) = (x1 - x2, y1 - y2, z1 - z2);
        return (long)Math.Round(EarthRadius * Math.Sqrt((x * x) + (y * y) + (z * z)));
    }

    private (double X, double Y, double Z) Vector()
    {
        var latitude = Latitude / Scale;
        var longitude = Longitude / Scale;
        var around = Cos(latitude);
        return (around * Cos(longitude), around * Sin(longitude), Sin(latitude));
    }

    private static double Cos(double degrees) => Sin(90 - Math.Abs(degrees));

    /// <summary>Sine of -180 to 180 degrees, to about 1e-13.</summary>
    private static double Sin(double degrees)
    {
        degrees = degrees > 90 ? 180 - degrees : degrees < -90 ? -180 - degrees : degrees;
        var x = degrees * (Math.PI / 180);
        var square = x * x;
        var term = x;
        var sum = x;
        for (var n = 2; n <= 18; n += 2)
        {
            term *= -square / (n * (n + 1));
            sum += term;
        }
        return sum;
    }

    private static int FloorDiv(int value) => (value - (((value % 100_000) + 100_000) % 100_000)) / 100_000;
}
