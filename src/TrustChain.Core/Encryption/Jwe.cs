using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TrustChain.Core.Canonical;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Encryption;

/// <summary>
/// A JWE in compact serialisation (RFC 7516 section 3.1) with <c>enc</c> = <c>A256GCM</c> and <c>alg</c> = <see cref="Direct"/> or <see cref="KeyAgreement"/>,
/// read strictly: five parts of canonical base64url, and a protected header that is a JSON object of strings, and the <c>epk</c>, without repeated members.
/// Nothing is decrypted by reading. Immutable.
/// </summary>
public sealed class Jwe
{
    /// <summary><c>alg</c> of a JWE whose content key both sides have (RFC 7518 section 4.5).</summary>
    public const string Direct = "dir";

    /// <summary><c>alg</c> of a JWE whose content key is wrapped under a key that was agreed with the recipient's (RFC 7518 section 4.6).</summary>
    public const string KeyAgreement = "ECDH-ES+A256KW";

    /// <summary><c>enc</c>: AES GCM with keys of 256 bits (RFC 7518 section 5.3).</summary>
    public const string ContentEncryption = "A256GCM";

    /// <summary>Length of a content key, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Longest compact serialisation, in characters.</summary>
    public const int MaxChars = 12_288;

    /// <summary>Longest protected header, in characters of base64url.</summary>
    public const int MaxHeaderChars = 8192;

    private const int NonceSize = 12;
    private const int TagSize = 16;

    private static readonly string[] Refused = ["crit", "zip", "jwk", "jku", "x5u", "x5c", "apu", "apv"];

    private readonly Dictionary<string, string> _header;
    private readonly EncryptionKey? _ephemeral;
    private readonly byte[] _additional;
    private readonly byte[] _wrapped;
    private readonly byte[] _nonce;
    private readonly byte[] _cipher;
    private readonly byte[] _tag;

    private Jwe(string compact, Dictionary<string, string> header, EncryptionKey? ephemeral, byte[][] parts, int headerChars)
    {
        Compact = compact;
        (_header, _ephemeral) = (header, ephemeral);
        (_wrapped, _nonce, _cipher, _tag) = (parts[1], parts[2], parts[3], parts[4]);
        _additional = Encoding.ASCII.GetBytes(compact, 0, headerChars);
    }

    /// <summary>The compact serialisation, ASCII.</summary>
    public string Compact { get; }

    /// <summary>The <c>alg</c> header parameter: <see cref="Direct"/> or <see cref="KeyAgreement"/>.</summary>
    public string Algorithm => _header["alg"];

    /// <summary>The <c>kid</c> header parameter.</summary>
    public string? Kid => Find("kid");

    /// <summary>Length of the content, in bytes: of plaintext and ciphertext alike.</summary>
    public int ContentSize => _cipher.Length;

    /// <summary>Names of all header parameters.</summary>
    public IReadOnlyCollection<string> HeaderNames => [.. _header.Keys, .. _ephemeral is null ? [] : (string[])["epk"]];

    /// <summary>A header parameter that is a text; null when it is not there.</summary>
    public string? Find(string name) => _header.GetValueOrDefault(name);

