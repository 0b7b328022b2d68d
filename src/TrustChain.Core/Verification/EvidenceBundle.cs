using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Verification;

/// <summary>What the bundle says of the log it comes from. To be compared with a trust file; alone it proves nothing.</summary>
/// <param name="Origin">Name of the log.</param>
/// <param name="Key">Its note verifier key.</param>
/// <param name="ChainId">EIP-155 chain id of the anchors' chain.</param>
/// <param name="Registry">Address of the AnchorRegistry contract: 0x and 40 hexadecimal digits.</param>
public sealed record LogIdentity(string Origin, string Key, long ChainId, string Registry);

/// <summary>An anchor: the log's root of a certain size, stored in the registry contract.</summary>
/// <param name="ChainId">EIP-155 chain id.</param>
/// <param name="Registry">Contract address.</param>
/// <param name="Size">Leaves under the root.</param>
/// <param name="Root">The root.</param>
/// <param name="Transaction">Transaction hash: 0x and 64 hexadecimal digits.</param>
/// <param name="Block">Number of the block that holds it.</param>
/// <param name="BlockHash">Hash of that block.</param>
/// <param name="Time">That block's own time.</param>
/// <param name="Consistency">RFC 9162 proof from this size to the checkpoint's; empty when they are equal.</param>
public sealed record BundleAnchor(
    long ChainId, string Registry, long Size, Hash32 Root, string Transaction, long Block, string BlockHash, DateTimeOffset Time, IReadOnlyList<Hash32> Consistency);

/// <summary>A timestamp authority's word that the log had a root by a time.</summary>
/// <param name="Size">Leaves under the root.</param>
/// <param name="Root">The root.</param>
/// <param name="Token">RFC 3161 TimeStampToken, DER, over the checkpoint text of origin, size and root; see <see cref="TimestampToken"/>.</param>
/// <param name="Consistency">As of an anchor.</param>
public sealed record BundleTimestamp(long Size, Hash32 Root, ReadOnlyMemory<byte> Token, IReadOnlyList<Hash32> Consistency);

/// <summary>A key entry in a bundle.</summary>
/// <param name="Index">Its leaf index.</param>
/// <param name="Leaf">The leaf hash it is claimed to have.</param>
/// <param name="Body">Canonical JSON of the entry's body.</param>
public sealed record BundleKey(long Index, Hash32 Leaf, ReadOnlyMemory<byte> Body);

/// <summary>An entry that changes how records are to be read: a certificate, a recall, a revoked key.</summary>
/// <param name="Index">Its leaf index.</param>
/// <param name="Leaf">The leaf hash it is claimed to have.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Body">Canonical JSON of the entry's body.</param>
/// <param name="Statement">Place of the signed statement in <see cref="EvidenceBundle.Statements"/>, if the entry has one.</param>
public sealed record BundleStatus(long Index, Hash32 Leaf, EntryKind Kind, ReadOnlyMemory<byte> Body, int? Statement);

/// <summary>One record with what opens it.</summary>
/// <param name="Index">Its leaf index.</param>
/// <param name="Leaf">The leaf hash it is claimed to have.</param>
/// <param name="Record">Canonical JSON of the record.</param>
/// <param name="Salt">The 32 bytes that hide it in the log.</param>
/// <param name="Statement">Place of its statement in <see cref="EvidenceBundle.Statements"/>; null when the statement was erased.</param>
/// <param name="Event">In root form: the event's JSON exactly as signed. Null in document form, and when erased.</param>
/// <param name="EventSalt">In root form: the event's salt.</param>
/// <param name="EventProof">In root form: inclusion proof to the signed root, from the leaf upward.</param>
/// <param name="ErasedAt">When the content was erased, if it was.</param>
public sealed record BundleRecord(
    long Index,
    Hash32 Leaf,
    ReadOnlyMemory<byte> Record,
    Hash32 Salt,
    int? Statement,
    ReadOnlyMemory<byte>? Event,
    Hash32? EventSalt,
    IReadOnlyList<Hash32> EventProof,
    DateTimeOffset? ErasedAt)
{
    /// <summary>Of a telemetry statement: the 32 bytes that open the device's pseudonym. Null elsewhere, and where the asker may not learn which device it is.</summary>
    public Hash32? DeviceSalt { get; init; }
}

