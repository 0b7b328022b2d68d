using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using TrustChain.Core.Log;

namespace TrustChain.Evm.Keys;

/// <summary>The members of a version 3 key file, checked and within bounds.</summary>
internal sealed record KeystoreFile
{
    private const int MaxSaltBytes = 1024;
    private const long MaxScryptMemoryBytes = 512L << 20;
    private const long MaxScryptWork = 1L << 24;
    private const int MaxScryptP = 1024;
    private const long MaxPbkdf2Rounds = 10_000_000;

    private KeystoreFile()
    {
    }

    public required byte[] Iv { get; init; }

    public required byte[] CipherText { get; init; }

    public required Hash32 Mac { get; init; }

    public required Address? Address { get; init; }

    private byte[] Salt { get; init; } = [];

    private (int N, int R, int P)? Scrypt { get; init; }

    private int Pbkdf2Rounds { get; init; }

    /// <summary>The 32 bytes derived from the pass phrase. Slow on purpose.</summary>
    public byte[] DeriveKey(ReadOnlySpan<byte> passPhrase) => Scrypt is { } scrypt
        ? Keys.Scrypt.DeriveKey(passPhrase, Salt, scrypt.N, scrypt.R, scrypt.P, 32)
        : Rfc2898DeriveBytes.Pbkdf2(passPhrase, Salt, Pbkdf2Rounds, HashAlgorithmName.SHA256, 32);

    public static bool TryParse(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out KeystoreFile? file, [NotNullWhen(false)] out string? fault)
    {
        file = null;
        if (json.Length > Keystore.MaxFileBytes)
        {
            fault = $"A key file has at most {Keystore.MaxFileBytes} bytes.";
            return false;
        }
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            return TryRead(document.RootElement, out file, out fault);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for names that are no text
        {
            fault = "The key file is not JSON.";
            return false;
        }
    }

    private static bool TryRead(JsonElement root, out KeystoreFile? file, [NotNullWhen(false)] out string? fault)
    {
        file = null;
        fault = null;
        // Some writers, ethers among them, spell the member with a capital.
        if (!TryNumber(root, "version", 3, out var version) || version != 3
            || (!TryMember(root, "crypto", out var crypto) && !TryMember(root, "Crypto", out crypto)))
        {
            fault = "Not a key file of Web3 Secret Storage version 3.";
        }
        else if (!Says(crypto, "cipher", "\"aes-128-ctr\""u8) || !TryMember(crypto, "cipherparams", out var cipher)
            || !TryHex(cipher, "iv", KeystoreCipher.IvBytes, KeystoreCipher.IvBytes, out var iv)
            || !TryHex(crypto, "ciphertext", Secp256k1Key.Size, Secp256k1Key.Size, out var cipherText))
        {
            fault = "The key file's cipher is not aes-128-ctr with an iv of 16 bytes over a key of 32 bytes.";
        }
        else if (!TryHex(crypto, "mac", Hash32.Size, Hash32.Size, out var mac))
        {
            fault = "The key file has no mac of 32 bytes.";
        }
        else if (!TryMember(crypto, "kdfparams", out var parameters) || !TryHex(parameters, "salt", 0, MaxSaltBytes, out var salt)
            || !TryNumber(parameters, "dklen", 32, out var length) || length != 32)
        {
            fault = $"The key file's kdfparams lack a salt of at most {MaxSaltBytes} bytes or a dklen of 32.";
        }
        else if (!TryAddress(root, out var address))
        {
            fault = "The key file's address is not 40 hexadecimal digits.";
        }
        else
        {
            var common = new KeystoreFile { Iv = iv, CipherText = cipherText, Mac = new Hash32(mac), Address = address, Salt = salt };
            file = WithDerivation(common, crypto, parameters, out fault);
        }
        return file is not null;
    }

    private static KeystoreFile? WithDerivation(KeystoreFile file, JsonElement crypto, JsonElement parameters, out string? fault)
    {
        fault = null;
        if (Says(crypto, "kdf", "\"scrypt\""u8))
        {
            if (TryNumber(parameters, "n", int.MaxValue, out var n) && TryNumber(parameters, "r", int.MaxValue, out var r)
                && TryNumber(parameters, "p", MaxScryptP, out var p)
                && n > 1 && (n & (n - 1)) == 0 && n * r <= MaxScryptWork / p && Keys.Scrypt.MemoryBytes(n, r, p) <= MaxScryptMemoryBytes)
            {
                return file with { Scrypt = ((int)n, (int)r, (int)p) };
            }
            fault = "The key file's scrypt parameters are missing, wrong, or ask for more than 512 MiB or eight times the usual work.";
        }
        else if (Says(crypto, "kdf", "\"pbkdf2\""u8))
        {
            if (Says(parameters, "prf", "\"hmac-sha256\""u8) && TryNumber(parameters, "c", MaxPbkdf2Rounds, out var rounds))
            {
                return file with { Pbkdf2Rounds = (int)rounds };
            }
            fault = $"The key file's pbkdf2 parameters are not hmac-sha256 with 1 to {MaxPbkdf2Rounds} rounds.";
        }
        else
        {
            fault = "The key file's kdf is neither scrypt nor pbkdf2.";
        }
        return null;
    }

    private static bool TryMember(JsonElement parent, string name, out JsonElement member)
    {
        member = default;
        return parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out member);
    }

    private static bool TryNumber(JsonElement parent, string name, long max, out long value)
    {
        value = 0;
        return TryMember(parent, name, out var member) && member.ValueKind == JsonValueKind.Number
            && member.TryGetInt64(out value) && value >= 1 && value <= max;
    }

    /// <summary>Compares raw JSON text, so that no escaped spelling can differ from what other readers see.</summary>
    private static bool Says(JsonElement parent, string name, ReadOnlySpan<byte> quoted) =>
        TryMember(parent, name, out var member) && JsonMarshal.GetRawUtf8Value(member).SequenceEqual(quoted);

    private static bool TryHex(JsonElement parent, string name, int minBytes, int maxBytes, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (!TryMember(parent, name, out var member) || member.ValueKind != JsonValueKind.String)
        {
            return false;
        }
        var digits = JsonMarshal.GetRawUtf8Value(member)[1..^1];
        if (digits.StartsWith("0x"u8))
        {
            digits = digits[2..];
        }
        if (digits.Length % 2 != 0 || digits.Length / 2 < minBytes || digits.Length / 2 > maxBytes)
        {
            return false;
        }
        var decoded = new byte[digits.Length / 2];
        if (Convert.FromHexString(digits, decoded, out _, out _) != OperationStatus.Done)
        {
            return false;
        }
        bytes = decoded;
        return true;
    }

    /// <summary>The address is optional: some writers leave it out so that a file does not name its account.</summary>
    private static bool TryAddress(JsonElement root, out Address? address)
    {
        address = null;
        if (!TryMember(root, "address", out _))
        {
            return true;
        }
        if (!TryHex(root, "address", Keys.Address.Size, Keys.Address.Size, out var bytes))
        {
            return false;
        }
        address = new Address(bytes);
        return true;
    }
}
