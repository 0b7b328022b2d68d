namespace TrustChain.Cli.Terminal;

/// <summary>Ends a verb with one line on standard error. The message is for the person at the terminal.</summary>
internal sealed class CliException(string message, int exitCode = ExitCodes.CouldNotCheck) : Exception(message)
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
