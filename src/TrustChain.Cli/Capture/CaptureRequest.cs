using System.Text;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Signing;

namespace TrustChain.Cli.Capture;

/// <summary>One body to be sent to the capture interface.</summary>
/// <param name="MediaType">Its media type.</param>
/// <param name="Body">Its bytes.</param>
/// <param name="Compact">The compact JWS inside; null for EPCIS that is not signed.</param>
internal sealed record CaptureRequest(string MediaType, ReadOnlyMemory<byte> Body, string? Compact)
{
    /// <summary>Media type of EPCIS that is not signed.</summary>
    public const string EpcisMediaType = "application/json";

    /// <summary>Tells a signed file (either form of a statement) from plain EPCIS.</summary>
    public static CaptureRequest Recognise(ReadOnlyMemory<byte> content)
    {
        var text = content.Span.Trim(" \t\r\n"u8);
        if (text.IsEmpty || text[0] != (byte)'{')
        {
            // Neither JSON object nor anything else this program makes: the server says what is wrong with it.
            var compact = Encoding.ASCII.GetString(text);
            return new CaptureRequest(SignedStatement.DocumentMediaType, Encoding.ASCII.GetBytes(compact), compact);
        }
        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 256 });
            if (JsonMembers.Text(document.RootElement, "statement") is { } statement && document.RootElement.TryGetProperty("events", out _))
            {
                return new CaptureRequest(SignedStatement.RootMediaType, content, statement);
            }
        }
        catch (JsonException)
        {
            // Malformed JSON cannot be a signed file; as EPCIS it is refused with its place.
        }
        return new CaptureRequest(EpcisMediaType, content, null);
    }

    /// <summary>The request for a statement made here.</summary>
    public static CaptureRequest For(SignedStatement statement) => new(statement.MediaType, statement.Body, statement.Compact);
}
