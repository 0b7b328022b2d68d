using System.Security.Cryptography;
using System.Text.Json;
using TrustChain.Evm.Wire;

namespace TrustChain.Evm.Keys;

/// <summary>
/// Key files of Web3 Secret Storage version 3 (https://ethereum.org/developers/docs/data-structures-and-encoding/web3-secret-storage): the private key
/// under AES-128-CTR with a key derived from a pass phrase by scrypt or PBKDF2, and a Keccak-256 code over the cipher text.
/// </summary>
public static class Keystore
{
    /// <summary>Longest key file read; real ones have about 500 bytes.</summary>
    public const int MaxFileBytes = 64 * 1024;

    /// <summary>scrypt N of a new file: 256 MiB and about a second to open.</summary>
    public const int DefaultScryptN = 1 << 18;

    private const int ScryptR = 8;
    private const int DerivedBytes = 32;

    /// <summary>
    /// Writes a key file: UTF-8 JSON with scrypt (r = 8, p = 1) and a random salt and IV.
    /// </summary>
    /// <param name="key">The key to store.</param>
    /// <param name="passPhrase">The bytes of the pass phrase, usually UTF-8.</param>
    /// <param name="scryptN">A power of two from 2 to 2^18; 1024 bytes of memory each. Below the default only for keys that guard nothing.</param>
    public static byte[] Create(Secp256k1Key key, ReadOnlySpan<byte> passPhrase, int scryptN = DefaultScryptN)
    {
        if (scryptN is < 2 or > DefaultScryptN || (scryptN & (scryptN - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(scryptN), "scrypt N is a power of two from 2 to 2^18.");
        }
        var salt = RandomNumberGenerator.GetBytes(32);
        var iv = RandomNumberGenerator.GetBytes(KeystoreCipher.IvBytes);
        var derived = Scrypt.DeriveKey(passPhrase, salt, scryptN, ScryptR, 1, DerivedBytes);
        var secret = key.ExportPrivateKey();
        var cipherText = KeystoreCipher.Apply(derived, iv, secret);
        CryptographicOperations.ZeroMemory(secret);
        var mac = KeystoreCipher.ComputeMac(derived, cipherText);
        CryptographicOperations.ZeroMemory(derived);

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, 3);
            json.WriteString("id"u8, Guid.NewGuid());
            json.WriteString("address"u8, Convert.ToHexStringLower(key.Address.ToArray()));
            json.WriteStartObject("crypto"u8);
            json.WriteString("cipher"u8, "aes-128-ctr"u8);
            json.WriteStartObject("cipherparams"u8);
            json.WriteString("iv"u8, Convert.ToHexStringLower(iv));
            json.WriteEndObject();
            json.WriteString("ciphertext"u8, Convert.ToHexStringLower(cipherText));
            json.WriteString("kdf"u8, "scrypt"u8);
            json.WriteStartObject("kdfparams"u8);
            json.WriteNumber("dklen"u8, DerivedBytes);
            json.WriteNumber("n"u8, scryptN);
            json.WriteNumber("r"u8, ScryptR);
            json.WriteNumber("p"u8, 1);
            json.WriteString("salt"u8, Convert.ToHexStringLower(salt));
            json.WriteEndObject();
            json.WriteString("mac"u8, mac.ToHex());
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    /// <summary>
    /// Opens a key file. Parameters are checked before anything is allocated for them: scrypt within 512 MiB and eight times the default work, PBKDF2
    /// within ten million rounds.
    /// </summary>
    public static KeystoreResult Decrypt(ReadOnlyMemory<byte> file, ReadOnlySpan<byte> passPhrase)
    {
        if (!KeystoreFile.TryParse(file, out var parsed, out var fault))
        {
            return KeystoreResult.Malformed(fault);
        }
        var derived = parsed.DeriveKey(passPhrase);
        try
        {
            if (!CryptographicOperations.FixedTimeEquals(KeystoreCipher.ComputeMac(derived, parsed.CipherText).ToArray(), parsed.Mac.ToArray()))
            {
                return KeystoreResult.WrongPassPhrase();
            }
            var secret = KeystoreCipher.Apply(derived, parsed.Iv, parsed.CipherText);
            if (!Secp256k1Key.IsInRange(secret))
            {
                return KeystoreResult.Malformed("The key file holds a number that is no secp256k1 private key.");
            }
            var key = new Secp256k1Key(secret);
            CryptographicOperations.ZeroMemory(secret);
            return parsed.Address is { } address && address != key.Address
                ? KeystoreResult.Malformed($"The key file names {address} but holds the key of {key.Address}.")
                : KeystoreResult.Opened(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    /// <summary>
    /// Opens the key file at a path with the pass phrase that another file holds: its bytes less one line end (LF or CR LF) where it ends in one, or one of its lines
    /// while the pass phrase is being changed (<see cref="PassPhrases"/>).
    /// </summary>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public static async Task<KeystoreResult> DecryptFileAsync(string keyPath, string passPhrasePath, CancellationToken cancellationToken)
    {
        if (new FileInfo(keyPath).Length > MaxFileBytes || new FileInfo(passPhrasePath).Length > MaxFileBytes)
        {
            return KeystoreResult.Malformed($"A key file and a pass phrase file have at most {MaxFileBytes} bytes.");
        }
        var file = await File.ReadAllBytesAsync(keyPath, cancellationToken);
        return PassPhrases.Read(passPhrasePath).DecryptKeystore(file);
    }

    /// <summary>The bytes less one trailing LF or CR LF, which editors add; further line ends and spaces belong to the pass phrase.</summary>
    public static ReadOnlySpan<byte> TrimLineEnd(ReadOnlySpan<byte> passPhrase) =>
        passPhrase.EndsWith("\r\n"u8) ? passPhrase[..^2] : passPhrase.EndsWith("\n"u8) ? passPhrase[..^1] : passPhrase;
}
