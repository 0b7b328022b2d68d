using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Rpc;

/// <summary>Reads the body of an answer: a result, an error of the node, or nothing that can be relied on.</summary>
internal static class JsonRpcAnswer
{
    private const int MaxMessageLength = 500;

    public static T Read<T>(ReadOnlyMemory<byte> body, HttpStatusCode status, long id, string method, string endpoint, RpcReader<T> read)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            throw Unusable(method, endpoint, status, "not JSON", exception);
        }
        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("jsonrpc"u8, out var version)
                || !JsonMarshal.GetRawUtf8Value(version).SequenceEqual("\"2.0\""u8))
            {
                throw Unusable(method, endpoint, status, "not a JSON-RPC 2.0 answer");
            }
            var isOurs = root.TryGetProperty("id"u8, out var answered) && answered.ValueKind == JsonValueKind.Number
                && answered.TryGetInt64(out var number) && number == id;
            if (root.TryGetProperty("error"u8, out var error) && error.ValueKind == JsonValueKind.Object)
            {
                // A node that could not read the request answers with the id null; over HTTP the answer is ours all the same.
                if (!isOurs && answered.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
                {
                    throw Unusable(method, endpoint, status, "an answer to another request");
                }
                throw ReadError(error, method);
            }
            if (!isOurs || status != HttpStatusCode.OK || !root.TryGetProperty("result"u8, out var result))
            {
                throw Unusable(method, endpoint, status, "no result to this request");
            }
            return read(result, out var value) ? value : throw Unusable(method, endpoint, status, "a result of unexpected shape");
        }
    }

    private static RpcErrorException ReadError(JsonElement error, string method)
    {
        var code = error.TryGetProperty("code"u8, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var number)
            ? number
            : 0;
        return new RpcErrorException(method, code, ReadMessage(error), ReadData(error));
    }

    private static string ReadMessage(JsonElement error)
    {
        if (!error.TryGetProperty("message"u8, out var member) || member.ValueKind != JsonValueKind.String)
        {
            return "(no message)";
        }
        string message;
        try
        {
            message = member.GetString()!; // Not null: the value is a JSON string.
        }
        catch (InvalidOperationException)
        {
            // The string holds bytes or escapes that are no Unicode text.
            return "(unreadable message)";
        }
        return message.Length <= MaxMessageLength ? message : message[..MaxMessageLength];
    }

    /// <summary>Revert data is a hexadecimal string, in the data member itself (geth, anvil) or in an object there (older nodes).</summary>
    private static byte[]? ReadData(JsonElement error)
    {
        if (!error.TryGetProperty("data"u8, out var member))
        {
            return null;
        }
        if (member.ValueKind == JsonValueKind.Object && member.TryGetProperty("data"u8, out var inner))
        {
            member = inner;
        }
        return member.ValueKind == JsonValueKind.String && Hex.TryDecode(JsonMarshal.GetRawUtf8Value(member)[1..^1], out var data) ? data : null;
    }

    private static RpcUnavailableException Unusable(string method, string endpoint, HttpStatusCode status, string what, Exception? cause = null) =>
        new($"{method} at {endpoint}: {what} (HTTP status {(int)status}).", cause);
}
