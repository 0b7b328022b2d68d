using System.Text;
using System.Text.Json;
using Microsoft.Net.Http.Headers;
using TrustChain.Core.Epcis;
using TrustChain.Core.Epcis.Xml;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Server.Capture;

/// <summary>What a capture body holds, before anything expensive was done with it.</summary>
internal abstract record CaptureRequest
{
    public const string StatementMediaType = "application/vnd.trustchain.statement+json";
    public const string JoseMediaType = "application/jose";
    public const string CoseMediaType = "application/cose";

    private CaptureRequest()
    {
    }

    /// <summary>EPCIS in JSON or XML that the service signs on the organisation's behalf.</summary>
    public sealed record Plain(ReadOnlyMemory<byte> Body, bool IsXml) : CaptureRequest
    {
        /// <summary>What the body says, or null and at least one fault; a fault of XML has its line.</summary>
        public (EpcisReadResult? Read, IReadOnlyList<EpcisFault> Faults) Read(EpcisReadOptions options)
        {
            if (!IsXml)
            {
                var json = EpcisReader.Read(Body, options);
                return (json.IsValid ? json : null, json.Faults);
            }
            var document = EpcisXmlReader.ReadDocument(Body, options);
            if (!document.IsReadable)
            {
                return (null, document.Faults);
            }
            var read = EpcisReader.Read(document.Utf8, options with { AllowLongVocabulary = true });
            return (read.IsValid ? read : null, [.. read.Faults.Select(document.Locate)]);
        }
    }

    /// <summary>A statement in document form.</summary>
    public sealed record Document(Statement Statement) : CaptureRequest;

    /// <summary>A statement of a device.</summary>
    public sealed record Telemetry(Statement Statement) : CaptureRequest;

    /// <summary>A statement in root form with its events and their salts.</summary>
    public sealed record Root(Statement Statement, IReadOnlyList<(byte[] Salt, byte[] Event)> Events) : CaptureRequest;

    /// <summary>Nothing that can be captured.</summary>
    public sealed record Malformed(string Detail) : CaptureRequest;

    /// <summary>Reads a body by its media type, which the caller has checked to be one of ours.</summary>
    public static CaptureRequest Read(byte[] body, string mediaType)
    {
        switch (mediaType)
        {
            case CoseMediaType:
                return Statement.TryParse(body, out var cose, out var error) ? new Telemetry(cose) : new Malformed(error!); // Set whenever the answer is false.
            case JoseMediaType:
                return ReadStatement(Encoding.UTF8.GetString(body).Trim(), out var statement) is { } fault ? fault
                    : statement!.Message is not Jws ? new Malformed($"A COSE_Sign1 travels as it is, as {CoseMediaType}.") // Set when there is no fault.
                    : statement.Form == StatementForm.Document ? new Document(statement)
                    : statement.Form == StatementForm.Telemetry ? new Telemetry(statement)
                    : new Malformed($"A statement in root form travels with its events as {StatementMediaType}.");
            case StatementMediaType:
                return ReadRoot(body);
            default:
                return new Plain(body, IsXmlType(mediaType));
        }
    }

    /// <summary>Whether a request brings a COSE_Sign1 (RFC 9052 section 11.3.1): the parameter of the media type may be left out, and is that or none.</summary>
    public static bool IsCose(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals(CoseMediaType, StringComparison.OrdinalIgnoreCase)
        && type.Parameters.All(static p => !p.Name.Equals("cose-type", StringComparison.OrdinalIgnoreCase) || HeaderUtilities.RemoveQuotes(p.Value) == "cose-sign1");

    public static bool IsXmlType(string mediaType) => mediaType is "application/xml" or "text/xml";

    private static Malformed? ReadStatement(string compact, out Statement? statement) =>
        Statement.TryParse(compact, out statement, out var error) ? null : new Malformed(error!); // Set whenever the answer is false.

    private static CaptureRequest ReadRoot(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || json.EnumerateObject().Count() != 2
                || !json.TryGetProperty("statement", out var compact) || compact.ValueKind != JsonValueKind.String
                || !json.TryGetProperty("events", out var list) || list.ValueKind != JsonValueKind.Array)
            {
                return new Malformed("The body must be {\"statement\":\"…\",\"events\":[…]}.");
            }
            if (ReadStatement(compact.GetString()!, out var statement) is { } fault) // A JSON string.
            {
                return fault;
            }
            if (statement!.Form != StatementForm.Root) // Set when there is no fault.
            {
                return new Malformed($"The statement's typ must be \"{Statement.RootType}\".");
            }
            if (list.GetArrayLength() != statement.Count)
            {
                return new Malformed($"The statement signs {statement.Count} events, but {list.GetArrayLength()} travel with it.");
            }
            var events = new List<(byte[], byte[])>(statement.Count);
            foreach (var item in list.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object || item.EnumerateObject().Count() != 2
                    || !TryBytes(item, "salt", out var salt) || salt.Length != LogEntry.SaltSize || !TryBytes(item, "event", out var bytes))
                {
                    return new Malformed($"/events/{events.Count} must be {{\"salt\":\"…\",\"event\":\"…\"}} in base64url without padding, with a salt of 32 bytes.");
                }
                events.Add((salt, bytes));
            }
            return new Root(statement, events);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new Malformed("The body is not JSON without repeated members.");
        }
    }

    private static bool TryBytes(JsonElement item, string name, out byte[] bytes)
    {
        bytes = [];
        return item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && Base64UrlText.TryDecode(value.GetString(), out bytes);
    }
}
