using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace TrustChain.Core.Signing;

/// <summary>
/// Ed25519 (RFC 8032) by the platform's OpenSSL 3 (EVP_DigestVerify and EVP_DigestSign). Where that library is not present
/// <see cref="IsSupported"/> is false, and a signature cannot be checked rather than being wrong.
/// </summary>
internal static partial class Ed25519
{
    public const int PublicKeySize = 32;
    public const int SeedSize = 32;
    public const int SignatureSize = 64;

    private const int EvpPkeyEd25519 = 1087;

    public static bool IsSupported => OpenSsl.IsPresent;

    /// <summary>Key object of a 32-byte public key; null when OpenSSL refuses it.</summary>
    public static OpenSsl.KeyHandle? ImportPublicKey(ReadOnlySpan<byte> publicKey)
    {
        var key = NewRawPublicKey(EvpPkeyEd25519, 0, publicKey, (nuint)publicKey.Length);
        return key.IsInvalid ? null : key;
    }

    /// <summary>Key object of a 32-byte seed.</summary>
    public static OpenSsl.KeyHandle ImportSeed(ReadOnlySpan<byte> seed)
    {
        var key = NewRawPrivateKey(EvpPkeyEd25519, 0, seed, (nuint)seed.Length);
        return key.IsInvalid ? throw new CryptographicException("OpenSSL refused an Ed25519 seed.") : key;
    }

    public static byte[] PublicKeyOf(OpenSsl.KeyHandle key)
    {
        var bytes = new byte[PublicKeySize];
        var length = (nuint)bytes.Length;
        return GetRawPublicKey(key, bytes, ref length) == 1 && length == PublicKeySize
            ? bytes
            : throw new CryptographicException("OpenSSL gave no Ed25519 public key.");
    }

    public static bool Verify(OpenSsl.KeyHandle key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
        {
            return false;
        }
        using var context = OpenSsl.NewDigestContext();
        return OpenSsl.DigestVerifyInit(context, 0, 0, 0, key) == 1
            && OpenSsl.DigestVerify(context, signature, (nuint)signature.Length, data, (nuint)data.Length) == 1;
    }

    public static byte[] Sign(OpenSsl.KeyHandle key, ReadOnlySpan<byte> data)
    {
        using var context = OpenSsl.NewDigestContext();
        var signature = new byte[SignatureSize];
        var length = (nuint)signature.Length;
        return OpenSsl.DigestSignInit(context, 0, 0, 0, key) == 1 && OpenSsl.DigestSign(context, signature, ref length, data, (nuint)data.Length) == 1
            ? signature
            : throw new CryptographicException("OpenSSL could not sign with an Ed25519 key.");
    }

    [LibraryImport(OpenSsl.Library, EntryPoint = "EVP_PKEY_new_raw_public_key")]
    private static partial OpenSsl.KeyHandle NewRawPublicKey(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(OpenSsl.Library, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    private static partial OpenSsl.KeyHandle NewRawPrivateKey(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(OpenSsl.Library, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    private static partial int GetRawPublicKey(OpenSsl.KeyHandle key, Span<byte> output, ref nuint length);
}
