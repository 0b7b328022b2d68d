using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Partitions;

/// <summary>A statement's content in a file.</summary>
internal sealed record ArchivedStatement(long Id, byte[] Jws, byte[]? Leaves);

/// <summary>An event's content in a file, with the facts it is found by.</summary>
internal sealed record ArchivedEvent(
    long Id, byte[] Event, byte[]? Salt, int? Organisation, bool? IsPublic, DateTime? EventTime, DateTime? RecordTime, long? Type, long? Step, long? Disposition, string[]? Parties);

/// <summary>A sensor value in a file.</summary>
internal sealed record ArchivedMeasure(long Measure, double Value, long RecordId);

/// <summary>Reads a file of <see cref="ArchiveWriter"/> line by line; memory is bounded by a line. The digest is known at the end.</summary>
internal sealed class ArchiveReader : IDisposable
{
    private const int MaxLineCharacters = 256 << 20; // base64 of more than any capture may be

    private readonly HashingStream _hashing;
    private readonly StreamReader _text;
    private readonly ArrayBufferWriter<char> _characters = new(1 << 12); // the line at hand
    private long _line;

    private ArchiveReader(Stream file)
    {
        _hashing = new HashingStream(file);
        _text = new StreamReader(_hashing, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false, 1 << 16);
    }

    /// <summary>Of all that was read; final after the last line.</summary>
    public Hash32 Digest() => _hashing.Digest();

    public static (ArchiveReader Reader, ArchiveHeader Header) Open(Stream file)
    {
        var reader = new ArchiveReader(file);
        try
        {
            using var first = reader.ReadLine();
            return (reader, reader.Interpret(ReadHeader, first.RootElement));
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The rows in the order of the file, an <see cref="ArchiveCounts"/> last; nothing is behind it.</summary>
    public IEnumerable<object> Rows()
    {
        while (true)
        {
            using var line = ReadLine();
            var row = Interpret(Read, line.RootElement);
            yield return row;
            if (row is ArchiveCounts)
            {
                if (_text.Read() != -1)
                {
                    throw Damaged("something follows its last line");
                }
                yield break;
            }
        }
    }

    public void Dispose()
    {
        _text.Dispose();
        _hashing.Dispose();
    }

    private static ArchiveHeader ReadHeader(JsonElement root) => root.TryGetProperty("format", out var format) && format.GetString() == ArchiveWriter.Format
        ? new ArchiveHeader(root.GetProperty("origin").GetString() ?? "", root.GetProperty("partition").GetInt32(), root.GetProperty("from").GetInt64(), root.GetProperty("before").GetInt64())
        : throw new ArchiveException($"The file is no archive of the format {ArchiveWriter.Format}.");

    private static object Read(JsonElement row)
    {
        if (row.TryGetProperty("jws", out var jws))
        {
            return new ArchivedStatement(row.GetProperty("statement").GetInt64(), jws.GetBytesFromBase64(), Bytes(row, "leaves"));
        }
        if (row.TryGetProperty("event", out var content))
        {
            return new ArchivedEvent(
                row.GetProperty("record").GetInt64(),
                content.GetBytesFromBase64(),
                Bytes(row, "eventSalt"),
                row.TryGetProperty("organisation", out var organisation) ? organisation.GetInt32() : null,
                row.TryGetProperty("public", out var isPublic) ? isPublic.GetBoolean() : null,
                Time(row, "eventTime"),
                Time(row, "recordTime"),
                Number(row, "type"),
                Number(row, "step"),
                Number(row, "disposition"),
                row.TryGetProperty("parties", out var parties) ? [.. parties.EnumerateArray().Select(static p => p.GetString()!)] : null); // Written from an array of texts.
        }
        if (row.TryGetProperty("measure", out var measure))
        {
            return new ArchivedMeasure(measure.GetInt64(), double.Parse(row.GetProperty("value").GetString() ?? "", CultureInfo.InvariantCulture), row.GetProperty("record").GetInt64());
        }
        return new ArchiveCounts(row.GetProperty("statements").GetInt64(), row.GetProperty("events").GetInt64(), row.GetProperty("measures").GetInt64());
    }

    private static byte[]? Bytes(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value.GetBytesFromBase64() : null;

    private static long? Number(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value.GetInt64() : null;

    private static DateTime? Time(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) ? DateTime.ParseExact(value.GetString() ?? "", "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind) : null;

    /// <summary>What a line says; one that lacks a member or has one of another kind is damage.</summary>
    private T Interpret<T>(Func<JsonElement, T> read, JsonElement line)
    {
        try
        {
            return read(line);
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw Damaged(exception.Message);
        }
    }

    private JsonDocument ReadLine()
    {
        _line++;
        _characters.Clear();
        try
        {
            int read;
            while ((read = _text.Read()) is not ('\n' or -1))
            {
                // A damaged file may have no line ends.
                if (_characters.WrittenCount == MaxLineCharacters)
                {
                    throw Damaged("it is too long");
                }
                _characters.GetSpan(1)[0] = (char)read;
                _characters.Advance(1);
            }
            return read != -1 ? JsonDocument.Parse(_characters.WrittenMemory) : throw Damaged("it ends too early");
        }
        catch (Exception exception) when (exception is JsonException or DecoderFallbackException)
        {
            throw Damaged(exception.Message);
        }
    }

    private ArchiveException Damaged(string reason) => new(string.Create(CultureInfo.InvariantCulture, $"The file is damaged at line {_line}: {reason}."));

    /// <summary>Hashes what is read through it.</summary>
    private sealed class HashingStream(Stream inner) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public Hash32 Digest() => new(_hash.GetCurrentHash());

        public override int Read(Span<byte> buffer)
        {
            var count = inner.Read(buffer);
            _hash.AppendData(buffer[..count]);
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _hash.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
