namespace TrustChain.Devnet;

/// <summary>
/// Something the person who started the devnet can put right. The message is one line that says what is wrong and what to do;
/// it is printed as it stands and the exit code is 1.
/// </summary>
public sealed class DevnetException : Exception
{
    public DevnetException()
    {
    }

    public DevnetException(string message)
        : base(message)
    {
    }

    public DevnetException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
