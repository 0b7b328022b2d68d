namespace TrustChain.Cli.Fsck;

/// <summary>Ends the walk at the first place where the log contradicts itself, its checkpoint, or the chain. The message names the place.</summary>
internal sealed class LogFaultException(string message) : Exception(message);
