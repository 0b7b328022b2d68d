using System.Formats.Asn1;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TrustChain.Core.Signing;

/// <summary>
/// SM2 signatures over SM3 (GB/T 32918.2) on the recommended curve, with the default user id of GB/T 35276, by the platform's OpenSSL 3. Builds of OpenSSL may
/// leave SM2 or SM3 out, so <see cref="IsSupported"/> is true only where the standard's own example verifies; elsewhere a signature cannot be checked rather
/// than being wrong.
/// </summary>
internal static partial class Sm2
{
    private const int SignatureSize = 64;
    private const int MaxDerSize = 72;

    /// <summary>SubjectPublicKeyInfo (RFC 5480) up to the coordinates: id-ecPublicKey, curve 1.2.156.10197.1.301, uncompressed point.</summary>
    private static readonly byte[] PublicKeyPrefix = Convert.FromHexString("3059301306072a8648ce3d020106082a811ccf5501822d03420004");

    /// <summary>PrivateKeyInfo (RFC 5208) with an ECPrivateKey (RFC 5915), up to the scalar.</summary>
    private static readonly byte[] PrivateKeyPrefix = Convert.FromHexString("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420");

    private static readonly byte[] UserId = "1234567812345678"u8.ToArray();

    public static bool IsSupported { get; } = VerifiesTheStandardsExample();

    /// <summary>Key object of a public key of two coordinates, 32 bytes each, big-endian; null when OpenSSL refuses it.</summary>
    public static OpenSsl.KeyHandle? ImportPublicKey(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y) =>
        Import([.. PublicKeyPrefix, .. x, .. y], isPrivate: false);

