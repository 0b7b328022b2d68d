namespace TrustChain.Server.Pages.Charts;

/// <summary>A straight line from values to coordinates.</summary>
/// <param name="From">Value at <paramref name="Start"/>.</param>
/// <param name="Until">Value at <paramref name="End"/>.</param>
/// <param name="Start">Coordinate of <paramref name="From"/>.</param>
/// <param name="End">Coordinate of <paramref name="Until"/>; smaller than <paramref name="Start"/> where values go up and coordinates down.</param>
public readonly record struct LinearScale(double From, double Until, double Start, double End)
{
    /// <summary>Coordinate of a value; values beyond the ends stay at the ends. In the middle where the ends are one value.</summary>
    public double Map(double value)
    {
        // Halves first, so that the largest numbers of all do not overflow.
        var length = (Until / 2) - (From / 2);
        var part = length == 0 ? 0.5 : Math.Clamp(((value / 2) - (From / 2)) / length, 0, 1);
        return Start + (part * (End - Start));
    }
}