/// <summary>
/// Everything a stranger needs to check one record or an item's records, in one JSON file. <see cref="Proof"/> leads from all leaf hashes in the
/// bundle together to the checkpoint's root; see <see cref="SharedInclusionProof"/>.
/// </summary>
public sealed partial class EvidenceBundle
{
    /// <summary>Value of the member <c>type</c>.</summary>
    public const string TypeName = "trustchain-evidence";

    /// <summary>Value of the member <c>v</c>.</summary>
    public const int Version = 1;

    /// <summary>Largest bundle read, in bytes: a hundred records of one large document each stay well below.</summary>
    public const int MaxBytes = 16 << 20;

    /// <summary>Most records, keys, or status entries in one bundle.</summary>
    public const int MaxEntries = 1000;

    /// <summary>What the bundle says of its log.</summary>
    public required LogIdentity Log { get; init; }

    /// <summary>Canonical URI of the item the bundle is about, if it is about one.</summary>
    public string? Item { get; init; }

    /// <summary>Where the next page of the item's records is, if there is one.</summary>
    public string? Next { get; init; }

    /// <summary>The signed checkpoint as a note.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Anchors known for a size at or below the checkpoint's; empty while none is final.</summary>
    public IReadOnlyList<BundleAnchor> Anchors { get; init; } = [];

    /// <summary>Timestamps of a size at or below the checkpoint's.</summary>
    public IReadOnlyList<BundleTimestamp> Timestamps { get; init; } = [];

    /// <summary>Shared inclusion proof of all entries below, from left to right.</summary>
    public required IReadOnlyList<Hash32> Proof { get; init; }

    /// <summary>The key entries that the records and status entries name, each with those of its organisation before it.</summary>
    public required IReadOnlyList<BundleKey> Keys { get; init; }

    /// <summary>Compact JWS statements, each once.</summary>
    public required IReadOnlyList<string> Statements { get; init; }

    /// <summary>The records.</summary>
    public required IReadOnlyList<BundleRecord> Records { get; init; }

    /// <summary>Status entries.</summary>
    public IReadOnlyList<BundleStatus> Status { get; init; } = [];

    /// <summary>All leaves of the bundle, ascending by index, each index once; null when one index is claimed with two different leaf hashes.</summary>
    public (long Index, Hash32 Leaf)[]? Leaves()
    {
        var leaves = new SortedDictionary<long, Hash32>();
        foreach (var (index, leaf) in Records.Select(static r => (r.Index, r.Leaf))
            .Concat(Keys.Select(static k => (k.Index, k.Leaf)))
            .Concat(Status.Select(static s => (s.Index, s.Leaf))))
        {
            if (!leaves.TryAdd(index, leaf) && leaves[index] != leaf)
            {
                return null;
            }
        }
        return [.. leaves.Select(static l => (l.Key, l.Value))];
    }

