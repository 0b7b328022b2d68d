namespace TrustChain.Postgres.Log;

/// <summary>The database holds another log than the one that is to be served, or one that another key signs. Nothing was written.</summary>
public sealed class WrongLogException(string message) : Exception(message);
