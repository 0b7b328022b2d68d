using System.Text;
using TrustChain.Core.Log;

namespace TrustChain.Core.Signing;

/// <summary>
/// Signed bytes with a protected header, read but not verified: a <see cref="Jws"/> or a <see cref="CoseSign1"/>. The two are told apart by their first byte, and as texts by the dots that
/// only a JWS has.
/// </summary>
public abstract class SignedMessage
{
    private readonly Dictionary<string, string> _header;

    private protected SignedMessage(Dictionary<string, string> header) => _header = header;

    /// <summary>Content as JSON; empty where <see cref="PayloadFault"/> says why there is none.</summary>
    public abstract ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Why the content has no JSON, in one sentence with place and rule; null in a JWS, whose content may be anything.</summary>
    public abstract string? PayloadFault { get; }

    /// <summary>The JOSE name of the algorithm that the header names, or another text.</summary>
    public string Algorithm => _header["alg"];

    /// <summary>The <c>kid</c> header parameter.</summary>
    public string? Kid => _header.GetValueOrDefault("kid");

    /// <summary>The <c>typ</c> header parameter.</summary>
    public string? Type => _header.GetValueOrDefault("typ");

    /// <summary>The <c>aud</c> header parameter: the origin of the log this was made for.</summary>
    public string? Audience => _header.GetValueOrDefault("aud");

    /// <summary>Any header parameter; null when it is not there.</summary>
    public string? Find(string name) => _header.GetValueOrDefault(name);

    /// <summary>Names of all header parameters.</summary>
    public IReadOnlyCollection<string> HeaderNames => _header.Keys;

    /// <summary>All of it as it is stored and hashed: the ASCII of a compact JWS, the bytes of a COSE_Sign1.</summary>
    public abstract byte[] ToBytes();

    /// <summary>SHA-256 of <see cref="ToBytes"/>.</summary>
    public Hash32 ComputeDigest() => Hash32.Compute(ToBytes());

    /// <summary>
    /// SHA-256 of what the signature is over: the same for every valid signature of one content. Of an ECDSA signature anybody can make a second one that is valid too.
    /// </summary>
    public Hash32 ComputeSignedDigest() => Hash32.Compute(Signed());

    /// <summary>
    /// What <see cref="ComputeDigest"/> answers of its twin: the same bytes with the other valid signature, which anybody can make of an ECDSA signature without the key, and some libraries
    /// make on the way. Null where there is no twin: EdDSA, SM2, and a signature that is none.
    /// </summary>
    public Hash32? ComputeTwinDigest() =>
        Algorithm switch { SignatureAlgorithms.ES256 => EllipticCurve.P256, SignatureAlgorithms.ES256K => EllipticCurve.Secp256k1, _ => null } is { } curve
            && Signature.Length == 2 * EllipticCurve.CoordinateSize && curve.Mirror(Signature.Span) is { } other
            ? Hash32.Compute(WithSignature(other))
            : null;

    /// <summary>
    /// Verifies the signature. The algorithm is the key's own; a header that names another one, <c>none</c> included, is invalid (RFC 8725 section 3.1).
    /// </summary>
    public SignatureCheck Verify(PublicKey key) => Algorithm == key.Algorithm ? key.Verify(Signed(), Signature.Span) : SignatureCheck.Invalid;

    /// <summary>How stored bytes stand in a text: a compact JWS as it is, a COSE_Sign1 in base64url.</summary>
    public static string ToText(ReadOnlySpan<byte> stored) => CoseSign1.IsStartOf(stored) ? Base64UrlText.Encode(stored) : Encoding.ASCII.GetString(stored);

    /// <summary>What the signature is over.</summary>
    private protected abstract byte[] Signed();

    private protected abstract ReadOnlyMemory<byte> Signature { get; }

    /// <summary><see cref="ToBytes"/> with another signature of the same length.</summary>
    private protected abstract byte[] WithSignature(ReadOnlySpan<byte> signature);
}
