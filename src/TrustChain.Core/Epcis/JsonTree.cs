using System.Buffers;

namespace TrustChain.Core.Epcis;

/// <summary>
/// A whole JSON text as one flat table of values in document order, without a heap object per value. The children of node i are i + 1 and then
/// each one's <see cref="JsonTreeNode.Next"/>, up to the <see cref="JsonTreeNode.Next"/> of i. Pooled: dispose it. Not for use by several threads.
/// </summary>
internal sealed class JsonTree : IDisposable
{
    private readonly ReadOnlyMemory<byte> _input;
    private JsonTreeNode[] _nodes;
    private byte[] _aside = [];
    private int _asideLength;
    private string?[]? _identifiers;

    public JsonTree(ReadOnlyMemory<byte> input)
    {
        _input = input;
        _nodes = ArrayPool<JsonTreeNode>.Shared.Rent(Math.Max(64, input.Length / 24));
    }

    /// <summary>Number of values.</summary>
    public int Count { get; private set; }

    public ref readonly JsonTreeNode this[int index] => ref _nodes[index];

    public JsonKind KindOf(int index) => _nodes[index].Kind;

    /// <summary>Members of an object or items of an array.</summary>
    public int ChildCount(int index) => _nodes[index].CountOrAside;

    /// <summary>The value exactly as it stands in the input.</summary>
    public ReadOnlyMemory<byte> Raw(int index) => _input.Slice(_nodes[index].Start, _nodes[index].Length);

    /// <summary>The member's name, unescaped.</summary>
    public ReadOnlySpan<byte> Name(int index)
    {
        ref readonly var node = ref _nodes[index];
        return (node.NameIsAside ? _aside : _input.Span).Slice(node.NameStart, node.NameLength);
    }

    /// <summary>A string unescaped; any other scalar as it stands.</summary>
    public ReadOnlySpan<byte> Text(int index)
    {
        ref readonly var node = ref _nodes[index];
        if (node.Kind != JsonKind.String)
        {
            return _input.Span.Slice(node.Start, node.Length);
        }
        return node.AsideLength >= 0
            ? _aside.AsSpan(node.CountOrAside, node.AsideLength)
            : _input.Span.Slice(node.Start + 1, node.Length - 2);
    }

    /// <summary>The member of an object by name, or -1.</summary>
    public int Find(int parent, ReadOnlySpan<byte> name)
    {
        for (var child = parent + 1; child < _nodes[parent].Next; child = _nodes[child].Next)
        {
            if (Name(child).SequenceEqual(name))
            {
                return child;
            }
        }
        return -1;
    }

    /// <summary>Keeps the canonical form of an identifier with its node, so that it is computed once.</summary>
    public void SetIdentifier(int index, string canonical)
    {
        if (_identifiers is null)
        {
            _identifiers = ArrayPool<string?>.Shared.Rent(Count);
            Array.Clear(_identifiers);
        }
        _identifiers[index] = canonical;
    }

    /// <summary>The canonical form kept with the node; null when none was.</summary>
    public string? Identifier(int index) => _identifiers?[index];

    public void Dispose()
    {
        ArrayPool<JsonTreeNode>.Shared.Return(_nodes);
        if (_aside.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_aside);
        }
        if (_identifiers is not null)
        {
            ArrayPool<string?>.Shared.Return(_identifiers, clearArray: true);
        }
    }

    internal int Add(JsonTreeNode node)
    {
        if (Count == _nodes.Length)
        {
            var larger = ArrayPool<JsonTreeNode>.Shared.Rent(Count * 2);
            _nodes.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<JsonTreeNode>.Shared.Return(_nodes);
            _nodes = larger;
        }
        _nodes[Count] = node;
        return Count++;
    }

    internal ref JsonTreeNode Edit(int index) => ref _nodes[index];

    /// <summary>Unescapes into the side buffer. The text must have valid JSON escapes; false when they name no character or U+0000.</summary>
    internal bool TryPutAside(ReadOnlySpan<byte> escaped, out int start, out int length)
    {
        if (_aside.Length - _asideLength < escaped.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_aside.Length * 2, _asideLength + escaped.Length));
            _aside.AsSpan(0, _asideLength).CopyTo(larger);
            if (_aside.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_aside);
            }
            _aside = larger;
        }
        start = _asideLength;
        if (!JsonEscapes.TryUnescape(escaped, _aside.AsSpan(start), out length))
        {
            return false;
        }
        _asideLength += length;
        return true;
    }
}
