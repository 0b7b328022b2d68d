using System.Text;

namespace TrustChain.Core.Epcis;

/// <summary>Collects faults up to a limit, with the pointer to each.</summary>
internal sealed class FaultList
{
    /// <summary>Most faults kept.</summary>
    public const int Limit = 50;

    private readonly List<EpcisFault> _faults = [];

    public int Count => _faults.Count;

    public bool IsFull => _faults.Count >= Limit;

    public IReadOnlyList<EpcisFault> Faults => _faults;

    /// <summary>A fault of the value at the node.</summary>
    public void Add(JsonTree tree, int node, string rule, string message)
    {
        if (!IsFull)
        {
            _faults.Add(new EpcisFault(PointerTo(tree, node), rule, message));
        }
    }

    /// <summary>A fault of the text at a byte offset.</summary>
    public void AddSyntax(ReadOnlySpan<byte> input, int offset, string rule, string message)
    {
        if (!IsFull)
        {
            _faults.Add(new EpcisFault("", rule, message) { ByteOffset = offset, Line = input[..offset].Count((byte)'\n') + 1 });
        }
    }

    /// <summary>Quotes the start of a value for a message.</summary>
    public static string Quote(ReadOnlySpan<byte> text)
    {
        const int Shown = 100;
        var cut = text.Length > Shown;
        var shown = Encoding.UTF8.GetString(cut ? text[..Shown] : text);
        return cut ? $"\"{shown}…\"" : $"\"{shown}\"";
    }

    // Only faults need it, so nodes carry no parent: the way down from the root is found by position.
    private static string PointerTo(JsonTree tree, int node)
    {
        var pointer = new StringBuilder();
        var current = 0;
        while (current != node)
        {
            var child = current + 1;
            var position = 0;
            // A container still being read has no end yet, so its Next may lie before the node; then the last child is the one.
            while (tree[child].Next <= node && IsClosed(tree, child))
            {
                child = tree[child].Next;
                position++;
            }
            pointer.Append('/');
            if (tree[child].NameLength >= 0)
            {
                pointer.Append(Encoding.UTF8.GetString(tree.Name(child))
                    .Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
            }
            else
            {
                pointer.Append(position);
            }
            current = child;
        }
        return pointer.ToString();
    }

    private static bool IsClosed(JsonTree tree, int node) => tree.KindOf(node) > JsonKind.Array || tree[node].Length > 1;
}
