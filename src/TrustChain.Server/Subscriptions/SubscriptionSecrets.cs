using System.Security.Cryptography;
using System.Text;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Subscriptions;

/// <summary>Seals signature tokens for the database, each bound to its subscription, and signs with them.</summary>
internal sealed class SubscriptionSecrets(KeyRing ring) : IDisposable
{
    private const int IdSize = 16;

    private readonly SecretBox _box = new(ring.Derive("subscription"));

    public string Seal(Guid subscriptionId, string token)
    {
        var plain = new byte[IdSize + Encoding.UTF8.GetByteCount(token)];
        subscriptionId.TryWriteBytes(plain);
        Encoding.UTF8.GetBytes(token, plain.AsSpan(IdSize));
        var text = _box.Seal(plain);
        CryptographicOperations.ZeroMemory(plain);
        return text;
    }

    /// <summary>The signature of a body: HMAC with SHA-256 over its bytes under the token's UTF-8 bytes, in lower-case hexadecimal digits.</summary>
    /// <exception cref="CryptographicException">The token was altered in the database, or sealed under another master key.</exception>
    public string Sign(Guid subscriptionId, string token, ReadOnlySpan<byte> body)
    {
        var plain = _box.Open(token);
        if (plain is null || plain.Length < IdSize || new Guid(plain.AsSpan(0, IdSize)) != subscriptionId)
        {
            throw new CryptographicException($"The signature token of subscription {subscriptionId} cannot be opened.");
        }
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(plain.AsSpan(IdSize), body));
        CryptographicOperations.ZeroMemory(plain);
        return signature;
    }

    public void Dispose() => _box.Dispose();
}
