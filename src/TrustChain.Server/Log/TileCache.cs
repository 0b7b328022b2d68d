using System.Collections.Concurrent;
using TrustChain.Core.Log;
using TrustChain.Postgres.Log;

namespace TrustChain.Server.Log;

/// <summary>Tiles in memory with their inner nodes. Full ones never change; a partial one is read again when more of it is needed.</summary>
internal sealed class TileCache(LogStore log)
{
    private const int MaxTiles = 2_048; // about 16 kB each when full: 32 MiB

    private readonly ConcurrentDictionary<TileCoordinate, Tile> _tiles = new();

    /// <summary>The hashes of a proof.</summary>
    /// <exception cref="InvalidOperationException">The database lacks a tile of the tree.</exception>
    public async Task<IReadOnlyList<Hash32>> BuildAsync(ProofPlan plan, CancellationToken cancellationToken)
    {
        var found = new Dictionary<TileCoordinate, Tile>();
        var missing = new List<TileCoordinate>();
        foreach (var coordinate in plan.Tiles)
        {
            if (_tiles.TryGetValue(coordinate, out var tile) && tile.Width >= coordinate.WidthAt(plan.TreeSize))
            {
                found.Add(coordinate, tile);
            }
            else
            {
                missing.Add(coordinate);
            }
        }
        if (missing.Count > 0)
        {
            if (_tiles.Count > MaxTiles)
            {
                _tiles.Clear();
            }
            foreach (var (coordinate, tile) in await log.GetTilesAsync(missing, cancellationToken))
            {
                _tiles[coordinate] = tile;
                found.Add(coordinate, tile);
            }
        }
        return plan.Build(coordinate => found.TryGetValue(coordinate, out var tile) && tile.Width >= coordinate.WidthAt(plan.TreeSize)
            ? tile
            : throw new InvalidOperationException($"The log of {plan.TreeSize} entries lacks tile {coordinate.Level}/{coordinate.Index}."));
    }
}
