using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Monitor;

/// <summary>
/// The folder named by <c>--state</c>: the walk, what the monitor remembers, every alarm in order, and a file of evidence for each. One monitor at a
/// time. After a crash an alarm may be told twice, and none is lost.
/// </summary>
internal sealed class MonitorFolder : IDisposable
{
    private const string TypeName = "trustchain-monitor";
    private const int MaxBytes = 256 << 20;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private readonly string _folder;
    private readonly FileStream _lock;

    private MonitorFolder(string folder, FileStream lockFile) => (_folder, _lock) = (folder, lockFile);

    private string StateFile => Path.Combine(_folder, "monitor.json");

    private string WalkFile => Path.Combine(_folder, "walk.json");

    private string AlarmFile => Path.Combine(_folder, "alarms.jsonl");

    /// <summary>Opens the folder, or makes it.</summary>
    /// <exception cref="CliException">It cannot be used, or another monitor uses it.</exception>
    public static MonitorFolder Open(string folder)
    {
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "evidence"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{folder} cannot be made: {exception.Message}");
        }
        try
        {
            return new MonitorFolder(folder, new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{folder} is in use by another monitor, or cannot be written: {exception.Message}");
        }
    }

    /// <summary>What is remembered; a new memory in a new folder.</summary>
    /// <exception cref="CliException">A file is damaged, or one of the two is missing.</exception>
    public async Task<MonitorState> ReadAsync(Shell shell, CancellationToken cancellationToken)
    {
        if (!File.Exists(StateFile))
        {
            if (File.Exists(WalkFile))
            {
                throw new CliException($"{StateFile} is missing, but {WalkFile} is there: the monitor's memory is incomplete.");
            }
            var fresh = new MonitorState();
            await WriteAsync(fresh, cancellationToken); // Before any walk is saved, so that a lost file is told from a new folder.
            return fresh;
        }
        var state = Parse(StateFile, await InputFile.ReadAsync(shell, StateFile, MaxBytes, cancellationToken));
        return state.NewestSize == 0 || File.Exists(WalkFile)
            ? state
            : throw new CliException($"{WalkFile} is missing, although {state.NewestSize} entries were checked: the monitor's memory is incomplete.");
    }

    /// <summary>Brings what is remembered to the disk.</summary>
    public Task WriteAsync(MonitorState state, CancellationToken cancellationToken) => SealedFile.WriteAsync(StateFile, ToUtf8(state), cancellationToken);

    /// <summary>The walk as it was saved; a new one in a new folder.</summary>
    /// <exception cref="CliException">It is damaged, or of another log.</exception>
    public async Task<WalkState> ReadWalkAsync(Shell shell, TrustFile trust, CancellationToken cancellationToken) =>
        await FsckRun.OpenStateAsync(shell, WalkFile, trust, cancellationToken) ?? new WalkState(trust);

    /// <summary>Brings the walk to the disk.</summary>
    public Task WriteWalkAsync(WalkState walk, CancellationToken cancellationToken) => WalkStateFile.WriteAsync(WalkFile, walk, cancellationToken);

