using TrustChain.Cli.Terminal;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Verification;

/// <summary>Reads the file named by <c>--trust</c>.</summary>
internal static class TrustFiles
{
    /// <summary>The trust file of the one log that is followed; null when none was named.</summary>
    /// <exception cref="CliException">It cannot be read, is malformed or names several logs. A trust file that is not usable never counts as none.</exception>
    public static async Task<TrustFile?> ReadAsync(Shell shell, string? file, CancellationToken cancellationToken) => await ReadAllAsync(shell, file, cancellationToken) switch
    {
        null => null,
        [var one] => one,
        var several => throw new CliException($"{InputFile.Name(file!)} names {several.Count} logs; give a trust file of the one that is meant."), // Read, so named.
    };

    /// <summary>The trust files of all logs that bundles may be of; null when none was named.</summary>
    /// <exception cref="CliException">It cannot be read or is malformed.</exception>
    public static async Task<IReadOnlyList<TrustFile>?> ReadAllAsync(Shell shell, string? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return null;
        }
        var content = InputFile.WithoutByteOrderMark(await InputFile.ReadAsync(shell, file, 65536, cancellationToken));
        return TrustFile.TryParseAll(content, out var trusted, out var error) ? trusted : throw new CliException($"{InputFile.Name(file)}: {error}");
    }
}