    /// <summary>Key object of a private scalar, 32 bytes, big-endian, from 1 to the curve's order less 2; with its public half.</summary>
    public static OpenSsl.KeyHandle ImportSecret(ReadOnlySpan<byte> secret)
    {
        var der = (byte[])[.. PrivateKeyPrefix, .. secret];
        try
        {
            return Import(der, isPrivate: true) ?? throw new CryptographicException("OpenSSL refused an SM2 private key.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    public static (byte[] X, byte[] Y) PublicKeyOf(OpenSsl.KeyHandle key)
    {
        Span<byte> der = stackalloc byte[PublicKeyPrefix.Length + (2 * EllipticCurve.CoordinateSize)];
        if (!TryWritePublicKey(key, der) || !der.StartsWith(PublicKeyPrefix))
        {
            throw new CryptographicException("OpenSSL gave no SM2 public key.");
        }
        var point = der[PublicKeyPrefix.Length..];
        return (point[..EllipticCurve.CoordinateSize].ToArray(), point[EllipticCurve.CoordinateSize..].ToArray());
    }

    /// <param name="key">Public key.</param>
    /// <param name="data">What was signed.</param>
    /// <param name="signature">R || S, 32 bytes each, big-endian.</param>
    public static bool Verify(OpenSsl.KeyHandle key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
        {
            return false;
        }
        var der = ToDer(signature);
        using var keyContext = NewContextWithId(key);
        using var context = NewDigestContext(keyContext);
        return OpenSsl.DigestVerifyInit(context, 0, Sm3(), 0, key) == 1
            && OpenSsl.DigestVerify(context, der, (nuint)der.Length, data, (nuint)data.Length) == 1;
    }

    /// <summary>R || S, 32 bytes each, big-endian.</summary>
    public static byte[] Sign(OpenSsl.KeyHandle key, ReadOnlySpan<byte> data)
    {
        using var keyContext = NewContextWithId(key);
        using var context = NewDigestContext(keyContext);
        Span<byte> der = stackalloc byte[MaxDerSize];
        var length = (nuint)der.Length;
        return OpenSsl.DigestSignInit(context, 0, Sm3(), 0, key) == 1 && OpenSsl.DigestSign(context, der, ref length, data, (nuint)data.Length) == 1
            ? FromDer(der[..(int)length])
            : throw new CryptographicException("OpenSSL could not sign with an SM2 key.");
    }

    private static byte[] ToDer(ReadOnlySpan<byte> signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(EllipticCurve.Integer(signature[..EllipticCurve.CoordinateSize]));
            writer.WriteInteger(EllipticCurve.Integer(signature[EllipticCurve.CoordinateSize..]));
        }
        return writer.Encode();
    }

    private static byte[] FromDer(ReadOnlySpan<byte> der)
    {
        var sequence = new AsnReader(der.ToArray(), AsnEncodingRules.DER).ReadSequence();
        var signature = new byte[SignatureSize];
        for (var end = EllipticCurve.CoordinateSize; end <= SignatureSize; end += EllipticCurve.CoordinateSize)
        {
            var bytes = sequence.ReadInteger().ToByteArray(isUnsigned: true, isBigEndian: true);
            bytes.CopyTo(signature, end - bytes.Length);
        }
        return signature;
    }

    /// <summary>The example of GB/T 32918.5 annex A: what its key said of "message digest".</summary>
    private static bool VerifiesTheStandardsExample()
    {
        if (!OpenSsl.IsPresent)
        {
            return false;
        }
        try
        {
            using var key = ImportPublicKey(
                Convert.FromHexString("09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"),
                Convert.FromHexString("ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"));
            return key is not null && Verify(key, "message digest"u8, Convert.FromHexString(
                "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"));
        }
        catch (EntryPointNotFoundException)
        {
            return false; // A build without SM3 has no EVP_sm3.
        }
    }

    private static unsafe OpenSsl.KeyHandle? Import(byte[] der, bool isPrivate)
    {
        fixed (byte* bytes = der)
        {
            var place = (nint)bytes; // OpenSSL moves it past what it read.
            var key = isPrivate ? ReadPrivateKey(0, ref place, der.Length) : ReadPublicKey(0, ref place, der.Length);
            return key.IsInvalid ? null : key;
        }
    }

    /// <summary>Writes a key's SubjectPublicKeyInfo; false when it has another length.</summary>
    private static unsafe bool TryWritePublicKey(OpenSsl.KeyHandle key, Span<byte> der)
    {
        fixed (byte* bytes = der)
        {
            var place = (nint)bytes;
            return WritePublicKey(key, 0) == der.Length && WritePublicKey(key, (nint)(&place)) == der.Length;
        }
    }

    private static KeyContext NewContextWithId(OpenSsl.KeyHandle key)
    {
        var context = NewKeyContext(key, 0);
        return SetId(context, UserId, UserId.Length) == 1 ? context : throw new CryptographicException("OpenSSL took no user id for SM2.");
    }

    private static OpenSsl.DigestContext NewDigestContext(KeyContext keyContext)
    {
        var context = OpenSsl.NewDigestContext();
        SetKeyContext(context, keyContext); // Does not own it: the key context must outlive the digest context.
        return context;
    }

    [LibraryImport(OpenSsl.Library, EntryPoint = "d2i_PUBKEY")]
    private static partial OpenSsl.KeyHandle ReadPublicKey(nint reuse, ref nint place, nint length);

    [LibraryImport(OpenSsl.Library, EntryPoint = "d2i_AutoPrivateKey")]
    private static partial OpenSsl.KeyHandle ReadPrivateKey(nint reuse, ref nint place, nint length);

    [LibraryImport(OpenSsl.Library, EntryPoint = "i2d_PUBKEY")]
    private static partial int WritePublicKey(OpenSsl.KeyHandle key, nint place);

    [LibraryImport(OpenSsl.Library, EntryPoint = "EVP_PKEY_CTX_new")]
    private static partial KeyContext NewKeyContext(OpenSsl.KeyHandle key, nint engine);

    [LibraryImport(OpenSsl.Library, EntryPoint = "EVP_PKEY_CTX_free")]
    private static partial void FreeKeyContext(nint context);

    [LibraryImport(OpenSsl.Library, EntryPoint = "EVP_PKEY_CTX_set1_id")]
    private static partial int SetId(KeyContext context, ReadOnlySpan<byte> id, int length);

    [LibraryImport(OpenSsl.Library, EntryPoint = "EVP_MD_CTX_set_pkey_ctx")]
    private static partial void SetKeyContext(OpenSsl.DigestContext context, KeyContext keyContext);

    [LibraryImport(OpenSsl.Library, EntryPoint = "EVP_sm3")]
    private static partial nint Sm3();

    /// <summary>An EVP_PKEY_CTX.</summary>
    private sealed class KeyContext() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeKeyContext(handle);
            return true;
        }
    }
}
