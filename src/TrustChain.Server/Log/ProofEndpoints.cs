using System.Globalization;
using TrustChain.Core.Log;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Log;

/// <summary>
/// Proofs for whoever does not want to compute them from tiles. The roots in the answers are there to be compared with signed ones: a proof alone proves
/// nothing. Hashes are in base64, as in checkpoints.
/// </summary>
internal static class ProofEndpoints
{
    private const string Immutable = "public, max-age=31536000, immutable";

    public static async Task<IResult> GetConsistencyAsync(string? from, string? to, HttpContext context, LogHead head, TileCache tiles, CancellationToken cancellationToken)
    {
        if (head.Checkpoint is not { } newest)
        {
            return Problems.NotFound("checkpoint yet");
        }
        if (!TryParse(to, newest.Size, out var size2) || size2 < 1 || size2 > newest.Size)
        {
            return OutOfRange("to", 1, newest.Size);
        }
        if (!TryParse(from, null, out var size1) || size1 < 1 || size1 > size2)
        {
            return OutOfRange("from", 1, size2);
        }
        var proof = await tiles.BuildAsync(ProofPlan.Consistency(size1, size2), cancellationToken);
        CacheUnlessNewest(context, to);
        return Results.Json(new
        {
            from = size1,
            to = size2,
            fromRoot = await RootAsync(tiles, size1, cancellationToken),
            toRoot = await RootAsync(tiles, size2, cancellationToken),
            proof = proof.Select(Base64),
        });
    }

    public static async Task<IResult> GetInclusionAsync(string? index, string? size, HttpContext context, LogHead head, TileCache tiles, CancellationToken cancellationToken)
    {
        if (head.Checkpoint is not { } newest)
        {
            return Problems.NotFound("checkpoint yet");
        }
        if (!TryParse(size, newest.Size, out var treeSize) || treeSize < 1 || treeSize > newest.Size)
        {
            return OutOfRange("size", 1, newest.Size);
        }
        if (!TryParse(index, null, out var leaf) || leaf >= treeSize)
        {
            return OutOfRange("index", 0, treeSize - 1);
        }
        var proof = await tiles.BuildAsync(ProofPlan.Inclusion(leaf, treeSize), cancellationToken);
        CacheUnlessNewest(context, size);
        return Results.Json(new
        {
            index = leaf,
            size = treeSize,
            leaf = Base64((await tiles.BuildAsync(ProofPlan.Leaf(leaf, treeSize), cancellationToken))[0]),
            root = await RootAsync(tiles, treeSize, cancellationToken),
            proof = proof.Select(Base64),
        });
    }

    private static async Task<string> RootAsync(TileCache tiles, long size, CancellationToken cancellationToken) =>
        Base64((await tiles.BuildAsync(ProofPlan.Root(size), cancellationToken))[0]);

    /// <summary>A proof about named sizes never changes.</summary>
    private static void CacheUnlessNewest(HttpContext context, string? size)
    {
        if (size is not null)
        {
            context.Response.Headers.CacheControl = Immutable;
        }
    }

    private static bool TryParse(string? text, long? absent, out long value)
    {
        value = absent ?? -1;
        return text is null ? absent is not null : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    private static IResult OutOfRange(string name, long least, long most) =>
        Problems.InvalidRequest(string.Create(CultureInfo.InvariantCulture, $"\"{name}\" must be a number from {least} to {most}."));

    private static string Base64(Hash32 hash) => Convert.ToBase64String(hash.ToArray());
}
