using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace TrustChain.UnitTests.Log;

/// <summary>A timestamp authority (RFC 3161) for tests: a root, a certification authority below it, and a signer below that, all on P-256.</summary>
internal sealed class TestTimestampAuthority : IDisposable
{
    private const string Sha256Oid = "2.16.840.1.101.3.4.2.1";

    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2060, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private int _serial;

    public TestTimestampAuthority(string name = "Test", string keyUsage = "1.3.6.1.5.5.7.3.8")
    {
        Root = Issue($"CN={name} Root", null, null, From, Until);
        Intermediate = Issue($"CN={name} Authority", Root, null, From, Until);
        Signer = Issue($"CN={name} Time Stamping", Intermediate, keyUsage, From, Until);
    }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Intermediate { get; }

    public X509Certificate2 Signer { get; }

    /// <summary>A TimeStampToken over a SHA-256 digest.</summary>
    public byte[] Stamp(ReadOnlySpan<byte> digest, DateTimeOffset time, BigInteger? nonce = null, bool withCertificates = true)
    {
        var signed = new SignedCms(new ContentInfo(new Oid("1.2.840.113549.1.9.16.1.4"), WriteTimestamp(digest, time, nonce)));
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, Signer) { IncludeOption = X509IncludeOption.None };
        if (withCertificates)
        {
            signer.Certificates.Add(Signer);
            signer.Certificates.Add(Intermediate);
        }
        signer.SignedAttributes.Add(new AsnEncodedData(new Oid("1.2.840.113549.1.9.16.2.47"), WriteSigningCertificate()));
        signed.ComputeSignature(signer);
        return signed.Encode();
    }

    /// <summary>Answers a TimeStampReq as an authority's HTTP endpoint does.</summary>
    public byte[] Answer(byte[] request, DateTimeOffset time)
    {
        if (!Rfc3161TimestampRequest.TryDecode(request, out var asked, out _))
        {
            throw new ArgumentException("Not a timestamp request.", nameof(request));
        }
        BigInteger? nonce = asked.GetNonce() is { } bytes ? new BigInteger(bytes.Span, isUnsigned: true, isBigEndian: true) : null;
        return WriteResponse(0, Stamp(asked.GetMessageHash().Span, time, nonce, asked.RequestSignerCertificate));
    }

    /// <summary>A TimeStampResp with a status and, where given, a token.</summary>
    public static byte[] WriteResponse(int status, byte[]? token)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(status);
            }
            if (token is not null)
            {
                writer.WriteEncodedValue(token);
            }
        }
        return writer.Encode();
    }

    public void Dispose()
    {
        Root.Dispose();
        Intermediate.Dispose();
        Signer.Dispose();
    }

    private byte[] WriteTimestamp(ReadOnlySpan<byte> digest, DateTimeOffset time, BigInteger? nonce)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            writer.WriteObjectIdentifier("1.2.3.4.1"); // the authority's policy
            using (writer.PushSequence())
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(Sha256Oid);
                }
                writer.WriteOctetString(digest);
            }
            writer.WriteInteger(++_serial);
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
            if (nonce is { } number)
            {
                writer.WriteInteger(number);
            }
        }
        return writer.Encode();
    }

    private byte[] WriteSigningCertificate()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteOctetString(SHA256.HashData(Signer.RawDataMemory.Span));
        }
        return writer.Encode();
    }

    private static X509Certificate2 Issue(string subject, X509Certificate2? issuer, string? keyUsage, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(keyUsage is null, false, 0, true));
        if (keyUsage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(keyUsage)], critical: true));
        }
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, until);
        }
        using var certificate = request.Create(issuer, from, until, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
