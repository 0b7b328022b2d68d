using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Encryption;

namespace TrustChain.Core.Signing;

/// <summary>
/// A key in a file under a pass phrase: an encrypted JWK (RFC 7517 section 7), that is a compact JWE (RFC 7516) with
/// <c>"alg":"PBES2-HS512+A256KW"</c> (RFC 7518 section 4.8), <c>"enc":"A256GCM"</c> and <c>"cty":"jwk+json"</c>.
/// </summary>
public static class EncryptedKeyFile
{
    /// <summary>PBKDF2 iterations for new files.</summary>
    public const int Iterations = 210_000;

    private const int MaxIterations = 5_000_000;
    private const int MinIterations = 1_000;

    /// <summary>Encrypts a private key.</summary>
    /// <param name="jwk">The JWK's JSON.</param>
    /// <param name="passPhrase">Any length but empty; used as UTF-8.</param>
    /// <param name="iterations">Of PBKDF2, 1,000 to 5,000,000: fewer than the default only for keys that guard nothing.</param>
    public static string Encrypt(string jwk, string passPhrase, int iterations = Iterations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, MinIterations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, MaxIterations);
        ArgumentException.ThrowIfNullOrEmpty(passPhrase);
        Span<byte> salt = stackalloc byte[16];
        Span<byte> contentKey = stackalloc byte[32];
        Span<byte> nonce = stackalloc byte[12];
        RandomNumberGenerator.Fill(salt);
        RandomNumberGenerator.Fill(contentKey);
        RandomNumberGenerator.Fill(nonce);
        var header = Base64UrlText.Encode(Encoding.UTF8.GetBytes(
            $$"""{"alg":"PBES2-HS512+A256KW","cty":"jwk+json","enc":"A256GCM","p2c":{{iterations}},"p2s":"{{Base64UrlText.Encode(salt)}}"}"""));
        var wrapped = AesKeyWrap.Wrap(DeriveKey(passPhrase, salt, iterations), contentKey);
        var plain = Encoding.UTF8.GetBytes(jwk);
        var cipher = new byte[plain.Length];
        Span<byte> tag = stackalloc byte[16];
        using (var gcm = new AesGcm(contentKey, tag.Length))
        {
            gcm.Encrypt(nonce, plain, cipher, tag, Encoding.ASCII.GetBytes(header));
        }
        CryptographicOperations.ZeroMemory(contentKey);
        CryptographicOperations.ZeroMemory(plain);
        return string.Join('.', header, Base64UrlText.Encode(wrapped), Base64UrlText.Encode(nonce), Base64UrlText.Encode(cipher), Base64UrlText.Encode(tag));
    }

    /// <summary>Decrypts a file made by <see cref="Encrypt"/> or by another JOSE program with the same algorithms.</summary>
    /// <exception cref="CryptographicException">The file is malformed or altered, or the pass phrase is wrong; the message says which.</exception>
    public static string Decrypt(string file, string passPhrase)
    {
        var parts = file.Trim().Split('.');
        if (parts.Length != 5 || file.Length > 16384)
        {
            throw new CryptographicException("The key file is not a compact JWE.");
        }
        var decoded = new byte[5][];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!Base64UrlText.TryDecode(parts[i], out decoded[i]))
            {
                throw new CryptographicException("The key file is not a compact JWE.");
            }
        }
        var (salt, iterations) = ReadHeader(decoded[0]);
        var contentKey = AesKeyWrap.Unwrap(DeriveKey(passPhrase, salt, iterations), decoded[1]);
        if (contentKey is not { Length: 32 } || decoded[2].Length != 12 || decoded[4].Length != 16)
        {
            throw new CryptographicException("The pass phrase is wrong, or the key file was altered.");
        }
        var plain = new byte[decoded[3].Length];
        try
        {
            using var gcm = new AesGcm(contentKey, 16);
            gcm.Decrypt(decoded[2], decoded[3], decoded[4], plain, Encoding.ASCII.GetBytes(parts[0]));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new CryptographicException("The key file was altered.");
        }
        return Encoding.UTF8.GetString(plain);
    }

    private static (byte[] Salt, int Iterations) ReadHeader(byte[] header)
    {
        try
        {
            using var document = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 4 });
            var root = document.RootElement;
            if (root.GetProperty("alg").ValueEquals("PBES2-HS512+A256KW") && root.GetProperty("enc").ValueEquals("A256GCM")
                && root.GetProperty("p2c").TryGetInt32(out var iterations) && iterations is >= MinIterations and <= MaxIterations
                && Base64UrlText.TryDecode(root.GetProperty("p2s").GetString(), out var salt) && salt.Length is >= 8 and <= 64)
            {
                return (salt, iterations);
            }
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CryptographicException("The key file's header is malformed.", exception);
        }
        throw new CryptographicException("The key file uses algorithms or parameters that are not supported.");
    }

    /// <summary>RFC 7518 section 4.8.1.1: the salt is the algorithm's name, a zero byte, and the header's salt.</summary>
    private static byte[] DeriveKey(string passPhrase, ReadOnlySpan<byte> salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(passPhrase), (byte[])[.. "PBES2-HS512+A256KW\0"u8, .. salt], iterations, HashAlgorithmName.SHA512, 32);
}
