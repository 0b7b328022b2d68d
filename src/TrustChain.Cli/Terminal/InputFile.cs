using System.Text;

namespace TrustChain.Cli.Terminal;

/// <summary>Reads what a FILE argument names: a file, or standard input for <c>-</c>.</summary>
internal static class InputFile
{
    /// <summary>The argument that stands for standard input.</summary>
    public const string StandardInput = "-";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>All bytes.</summary>
    /// <exception cref="CliException">It cannot be read, or is larger than <paramref name="maxBytes"/>.</exception>
    public static async Task<byte[]> ReadAsync(Shell shell, string file, int maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = file == StandardInput ? shell.OpenInput() : File.OpenRead(file);
            using var content = new MemoryStream();
            var buffer = new byte[81920];
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (content.Length + read > maxBytes)
                {
                    throw new CliException($"{Name(file)} is larger than {maxBytes} bytes.");
                }
                content.Write(buffer, 0, read);
            }
            return content.ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{Name(file)} cannot be read: {exception.Message}");
        }
    }

    /// <summary>All of a UTF-8 text, without a byte order mark.</summary>
    /// <exception cref="CliException">As <see cref="ReadAsync"/>, or it is not UTF-8.</exception>
    public static async Task<string> ReadTextAsync(Shell shell, string file, int maxBytes, CancellationToken cancellationToken)
    {
        var bytes = await ReadAsync(shell, file, maxBytes, cancellationToken);
        try
        {
            return StrictUtf8.GetString(WithoutByteOrderMark(bytes).Span);
        }
        catch (DecoderFallbackException)
        {
            throw new CliException($"{Name(file)} is not UTF-8 text.");
        }
    }

    /// <summary>First line of a file that holds one secret: a pass phrase or an API key.</summary>
    /// <exception cref="CliException">As <see cref="ReadTextAsync"/>, or the line is empty.</exception>
    public static async Task<string> ReadSecretAsync(Shell shell, string file, CancellationToken cancellationToken)
    {
        var text = await ReadTextAsync(shell, file, 4096, cancellationToken);
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var line = end < 0 ? text : text[..end];
        return line.Length > 0 ? line : throw new CliException($"The first line of {Name(file)} is empty.");
    }

    /// <summary>The bytes after a UTF-8 byte order mark, which some editors put in front.</summary>
    public static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> bytes) =>
        bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;

    /// <summary>How messages call the file.</summary>
    public static string Name(string file) => file == StandardInput ? "standard input" : file;
}
