using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Fsck;

/// <summary>The layout of entries: a version, a kind, and the body that the kind has. Kinds added later are let pass.</summary>
internal static class EntryShape
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>What is wrong with an entry; null when nothing is.</summary>
    public static string? FindFault(ReadOnlyMemory<byte> entry)
    {
        if (entry.Length < 2 || entry.Span[0] != LogEntry.Version)
        {
            return "it does not begin with the version and a kind.";
        }
        var body = entry[2..];
        return (EntryKind)entry.Span[1] switch
        {
            EntryKind.Event => body.Length == Hash32.Size ? null : $"an event's body has {Hash32.Size} bytes, this one {body.Length}.",
            EntryKind.Key or EntryKind.Certificate or EntryKind.Recall or EntryKind.Device => IsCanonicalObject(body) ? null : "the body is not a JSON object in canonical form.",
            EntryKind.Grant or EntryKind.Access => body.Length == Hash32.Size ? null : $"the body of a grant or an access has {Hash32.Size} bytes, this one {body.Length}.",
            _ => null,
        };
    }

    private static bool IsCanonicalObject(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object && Jcs.Canonicalize(document.RootElement).AsSpan().SequenceEqual(body.Span);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }
}
