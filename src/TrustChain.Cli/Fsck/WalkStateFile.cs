using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Fsck;

/// <summary>Keeps a <see cref="WalkState"/> in a file. What is read is checked against itself: hashes, counts, key entries and the log's signatures must fit.</summary>
internal static class WalkStateFile
{
    private const string TypeName = "trustchain-walk";
    private const int MaxBytes = 1 << 30;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Reads the file; null when there is none.</summary>
    /// <exception cref="CliException">It is damaged, malformed or contradicts itself.</exception>
    public static async Task<WalkState?> FindAsync(Shell shell, string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            return null;
        }
        var content = await InputFile.ReadAsync(shell, file, MaxBytes, cancellationToken);
        return Parse(file, content);
    }

    /// <summary>Writes the file.</summary>
    /// <exception cref="CliException">It cannot be written.</exception>
    public static Task WriteAsync(string file, WalkState state, CancellationToken cancellationToken) =>
        SealedFile.WriteAsync(file, ToUtf8(state), cancellationToken);

    /// <summary>Reads the content of a file.</summary>
    /// <exception cref="CliException">It is damaged, malformed or contradicts itself.</exception>
    public static WalkState Parse(string file, ReadOnlyMemory<byte> content)
    {
        var utf8 = SealedFile.Open(file, content);
        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            return Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new CliException($"{file} is no state of a walk: {exception.Message.ReplaceLineEndings(" ")}");
        }
        catch (LogFaultException exception)
        {
            throw new CliException($"{file} is no state of a walk: {exception.Message}");
        }
    }

    private static byte[] ToUtf8(WalkState state)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, Plain))
        {
            json.WriteStartObject();
            json.WriteString("type", TypeName);
            json.WriteNumber("v", 1);
            WriteTrust(json, state.Trust);
            json.WriteNumber("size", state.Size);
            json.WriteString("root", state.Frontier.ComputeRoot().ToBase64Url());
            WriteTiles(json, state);
            json.WriteNumber("fullUpperTiles", state.FullUpperTiles);
            json.WriteStartObject("kinds");
            foreach (var (kind, number) in state.Kinds)
            {
                json.WriteNumber(kind.ToString(System.Globalization.CultureInfo.InvariantCulture), number);
            }
            json.WriteEndObject();
            WriteEntries(json, "keys", state.Keys.Entries);
            if (state.Keys.Devices.Count > 0)
            {
                WriteEntries(json, "devices", state.Keys.Devices);
            }
            json.WriteString("confirmed", state.Confirmed?.Note);
            json.WriteString("pending", state.Pending?.Note);
            WriteChain(json, state.Chain);
            json.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    private static void WriteTrust(Utf8JsonWriter json, TrustFile trust)
    {
        json.WriteStartObject("trust");
        json.WriteString("origin", trust.Origin);
        json.WriteString("logKey", trust.LogKey);
        json.WriteNumber("chainId", trust.ChainId);
        json.WriteString("registry", trust.Registry);
        json.WriteString("genesis", trust.Genesis);
        json.WriteEndObject();
    }

    private static void WriteTiles(Utf8JsonWriter json, WalkState state)
    {
        json.WriteStartArray("tiles");
        foreach (var tile in state.Tiles)
        {
            json.WriteStartArray();
            foreach (var hash in tile)
            {
                json.WriteStringValue(hash.ToBase64Url());
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private static void WriteEntries(Utf8JsonWriter json, string name, IReadOnlyList<(long Index, ReadOnlyMemory<byte> Body)> entries)
    {
        json.WriteStartArray(name);
        foreach (var (index, body) in entries)
        {
            json.WriteStartObject();
            json.WriteNumber("index", index);
            json.WriteString("body", Base64UrlText.Encode(body.Span));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteChain(Utf8JsonWriter json, ChainCursor chain)
    {
        json.WriteStartObject("chain");
        json.WriteNumber("nextBlock", chain.NextBlock);
        json.WriteNumber("count", chain.Count);
        json.WriteNumber("newestSize", chain.Newest.Size);
        json.WriteString("newestRoot", chain.Newest.Root.ToBase64Url());
        json.WriteEndObject();
    }

    private static WalkState Read(JsonElement json)
    {
        Require(json.GetProperty("type").GetString() == TypeName && json.GetProperty("v").GetInt32() == 1, "it is of another type or version.");
        var trust = ReadTrust(json.GetProperty("trust"));
        Require(NoteVerifier.TryParse(trust.LogKey, out var verifier) && verifier.Name == trust.Origin, "its log key is malformed or not of its origin.");
        var tiles = json.GetProperty("tiles").EnumerateArray().Select(static tile => tile.EnumerateArray().Select(ReadHash).ToList()).ToList();
        Require(tiles.Count is > 0 and <= 7 && tiles.All(static t => t.Count < TileCoordinate.FullWidth), "a level has too many hashes.");
        var state = new WalkState(trust, tiles)
        {
            FullUpperTiles = Number(json, "fullUpperTiles"),
            Kinds = new SortedDictionary<byte, long>(json.GetProperty("kinds").EnumerateObject().ToDictionary(
                static kind => byte.Parse(kind.Name, System.Globalization.CultureInfo.InvariantCulture), static kind => kind.Value.GetInt64())),
            Confirmed = ReadNote(json.GetProperty("confirmed"), verifier!), // Required above.
            Pending = ReadNote(json.GetProperty("pending"), verifier!),
            Chain = ReadChain(json.GetProperty("chain")),
        };
        Require(state.Size == Number(json, "size") && state.Frontier.ComputeRoot() == ReadHash(json.GetProperty("root")), "its hashes do not lead to its root.");
        Require(state.Kinds.Values.All(static n => n > 0) && state.Kinds.Values.Sum() == state.Size, "its counts are not those of its size.");
        ReadChanges(json, state);
        RequireNotes(state);
        return state;
    }

    /// <summary>Key and device entries are taken in the order of the log, both together: a device entry rests on the keys that were there at its time.</summary>
    private static void ReadChanges(JsonElement json, WalkState state)
    {
        var keys = json.GetProperty("keys").EnumerateArray().Select(static entry => (Kind: EntryKind.Key, Entry: entry));
        var devices = json.TryGetProperty("devices", out var list) ? list.EnumerateArray().Select(static entry => (Kind: EntryKind.Device, Entry: entry)) : [];
        var last = -1L;
        foreach (var (kind, entry) in keys.Concat(devices).OrderBy(static change => Number(change.Entry, "index")))
        {
            var index = Number(entry, "index");
            Require(index > last && index < state.Size, "a key or device entry is out of place.");
            Require(Base64UrlText.TryDecode(entry.GetProperty("body").GetString(), out var body), "a key or device entry is not base64url.");
            Require(state.Keys.Apply(kind, index, body) is null, $"entry {index} breaks the rules of key and device entries.");
            last = index;
        }
        Require(state.Keys.Entries.Count == state.Kinds.GetValueOrDefault((byte)EntryKind.Key), "it lacks key entries.");
        Require(state.Keys.Devices.Count == state.Kinds.GetValueOrDefault((byte)EntryKind.Device), "it lacks device entries.");
    }

    /// <summary>Confirmed is at or below the size walked, and pending above confirmed and not below it.</summary>
    private static void RequireNotes(WalkState state)
    {
        var confirmed = state.Confirmed;
        var newest = state.Newest;
        Require(newest is null ? state.Size == 0 : state.Size <= newest.Size, "it is beyond its checkpoint.");
        Require(confirmed is null || (confirmed.Size <= state.Size && (confirmed.Size < state.Size || confirmed.Root == state.Frontier.ComputeRoot())), "it is not at its checkpoint.");
        Require(state.Pending is not { } pending || confirmed is null || pending.Size > confirmed.Size, "its checkpoints are out of order.");
    }

    private static TrustFile ReadTrust(JsonElement json) => new(
        Text(json, "origin"), Text(json, "logKey"), json.GetProperty("chainId").GetInt64(), Text(json, "registry"), Text(json, "genesis"));

    private static SignedCheckpoint? ReadNote(JsonElement note, NoteVerifier verifier) =>
        note.ValueKind == JsonValueKind.Null ? null : SignedCheckpoint.Read(note.GetString()!, verifier); // A JSON string is not null.

    private static ChainCursor ReadChain(JsonElement json) => new(
        json.GetProperty("nextBlock").GetUInt64(), Number(json, "count"), new RootOfSize(Number(json, "newestSize"), ReadHash(json.GetProperty("newestRoot"))));

    private static Hash32 ReadHash(JsonElement json) =>
        Hash32.TryParseBase64Url(json.GetString(), out var hash) ? hash : throw new FormatException("a hash is malformed.");

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"\"{name}\" is null.");

    private static long Number(JsonElement json, string name) =>
        json.GetProperty(name).GetInt64() is var number and >= 0 ? number : throw new FormatException($"\"{name}\" is negative.");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FormatException(otherwise);
        }
    }
}
