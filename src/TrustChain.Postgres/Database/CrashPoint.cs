using System.Diagnostics;
using System.Globalization;

namespace TrustChain.Postgres.Database;

/// <summary>
/// Steps at which a test may have the process killed, as by SIGKILL or a power cut. The environment variable <see cref="Variable"/> names one step, as
/// <c>name</c> or, for its n-th pass, <c>name:n</c>; unset, as in every deployment, a step costs one comparison with null. <c>docs/faults.md</c> lists the names.
/// </summary>
public static class CrashPoint
{
    /// <summary>Name of the environment variable.</summary>
    public const string Variable = "TRUSTCHAIN_CRASH_AT";

    private static readonly string? Chosen = Environment.GetEnvironmentVariable(Variable)?.Split(':')[0];
    private static int _passesLeft = ReadPasses();

    /// <summary>The step at which this process will end; null when none was named.</summary>
    public static string? Name => Chosen;

    /// <summary>Ends the process when this is the named step and pass; else does nothing.</summary>
    public static void Pass(string name)
    {
        if (Chosen is not null && Chosen == name && Interlocked.Decrement(ref _passesLeft) == 0)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill(); // SIGKILL: no handler runs, nothing is flushed
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private static int ReadPasses() =>
        Environment.GetEnvironmentVariable(Variable)?.Split(':') is [_, var passes] ? int.Parse(passes, CultureInfo.InvariantCulture) : 1;
}
