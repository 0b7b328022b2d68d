using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Log;

/// <summary>
/// The tiles and entry bundles of C2SP tlog-tiles. Whatever a signed checkpoint covers is served for ever, partial tiles too after they have become full;
/// what none covers is not there, because an unsigned state may still be called off. https://c2sp.org/tlog-tiles
/// </summary>
internal static class TileEndpoints
{
    private const string Octets = "application/octet-stream";
    private const string Immutable = "public, max-age=31536000, immutable";
    private const int MaxLevel = 7; // a larger tree has more than 2^63 leaves

    public static async Task<IResult> GetTileAsync(string level, string? path, HttpContext context, LogStore log, LogHead head, CancellationToken cancellationToken)
    {
        if (!TryParseLevel(level, out var number) || !TileCoordinate.TryParseIndexPath(path ?? "", out var index, out var width) || !IsPublished(number, index, width, head)
            || await log.FindTileAsync(new TileCoordinate(number, index), width, cancellationToken) is not { } hashes)
        {
            return Problems.NotFound("such tile");
        }
        context.Response.Headers.CacheControl = Immutable;
        return Results.Bytes(hashes, Octets, entityTag: TagOf(hashes)); // Hashes do not compress.
    }

    public static async Task<IResult> GetBundleAsync(string? path, HttpContext context, LogStore log, LogHead head, CancellationToken cancellationToken)
    {
        if (!TileCoordinate.TryParseIndexPath(path ?? "", out var index, out var width) || !IsPublished(0, index, width, head)
            || await log.FindBundleAsync(index, width, cancellationToken) is not { } entries)
        {
            return Problems.NotFound("such entry bundle");
        }
        var headers = context.Response.Headers;
        headers.CacheControl = Immutable;
        headers.Vary = HeaderNames.AcceptEncoding;
        var tag = TagOf(entries);
        if (AcceptsGzip(context.Request) && Compress(entries) is { } smaller)
        {
            headers.ContentEncoding = "gzip"; // Also keeps the compression of other answers away.
            return Results.Bytes(smaller, Octets, entityTag: tag);
        }
        return Results.Bytes(entries, Octets, entityTag: tag);
    }

    /// <summary>Weak, because one content may be sent with and without compression.</summary>
    public static EntityTagHeaderValue TagOf(ReadOnlySpan<byte> content) => new($"\"{Base64UrlText.Encode(SHA256.HashData(content).AsSpan(0, 16))}\"", isWeak: true);

    private static bool IsPublished(int level, long index, int width, LogHead head) =>
        head.Checkpoint is { } checkpoint && new TileCoordinate(level, index).WidthAt(checkpoint.Size) >= width;

    private static bool TryParseLevel(string text, out int level) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out level) && level <= MaxLevel && text.Length == 1;

    private static bool AcceptsGzip(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().AcceptEncoding;
        var named = accepted.FirstOrDefault(static a => a.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase)) ?? accepted.FirstOrDefault(static a => a.Value == "*");
        return named is not null && named.Quality is null or > 0;
    }

    /// <summary>Compressed; null when that saves nothing, as with entries that are mostly digests.</summary>
    private static byte[]? Compress(byte[] content)
    {
        using var output = new MemoryStream(content.Length);
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }
        return output.Length < content.Length ? output.ToArray() : null;
    }
}
