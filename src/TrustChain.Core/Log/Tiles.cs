using System.Globalization;
using System.Text;

namespace TrustChain.Core.Log;

/// <summary>
/// One tile of the log (C2SP tlog-tiles): up to 256 hashes of tree level 8 × <paramref name="Level"/>, starting at <paramref name="Index"/> × 256.
/// Level 0 holds leaf hashes. Entry bundles share the indices of level 0.
/// </summary>
/// <param name="Level">Tile level, 0 to 7.</param>
/// <param name="Index">Position of the tile on its level, from 0.</param>
public readonly record struct TileCoordinate(int Level, long Index)
{
    /// <summary>Hashes in a full tile.</summary>
    public const int FullWidth = 256;

    /// <summary>How many hashes of this tile exist in a tree of <paramref name="treeSize"/> leaves: 0 to 256.</summary>
    public int WidthAt(long treeSize)
    {
        var hashes = treeSize >> (8 * Level);
        return (int)Math.Clamp(hashes - (Index * FullWidth), 0, FullWidth);
    }

    /// <summary>The last part of the tile's path: <c>x001/x234/067</c>, with <c>.p/W</c> appended when the tile holds fewer than 256 hashes.</summary>
    public static string IndexPath(long index, int width)
    {
        var path = (index % 1000).ToString("000", CultureInfo.InvariantCulture);
        for (var rest = index / 1000; rest > 0; rest /= 1000)
        {
            path = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:000}/{path}");
        }
        return width == FullWidth ? path : string.Create(CultureInfo.InvariantCulture, $"{path}.p/{width}");
    }

    /// <summary>Path below the log's prefix: <c>tile/L/N[.p/W]</c>.</summary>
    public string PathFor(int width) => string.Create(CultureInfo.InvariantCulture, $"tile/{Level}/{IndexPath(Index, width)}");

    /// <summary>Reads the <c>N[.p/W]</c> part of a tile path. Only the one canonical spelling is accepted.</summary>
    /// <param name="text">For example <c>x001/x234/067.p/8</c>.</param>
    /// <param name="index">Tile index.</param>
    /// <param name="width">1 to 256.</param>
    public static bool TryParseIndexPath(string text, out long index, out int width)
    {
        (index, width) = (0, FullWidth);
        if (text.Length > 64)
        {
            return false;
        }
        var partial = text.IndexOf(".p/", StringComparison.Ordinal);
        var path = partial < 0 ? text : text[..partial];
        if (partial >= 0 && (!int.TryParse(text.AsSpan(partial + 3), NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= FullWidth))
        {
            return false;
        }
        foreach (var part in path.Split('/'))
        {
            var digits = part.StartsWith('x') ? part.AsSpan(1) : part;
            if (digits.Length != 3 || index > long.MaxValue / 2000 || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }
            index = (index * 1000) + value;
        }
        return IndexPath(index, width) == text;
    }
}

/// <summary>A tile's hashes with every inner node above them, so that a proof costs look-ups and not hashing. Immutable.</summary>
public sealed class Tile
{
    // Level 0 first, then each complete level above it: at most 256 + 128 + … + 1 nodes.
    private readonly Hash32[][] _levels;

    private Tile(Hash32[][] levels) => _levels = levels;

    /// <summary>Hashes in the tile, 1 to 256.</summary>
    public int Width => _levels[0].Length;

    /// <summary>Builds the tile from its bytes: Width × 32.</summary>
    /// <exception cref="FormatException">The length is not a multiple of 32 between 32 and 8192.</exception>
    public static Tile Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes.Length % Hash32.Size != 0 || bytes.Length > TileCoordinate.FullWidth * Hash32.Size)
        {
            throw new FormatException($"A tile has 1 to 256 hashes of 32 bytes; this one has {bytes.Length} bytes.");
        }
        var hashes = new Hash32[bytes.Length / Hash32.Size];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i] = new Hash32(bytes.Slice(i * Hash32.Size, Hash32.Size));
        }
        var levels = new List<Hash32[]> { hashes };
        while (levels[^1].Length > 1)
        {
            var below = levels[^1];
            var above = new Hash32[below.Length / 2];
            for (var i = 0; i < above.Length; i++)
            {
                above[i] = MerkleTree.HashNode(below[2 * i], below[(2 * i) + 1]);
            }
            levels.Add(above);
        }
        return new Tile([.. levels]);
    }

    /// <summary>The node <paramref name="height"/> levels above the tile's own (0 to 8), counted from the left edge of the tile.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tile does not hold all hashes below that node.</exception>
    public Hash32 Node(int height, int index)
    {
        if (height < 0 || height >= _levels.Length || index < 0 || index >= _levels[height].Length)
        {
            throw new ArgumentOutOfRangeException(nameof(index), $"Node {height}/{index} is not in a tile of width {Width}.");
        }
        return _levels[height][index];
    }
}

/// <summary>Entry bundles of C2SP tlog-tiles: each entry preceded by its length as a big-endian uint16.</summary>
public static class EntryBundle
{
    /// <summary>Splits a bundle into its entries.</summary>
    /// <exception cref="FormatException">The bytes end inside an entry, or there are more than 256.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Parse(ReadOnlyMemory<byte> bytes)
    {
        var entries = new List<ReadOnlyMemory<byte>>();
        while (!bytes.IsEmpty)
        {
            var length = bytes.Length < 2 ? -1 : (bytes.Span[0] << 8) | bytes.Span[1];
            if (length < 0 || bytes.Length < 2 + length || entries.Count == TileCoordinate.FullWidth)
            {
                throw new FormatException($"The entry bundle breaks off in entry {entries.Count}.");
            }
            entries.Add(bytes.Slice(2, length));
            bytes = bytes[(2 + length)..];
        }
        return entries;
    }

    /// <summary>Appends one entry to a bundle.</summary>
    /// <exception cref="ArgumentException">The entry is longer than 65,535 bytes.</exception>
    public static void Append(Stream bundle, ReadOnlySpan<byte> entry)
    {
        if (entry.Length > ushort.MaxValue)
        {
            throw new ArgumentException($"An entry has at most {ushort.MaxValue} bytes, not {entry.Length}.", nameof(entry));
        }
        bundle.WriteByte((byte)(entry.Length >> 8));
        bundle.WriteByte((byte)entry.Length);
        bundle.Write(entry);
    }
}
