using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Keys;

/// <summary>A key the server admitted.</summary>
/// <param name="Kid">RFC 7638 thumbprint.</param>
/// <param name="Organisation">Whose key.</param>
/// <param name="KeyEntry">Leaf index of the entry that admits it.</param>
internal sealed record RegisteredKey(string Kid, string Organisation, long KeyEntry)
{
    /// <summary>The members of the JSON output.</summary>
    public void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("kid", Kid);
        json.WriteString("organisation", Organisation);
        json.WriteNumber("keyEntry", KeyEntry);
    }
}

/// <summary>Asks a server to admit a key: the new key proves that it is held, and the organisation's present key agrees.</summary>
internal static class KeyRegistration
{
    private const string Path = "api/keys";

    /// <summary>Registers a key, after asking which key entry is the organisation's latest.</summary>
    /// <param name="client">Has the organisation's API key.</param>
    /// <param name="key">The new key.</param>
    /// <param name="authorizer">A self-held key the organisation has already; null for its first.</param>
    /// <param name="vouchedBy">Who vouches for the key, as in a key entry; null: the operator.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="CliException">The server refused or did not answer as described.</exception>
    public static async Task<RegisteredKey> RegisterAsync(
        ServerClient client, SigningKey key, SigningKey? authorizer, string? vouchedBy, CancellationToken cancellationToken)
    {
        var head = await KeyChainHead.ReadAsync(client, cancellationToken);
        var kid = key.PublicKey.Kid;
        var payload = KeyEntry.ToAuthorizationPayload(head.Organisation, kid, head.Previous);
        using var answer = await client.PostJsonAsync(
            Path,
            json =>
            {
                json.WritePropertyName("jwk");
                json.WriteRawValue(key.PublicKey.Jwk);
                json.WriteString("proof", Jws.Sign(key, KeyChange.AuthorizationType, null, payload));
                if (authorizer is not null)
                {
                    json.WriteString("authorization", head.Authorize(authorizer, payload));
                }
                if (vouchedBy is not null)
                {
                    json.WriteString("vouchedBy", vouchedBy);
                }
            },
            cancellationToken);
        var entry = JsonMembers.Integer(answer.RootElement, "keyEntry") ?? await WaitForEntryAsync(client, kid, cancellationToken);
        return new RegisteredKey(kid, head.Organisation, entry);
    }

    /// <summary>Leaf index of a key whose entry was not in the log yet when the server answered.</summary>
    private static async Task<long> WaitForEntryAsync(ServerClient client, string kid, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < 30; attempt++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            using var keys = (await client.GetAsync(Path, "application/json", cancellationToken)).OrThrow().ToJson();
            foreach (var listed in JsonMembers.Array(keys.RootElement, "keys"))
            {
                if (JsonMembers.Text(listed, "kid") == kid && JsonMembers.Integer(listed, "keyEntry") is { } entry)
                {
                    return entry;
                }
            }
        }
        throw new CliException($"The server took the key {kid}, but its entry is not in the log after 30 seconds.");
    }
}
