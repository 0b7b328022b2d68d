using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>
/// What shows a contradiction to somebody who trusts neither the log nor this program: the signed checkpoints and, for a fork between two sizes, the
/// subtree roots that lead to the later root and, as far as they belong to the earlier size, to another one than was signed.
/// </summary>
internal sealed record FaultEvidence
{
    /// <summary>The signed notes, the earlier seen first.</summary>
    public required IReadOnlyList<string> Checkpoints { get; init; }

    /// <summary>Roots of complete subtrees of the later tree from left to right, split at the earlier size; empty where they are not needed.</summary>
    public IReadOnlyList<Hash32> Subtrees { get; init; } = [];

    /// <summary>The anchor that does not fit, if that is the fault.</summary>
    public RootOfSize? Anchor { get; init; }

    /// <summary>The receipt whose promise was not kept, if that is the fault.</summary>
    public string? Receipt { get; init; }

    /// <summary>The file: JSON, readable.</summary>
    public byte[] ToUtf8(string code, string message, string logKey)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", "trustchain-fault");
            json.WriteNumber("v", 1);
            json.WriteString("code", code);
            json.WriteString("message", message);
            json.WriteString("logKey", logKey);
            json.WriteStartArray("checkpoints");
            foreach (var note in Checkpoints)
            {
                json.WriteStringValue(note);
            }
            json.WriteEndArray();
            json.WriteStartArray("subtrees");
            foreach (var hash in Subtrees)
            {
                json.WriteStringValue(hash.ToBase64Url());
            }
            json.WriteEndArray();
            if (Anchor is { } anchor)
            {
                json.WriteStartObject("anchor");
                json.WriteNumber("size", anchor.Size);
                json.WriteString("root", anchor.Root.ToBase64Url());
                json.WriteEndObject();
            }
            if (Receipt is not null)
            {
                json.WriteString("receipt", Receipt);
            }
            json.WriteEndObject();
        }
        return output.WrittenSpan.ToArray();
    }
}

/// <summary>A tree's root under its size.</summary>
/// <param name="Size">Leaves.</param>
/// <param name="Root">The root.</param>
internal readonly record struct RootOfSize(long Size, Hash32 Root);
