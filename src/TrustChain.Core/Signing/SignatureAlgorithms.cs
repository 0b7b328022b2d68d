namespace TrustChain.Core.Signing;

/// <summary>JOSE names of the signature algorithms in use (RFC 7518, RFC 8037, RFC 8812; SM2 by an expired draft).</summary>
public static class SignatureAlgorithms
{
    /// <summary>ECDSA on P-256 with SHA-256.</summary>
    public const string ES256 = "ES256";

    /// <summary>ECDSA on secp256k1 with SHA-256 (RFC 8812 section 3.2). Both values of s are accepted.</summary>
    public const string ES256K = "ES256K";

    /// <summary>EdDSA; here always with Ed25519.</summary>
    public const string EdDsa = "EdDSA";

    /// <summary>
    /// SM2 with SM3 (GB/T 32918.2, ISO/IEC 14888-3:2018), R || S. No standard in force names it for JOSE. <c>alg</c> = <c>SM2</c>, <c>kty</c> = <c>EC</c> and
    /// <c>crv</c> = <c>SM2</c> are those of draft-dang-webauthn-sm2-00 (2021, expired); the user id is the default of GB/T 35276,
    /// <c>1234567812345678</c>.
    /// </summary>
    public const string Sm2 = "SM2";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [ES256, ES256K, EdDsa, Sm2];

    /// <summary>The key types they go with, for messages.</summary>
    public const string KeyTypes = "EC with P-256, secp256k1 or SM2, or OKP with Ed25519";

    /// <summary>The one algorithm of a key type; null when the type is not supported.</summary>
    /// <param name="type">A JWK's <c>kty</c>.</param>
    /// <param name="curve">A JWK's <c>crv</c>.</param>
    public static string? Find(string? type, string? curve) => type switch
    {
        "EC" => EllipticCurve.Find(curve)?.Algorithm,
        "OKP" when curve == "Ed25519" => EdDsa,
        _ => null,
    };
}