    /// <summary>Reads a compact JWE.</summary>
    /// <param name="compact">The serialisation; refused beyond <see cref="MaxChars"/>.</param>
    /// <param name="jwe">The parts, when the answer is true.</param>
    /// <param name="error">One sentence, when the answer is false.</param>
    public static bool TryParse(string compact, [NotNullWhen(true)] out Jwe? jwe, [NotNullWhen(false)] out string? error)
    {
        jwe = null;
        if (compact.Length > MaxChars)
        {
            error = $"A JWE has at most {MaxChars} characters.";
            return false;
        }
        Span<Range> ranges = stackalloc Range[6];
        if (compact.AsSpan().Split(ranges, '.') != 5)
        {
            error = "A compact JWE has five parts separated by four dots.";
            return false;
        }
        var parts = new byte[5][];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!Base64UrlText.TryDecode(compact.AsSpan(ranges[i]), out parts[i]))
            {
                error = "A part of the compact JWE is not canonical base64url without padding.";
                return false;
            }
        }
        var headerChars = ranges[0].End.GetOffset(compact.Length);
        if (headerChars > MaxHeaderChars)
        {
            error = $"The protected header has at most {MaxHeaderChars} characters.";
            return false;
        }
        if (!TryReadHeader(parts[0], out var header, out var ephemeral, out error))
        {
            return false;
        }
        var wrappedSize = header["alg"] == Direct ? 0 : KeySize + 8;
        if (parts[1].Length != wrappedSize || parts[2].Length != NonceSize || parts[4].Length != TagSize)
        {
            error = "The encrypted key, the initialization vector or the authentication tag has another length than its algorithm's.";
            return false;
        }
        jwe = new Jwe(compact, header, ephemeral, parts, headerChars);
        return true;
    }

    /// <summary>Encrypts under a key that both sides have.</summary>
    /// <param name="key">32 bytes, used for at most 2^32 contents (NIST SP 800-38D section 8.3: the initialization vector is random).</param>
    /// <param name="kid">Name of the key.</param>
    /// <param name="plain">The content.</param>
    /// <param name="members">Further header parameters.</param>
    public static string Encrypt(ReadOnlySpan<byte> key, string kid, ReadOnlySpan<byte> plain, params IEnumerable<KeyValuePair<string, string>> members)
    {
        var header = new JcsObject().Add("alg", Direct).Add("enc", ContentEncryption).Add("kid", kid);
        return Encrypt(AddTo(header, members), key, [], plain);
    }

    /// <summary>Encrypts to a recipient, under a content key and an ephemeral key of its own.</summary>
    /// <param name="recipient">Whoever has its private half can decrypt; gives <c>kid</c>.</param>
    /// <param name="plain">The content.</param>
    /// <param name="members">Further header parameters.</param>
    public static string Encrypt(EncryptionKey recipient, ReadOnlySpan<byte> plain, params IEnumerable<KeyValuePair<string, string>> members)
    {
        using var ephemeral = DecryptionKey.Generate();
        Span<byte> contentKey = stackalloc byte[KeySize];
        RandomNumberGenerator.Fill(contentKey);
        var wrapped = AesKeyWrap.Wrap(DeriveKey(ephemeral, recipient), contentKey);
        var header = new JcsObject().Add("alg", KeyAgreement).Add("enc", ContentEncryption)
            .AddCanonical("epk", Encoding.ASCII.GetBytes(ephemeral.PublicKey.Jwk)).Add("kid", recipient.Kid);
        var compact = Encrypt(AddTo(header, members), contentKey, wrapped, plain);
        CryptographicOperations.ZeroMemory(contentKey);
        return compact;
    }

    /// <summary>
    /// Decrypts a JWE with <c>alg</c> = <see cref="Direct"/>. One answer for every failure: another algorithm, another key, anything altered.
    /// </summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="plain">The content, when the answer is true.</param>
    public bool TryDecrypt(ReadOnlySpan<byte> key, [NotNullWhen(true)] out byte[]? plain)
    {
        plain = null;
        return Algorithm == Direct && TryDecryptContent(key, _nonce, _cipher, _tag, _additional, out plain);
    }

    /// <summary>Decrypts a JWE with <c>alg</c> = <see cref="KeyAgreement"/>. One answer for every failure, as the other overload.</summary>
    /// <param name="recipient">The private key.</param>
    /// <param name="plain">The content, when the answer is true.</param>
    public bool TryDecrypt(DecryptionKey recipient, [NotNullWhen(true)] out byte[]? plain)
    {
        plain = null;
        if (_ephemeral is null || Kid != recipient.PublicKey.Kid || AesKeyWrap.Unwrap(DeriveKey(recipient, _ephemeral), _wrapped) is not { } contentKey)
        {
            return false;
        }
        var decrypted = TryDecryptContent(contentKey, _nonce, _cipher, _tag, _additional, out plain);
        CryptographicOperations.ZeroMemory(contentKey);
        return decrypted;
    }

    internal static bool TryDecryptContent(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> cipher, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> additional, [NotNullWhen(true)] out byte[]? plain)
    {
        plain = null;
        if (key.Length != KeySize)
        {
            return false;
        }
        var output = new byte[cipher.Length];
        try
        {
            using var gcm = new AesGcm(key, TagSize);
            gcm.Decrypt(nonce, cipher, tag, output, additional);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false; // the answer to the question asked
        }
        plain = output;
        return true;
    }

    private static string Encrypt(JcsObject members, ReadOnlySpan<byte> key, ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> plain)
    {
        var header = Base64UrlText.Encode(members.ToUtf8());
        Span<byte> nonce = stackalloc byte[NonceSize];
        Span<byte> tag = stackalloc byte[TagSize];
        RandomNumberGenerator.Fill(nonce);
        var cipher = new byte[plain.Length];
        using var gcm = new AesGcm(key, TagSize);
        gcm.Encrypt(nonce, plain, cipher, tag, Encoding.ASCII.GetBytes(header));
        return string.Join('.', header, Base64UrlText.Encode(wrapped), Base64UrlText.Encode(nonce), Base64UrlText.Encode(cipher), Base64UrlText.Encode(tag));
    }

    private static byte[] DeriveKey(DecryptionKey own, EncryptionKey other)
    {
        var secret = own.Agree(other);
        var key = ConcatKdf.Derive(secret, KeyAgreement, [], [], KeySize);
        CryptographicOperations.ZeroMemory(secret);
        return key;
    }

    private static JcsObject AddTo(JcsObject header, IEnumerable<KeyValuePair<string, string>> members)
    {
        foreach (var (name, value) in members)
        {
            header.Add(name, value);
        }
        return header;
    }

    private static bool TryReadHeader(byte[] utf8, out Dictionary<string, string> members, out EncryptionKey? ephemeral, [NotNullWhen(false)] out string? error)
    {
        members = new Dictionary<string, string>(StringComparer.Ordinal);
        ephemeral = null;
        error = "The protected header must be a JSON object without repeated members.";
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (Refused.Contains(member.Name))
                {
                    error = $"The header parameter \"{member.Name}\" is not allowed.";
                    return false;
                }
                if (member.NameEquals("epk"))
                {
                    if (!EncryptionKey.TryParse(member.Value, out ephemeral, out _) || member.Value.GetPropertyCount() != 4)
                    {
                        error = "The header parameter \"epk\" must be a JWK with the members crv, kty, x and y: a point of P-256.";
                        return false;
                    }
                    continue;
                }
                if (member.Value.ValueKind != JsonValueKind.String)
                {
                    error = $"The header parameter \"{member.Name}\" must be a string.";
                    return false;
                }
                members.Add(member.Name, member.Value.GetString()!); // A JSON string is never null.
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is no valid UTF-16, such as an escaped lone surrogate.
            return false;
        }
        error = members.GetValueOrDefault("enc") != ContentEncryption ? $"The header parameter \"enc\" must be \"{ContentEncryption}\"."
            : members.GetValueOrDefault("alg") is not (Direct or KeyAgreement) ? $"The header parameter \"alg\" must be \"{Direct}\" or \"{KeyAgreement}\"."
            : ephemeral is null != (members["alg"] == Direct) ? $"The header parameter \"epk\" goes with \"{KeyAgreement}\", and with nothing else."
            : null;
        return error is null;
    }
}
