using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// The log's signed promise to append the records of a statement by a time: a JWS by the log key with <c>typ</c> <c>receipt+jws</c> over the
/// canonical JSON <c>{"mustAppearBy","origin","receivedAt","statement","v"}</c>.
/// </summary>
/// <param name="Origin">The log.</param>
/// <param name="Statement">SHA-256 of the statement's compact JWS.</param>
/// <param name="ReceivedAt">When it was taken in; equals the records' own.</param>
/// <param name="MustAppearBy">A checkpoint signed after this time that lacks the records proves the log broke its promise.</param>
public sealed record Receipt(string Origin, Hash32 Statement, DateTimeOffset ReceivedAt, DateTimeOffset MustAppearBy)
{
    /// <summary>The <c>typ</c> header parameter.</summary>
    public const string Type = "receipt+jws";

    /// <summary>Signs the receipt with the log's key.</summary>
    public string Sign(SigningKey logKey)
    {
        var payload = new ArrayBufferWriter<byte>(256);
        payload.Write(Encoding.ASCII.GetBytes($$"""{"mustAppearBy":"{{Record.FormatTime(MustAppearBy)}}","origin":"""));
        Jcs.WriteString(Origin, payload);
        payload.Write(Encoding.ASCII.GetBytes($$""","receivedAt":"{{Record.FormatTime(ReceivedAt)}}","statement":"{{Statement.ToHex()}}","v":1}"""));
        return Jws.Sign(logKey, Type, null, payload.WrittenSpan);
    }

    /// <summary>Reads a receipt and checks its signature with the log's key.</summary>
    /// <returns>Invalid also when it is malformed or of another type; <paramref name="receipt"/> is set whenever it could be read.</returns>
    public static SignatureCheck Verify(string compact, PublicKey logKey, [MaybeNull] out Receipt? receipt)
    {
        receipt = null;
        if (!Jws.TryParse(compact, out var jws, out _) || jws.Type != Type || jws.Kid != logKey.Kid || jws.Payload.Length > 2048)
        {
            return SignatureCheck.Invalid;
        }
        try
        {
            using var document = JsonDocument.Parse(jws.Payload, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            var json = document.RootElement;
            if (json.GetProperty("v").GetInt32() != 1
                || !Record.TryParseTime(json.GetProperty("receivedAt").GetString(), out var receivedAt)
                || !Record.TryParseTime(json.GetProperty("mustAppearBy").GetString(), out var mustAppearBy)
                || json.GetProperty("statement").GetString() is not { } hex || !Hash32.TryParseHex(hex, out var statement) || statement.ToHex() != hex
                || json.GetProperty("origin").GetString() is not { } origin)
            {
                return SignatureCheck.Invalid;
            }
            receipt = new Receipt(origin, statement, receivedAt, mustAppearBy);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return SignatureCheck.Invalid;
        }
        return jws.Verify(logKey);
    }
}
