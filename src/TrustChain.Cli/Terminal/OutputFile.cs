using System.Text;

namespace TrustChain.Cli.Terminal;

/// <summary>Writes what a verb was asked to store.</summary>
internal static class OutputFile
{
    /// <summary>Writes a file, replacing one that is there.</summary>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static Task WriteAsync(string file, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        WriteAsync(file, content, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write }, cancellationToken);

    /// <inheritdoc cref="WriteAsync(string, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static Task WriteAsync(string file, string content, CancellationToken cancellationToken) =>
        WriteAsync(file, Encoding.UTF8.GetBytes(content), cancellationToken);

    /// <summary>Writes a new file that only its owner may read (mode 600).</summary>
    /// <exception cref="CliException">There is a file already, or it cannot be written.</exception>
    public static Task WriteNewSecretAsync(string file, string content, CancellationToken cancellationToken) =>
        WriteNewSecretAsync(file, Encoding.UTF8.GetBytes(content), cancellationToken);

    /// <inheritdoc cref="WriteNewSecretAsync(string, string, CancellationToken)"/>
    public static Task WriteNewSecretAsync(string file, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        return WriteAsync(file, content, options, cancellationToken);
    }

    private static async Task WriteAsync(string file, ReadOnlyMemory<byte> content, FileStreamOptions options, CancellationToken cancellationToken)
    {
        if (options.Mode == FileMode.CreateNew && File.Exists(file))
        {
            throw new CliException($"{file} exists and is not overwritten.");
        }
        try
        {
            await using var stream = new FileStream(file, options);
            await stream.WriteAsync(content, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{file} cannot be written: {exception.Message}");
        }
    }
}
