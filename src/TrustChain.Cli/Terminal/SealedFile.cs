using System.Text;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Cli.Terminal;

/// <summary>
/// A file of one line of JSON and one line with its SHA-256 in hex, so that no damage passes unnoticed. Replaced as a whole: after a crash either the old
/// or the new content is there.
/// </summary>
internal static class SealedFile
{
    private const int DigestLine = 65; // 64 digits and the newline

    /// <summary>Replaces the file, or makes it. On return the content is on the disk.</summary>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static Task WriteAsync(string file, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        byte[] content = [.. json.Span, (byte)'\n', .. Encoding.ASCII.GetBytes(Hash32.Compute(json.Span).ToHex()), (byte)'\n'];
        return ReplaceAsync(file, content, cancellationToken);
    }

    /// <summary>The JSON.</summary>
    /// <param name="file">Name for messages.</param>
    /// <param name="content">All bytes of the file.</param>
    /// <exception cref="CliException">The digest does not fit: the file is damaged or no such file.</exception>
    public static ReadOnlyMemory<byte> Open(string file, ReadOnlyMemory<byte> content)
    {
        var end = content.Length - DigestLine - 1;
        if (end < 0 || content.Span[end] != (byte)'\n' || content.Span[^1] != (byte)'\n'
            || !content.Span[(end + 1)..^1].SequenceEqual(Encoding.ASCII.GetBytes(Hash32.Compute(content.Span[..end]).ToHex())))
        {
            throw new CliException($"{file} is damaged: its content does not have the digest that stands at its end.");
        }
        return content[..end];
    }

    /// <summary>Replaces a file as a whole, or makes it. On return the content is on the disk.</summary>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static async Task ReplaceAsync(string file, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => DurableFile.Replace(file, content.Span), cancellationToken); // It blocks until the disk has it.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{file} cannot be written: {exception.Message}");
        }
    }
}
