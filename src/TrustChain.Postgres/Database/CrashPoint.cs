using System.Diagnostics;
using System.Globalization;

namespace TrustChain.Postgres.Database;

/// <summary>
/// Steps at which a test may have the process killed, as by SIGKILL or a power cut. The environment variable <see cref="Variable"/> names one step, as
/// <c>name</c> or, for its n-th pass, <c>name:n</c>; or it is the absolute path of a file that will say so later, so that a running server can be killed at one.
/// Unset, as in every deployment, a step costs one comparison with null. <c>docs/faults.md</c> lists the names.
/// </summary>
public static class CrashPoint
{
    /// <summary>Name of the environment variable.</summary>
    public const string Variable = "TRUSTCHAIN_CRASH_AT";

    private static readonly string? Setting = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value ? value : null;
    private static int _passes;

    /// <summary>What the variable says; null when it is unset.</summary>
    public static string? Name => Setting;

    /// <summary>Ends the process when this is the named step and pass; else does nothing.</summary>
    public static void Pass(string name)
    {
        if (Setting is not null && IsDue(name, Setting))
        {
            using var self = Process.GetCurrentProcess();
            self.Kill(); // SIGKILL: no handler runs, nothing is flushed
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private static bool IsDue(string name, string setting)
    {
        if (setting.StartsWith('/'))
        {
            if (!File.Exists(setting))
            {
                return false;
            }
            setting = File.ReadAllText(setting);
        }
        var wanted = setting.Split(':');
        return wanted[0] == name && Interlocked.Increment(ref _passes) == (wanted.Length > 1 ? int.Parse(wanted[1], CultureInfo.InvariantCulture) : 1);
    }
}
