using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Devices;

namespace TrustChain.Postgres.Capture;

/// <summary>A verified statement with the records to be made of it.</summary>
public sealed record NewStatement
{
    /// <summary>Database id of the signer's organisation.</summary>
    public required int OrganisationId { get; init; }

    public required string Kid { get; init; }

    /// <summary>Leaf index of the key's entry.</summary>
    public required long KeyEntry { get; init; }

    public required Custody Custody { get; init; }

    public required StatementForm Form { get; init; }

    /// <summary>Events in the statement.</summary>
    public required int Count { get; init; }

    /// <summary>SHA-256 of the compact JWS.</summary>
    public required Hash32 Digest { get; init; }

    /// <summary>The compact JWS in ASCII.</summary>
    public required byte[] Jws { get; init; }

    /// <summary>In root form: the leaf hashes under the signed root, 32 bytes each, so that one event can be shown without the others.</summary>
    public byte[]? Leaves { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>The capture job this is part of; null for a statement that is its own.</summary>
    public string? JobId { get; init; }

    public required IReadOnlyList<NewRecord> Records { get; init; }

    /// <summary>Of a telemetry statement: what is kept beside its one record.</summary>
    public NewTelemetry? Telemetry { get; init; }

    /// <summary>Length of the statement and its events together.</summary>
    public int SizeBytes => Jws.Length + Records.Sum(static r => r.Event.Length);
}

/// <summary>One record to be made.</summary>
public sealed record NewRecord
{
    /// <summary>Place of the event in the statement, from 0.</summary>
    public required int Position { get; init; }

    /// <summary>Two records with the same identity are the same; see <see cref="ComputeIdentity"/>.</summary>
    public required Guid Identity { get; init; }

    public required Hash32 EventHash { get; init; }

    /// <summary>The client's eventID; null where the event hash stands in for it.</summary>
    public string? EventId { get; init; }

    public required DateTimeOffset EventTime { get; init; }

    public required bool IsPublic { get; init; }

    /// <summary>Whether the event declares an earlier one wrong.</summary>
    public required bool IsDeclaration { get; init; }

    /// <summary>The 32 bytes that hide the record in the log.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>The entry of the log: 34 bytes.</summary>
    public required byte[] Entry { get; init; }

    /// <summary>The event's JSON exactly as signed.</summary>
    public required ReadOnlyMemory<byte> Event { get; init; }

    /// <summary>In root form: the event's salt.</summary>
    public byte[]? EventSalt { get; init; }

    /// <summary>What the event can be found by.</summary>
    public required RecordIndex Index { get; init; }

    /// <summary>First 16 bytes of SHA-256 over organisation, event hash, eventID and error declaration, each with its length where it varies.</summary>
    public static Guid ComputeIdentity(int organisationId, Hash32 eventHash, string? eventId, ReadOnlySpan<byte> errorDeclaration)
    {
        var id = eventId is null ? [] : Encoding.UTF8.GetBytes(eventId);
        var length = 4 + 32 + 4 + id.Length + 32;
        Span<byte> bytes = length <= 512 ? stackalloc byte[length] : new byte[length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, organisationId);
        eventHash.CopyTo(bytes[4..]);
        BinaryPrimitives.WriteInt32BigEndian(bytes[36..], eventId is null ? -1 : id.Length);
        id.CopyTo(bytes[40..]);
        if (!errorDeclaration.IsEmpty)
        {
            SHA256.HashData(errorDeclaration, bytes[(40 + id.Length)..]);
        }
        else
        {
            bytes[(40 + id.Length)..].Clear();
        }
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(bytes, digest);
        return new Guid(digest[..16], bigEndian: true);
    }
}

/// <summary>The number under which an item's records are indexed.</summary>
public static class ItemKey
{
    /// <summary>Read point. Roles below this one are those of <see cref="Core.Epcis.ItemRole"/>: what the event is about.</summary>
    public const short ReadPointRole = 100;

    /// <summary>Business location; with the read point a place whose page shows what happened there.</summary>
    public const short BizLocationRole = 101;

    /// <summary>The transformation's identifier.</summary>
    public const short TransformationRole = 102;

    /// <summary>A business transaction of any type.</summary>
    public const short BizTransactionRole = 103;

    /// <summary>A source of any type.</summary>
    public const short SourceRole = 104;

    /// <summary>A destination of any type.</summary>
    public const short DestinationRole = 105;

    /// <summary>A sensor device.</summary>
    public const short DeviceRole = 106;

    /// <summary>The measurement type of a sensor report.</summary>
    public const short MeasurementRole = 107;

    /// <summary>First 8 bytes of the SHA-256 of the normalised URI. Collisions are possible: compare the URI after looking up.</summary>
    public static long Compute(string canonicalUri)
    {
        canonicalUri = ItemUris.Normalise(canonicalUri);
        var count = Encoding.UTF8.GetByteCount(canonicalUri);
        Span<byte> utf8 = count <= 512 ? stackalloc byte[count] : new byte[count];
        Encoding.UTF8.GetBytes(canonicalUri, utf8);
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(utf8, digest);
        return BinaryPrimitives.ReadInt64BigEndian(digest);
    }
}

/// <summary>What became of a statement.</summary>
public abstract record CaptureResult
{
    private CaptureResult()
    {
    }

    /// <summary>Everything is durable: one line per record, in the order given.</summary>
    /// <param name="Records">New and already known records.</param>
    public sealed record Stored(IReadOnlyList<StoredRecord> Records) : CaptureResult;

    /// <summary>Nothing was stored.</summary>
    /// <param name="Position">Place in the statement of the event that is the reason.</param>
    public abstract record Refused(int Position) : CaptureResult;

    /// <summary>The organisation has used this eventID for another content.</summary>
    /// <param name="Position">Place of the event in the statement.</param>
    /// <param name="EventId">The eventID.</param>
    public sealed record EventIdInUse(int Position, string EventId) : Refused(Position);

    /// <summary>The event's content was erased, and in document form the statement would bring it back with its other events.</summary>
    /// <param name="Position">Place of the event in the statement.</param>
    public sealed record ContentErased(int Position) : Refused(Position);
}

/// <summary>A record that is durable.</summary>
/// <param name="Id">Its database id.</param>
/// <param name="IsNew">False when it was there before; then the next two tell of the first statement.</param>
/// <param name="Statement">SHA-256 of its statement.</param>
/// <param name="ReceivedAt">When that statement was received.</param>
public readonly record struct StoredRecord(long Id, bool IsNew, Hash32 Statement, DateTimeOffset ReceivedAt);
