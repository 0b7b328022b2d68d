using System.Diagnostics;
using System.Globalization;

namespace TrustChain.Devnet;

/// <summary>Remembers a child across starts: its id and identity, one per line.</summary>
internal static class PidFile
{
    public static void Write(string path, int processId)
    {
        // A child that ended already needs no remembering.
        if (LinuxProcess.FindIdentity(processId) is { } identity)
        {
            var unfinished = path + ".new";
            File.WriteAllText(unfinished, $"{processId.ToString(CultureInfo.InvariantCulture)}\n{identity}\n");
            File.Move(unfinished, path, overwrite: true);
        }
    }

    /// <summary>
    /// Ends the process a pid file remembers, if that very process still runs. It may be stopping already, because the starter was killed a moment
    /// ago,
    /// so it first gets <paramref name="patience"/> after <paramref name="signal"/>. The caller holds the lock of the folder: no live starter owns
    /// the process.
    /// </summary>
    public static async Task EndLeftoverAsync(string path, Signal signal, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return;
        }
        var lines = await File.ReadAllLinesAsync(path, cancellationToken);
        if (lines.Length >= 2 && int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId) && processId > 1)
        {
            await EndAsync(processId, lines[1], signal, patience, cancellationToken);
        }
        File.Delete(path);
    }

    public static async Task EndAsync(int processId, string identity, Signal signal, TimeSpan patience, CancellationToken cancellationToken)
    {
        foreach (var next in (Signal[])[signal, Signal.Kill])
        {
            if (LinuxProcess.FindIdentity(processId) != identity || !LinuxProcess.Send(processId, next))
            {
                return;
            }
            var clock = Stopwatch.StartNew();
            while (LinuxProcess.FindIdentity(processId) == identity && clock.Elapsed < patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            }
        }
    }
}
