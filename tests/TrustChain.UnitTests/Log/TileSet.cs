using TrustChain.Core.Log;

namespace TrustChain.UnitTests.Log;

/// <summary>The tiles of a tree whose leaf hashes are all at hand, built level by level as C2SP tlog-tiles defines them.</summary>
internal sealed class TileSet
{
    private readonly Dictionary<TileCoordinate, Tile> _tiles = [];

    public TileSet(Hash32[] leaves)
    {
        var hashes = leaves;
        for (var level = 0; hashes.Length > 0; level++)
        {
            var chunks = hashes.Chunk(TileCoordinate.FullWidth).ToList();
            for (var i = 0; i < chunks.Count; i++)
            {
                _tiles.Add(new TileCoordinate(level, i), Tile.Parse([.. chunks[i].SelectMany(static h => h.ToArray())]));
            }
            hashes = [.. chunks.Where(static c => c.Length == TileCoordinate.FullWidth).Select(static c => MerkleTree.ComputeRoot(c))];
        }
    }

    public Tile Get(TileCoordinate coordinate) => _tiles[coordinate];

    public IEnumerable<TileCoordinate> Coordinates => _tiles.Keys;
}
