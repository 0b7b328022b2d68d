using System.Text;
using System.Text.Json;
using TrustChain.Cli.Epcis;
using TrustChain.Cli.Http;
using TrustChain.Cli.Signing;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Capture;

/// <summary>One body to be sent to the capture interface.</summary>
/// <param name="MediaType">Its media type.</param>
/// <param name="Body">Its bytes.</param>
/// <param name="Statement">The bytes of the signed message inside, of which the statement's digest is; null for EPCIS that is not signed.</param>
internal sealed record CaptureRequest(string MediaType, ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte>? Statement)
{
    /// <summary>Media type of EPCIS that is not signed.</summary>
    public const string EpcisMediaType = "application/json";

    /// <summary>Media type of a COSE_Sign1, as devices make it.</summary>
    public const string CoseMediaType = "application/cose";

    /// <summary>Tells a signed file (either form of a statement, or what a device signed) from plain EPCIS.</summary>
    public static CaptureRequest Recognise(ReadOnlyMemory<byte> content)
    {
        if (CoseSign1.IsStartOf(content.Span))
        {
            return new CaptureRequest(CoseMediaType, content, content);
        }
        var text = content.Span.Trim(" \t\r\n"u8);
        if (text.IsEmpty || text[0] != (byte)'{')
        {
            // Neither JSON object nor anything else this program makes: the server says what is wrong with it.
            var compact = text.ToArray();
            return new CaptureRequest(SignedStatement.DocumentMediaType, compact, compact);
        }
        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 256 });
            if (JsonMembers.Text(document.RootElement, "statement") is { } statement && document.RootElement.TryGetProperty("events", out _))
            {
                return new CaptureRequest(SignedStatement.RootMediaType, content, Encoding.ASCII.GetBytes(statement));
            }
        }
        catch (JsonException)
        {
            // Malformed JSON cannot be a signed file; as EPCIS it is refused with its place.
        }
        return new CaptureRequest(EpcisMediaType, content, null);
    }

    /// <summary>Hashes of the events inside a signed body, in order; null when it is not signed or its events cannot be read.</summary>
    public IReadOnlyList<string>? ReadEventHashes()
    {
        if (MediaType == SignedStatement.DocumentMediaType)
        {
            return Jws.TryParse(Encoding.ASCII.GetString(Body.Span), out var jws, out _) ? Hashes(jws.Payload) : null;
        }
        if (MediaType == CoseMediaType)
        {
            return CoseSign1.TryParse(Body, out var cose, out _) ? Hashes(cose.Payload) : null;
        }
        if (MediaType != SignedStatement.RootMediaType)
        {
            return null;
        }
        using var document = JsonDocument.Parse(Body, new JsonDocumentOptions { MaxDepth = 256 });
        var all = new List<string>();
        foreach (var salted in JsonMembers.Array(document.RootElement, "events"))
        {
            if (!Base64UrlText.TryDecode(JsonMembers.Text(salted, "event"), out var utf8) || Hashes(utf8) is not [var hash])
            {
                return null;
            }
            all.Add(hash);
        }
        return all;
    }

    private static IReadOnlyList<string>? Hashes(ReadOnlyMemory<byte> utf8) => EpcisInput.TryRead(utf8)?.Select(static e => e.EventHashUri).ToList();

    /// <summary>The request for a statement made here.</summary>
    public static CaptureRequest For(SignedStatement statement) => new(statement.MediaType, statement.Body, Encoding.ASCII.GetBytes(statement.Compact));
}
