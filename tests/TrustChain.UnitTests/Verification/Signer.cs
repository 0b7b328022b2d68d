using System.Text;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Verification;

/// <summary>An organisation with one key. Signs ES256 with the nonce of RFC 6979, so that vectors are the same in every run.</summary>
internal sealed class Signer
{
    private readonly byte[] _secret;

    public Signer(string organisation, string name, string algorithm, Custody custody)
    {
        _secret = Fixed.Bytes($"key of {organisation}");
        Key = SigningKey.FromSecret(algorithm, _secret);
        (Organisation, Name, Custody) = (organisation, name, custody);
    }

    public string Organisation { get; }

    public string Name { get; }

    public SigningKey Key { get; }

    public Custody Custody { get; }

    public string Kid => Key.PublicKey.Kid;

    /// <summary>Body of the entry that admits the key.</summary>
    public byte[] KeyEntryBody() =>
        new KeyEntry(Organisation, Name, Key.PublicKey, Custody, KeyEntry.StatementsPurpose, null, "operator", null).ToJcs();

    /// <summary>A compact JWS with the header members in alphabetical order.</summary>
    public string Sign(string type, string? audience, ReadOnlySpan<byte> payload)
    {
        var aud = audience is null ? "" : $"\"aud\":\"{audience}\",";
        var header = $$"""{"alg":"{{Key.PublicKey.Algorithm}}",{{aud}}"kid":"{{Kid}}","typ":"{{type}}"}""";
        var signed = $"{Base64UrlText.Encode(Encoding.UTF8.GetBytes(header))}.{Base64UrlText.Encode(payload)}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        var signature = Key.PublicKey.Algorithm == SignatureAlgorithms.EdDsa ? Key.Sign(bytes) : SignEs256(Hash32.Compute(bytes));
        return $"{signed}.{Base64UrlText.Encode(signature)}";
    }

    private byte[] SignEs256(Hash32 digest)
    {
        var curve = NistNamedCurves.GetByName("P-256");
        var domain = new ECDomainParameters(curve.Curve, curve.G, curve.N, curve.H);
        var signer = new ECDsaSigner(new HMacDsaKCalculator(new Sha256Digest()));
        signer.Init(true, new ECPrivateKeyParameters(new BigInteger(1, _secret), domain));
        var signature = new byte[64];
        var parts = signer.GenerateSignature(digest.ToArray());
        for (var i = 0; i < 2; i++)
        {
            var bytes = parts[i].ToByteArrayUnsigned();
            bytes.CopyTo(signature, (32 * (i + 1)) - bytes.Length);
        }
        return signature;
    }
}
