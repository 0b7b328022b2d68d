using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Evm.Keys;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Signing;

/// <summary>The operator's own keys, opened once at start from files encrypted under the pass phrase.</summary>
internal sealed class KeyRing : IDisposable
{
    private readonly AesGcm _custodial;
    private readonly byte[] _master;
    private readonly SigningKey? _logKey;
    private readonly List<byte[]> _former = [];

    /// <exception cref="CryptographicException">A key file is malformed or the pass phrase wrong; the message names the file.</exception>
    public KeyRing(IOptions<ServerOptions> options)
    {
        var settings = options.Value;
        var passPhrase = PassPhrases.Read(settings.PassPhraseFile);
        if (settings.LogKey.Length > 0)
        {
            Verifier = NoteVerifier.TryParse(settings.LogKey, out var verifier) ? verifier : throw new CryptographicException("TrustChain:LogKey is no verifier key.");
        }
        else
        {
            _logKey = OpenLogKey(settings.LogKeyFile, passPhrase);
            Verifier = NoteVerifier.Create(settings.Origin, _logKey.PublicKey);
        }
        _master = ReadSecret(Open(settings.CustodialKeyFile, passPhrase), settings.CustodialKeyFile);
        _custodial = new AesGcm(_master, 16);
        foreach (var file in settings.FormerCustodialKeyFiles)
        {
            _former.Add(ReadSecret(Open(file, passPhrase), file));
        }
    }

    /// <summary>Whether the log's private key is here; if not, the log is only read.</summary>
    public bool CanSign => _logKey is not null;

    /// <summary>Signs checkpoints and receipts.</summary>
    /// <exception cref="InvalidOperationException">It is not here, see <see cref="CanSign"/>.</exception>
    public SigningKey LogKey => _logKey ?? throw new InvalidOperationException("The log's private key is not here: the log is only read.");

    /// <summary>The log's public key under its origin.</summary>
    public NoteVerifier Verifier { get; }

    /// <summary>Encrypts a custodial private JWK for the database. The kid is bound to it, so that rows cannot be exchanged.</summary>
    public string Wrap(SigningKey key)
    {
        var plain = System.Text.Encoding.UTF8.GetBytes(key.ExportPrivateJwk());
        var output = new byte[12 + plain.Length + 16];
        RandomNumberGenerator.Fill(output.AsSpan(0, 12));
        lock (_custodial)
        {
            _custodial.Encrypt(
                output.AsSpan(0, 12), plain, output.AsSpan(12, plain.Length), output.AsSpan(12 + plain.Length), System.Text.Encoding.ASCII.GetBytes(key.PublicKey.Kid));
        }
        CryptographicOperations.ZeroMemory(plain);
        return $"A256GCM.{Base64UrlText.Encode(output)}";
    }

    /// <summary>Opens what <see cref="Wrap"/> made.</summary>
    /// <exception cref="CryptographicException">It was altered, or made under another master key.</exception>
    public SigningKey Unwrap(string wrapped, string kid)
    {
        if (!wrapped.StartsWith("A256GCM.", StringComparison.Ordinal) || !Base64UrlText.TryDecode(wrapped.AsSpan(8), out var bytes) || bytes.Length < 28)
        {
            throw new CryptographicException($"The custodial key {kid} is malformed in the database.");
        }
        var plain = new byte[bytes.Length - 28];
        lock (_custodial)
        {
            _custodial.Decrypt(bytes.AsSpan(0, 12), bytes.AsSpan(12, plain.Length), bytes.AsSpan(12 + plain.Length), plain, System.Text.Encoding.ASCII.GetBytes(kid));
        }
        return SigningKey.TryParse(System.Text.Encoding.UTF8.GetString(plain), out var key, out var error) ? key : throw new CryptographicException(error);
    }

    /// <summary>A key of 32 bytes for one purpose (HKDF with SHA-256), the same on every server of the deployment.</summary>
    public byte[] Derive(string purpose) => Derive(_master, purpose);

    /// <summary>What <see cref="Derive(string)"/> gave under each former master key that is named, in the order of the settings: only to open what was made for it.</summary>
    public IEnumerable<byte[]> DeriveFormer(string purpose) => _former.Select(master => Derive(master, purpose));

    private static byte[] Derive(byte[] master, string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, master, 32, info: System.Text.Encoding.UTF8.GetBytes($"trustchain {purpose}"));

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_master);
        _former.ForEach(static m => CryptographicOperations.ZeroMemory(m));
        _logKey?.Dispose();
        _custodial.Dispose();
    }

    private static SigningKey OpenLogKey(string path, PassPhrases passPhrase) =>
        SigningKey.TryParse(Open(path, passPhrase), out var key, out var error) && key.PublicKey.Algorithm == SignatureAlgorithms.EdDsa
            ? key
            : throw new CryptographicException($"{path} does not hold an Ed25519 key. {error}");

    private static string Open(string path, PassPhrases passPhrase)
    {
        try
        {
            return passPhrase.DecryptJwk(File.ReadAllText(path));
        }
        catch (CryptographicException exception)
        {
            throw new CryptographicException($"{path}: {exception.Message}", exception);
        }
    }

    private static byte[] ReadSecret(string jwk, string path)
    {
        using var document = JsonDocument.Parse(jwk);
        return document.RootElement.TryGetProperty("k", out var k) && k.ValueKind == JsonValueKind.String && Base64UrlText.TryDecode(k.GetString(), out var bytes) && bytes.Length == 32
            ? bytes
            : throw new CryptographicException($"{path} does not hold a key of type oct with 32 bytes.");
    }
}
