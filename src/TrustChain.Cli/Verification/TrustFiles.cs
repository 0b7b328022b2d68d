using TrustChain.Cli.Terminal;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Verification;

/// <summary>Reads the file named by <c>--trust</c>.</summary>
internal static class TrustFiles
{
    /// <summary>The trust file; null when none was named.</summary>
    /// <exception cref="CliException">It cannot be read or is malformed. A trust file that is not usable never counts as none.</exception>
    public static async Task<TrustFile?> ReadAsync(Shell shell, string? file, CancellationToken cancellationToken)
    {
        if (file is null)
        {
            return null;
        }
        var content = InputFile.WithoutByteOrderMark(await InputFile.ReadAsync(shell, file, 65536, cancellationToken));
        return TrustFile.TryParse(content, out var trust, out var error) ? trust : throw new CliException($"{InputFile.Name(file)}: {error}");
    }
}