    /// <summary>Writes the bundle as JSON, in the order of <c>docs/evidence-format.md</c>.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", TypeName);
        writer.WriteNumber("v", Version);
        writer.WriteStartObject("log");
        writer.WriteString("origin", Log.Origin);
        writer.WriteString("key", Log.Key);
        writer.WriteNumber("chainId", Log.ChainId);
        writer.WriteString("registry", Log.Registry);
        writer.WriteEndObject();
        if (Item is not null)
        {
            writer.WriteString("item", Item);
        }
        if (Next is not null)
        {
            writer.WriteString("next", Next);
        }
        writer.WriteString("checkpoint", Checkpoint);
        writer.WriteStartArray("anchors");
        foreach (var anchor in Anchors)
        {
            WriteAnchor(writer, anchor);
        }
        writer.WriteEndArray();
        if (Timestamps.Count > 0)
        {
            writer.WriteStartArray("timestamps");
            foreach (var timestamp in Timestamps)
            {
                writer.WriteStartObject();
                writer.WriteNumber("size", timestamp.Size);
                writer.WriteString("root", timestamp.Root.ToBase64Url());
                writer.WriteString("token", Base64UrlText.Encode(timestamp.Token.Span));
                WriteHashes(writer, "consistency", timestamp.Consistency);
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        WriteHashes(writer, "proof", Proof);
        writer.WriteStartArray("keys");
        foreach (var key in Keys)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index", key.Index);
            writer.WriteString("leaf", key.Leaf.ToBase64Url());
            writer.WritePropertyName("entry");
            writer.WriteRawValue(key.Body.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("statements");
        foreach (var statement in Statements)
        {
            writer.WriteStringValue(statement);
        }
        writer.WriteEndArray();
        writer.WriteStartArray("records");
        foreach (var record in Records)
        {
            WriteRecord(writer, record);
        }
        writer.WriteEndArray();
        writer.WriteStartArray("status");
        foreach (var status in Status)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index", status.Index);
            writer.WriteString("leaf", status.Leaf.ToBase64Url());
            writer.WriteNumber("kind", (int)status.Kind);
            writer.WritePropertyName("entry");
            writer.WriteRawValue(status.Body.Span, skipInputValidation: true);
            if (status.Statement is { } place)
            {
                writer.WriteNumber("statement", place);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The bundle as UTF-8 JSON.</summary>
    public byte[] ToUtf8()
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(output))
        {
            WriteTo(writer);
        }
        return output.WrittenSpan.ToArray();
    }

    private static void WriteAnchor(Utf8JsonWriter writer, BundleAnchor anchor)
    {
        writer.WriteStartObject();
        writer.WriteNumber("chainId", anchor.ChainId);
        writer.WriteString("registry", anchor.Registry);
        writer.WriteNumber("size", anchor.Size);
        writer.WriteString("root", anchor.Root.ToBase64Url());
        writer.WriteString("transaction", anchor.Transaction);
        writer.WriteNumber("block", anchor.Block);
        writer.WriteString("blockHash", anchor.BlockHash);
        writer.WriteString("time", Core.Log.Record.FormatTime(anchor.Time));
        WriteHashes(writer, "consistency", anchor.Consistency);
        writer.WriteEndObject();
    }

    private static void WriteRecord(Utf8JsonWriter writer, BundleRecord record)
    {
        writer.WriteStartObject();
        writer.WriteNumber("index", record.Index);
        writer.WriteString("leaf", record.Leaf.ToBase64Url());
        writer.WriteString("salt", record.Salt.ToBase64Url());
        writer.WritePropertyName("record");
        writer.WriteRawValue(record.Record.Span, skipInputValidation: true);
        if (record.Statement is { } place)
        {
            writer.WriteNumber("statement", place);
        }
        if (record.DeviceSalt is { } deviceSalt)
        {
            writer.WriteString("deviceSalt", deviceSalt.ToBase64Url());
        }
        if (record.Event is { } body && record.EventSalt is { } salt)
        {
            writer.WriteString("event", Base64UrlText.Encode(body.Span));
            writer.WriteString("eventSalt", salt.ToBase64Url());
            WriteHashes(writer, "eventProof", record.EventProof);
        }
        if (record.ErasedAt is { } erased)
        {
            writer.WriteString("erasedAt", Core.Log.Record.FormatTime(erased));
        }
        writer.WriteEndObject();
    }

    private static void WriteHashes(Utf8JsonWriter writer, string name, IReadOnlyList<Hash32> hashes)
    {
        writer.WriteStartArray(name);
        foreach (var hash in hashes)
        {
            writer.WriteStringValue(hash.ToBase64Url());
        }
        writer.WriteEndArray();
    }
}
