using System.Text.Json;

namespace TrustChain.Devnet;

/// <summary>
/// The file anvil keeps its chain in. anvil writes it in place, so a hard kill may leave half a file, with which it refuses to start;
/// the last whole one is therefore kept beside it.
/// </summary>
internal sealed class AnvilState
{
    private static readonly TimeSpan CopyInterval = TimeSpan.FromSeconds(10);
    private readonly string _copy;

    public AnvilState(DevnetFolder folder)
    {
        Path = folder.PathOf("chain/state.json");
        _copy = folder.PathOf("chain/state.copy.json");
    }

    public string Path { get; }

    /// <summary>Leaves a whole file at <see cref="Path"/>, or none. Call it while anvil is not running.</summary>
    public void Restore()
    {
        if (File.Exists(Path) && !TryCopy(Path, _copy) && !(File.Exists(_copy) && TryCopy(_copy, Path)))
        {
            File.Delete(Path);
        }
    }

    /// <summary>Keeps the copy young while anvil runs. Ends when cancelled.</summary>
    public async Task KeepCopiesAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(CopyInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                // Half a file, because anvil is writing it, is not copied; the next tick will do.
                if (File.GetLastWriteTimeUtc(Path) > File.GetLastWriteTimeUtc(_copy))
                {
                    TryCopy(Path, _copy);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Replaces <paramref name="to"/> in one step. False: <paramref name="from"/> is not a whole JSON text, and nothing was
    /// replaced.</summary>
    private static bool TryCopy(string from, string to)
    {
        var unfinished = to + ".new";
        File.Copy(from, unfinished, overwrite: true);
        try
        {
            using var stream = File.OpenRead(unfinished);
            using var _ = JsonDocument.Parse(stream);
        }
        catch (JsonException)
        {
            File.Delete(unfinished);
            return false;
        }
        File.Move(unfinished, to, overwrite: true);
        return true;
    }
}
