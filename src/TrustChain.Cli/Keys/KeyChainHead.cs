using TrustChain.Cli.Http;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Keys;

/// <summary>Where an organisation's chain of key entries ends: what the next change must name.</summary>
/// <param name="Organisation">Whose chain.</param>
/// <param name="Origin">The log's origin: the audience of authorizations.</param>
/// <param name="Previous">Leaf index of the newest key entry, if there is one.</param>
internal sealed record KeyChainHead(string Organisation, string Origin, long? Previous)
{
    /// <summary>Asks the server, with the organisation's API key.</summary>
    public static async Task<KeyChainHead> ReadAsync(ServerClient client, CancellationToken cancellationToken)
    {
        var listed = (await client.GetAsync("api/keys", "application/json", cancellationToken)).OrThrow();
        using var keys = listed.ToJson();
        return new KeyChainHead(
            JsonMembers.RequiredText(keys.RootElement, "organisation", listed.Address),
            JsonMembers.RequiredText(keys.RootElement, "origin", listed.Address),
            JsonMembers.Integer(keys.RootElement, "previous"));
    }

    /// <summary>Agrees to a change with a key of the organisation's own.</summary>
    public string Authorize(SigningKey key, byte[] payload) => Jws.Sign(key, KeyChange.AuthorizationType, Origin, payload);
}
