using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Partitions;

/// <summary>
/// Writes the content of a partition in the format of <c>docs/archive-format.md</c>: lines of JSON, in the order of the ids, so that the same content gives the same
/// bytes. Memory is bounded by a row.
/// </summary>
internal static class ArchiveWriter
{
    public const string Format = "trustchain-archive/1";

    private const int FlushBytes = 1 << 20;

    public static async Task<(Hash32 Sha256, long SizeBytes, ArchiveCounts Counts)> WriteAsync(
        NpgsqlConnection connection, ArchiveHeader header, Stream output, CancellationToken cancellationToken)
    {
        using var lines = new LineStream(output);
        lines.Write(json =>
        {
            json.WriteString("format", Format);
            json.WriteString("origin", header.Origin);
            json.WriteNumber("partition", header.Partition);
            json.WriteNumber("from", header.From);
            json.WriteNumber("before", header.Before);
        });
        var statements = await WriteRowsAsync(connection, $"select statement_id, jws, leaves from statement_body_p{Number(header)} order by statement_id", lines, WriteStatement, cancellationToken);
        var events = await WriteRowsAsync(
            connection,
            $"select record_id, event, event_salt, organisation_id, is_public, event_time, record_time, event_type, biz_step, disposition, parties from event_body_p{Number(header)} order by record_id",
            lines,
            WriteEvent,
            cancellationToken);
        var measures = await WriteRowsAsync(
            connection, $"select measure, value, record_id from record_measure_p{Number(header)} order by record_id, measure, value", lines, WriteMeasure, cancellationToken);
        lines.Write(json =>
        {
            json.WriteNumber("statements", statements);
            json.WriteNumber("events", events);
            json.WriteNumber("measures", measures);
        });
        await lines.FlushAsync(0, cancellationToken);
        return (lines.Digest(), lines.SizeBytes, new ArchiveCounts(statements, events, measures));
    }

    private static string Number(ArchiveHeader header) => header.Partition.ToString(CultureInfo.InvariantCulture);

    private static async Task<long> WriteRowsAsync(
        NpgsqlConnection connection, string sql, LineStream lines, Action<Utf8JsonWriter, NpgsqlDataReader> write, CancellationToken cancellationToken)
    {
        var count = 0L;
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            lines.Write(json => write(json, reader));
            await lines.FlushAsync(FlushBytes, cancellationToken);
            count++;
        }
        return count;
    }

    private static void WriteStatement(Utf8JsonWriter json, NpgsqlDataReader row)
    {
        json.WriteNumber("statement", row.GetInt64(0));
        json.WriteBase64String("jws", row.GetFieldValue<byte[]>(1));
        WriteBytes(json, "leaves", row, 2);
    }

    private static void WriteEvent(Utf8JsonWriter json, NpgsqlDataReader row)
    {
        json.WriteNumber("record", row.GetInt64(0));
        json.WriteBase64String("event", row.GetFieldValue<byte[]>(1));
        WriteBytes(json, "eventSalt", row, 2);
        if (!row.IsDBNull(3))
        {
            json.WriteNumber("organisation", row.GetInt32(3));
        }
        if (!row.IsDBNull(4))
        {
            json.WriteBoolean("public", row.GetBoolean(4));
        }
        WriteTime(json, "eventTime", row, 5);
        WriteTime(json, "recordTime", row, 6);
        WriteNumber(json, "type", row, 7);
        WriteNumber(json, "step", row, 8);
        WriteNumber(json, "disposition", row, 9);
        if (!row.IsDBNull(10))
        {
            json.WriteStartArray("parties");
            foreach (var party in row.GetFieldValue<string[]>(10))
            {
                json.WriteStringValue(party);
            }
            json.WriteEndArray();
        }
    }

    private static void WriteMeasure(Utf8JsonWriter json, NpgsqlDataReader row)
    {
        json.WriteNumber("measure", row.GetInt64(0));
        json.WriteString("value", row.GetDouble(1).ToString("R", CultureInfo.InvariantCulture)); // A string: JSON has no infinity.
        json.WriteNumber("record", row.GetInt64(2));
    }

    private static void WriteBytes(Utf8JsonWriter json, string name, NpgsqlDataReader row, int column)
    {
        if (!row.IsDBNull(column))
        {
            json.WriteBase64String(name, row.GetFieldValue<byte[]>(column));
        }
    }

    private static void WriteTime(Utf8JsonWriter json, string name, NpgsqlDataReader row, int column)
    {
        if (!row.IsDBNull(column))
        {
            json.WriteString(name, row.GetDateTime(column).ToString("O", CultureInfo.InvariantCulture));
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, NpgsqlDataReader row, int column)
    {
        if (!row.IsDBNull(column))
        {
            json.WriteNumber(name, row.GetInt64(column));
        }
    }

    /// <summary>Lines of JSON on their way to a stream, hashed as they go.</summary>
    private sealed class LineStream(Stream output) : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly MemoryStream _buffer = new();

        public long SizeBytes { get; private set; }

        public void Write(Action<Utf8JsonWriter> members)
        {
            using (var json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                json.WriteStartObject();
                members(json);
                json.WriteEndObject();
            }
            _buffer.WriteByte((byte)'\n');
        }

        /// <summary>Hands on what is buffered once it is more than so many bytes.</summary>
        public async ValueTask FlushAsync(int above, CancellationToken cancellationToken)
        {
            if (_buffer.Length <= above)
            {
                return;
            }
            var bytes = _buffer.GetBuffer().AsMemory(0, (int)_buffer.Length);
            _hash.AppendData(bytes.Span);
            await output.WriteAsync(bytes, cancellationToken);
            SizeBytes += bytes.Length;
            _buffer.SetLength(0);
        }

        public Hash32 Digest() => new(_hash.GetHashAndReset());

        public void Dispose() => _hash.Dispose();
    }
}
