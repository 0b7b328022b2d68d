using System.Runtime.InteropServices;

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
    private const string Library = "libcrypto.so.3";

    public static bool IsSupported { get; } = NativeLibrary.TryLoad(Library, out _);

    /// <summary>Key object of a 32-byte public key; null when OpenSSL refuses it.</summary>
    public static KeyHandle? ImportPublicKey(ReadOnlySpan<byte> publicKey)
    {
        var key = NewRawPublicKey(EvpPkeyEd25519, 0, publicKey, (nuint)publicKey.Length);
        return key.IsInvalid ? null : key;
    }

    /// <summary>Key object of a 32-byte seed.</summary>
    public static KeyHandle ImportSeed(ReadOnlySpan<byte> seed)
    {
        var key = NewRawPrivateKey(EvpPkeyEd25519, 0, seed, (nuint)seed.Length);
        return key.IsInvalid ? throw new System.Security.Cryptography.CryptographicException("OpenSSL refused an Ed25519 seed.") : key;
    }

    public static byte[] PublicKeyOf(KeyHandle key)
    {
        var bytes = new byte[PublicKeySize];
        var length = (nuint)bytes.Length;
        return GetRawPublicKey(key, bytes, ref length) == 1 && length == PublicKeySize
            ? bytes
            : throw new System.Security.Cryptography.CryptographicException("OpenSSL gave no Ed25519 public key.");
    }

    public static bool Verify(KeyHandle key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
        {
            return false;
        }
        using var context = NewContext();
        return DigestVerifyInit(context, 0, 0, 0, key) == 1
            && DigestVerify(context, signature, (nuint)signature.Length, data, (nuint)data.Length) == 1;
    }

    public static byte[] Sign(KeyHandle key, ReadOnlySpan<byte> data)
    {
        using var context = NewContext();
        var signature = new byte[SignatureSize];
        var length = (nuint)signature.Length;
        return DigestSignInit(context, 0, 0, 0, key) == 1 && DigestSign(context, signature, ref length, data, (nuint)data.Length) == 1
            ? signature
            : throw new System.Security.Cryptography.CryptographicException("OpenSSL could not sign with an Ed25519 key.");
    }

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_public_key")]
    private static partial KeyHandle NewRawPublicKey(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    private static partial KeyHandle NewRawPrivateKey(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    private static partial int GetRawPublicKey(KeyHandle key, Span<byte> output, ref nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    private static partial void FreeKey(nint key);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new")]
    private static partial ContextHandle NewContext();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free")]
    private static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_DigestVerifyInit")]
    private static partial int DigestVerifyInit(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestVerify")]
    private static partial int DigestVerify(ContextHandle context, ReadOnlySpan<byte> signature, nuint signatureLength, ReadOnlySpan<byte> data, nuint dataLength);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSignInit")]
    private static partial int DigestSignInit(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSign")]
    private static partial int DigestSign(ContextHandle context, Span<byte> signature, ref nuint signatureLength, ReadOnlySpan<byte> data, nuint dataLength);

    /// <summary>An EVP_PKEY. OpenSSL allows several threads to use one key, each with a context of its own.</summary>
    internal sealed class KeyHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeKey(handle);
            return true;
        }
    }

    private sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeContext(handle);
            return true;
        }
    }
}
