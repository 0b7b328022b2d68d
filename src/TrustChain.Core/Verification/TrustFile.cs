using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace TrustChain.Core.Verification;

/// <summary>
/// What a verifier must know from elsewhere to tell one log from another: a JSON object with <c>origin</c>, <c>logKey</c> (note verifier key),
/// <c>chainId</c>, <c>registry</c> (contract address) and <c>genesis</c> (hash of the chain's block 0).
/// </summary>
/// <param name="Origin">Name of the log.</param>
/// <param name="LogKey">Note verifier key, see <see cref="Log.NoteVerifier"/>.</param>
/// <param name="ChainId">EIP-155 chain id.</param>
/// <param name="Registry">Contract address, 0x and 40 hexadecimal digits.</param>
/// <param name="Genesis">Hash of block 0, 0x and 64 hexadecimal digits.</param>
public sealed record TrustFile(string Origin, string LogKey, long ChainId, string Registry, string Genesis)
{
    /// <summary>Reads a trust file; every member must be there and no other.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out TrustFile? trust, [NotNullWhen(false)] out string? error)
    {
        const string Malformed = "The trust file must be a JSON object with exactly origin, logKey, chainId, registry and genesis.";
        trust = null;
        error = Malformed;
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || json.EnumerateObject().Count() != 5
                || Text(json, "origin") is not { } origin || Text(json, "logKey") is not { } key || Text(json, "registry") is not { } registry
                || Text(json, "genesis") is not { } genesis
                || !json.TryGetProperty("chainId", out var id) || id.ValueKind != JsonValueKind.Number || !id.TryGetInt64(out var chainId))
            {
                return false;
            }
            trust = new TrustFile(origin, key, chainId, registry, genesis);
            error = null;
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            error = Malformed;
            return false;
        }
    }

    /// <summary>The trust file as indented JSON.</summary>
    public byte[] ToUtf8()
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("origin", Origin);
            writer.WriteString("logKey", LogKey);
            writer.WriteNumber("chainId", ChainId);
            writer.WriteString("registry", Registry);
            writer.WriteString("genesis", Genesis);
            writer.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