    /// <summary>Keeps the evidence of an alarm.</summary>
    /// <returns>Where, relative to the folder.</returns>
    public async Task<string> WriteEvidenceAsync(long number, string code, DateTimeOffset now, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"evidence/{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{number:0000}-{code}.json");
        await SealedFile.ReplaceAsync(Path.Combine(_folder, name), content, cancellationToken);
        return name;
    }

    /// <summary>Adds lines to the list of alarms; on return they are on the disk.</summary>
    /// <exception cref="CliException">They cannot be written.</exception>
    public async Task AppendAsync(IEnumerable<string> lines, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new FileStream(AlarmFile, FileMode.OpenOrCreate, FileAccess.ReadWrite);
            stream.Seek(0, SeekOrigin.End);
            if (stream.Length > 0)
            {
                stream.Seek(-1, SeekOrigin.End);
                if (stream.ReadByte() != '\n') // A crash broke the last line off.
                {
                    stream.WriteByte((byte)'\n');
                }
            }
            foreach (var line in lines)
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
            }
            stream.Flush(flushToDisk: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{AlarmFile} cannot be written: {exception.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    /// <summary>Reads the content of the memory's file.</summary>
    /// <exception cref="CliException">It is damaged or malformed.</exception>
    public static MonitorState Parse(string file, ReadOnlyMemory<byte> content)
    {
        var utf8 = SealedFile.Open(file, content);
        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            return Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new CliException($"{file} is no memory of a monitor: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static MonitorState Read(JsonElement json)
    {
        if (Text(json, "type") != TypeName || json.GetProperty("v").GetInt32() != 1)
        {
            throw new FormatException("it is of another type or version.");
        }
        return new MonitorState
        {
            NewestSize = json.GetProperty("newestSize").GetInt64(),
            Rounds = json.GetProperty("rounds").GetInt64(),
            Raised = json.GetProperty("raised").GetInt64(),
            Sightings = new Sightings(json.GetProperty("sightings").EnumerateArray().Select(static s => new Sighting(s.GetProperty("size").GetInt64(), s.GetProperty("seen").GetDateTimeOffset()))),
            Recoveries = json.TryGetProperty("recoveries", out var recoveries) ? ReadRecoveries(recoveries) : new RecoveryWatch([]), // Earlier versions did not watch them.
            Open = json.GetProperty("open").EnumerateArray().Select(ReadAlarm).ToDictionary(static a => (a.Finding.Code, a.Finding.Subject)),
            Outbox = [.. json.GetProperty("outbox").EnumerateArray().Select(static line => line.GetString() ?? "")],
            Kept = [.. json.GetProperty("kept").EnumerateArray().Select(static h => Hash32.TryParseBase64Url(h.GetString(), out var hash) ? hash : throw new FormatException("a hash is malformed."))],
        };
    }

    private static RecoveryWatch ReadRecoveries(JsonElement json) => new(
        json.GetProperty("seen").EnumerateArray().Select(static s => new RecoverySighting(s.GetProperty("entry").GetInt64(), Time(s, "notBefore"), Time(s, "completed"))),
        json.GetProperty("size").GetInt64(),
        Time(json, "at"));

    private static DateTimeOffset? Time(JsonElement json, string name) => json.GetProperty(name) is { ValueKind: not JsonValueKind.Null } time ? time.GetDateTimeOffset() : null;

    private static OpenAlarm ReadAlarm(JsonElement json) =>
        new(new Finding(Text(json, "code"), Text(json, "subject"), Text(json, "message")), json.GetProperty("since").GetDateTimeOffset(), json.GetProperty("evidence").GetString());

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"\"{name}\" is null.");

    private static byte[] ToUtf8(MonitorState state)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, Plain))
        {
            json.WriteStartObject();
            json.WriteString("type", TypeName);
            json.WriteNumber("v", 1);
            json.WriteNumber("newestSize", state.NewestSize);
            json.WriteNumber("rounds", state.Rounds);
            json.WriteNumber("raised", state.Raised);
            json.WriteStartArray("sightings");
            foreach (var sighting in state.Sightings.Uncovered)
            {
                json.WriteStartObject();
                json.WriteNumber("size", sighting.Size);
                json.WriteString("seen", sighting.Seen);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            WriteRecoveries(json, state.Recoveries);
            json.WriteStartArray("open");
            foreach (var alarm in state.Open.Values)
            {
                json.WriteStartObject();
                json.WriteString("code", alarm.Finding.Code);
                json.WriteString("subject", alarm.Finding.Subject);
                json.WriteString("message", alarm.Finding.Message);
                json.WriteString("since", alarm.Since);
                json.WriteString("evidence", alarm.EvidenceFile);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("outbox");
            state.Outbox.ForEach(json.WriteStringValue);
            json.WriteEndArray();
            json.WriteStartArray("kept");
            foreach (var digest in state.Kept)
            {
                json.WriteStringValue(digest.ToBase64Url());
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    private static void WriteRecoveries(Utf8JsonWriter json, RecoveryWatch recoveries)
    {
        json.WriteStartObject("recoveries");
        json.WriteNumber("size", recoveries.Size);
        WriteTime(json, "at", recoveries.At);
        json.WriteStartArray("seen");
        foreach (var sighting in recoveries.Seen)
        {
            json.WriteStartObject();
            json.WriteNumber("entry", sighting.Entry);
            WriteTime(json, "notBefore", sighting.NotBefore);
            WriteTime(json, "completed", sighting.Completed);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            json.WriteString(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
