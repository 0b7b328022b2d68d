namespace TrustChain.Devnet.Demo.Check;

/// <summary>Prints one line for each claim and counts.</summary>
internal sealed class CheckReport(TextWriter output)
{
    public int Proven { get; private set; }

    public int Refused { get; private set; }

    public int Failed { get; private set; }

    /// <summary>Prints the line of a claim.</summary>
    /// <param name="claim">What is claimed, as a sentence.</param>
    /// <param name="fault">Why it does not hold; null when it does.</param>
    /// <param name="isForgery">Whether the claim is that a forgery is refused.</param>
    public void Add(string claim, string? fault, bool isForgery = false)
    {
        if (fault is null)
        {
            (Proven, Refused) = isForgery ? (Proven, Refused + 1) : (Proven + 1, Refused);
            output.WriteLine($"ok    {claim}");
        }
        else
        {
            Failed++;
            output.WriteLine($"FAIL  {claim}: {fault}");
        }
    }
}
