using System.Text;
using Org.BouncyCastle.Asn1.GM;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Verification;

/// <summary>
/// An organisation with one key. Signs ES256 and ES256K with the nonce of RFC 6979, and SM2 with one made of key and text, so that vectors are the same in
/// every run.
/// </summary>
internal sealed class Signer
{
    private readonly byte[] _secret;

    /// <param name="organisation">Its identifier.</param>
    /// <param name="name">Its name.</param>
    /// <param name="algorithm">Of the key.</param>
    /// <param name="custody">Who holds the key.</param>
    /// <param name="key">Tells apart the keys of one organisation.</param>
    public Signer(string organisation, string name, string algorithm, Custody custody, string key = "")
    {
        _secret = Fixed.Bytes($"key{key} of {organisation}");
        Key = SigningKey.FromSecret(algorithm, _secret);
        (Organisation, Name, Custody) = (organisation, name, custody);
    }

    public string Organisation { get; }

    public string Name { get; }

    public SigningKey Key { get; }

    public Custody Custody { get; }

    public string Kid => Key.PublicKey.Kid;

    /// <summary>Body of the entry that admits the key as its organisation's first.</summary>
    public byte[] KeyEntryBody() => Entry().ToJcs();

    /// <summary>The entry that admits the key.</summary>
    public KeyEntry Entry(long? previous = null, string vouchedBy = KeyEntry.VouchedByOperator, string? authorization = null, long? recovery = null) =>
        new(Organisation, Name, Key.PublicKey, Custody, KeyEntry.StatementsPurpose, previous, vouchedBy, authorization, recovery);

    /// <summary>The change with this key's agreement.</summary>
    public T Agree<T>(T change, string origin)
        where T : KeyChange => change with { Authorization = Sign(KeyChange.AuthorizationType, origin, change.ToAuthorizationPayload()) };

    /// <summary>A compact JWS with the header members in alphabetical order.</summary>
    public string Sign(string type, string? audience, ReadOnlySpan<byte> payload)
    {
        var aud = audience is null ? "" : $"\"aud\":\"{audience}\",";
        return SignUnder($$"""{"alg":"{{Key.PublicKey.Algorithm}}",{{aud}}"kid":"{{Kid}}","typ":"{{type}}"}""", payload);
    }

    /// <summary>A compact JWS with any header.</summary>
    public string SignUnder(string header, ReadOnlySpan<byte> payload)
    {
        var signed = $"{Base64UrlText.Encode(Encoding.UTF8.GetBytes(header))}.{Base64UrlText.Encode(payload)}";
        return $"{signed}.{Base64UrlText.Encode(Sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>A signature over any bytes.</summary>
    public byte[] Sign(byte[] bytes) => Key.PublicKey.Algorithm switch
    {
        SignatureAlgorithms.ES256 => SignEcdsa(NistNamedCurves.GetByName("P-256"), Hash32.Compute(bytes)),
        SignatureAlgorithms.ES256K => SignEcdsa(SecNamedCurves.GetByName("secp256k1"), Hash32.Compute(bytes)),
        SignatureAlgorithms.Sm2 => SignSm2(bytes),
        _ => Key.Sign(bytes),
    };

    private byte[] SignEcdsa(X9ECParameters curve, Hash32 digest)
    {
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

    private byte[] SignSm2(byte[] text)
    {
        var key = new ECPrivateKeyParameters(new BigInteger(1, _secret), new ECDomainParameters(GMNamedCurves.GetByName("sm2p256v1")));
        var signer = new SM2Signer(PlainDsaEncoding.Instance, new SM3Digest());
        signer.Init(true, new ParametersWithRandom(key, new FixedNonce(Hash32.Compute([.. _secret, .. text]).ToArray())));
        signer.BlockUpdate(text, 0, text.Length);
        return signer.GenerateSignature();
    }
}

/// <summary>Gives one value where a signer asks for a random one.</summary>
internal sealed class FixedNonce(byte[] nonce) : SecureRandom
{
    public override void NextBytes(byte[] buffer) => nonce.CopyTo(buffer, 0);
}
