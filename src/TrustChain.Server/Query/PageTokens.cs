using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using TrustChain.Core.Log;
using TrustChain.Postgres.Query;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Query;

/// <summary>
/// Tokens for next pages: what the server needs to go on, sealed so that nobody can read or alter it, good for one hour, for one caller and for the
/// query they were made for. A server keeps nothing of them, but for those that were given back early.
/// </summary>
internal sealed class PageTokens(KeyRing ring, PageTokenStore revoked, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly SecretBox _box = new(ring.Derive("next page"));

    /// <summary>A token and when it runs out.</summary>
    public (string Token, DateTimeOffset Expires) Make(int? organisationId, Hash32 fingerprint, QueryCursor cursor)
    {
        var expires = DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + Lifetime).ToUnixTimeSeconds());
        var content = new PageTokenContent(
            expires.ToUnixTimeSeconds(), organisationId, fingerprint.ToBase64Url(), cursor.Time.UtcTicks, cursor.RecordId, cursor.Number, cursor.Text, cursor.Returned);
        return (_box.Seal(JsonSerializer.SerializeToUtf8Bytes(content, PageTokenJson.Default.PageTokenContent)), expires);
    }

    /// <summary>Where the page begins, or null when the token is not one of ours for this caller and query, has run out, or was given back.</summary>
    public async Task<QueryCursor?> OpenAsync(string token, int? organisationId, Hash32 fingerprint, CancellationToken cancellationToken)
    {
        if (Read(token) is not { } content || content.Expires <= time.GetUtcNow().ToUnixTimeSeconds() || content.Organisation != organisationId
            || content.Query != fingerprint.ToBase64Url() || await revoked.IsRevokedAsync(Digest(token), cancellationToken))
        {
            return null;
        }
        return new QueryCursor(new DateTimeOffset(content.Ticks, TimeSpan.Zero), content.Record, content.Number, content.Text, content.Returned);
    }

    /// <summary>Gives a token back; what is no token of ours needs no giving back.</summary>
    public async Task RevokeAsync(string token, CancellationToken cancellationToken)
    {
        if (Read(token) is { } content && content.Expires > time.GetUtcNow().ToUnixTimeSeconds())
        {
            await revoked.RevokeAsync(Digest(token), DateTimeOffset.FromUnixTimeSeconds(content.Expires), time.GetUtcNow(), cancellationToken);
        }
    }

    public void Dispose() => _box.Dispose();

    private PageTokenContent? Read(string token) => _box.Open(token) is { } plain ? JsonSerializer.Deserialize(plain, PageTokenJson.Default.PageTokenContent) : null;

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

internal sealed record PageTokenContent(long Expires, int? Organisation, string Query, long Ticks, long Record, double? Number, string? Text, int Returned);

[JsonSerializable(typeof(PageTokenContent))]
internal sealed partial class PageTokenJson : JsonSerializerContext;
