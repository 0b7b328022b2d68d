using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Fsck;

/// <summary>
/// How far a log has been walked, so that the walk can go on from there: the rightmost tile of every level, from which root and frontier follow, what
/// was counted, the key and device entries, and the newest checkpoints seen. Its size grows with the number of those entries and with nothing else.
/// </summary>
internal sealed class WalkState
{
    private readonly List<List<Hash32>> _tiles;

    /// <summary>A walk that has not begun.</summary>
    /// <param name="trust">The log.</param>
    public WalkState(TrustFile trust)
        : this(trust, [[]])
    {
    }

    /// <summary>A walk that has come to where the last tiles are these.</summary>
    /// <param name="trust">The log.</param>
    /// <param name="tiles">For each level from 0 the hashes of its last tile, 0 to 255; at least level 0.</param>
    public WalkState(TrustFile trust, List<List<Hash32>> tiles)
    {
        Trust = trust;
        Keys = new KeyChanges(trust.Origin);
        _tiles = tiles;
        Frontier = Frontier.FromTiles(tiles);
    }

    /// <summary>Whose log this is.</summary>
    public TrustFile Trust { get; }

    /// <summary>The tree walked.</summary>
    public Frontier Frontier { get; }

    /// <summary>Entries walked.</summary>
    public long Size => Frontier.Size;

    /// <summary>Hashes of the last tile of each level, 0 to 255.</summary>
    public IReadOnlyList<IReadOnlyList<Hash32>> Tiles => _tiles;

    /// <summary>Full tiles compared above level 0.</summary>
    public long FullUpperTiles { get; set; }

    /// <summary>Entries by kind.</summary>
    public SortedDictionary<byte, long> Kinds { get; init; } = [];

    /// <summary>The key and device entries.</summary>
    public KeyChanges Keys { get; }

    /// <summary>The newest checkpoint that all entries were found to lead to; null before the first.</summary>
    public SignedCheckpoint? Confirmed { get; set; }

    /// <summary>A newer checkpoint, consistent with <see cref="Confirmed"/>, on the way to which the walk is; null when it arrived.</summary>
    public SignedCheckpoint? Pending { get; set; }

    /// <summary>The newest checkpoint ever accepted.</summary>
    public SignedCheckpoint? Newest => Pending ?? Confirmed;

    /// <summary>How far the contract's events were read and compared.</summary>
    public ChainCursor Chain { get; set; }

    /// <summary>Index of the last tile of a level: the one being filled.</summary>
    public long TileIndex(int level) => Size >> (8 * (level + 1));

    /// <summary>The hashes of the tile being filled on a level, which is added where there is none yet.</summary>
    public List<Hash32> Filling(int level)
    {
        while (_tiles.Count <= level)
        {
            _tiles.Add([]);
        }
        return _tiles[level];
    }
}

/// <summary>How far a contract's events were read and compared with the log.</summary>
/// <param name="NextBlock">First block not read yet; those before it are not expected to be reorganised.</param>
/// <param name="Count">Anchors before that block.</param>
/// <param name="Newest">The largest of them; the default when there is none.</param>
internal readonly record struct ChainCursor(ulong NextBlock, long Count, RootOfSize Newest);
