namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// A document type declaration that declares nothing (<c>&lt;!DOCTYPE project&gt;</c>: a name, no external identifier, no internal subset), as some of the
/// official examples have, is taken out before the parser sees it: blanks take its place, so that lines stay. Any other one is left for the parser to refuse.
/// Only the start of the document is looked at, and only in encodings that write ASCII as ASCII.
/// </summary>
internal sealed class BareDoctype(Stream input) : Stream
{
    private const int Looked = 4096;

    private static readonly System.Buffers.SearchValues<byte> NameCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_-."u8);

    private byte[]? _start;
    private int _length;
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (_start is null)
        {
            _start = new byte[Looked];
            _length = input.ReadAtLeast(_start, Looked, throwOnEndOfStream: false);
            Blank(_start.AsSpan(0, _length));
        }
        return _at < _length ? Take(buffer) : input.Read(buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Take(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _length - _at);
        _start.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    /// <summary>Goes over what may stand before the declaration (byte order mark, XML declaration, comments, white space) and blanks it.</summary>
    private static void Blank(Span<byte> text)
    {
        var at = text.StartsWith("\uFEFF"u8) ? 3 : 0;
        while (true)
        {
            at += CountWhiteSpace(text[at..]);
            var rest = text[at..];
            var end = rest.StartsWith("<?"u8) ? rest.IndexOf("?>"u8) + 2 : rest.StartsWith("<!--"u8) ? rest.IndexOf("-->"u8) + 3 : 0;
            if (end > 3)
            {
                at += end;
                continue;
            }
            if (rest.StartsWith("<!DOCTYPE"u8) && rest.IndexOf((byte)'>') is > 0 and var close && IsName(rest["<!DOCTYPE".Length..close]))
            {
                foreach (ref var b in rest[..(close + 1)])
                {
                    b = b is (byte)'\r' or (byte)'\n' ? b : (byte)' ';
                }
            }
            return;
        }
    }

    private static bool IsName(ReadOnlySpan<byte> text)
    {
        var name = text.Trim(" \t\r\n"u8);
        return text.Length > name.Length && !name.IsEmpty && !name.ContainsAnyExcept(NameCharacters);
    }

    private static int CountWhiteSpace(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(" \t\r\n"u8) is >= 0 and var end ? end : text.Length;
}
