using System.Buffers;

namespace TrustChain.Core.Epcis;

/// <summary>Puts a document's context into an event.</summary>
internal static class StandaloneEvent
{
    /// <summary>
    /// The event's bytes with an <c>@context</c> that has the document's entries and then the event's own, so that the event's still win. Everything
    /// else stays byte for byte. <paramref name="own"/> is the place of the event's context value, length 0 when it has none.
    /// </summary>
    public static byte[] Write(ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> document, (int Start, int Length) own)
    {
        var output = new ArrayBufferWriter<byte>(utf8.Length + document.Length + 16);
        if (own.Length == 0)
        {
            output.Write("{\"@context\":"u8);
            output.Write(document);
            output.Write(","u8);
            output.Write(utf8[1..]);
            return output.WrittenSpan.ToArray();
        }
        output.Write(utf8[..own.Start]);
        output.Write("["u8);
        WriteMerged(output, document.ToArray(), utf8.Slice(own.Start, own.Length).ToArray());
        output.Write("]"u8);
        output.Write(utf8[(own.Start + own.Length)..]);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteMerged(ArrayBufferWriter<byte> output, byte[] document, byte[] own)
    {
        using var documentTree = new JsonTree(document);
        using var ownTree = new JsonTree(own);
        // Both were read before as parts of a valid document, so they are read again without faults.
        JsonTreeReader.TryRead(document, Again, new FaultList(), documentTree);
        JsonTreeReader.TryRead(own, Again, new FaultList(), ownTree);
        var ownEntries = Entries(ownTree);
        foreach (var entry in Entries(documentTree))
        {
            // A context must not name one entry twice; the later place is the one that counts.
            if (!ownEntries.Exists(other => other.Span.SequenceEqual(entry.Span)))
            {
                output.Write(entry.Span);
                output.Write(","u8);
            }
        }
        for (var i = 0; i < ownEntries.Count; i++)
        {
            output.Write(i == 0 ? default : ","u8);
            output.Write(ownEntries[i].Span);
        }
    }

    private static readonly EpcisReadOptions Again = new() { MaxDepth = 1000 };

    private static List<ReadOnlyMemory<byte>> Entries(JsonTree tree)
    {
        if (tree.KindOf(0) != JsonKind.Array)
        {
            return [tree.Raw(0)];
        }
        var entries = new List<ReadOnlyMemory<byte>>();
        for (var entry = 1; entry < tree.Count; entry = tree[entry].Next)
        {
            entries.Add(tree.Raw(entry));
        }
        return entries;
    }
}
