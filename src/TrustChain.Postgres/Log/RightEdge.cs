using Npgsql;
using TrustChain.Core.Log;

namespace TrustChain.Postgres.Log;

/// <summary>
/// The growing right edge of the tree: the last, partial tile of each level and the last entry bundle. Appending fills tiles; a full one puts its root
/// into the tile above. What was touched is written back by <see cref="SaveAsync"/>.
/// </summary>
internal sealed class RightEdge
{
    private readonly Dictionary<TileCoordinate, List<Hash32>> _tiles = [];
    private readonly Dictionary<long, MemoryStream> _bundles = [];

    public RightEdge(long size, Dictionary<int, byte[]> partialTiles, byte[] lastBundle)
    {
        Size = size;
        foreach (var (level, bytes) in partialTiles)
        {
            var hashes = size >> (8 * level);
            var tile = TileAt(new TileCoordinate(level, hashes / TileCoordinate.FullWidth));
            // A tile may be stored wider only by a fault; the size rules.
            for (var i = 0; i < hashes % TileCoordinate.FullWidth; i++)
            {
                tile.Add(new Hash32(bytes.AsSpan(i * Hash32.Size, Hash32.Size)));
            }
        }
        if (lastBundle.Length > 0)
        {
            BundleAt(size / TileCoordinate.FullWidth).Write(lastBundle);
        }
    }

    public long Size { get; private set; }

    public void Append(byte[] entry)
    {
        EntryBundle.Append(BundleAt(Size / TileCoordinate.FullWidth), entry);
        Append(0, Size, MerkleTree.HashLeaf(entry));
        Size++;
    }

    /// <summary>Every complete subtree that the root is made of ends in the last tile of its level, so the edge alone is enough.</summary>
    public Hash32 ComputeRoot()
    {
        var parsed = new Dictionary<TileCoordinate, Tile>();
        return ProofPlan.Root(Size).Build(coordinate =>
        {
            if (!parsed.TryGetValue(coordinate, out var tile))
            {
                parsed.Add(coordinate, tile = Tile.Parse(Bytes(_tiles[coordinate])));
            }
            return tile;
        })[0];
    }

    public async Task SaveAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Tiles = """
            insert into log_tile (level, tile_index, width, hashes) select * from unnest($1, $2, $3, $4)
            on conflict (level, tile_index) do update set width = excluded.width, hashes = excluded.hashes
            """;
        const string Bundles = """
            insert into log_bundle (tile_index, width, entries) select * from unnest($1, $2, $3)
            on conflict (tile_index) do update set width = excluded.width, entries = excluded.entries
            """;
        await using var tiles = new NpgsqlCommand(Tiles, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<short[]> { TypedValue = [.. _tiles.Keys.Select(static c => (short)c.Level)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. _tiles.Keys.Select(static c => c.Index)] },
                new NpgsqlParameter<short[]> { TypedValue = [.. _tiles.Values.Select(static h => (short)h.Count)] },
                new NpgsqlParameter<byte[][]> { TypedValue = [.. _tiles.Values.Select(Bytes)] },
            },
        };
        await tiles.ExecuteNonQueryAsync(cancellationToken);
        await using var bundles = new NpgsqlCommand(Bundles, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long[]> { TypedValue = [.. _bundles.Keys] },
                new NpgsqlParameter<short[]> { TypedValue = [.. _bundles.Keys.Select(i => (short)new TileCoordinate(0, i).WidthAt(Size))] },
                new NpgsqlParameter<byte[][]> { TypedValue = [.. _bundles.Values.Select(static b => b.ToArray())] },
            },
        };
        await bundles.ExecuteNonQueryAsync(cancellationToken);
    }

    private void Append(int level, long position, Hash32 hash)
    {
        var coordinate = new TileCoordinate(level, position / TileCoordinate.FullWidth);
        var tile = TileAt(coordinate);
        tile.Add(hash);
        if (tile.Count == TileCoordinate.FullWidth)
        {
            Append(level + 1, coordinate.Index, MerkleTree.ComputeRoot(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tile)));
        }
    }

    private List<Hash32> TileAt(TileCoordinate coordinate)
    {
        if (!_tiles.TryGetValue(coordinate, out var tile))
        {
            _tiles.Add(coordinate, tile = new List<Hash32>(TileCoordinate.FullWidth));
        }
        return tile;
    }

    private MemoryStream BundleAt(long index)
    {
        if (!_bundles.TryGetValue(index, out var bundle))
        {
            _bundles.Add(index, bundle = new MemoryStream());
        }
        return bundle;
    }

    private static byte[] Bytes(List<Hash32> hashes)
    {
        var bytes = new byte[hashes.Count * Hash32.Size];
        for (var i = 0; i < hashes.Count; i++)
        {
            hashes[i].CopyTo(bytes.AsSpan(i * Hash32.Size));
        }
        return bytes;
    }
}
