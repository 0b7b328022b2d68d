using Npgsql;

namespace TrustChain.Postgres.Capture;

/// <summary>The parts of an upload as one stream, read one part at a time. Parsers read it from threads of their own, so it blocks.</summary>
internal sealed class UploadStream(NpgsqlDataSource database, long uploadId) : Stream
{
    private byte[] _part = [];
    private int _next;
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
        while (_at == _part.Length)
        {
            using var connection = database.OpenConnection();
            using var command = new NpgsqlCommand("select bytes from capture_job_part where upload_id = $1 and part = $2", connection)
            {
                Parameters = { new() { Value = uploadId }, new() { Value = _next } },
            };
            if (command.ExecuteScalar() is not byte[] part)
            {
                return 0;
            }
            (_part, _at, _next) = (part, 0, _next + 1);
        }
        var count = Math.Min(buffer.Length, _part.Length - _at);
        _part.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
