using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Log;

/// <summary>
/// A TimeStampToken of a timestamp authority (RFC 3161) over the text of a checkpoint: it proves that the tree existed at the token's time. The message
/// imprint is SHA-256 over the UTF-8 bytes of <see cref="Checkpoint.ToText"/>. No I/O: certificates that are not in the token are not fetched, and
/// revocation is not looked up.
/// </summary>
public static class TimestampToken
{
    /// <summary>Longest token read, in bytes. Tokens with their certificates have two to eight thousand.</summary>
    public const int MaxSize = 64 * 1024;

    private const string Sha256Oid = "2.16.840.1.101.3.4.2.1";

    /// <summary>
    /// Checks that the token covers the text and was signed by a certificate that is the trusted one or chains to it, was valid at the token's time, is named in the token
    /// (ESSCertID, RFC 5816) and is for time stamping alone (RFC 3161 section 2.3).
    /// </summary>
    /// <param name="der">The TimeStampToken, DER: a CMS ContentInfo, not the TimeStampResp around it. Bytes after it make it invalid.</param>
    /// <param name="text">The text that was stamped.</param>
    /// <param name="trusted">The authority's certificate, or that of a certification authority above it. Whether it is a root is up to whoever trusts it.</param>
    /// <returns>Could not check only where this machine lacks the algorithm of the signature.</returns>
    public static TimestampCheck Verify(ReadOnlyMemory<byte> der, string text, X509Certificate2 trusted)
    {
        if (der.Length > MaxSize || !Rfc3161TimestampToken.TryDecode(der, out var token, out var read) || read != der.Length)
        {
            return Invalid("It is not the DER encoding of an RFC 3161 token.");
        }
        if (token.TokenInfo.HashAlgorithmId.Value != Sha256Oid || !Covers(token, text))
        {
            return Invalid("It covers something else than this text.");
        }
        X509Certificate2? signer;
        try
        {
            if (!token.VerifySignatureForData(Encoding.UTF8.GetBytes(text), out signer, [trusted]))
            {
                return Invalid("Its signature is not by a time-stamping certificate that it names and that was valid at its time.");
            }
            token.AsSignedCms().SignerInfos[0].CheckSignature([signer], verifySignatureOnly: true);
        }
        catch (PlatformNotSupportedException exception)
        {
            return new TimestampCheck(SignatureCheck.CouldNotCheck, null, exception.Message);
        }
        catch (CryptographicException exception)
        {
            return Invalid($"Its signature does not verify: {exception.Message}");
        }
        return IsOrChainsTo(signer, trusted, token)
            ? new TimestampCheck(SignatureCheck.Valid, token.TokenInfo.Timestamp, null)
            : Invalid($"Its signer, \"{signer.Subject}\", neither is nor chains to the trusted certificate.");
    }

    private static bool Covers(Rfc3161TimestampToken token, string text) =>
        token.TokenInfo.GetMessageHash().Span.SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Whether the trusted certificate is in the signer's chain, with every link's signature, validity and constraints in order at the token's time.</summary>
    private static bool IsOrChainsTo(X509Certificate2 signer, X509Certificate2 trusted, Rfc3161TimestampToken token)
    {
        if (signer.RawDataMemory.Span.SequenceEqual(trusted.RawDataMemory.Span))
        {
            return true;
        }
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(trusted);
        chain.ChainPolicy.ExtraStore.AddRange(token.AsSignedCms().Certificates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = token.TokenInfo.Timestamp.LocalDateTime;
        // An intermediate authority may be the trusted one: then the chain ends there, which the platform calls partial or untrusted.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        var isInOrder = chain.Build(signer);
        return isInOrder && chain.ChainElements.Any(element => element.Certificate.RawDataMemory.Span.SequenceEqual(trusted.RawDataMemory.Span));
    }

    private static TimestampCheck Invalid(string detail) => new(SignatureCheck.Invalid, null, detail);
}

/// <summary>What <see cref="TimestampToken.Verify"/> found.</summary>
/// <param name="Signature">The answer.</param>
/// <param name="Time">The authority's time; null unless valid.</param>
/// <param name="Detail">One sentence saying what is wrong; null when valid.</param>
public readonly record struct TimestampCheck(SignatureCheck Signature, DateTimeOffset? Time, string? Detail);
