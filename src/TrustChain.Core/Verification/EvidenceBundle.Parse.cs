using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Verification;

public sealed partial class EvidenceBundle
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Reads a bundle. Bodies of entries are put into canonical form; unknown members are refused.</summary>
    /// <param name="utf8">The JSON.</param>
    /// <param name="bundle">The bundle, when the answer is true.</param>
    /// <param name="error">Where it is malformed and why, when the answer is false.</param>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out EvidenceBundle? bundle, [NotNullWhen(false)] out string? error)
    {
        bundle = null;
        if (utf8.Length > MaxBytes)
        {
            error = $"The bundle is larger than {MaxBytes} bytes.";
            return false;
        }
        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            bundle = Read(new Node(document.RootElement, "$"));
            error = null;
            return true;
        }
        catch (JsonException exception)
        {
            error = $"Not well-formed JSON without repeated members, or nested too deep: line {exception.LineNumber}, byte {exception.BytePositionInLine}.";
            return false;
        }
        catch (MalformedException exception)
        {
            error = exception.Message;
            return false;
        }
        catch (FormatException exception)
        {
            error = exception.Message; // from canonicalising an entry's body
            return false;
        }
        catch (InvalidOperationException)
        {
            error = "A string or a member's name is not valid Unicode."; // an escaped lone surrogate
            return false;
        }
    }

    private static EvidenceBundle Read(Node root)
    {
        root.Only("type", "v", "log", "item", "next", "checkpoint", "anchors", "timestamps", "proof", "keys", "statements", "records", "status");
        if (root.Member("type").Text() != TypeName || root.Member("v").Integer() != Version)
        {
            throw new MalformedException($"$.type and $.v: this is not a {TypeName} of version {Version}.");
        }
        var log = root.Member("log");
        log.Only("origin", "key", "chainId", "registry");
        var statements = root.Member("statements").List(MaxEntries, static n => n.Text());
        return new EvidenceBundle
        {
            Log = new LogIdentity(log.Member("origin").Text(), log.Member("key").Text(), log.Member("chainId").Integer(), log.Member("registry").Text()),
            Item = root.Optional("item")?.Text(),
            Next = root.Optional("next")?.Text(),
            Checkpoint = root.Member("checkpoint").Text(),
            Anchors = root.Member("anchors").List(16, ReadAnchor),
            Timestamps = root.Optional("timestamps")?.List(16, ReadTimestamp) ?? [],
            Proof = root.Member("proof").Hashes(64 * MaxEntries),
            Keys = root.Member("keys").List(MaxEntries, ReadKey),
            Statements = statements,
            Records = root.Member("records").List(MaxEntries, n => ReadRecord(n, statements.Count)),
            Status = root.Member("status").List(MaxEntries, n => ReadStatus(n, statements.Count)),
        };
    }

    private static BundleAnchor ReadAnchor(Node node)
    {
        node.Only("chainId", "registry", "size", "root", "transaction", "block", "blockHash", "time", "consistency");
        return Core.Log.Record.TryParseTime(node.Member("time").Text(), out var time)
            ? new BundleAnchor(
                node.Member("chainId").Integer(),
                node.Member("registry").Text(),
                node.Member("size").Integer(),
                node.Member("root").Hash(),
                node.Member("transaction").Text(),
                node.Member("block").Integer(),
                node.Member("blockHash").Text(),
                time,
                node.Member("consistency").Hashes(128))
            : throw new MalformedException($"{node.Place}.time: not a UTC time with milliseconds.");
    }

    private static BundleTimestamp ReadTimestamp(Node node)
    {
        node.Only("size", "root", "token", "consistency");
        var token = node.Member("token");
        return Base64UrlText.TryDecode(token.Text(), out var der) && der.Length <= TimestampToken.MaxSize
            ? new BundleTimestamp(node.Member("size").Integer(), node.Member("root").Hash(), der, node.Member("consistency").Hashes(128))
            : throw new MalformedException($"{token.Place}: not canonical base64url of at most {TimestampToken.MaxSize} bytes.");
    }

    private static BundleKey ReadKey(Node node)
    {
        node.Only("index", "leaf", "entry");
        return new BundleKey(node.Member("index").Integer(), node.Member("leaf").Hash(), node.Member("entry").Canonical());
    }

    private static BundleStatus ReadStatus(Node node, int statements)
    {
        node.Only("index", "leaf", "kind", "entry", "statement");
        var kind = node.Member("kind").Integer();
        return kind is >= 1 and <= 255
            ? new BundleStatus(node.Member("index").Integer(), node.Member("leaf").Hash(), (EntryKind)kind, node.Member("entry").Canonical(), node.StatementPlace(statements))
            : throw new MalformedException($"{node.Place}.kind: outside 1 to 255.");
    }

    private static BundleRecord ReadRecord(Node node, int statements)
    {
        node.Only("index", "leaf", "salt", "record", "statement", "deviceSalt", "event", "eventSalt", "eventProof", "erasedAt");
        ReadOnlyMemory<byte>? body = null;
        if (node.Optional("event") is { } member)
        {
            body = Base64UrlText.TryDecode(member.Text(), out var bytes) ? bytes : throw new MalformedException($"{member.Place}: not canonical base64url.");
        }
        DateTimeOffset? erasedAt = null;
        if (node.Optional("erasedAt") is { } erased)
        {
            erasedAt = Core.Log.Record.TryParseTime(erased.Text(), out var time) ? time : throw new MalformedException($"{erased.Place}: not a UTC time with milliseconds.");
        }
        return new BundleRecord(
            node.Member("index").Integer(),
            node.Member("leaf").Hash(),
            node.Member("record").Canonical(),
            node.Member("salt").Hash(),
            node.StatementPlace(statements),
            body,
            node.Optional("eventSalt")?.Hash(),
            node.Optional("eventProof")?.Hashes(16) ?? [],
            erasedAt)
        {
            DeviceSalt = node.Optional("deviceSalt")?.Hash(),
        };
    }

    private sealed class MalformedException(string message) : Exception(message);

    /// <summary>A JSON value with the place where it stands, so that every fault can name it.</summary>
    private readonly record struct Node(JsonElement Json, string Place)
    {
        public void Only(params ReadOnlySpan<string> names)
        {
            if (Json.ValueKind != JsonValueKind.Object)
            {
                throw new MalformedException($"{Place}: not an object.");
            }
            foreach (var member in Json.EnumerateObject())
            {
                if (!names.Contains(member.Name))
                {
                    throw new MalformedException($"{Place}: the member \"{member.Name}\" is not known.");
                }
            }
        }

        public Node Member(string name) => Optional(name) ?? throw new MalformedException($"{Place}: the member \"{name}\" is missing.");

        public Node? Optional(string name) => Json.TryGetProperty(name, out var value) ? new Node(value, $"{Place}.{name}") : null;

        public string Text()
        {
            try
            {
                return Json.ValueKind == JsonValueKind.String ? Json.GetString()! : throw new MalformedException($"{Place}: not a string.");
            }
            catch (InvalidOperationException)
            {
                throw new MalformedException($"{Place}: a string that is not valid Unicode.");
            }
        }

        public long Integer() => Json.ValueKind == JsonValueKind.Number && Json.TryGetInt64(out var value) && value >= 0
            ? value
            : throw new MalformedException($"{Place}: not a whole number of zero or more.");

        public Hash32 Hash() => Hash32.TryParseBase64Url(Text(), out var hash) ? hash : throw new MalformedException($"{Place}: not 32 bytes in base64url.");

        public List<T> List<T>(int max, Func<Node, T> read)
        {
            if (Json.ValueKind != JsonValueKind.Array || Json.GetArrayLength() > max)
            {
                throw new MalformedException($"{Place}: not an array of at most {max}.");
            }
            var list = new List<T>(Json.GetArrayLength());
            foreach (var item in Json.EnumerateArray())
            {
                list.Add(read(new Node(item, $"{Place}[{list.Count}]")));
            }
            return list;
        }

        public List<Hash32> Hashes(int max) => List(max, static n => n.Hash());

        public byte[] Canonical() => Json.ValueKind == JsonValueKind.Object ? Jcs.Canonicalize(Json) : throw new MalformedException($"{Place}: not an object.");

        /// <summary>The optional member <c>statement</c>: a place in the list of statements.</summary>
        public int? StatementPlace(int statements)
        {
            if (Optional("statement") is not { } member)
            {
                return null;
            }
            var place = member.Integer();
            return place < statements ? (int)place : throw new MalformedException($"{member.Place}: there are {statements} statements.");
        }
    }
}
