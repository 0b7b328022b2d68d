namespace TrustChain.Cli.Terminal;

/// <summary>What the process answers. Fixed: scripts rely on it.</summary>
internal static class ExitCodes
{
    /// <summary>Done, and everything that was checked is right.</summary>
    public const int Good = 0;

    /// <summary>Something checked is wrong, or was refused.</summary>
    public const int Bad = 1;

    /// <summary>It could not be told, or the command line makes no sense.</summary>
    public const int CouldNotCheck = 2;
}
