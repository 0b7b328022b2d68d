using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;

namespace TrustChain.Core.Signing;

/// <summary>The forms of a statement, told apart by <c>typ</c>.</summary>
public enum StatementForm
{
    /// <summary><c>epcis+jws</c>: the payload is an EPCIS document or one event.</summary>
    Document,

    /// <summary><c>epcis-root+jws</c>: the payload is the root of a tree over salted events.</summary>
    Root,

    /// <summary><c>telemetry+jws</c>, or a COSE_Sign1: the payload is one event with the readings of a device, numbered and chained.</summary>
    Telemetry,
}

/// <summary>
/// A signed message by which somebody says one or more events, with a protected header of exactly <c>alg</c>, <c>kid</c>, <c>typ</c> and, when given, <c>aud</c>; a
/// telemetry statement has the members of <see cref="TelemetryHeader"/> too. It is a JWS; a telemetry statement may be a COSE_Sign1 instead.
/// </summary>
public sealed class Statement
{
    /// <summary><c>typ</c> of the document form.</summary>
    public const string DocumentType = "epcis+jws";

    /// <summary><c>typ</c> of the root form.</summary>
    public const string RootType = "epcis-root+jws";

    /// <summary><c>typ</c> of a telemetry statement.</summary>
    public const string TelemetryType = "telemetry+jws";

    /// <summary>Most events in one statement.</summary>
    public const int MaxEvents = 1000;

    /// <summary>Longest signed body, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private static readonly string[] HeaderNames = ["alg", "aud", "kid", "typ"];

    private Statement(SignedMessage message, StatementForm form, int count, Hash32 root)
    {
        Message = message;
        Form = form;
        Count = count;
        Root = root;
        Digest = message.ComputeDigest();
    }

    private Statement(SignedMessage message, TelemetryHeader telemetry)
        : this(message, StatementForm.Telemetry, 1, default) => Telemetry = telemetry;

    /// <summary>The signed message.</summary>
    public SignedMessage Message { get; }

    /// <summary>SHA-256 of the compact serialisation, or of the COSE_Sign1.</summary>
    public Hash32 Digest { get; }

    /// <summary>Which form.</summary>
    public StatementForm Form { get; }

    /// <summary>The numbering of a device's statement; null in the other forms.</summary>
    public TelemetryHeader? Telemetry { get; }

    /// <summary>Events, in root form; 1 in telemetry; 0 in document form, where the document tells.</summary>
    public int Count { get; }

    /// <summary>Root of the tree over salted events, in root form; default in document form.</summary>
    public Hash32 Root { get; }

    /// <summary>Reads a statement; the signature is not verified.</summary>
    /// <param name="text">A compact JWS, or a COSE_Sign1 in base64url, which has no dots.</param>
    /// <param name="statement">The statement, when the answer is true.</param>
    /// <param name="error">One sentence, when the answer is false.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out Statement? statement, out string? error)
    {
        if (text.Contains('.', StringComparison.Ordinal))
        {
            return TryParseJws(text, out statement, out error);
        }
        if (text.Length <= MaxBytes && Base64UrlText.TryDecode(text, out var bytes) && CoseSign1.IsStartOf(bytes))
        {
            return TryParse(bytes, out statement, out error);
        }
        statement = null;
        error = $"A statement is a compact JWS of three parts separated by two dots, or a tagged COSE_Sign1 in base64url of at most {CoseSign1.MaxBytes} bytes.";
        return false;
    }

    /// <summary>Reads a statement that is a COSE_Sign1; the signature is not verified.</summary>
    /// <param name="cose">The message, which must not change afterwards.</param>
    /// <param name="statement">A telemetry statement, when the answer is true.</param>
    /// <param name="error">One sentence with place and rule, when the answer is false.</param>
    public static bool TryParse(ReadOnlyMemory<byte> cose, [NotNullWhen(true)] out Statement? statement, out string? error)
    {
        statement = CoseSign1.TryParse(cose, out var message, out error) && HasKid(message, out error) && TelemetryHeader.TryRead(message, out var telemetry, out error)
            ? new Statement(message, telemetry)
            : null;
        return statement is not null;
    }

    private static bool TryParseJws(string compact, [NotNullWhen(true)] out Statement? statement, out string? error)
    {
        statement = null;
        if (!Jws.TryParse(compact, out var jws, out error))
        {
            return false;
        }
        if (jws.Type != TelemetryType && jws.HeaderNames.FirstOrDefault(static name => !HeaderNames.Contains(name)) is { } unknown)
        {
            error = $"The header parameter \"{unknown}\" is not allowed in a statement.";
            return false;
        }
        if (!HasKid(jws, out error))
        {
            return false;
        }
        switch (jws.Type)
        {
            case DocumentType:
                statement = new Statement(jws, StatementForm.Document, 0, default);
                return true;
            case TelemetryType when TelemetryHeader.TryRead(jws, out var telemetry, out error):
                statement = new Statement(jws, telemetry);
                return true;
            case TelemetryType:
                return false;
            case RootType when TryReadRoot(jws.Payload.Span, out var count, out var root):
                statement = new Statement(jws, StatementForm.Root, count, root);
                return true;
            case RootType:
                error = "The payload must be the canonical JSON {\"count\":n,\"root\":\"…\"} with 1 to 1000 events and a root of 32 bytes in base64url.";
                return false;
            default:
                error = $"The header parameter \"typ\" must be \"{RootType}\", \"{DocumentType}\" or \"{TelemetryType}\".";
                return false;
        }
    }

    private static bool HasKid(SignedMessage message, out string? error)
    {
        error = message.Kid is { Length: 43 } ? null : "The header parameter \"kid\" must be the RFC 7638 SHA-256 thumbprint of the key.";
        return error is null;
    }

    /// <summary>Payload of the root form: canonical JSON.</summary>
    public static byte[] RootPayload(int count, Hash32 root) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"count":{{count}},"root":"{{root.ToBase64Url()}}"}"""));

    /// <summary>Leaf hash of one event in root form: SHA-256(0x00 || salt || event).</summary>
    /// <param name="salt">32 random bytes.</param>
    /// <param name="eventUtf8">The event's JSON exactly as it travels.</param>
    public static Hash32 ComputeLeaf(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> eventUtf8)
    {
        var length = LogEntry.SaltSize + eventUtf8.Length;
        var rented = System.Buffers.ArrayPool<byte>.Shared.Rent(length);
        salt.CopyTo(rented);
        eventUtf8.CopyTo(rented.AsSpan(LogEntry.SaltSize));
        var leaf = MerkleTree.HashLeaf(rented.AsSpan(0, length));
        System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        return leaf;
    }

    private static bool TryReadRoot(ReadOnlySpan<byte> payload, out int count, out Hash32 root)
    {
        count = 0;
        root = default;
        if (payload.Length > 128)
        {
            return false;
        }
        try
        {
            var reader = new Utf8JsonReader(payload);
            using var document = JsonDocument.ParseValue(ref reader);
            var json = document.RootElement;
            return json.ValueKind == JsonValueKind.Object
                && json.TryGetProperty("count", out var n) && n.ValueKind == JsonValueKind.Number && n.TryGetInt32(out count) && count is >= 1 and <= MaxEvents
                && json.TryGetProperty("root", out var r) && r.ValueKind == JsonValueKind.String && Hash32.TryParseBase64Url(r.GetString(), out root)
                && payload.SequenceEqual(RootPayload(count, root));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
