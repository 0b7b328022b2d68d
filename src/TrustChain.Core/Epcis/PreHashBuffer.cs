using System.Buffers;
using System.Text;
using TrustChain.Core.Log;

namespace TrustChain.Core.Epcis;

/// <summary>
/// The pre-hash string under construction, as UTF-8. Parts that must be sorted are written in any order, marked, and put in order in place.
/// Reused from event to event; pooled, so dispose it. Not for use by several threads.
/// </summary>
internal sealed class PreHashBuffer : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(4096);
    private Part[] _parts = ArrayPool<Part>.Shared.Rent(64);
    private int _partCount;

    public int Length { get; private set; }

    public void Clear()
    {
        Length = 0;
        _partCount = 0;
    }

    public void Append(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void Append(byte value) => Take(1)[0] = value;

    /// <summary>Appends text as UTF-8.</summary>
    public void Append(string text)
    {
        Ensure(Encoding.UTF8.GetMaxByteCount(text.Length));
        Length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length));
    }

    /// <summary>Takes back what was written after <paramref name="length"/>.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>The next <paramref name="size"/> bytes, to be filled by the caller.</summary>
    public Span<byte> Take(int size)
    {
        Ensure(size);
        var taken = _bytes.AsSpan(Length, size);
        Length += size;
        return taken;
    }

    /// <summary>Begins a group of parts to sort; pass the result to <see cref="EndSort"/>. Groups nest.</summary>
    public int BeginSort() => _partCount;

    /// <summary>Marks what was written since <paramref name="start"/> as one part of the innermost group. Parts leave no gaps between them.</summary>
    public void EndPart(int start)
    {
        if (_partCount == _parts.Length)
        {
            var larger = ArrayPool<Part>.Shared.Rent(_partCount * 2);
            _parts.AsSpan(0, _partCount).CopyTo(larger);
            ArrayPool<Part>.Shared.Return(_parts);
            _parts = larger;
        }
        _parts[_partCount++] = new Part(start, Length - start);
    }

    /// <summary>Puts the parts of the group in the order of their bytes, which for UTF-8 is the order of code points.</summary>
    public void EndSort(int group)
    {
        var parts = _parts.AsSpan(group, _partCount - group);
        _partCount = group;
        if (IsInOrder(parts))
        {
            return;
        }
        var origin = parts[0].Start;
        var size = Length - origin;
        var unsorted = ArrayPool<byte>.Shared.Rent(size);
        _bytes.AsSpan(origin, size).CopyTo(unsorted);
        parts.Sort(new ByBytes(unsorted, origin));
        var to = origin;
        foreach (var part in parts)
        {
            unsorted.AsSpan(part.Start - origin, part.Length).CopyTo(_bytes.AsSpan(to));
            to += part.Length;
        }
        ArrayPool<byte>.Shared.Return(unsorted);
    }

    /// <summary>SHA-256 of what was written.</summary>
    public Hash32 ComputeHash() => Hash32.Compute(_bytes.AsSpan(0, Length));

    public override string ToString() => Encoding.UTF8.GetString(_bytes, 0, Length);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        ArrayPool<Part>.Shared.Return(_parts);
    }

    private bool IsInOrder(ReadOnlySpan<Part> parts)
    {
        for (var i = 1; i < parts.Length; i++)
        {
            if (Bytes(parts[i - 1]).SequenceCompareTo(Bytes(parts[i])) > 0)
            {
                return false;
            }
        }
        return true;
    }

    private ReadOnlySpan<byte> Bytes(Part part) => _bytes.AsSpan(part.Start, part.Length);

    private void Ensure(int size)
    {
        if (_bytes.Length - Length >= size)
        {
            return;
        }
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + size));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    private readonly record struct Part(int Start, int Length);

    private readonly struct ByBytes(byte[] bytes, int origin) : IComparer<Part>
    {
        public int Compare(Part x, Part y) =>
            bytes.AsSpan(x.Start - origin, x.Length).SequenceCompareTo(bytes.AsSpan(y.Start - origin, y.Length));
    }
}
