using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Evm.Keys;

namespace TrustChain.Devnet.Serving;

/// <summary>The operator's key files in the devnet's folder, made on the first start: log key, custodial master key, publisher key, and their pass phrase.</summary>
public sealed class OperatorKeys
{
    /// <summary>The log's name.</summary>
    public const string Origin = "devnet.trustchain.example/log";

    // Low on purpose: a development key guards nothing, and every start would wait for it.
    private const int ScryptN = 1 << 12;
    private const int Iterations = 1_000;

    private readonly DevnetFolder _folder;

    private OperatorKeys(DevnetFolder folder, NoteVerifier logVerifier, Secp256k1Key publisher)
    {
        _folder = folder;
        LogVerifier = logVerifier;
        Publisher = publisher;
    }

    /// <summary>The log's public key.</summary>
    public NoteVerifier LogVerifier { get; }

    /// <summary>The account that sends anchors.</summary>
    public Secp256k1Key Publisher { get; }

    public string LogKeyFile => _folder.PathOf("log-key.jwe");

    public string CustodialKeyFile => _folder.PathOf("custodial-key.jwe");

    public string PublisherFile => _folder.PathOf("publisher.json");

    public string PassPhraseFile => _folder.PathOf("pass-phrase");

    /// <summary>Opens the keys, making those that are missing.</summary>
    public static OperatorKeys Open(DevnetFolder folder)
    {
        if (!File.Exists(folder.PathOf("pass-phrase")))
        {
            folder.WriteSecret("pass-phrase", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n");
        }
        var passPhrase = File.ReadAllText(folder.PathOf("pass-phrase")).TrimEnd('\n');
        if (!File.Exists(folder.PathOf("log-key.jwe")))
        {
            using var fresh = SigningKey.Generate(SignatureAlgorithms.EdDsa);
            folder.WriteSecret("log-key.jwe", EncryptedKeyFile.Encrypt(fresh.ExportPrivateJwk(), passPhrase, Iterations) + "\n");
        }
        if (!File.Exists(folder.PathOf("custodial-key.jwe")))
        {
            var secret = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(32));
            folder.WriteSecret("custodial-key.jwe", EncryptedKeyFile.Encrypt($$"""{"k":"{{secret}}","kty":"oct"}""", passPhrase, Iterations) + "\n");
        }
        if (!File.Exists(folder.PathOf("publisher.json")))
        {
            folder.WriteSecret("publisher.json", Encoding.UTF8.GetString(Keystore.Create(Secp256k1Key.Create(), Encoding.UTF8.GetBytes(passPhrase), ScryptN)) + "\n");
        }
        if (!SigningKey.TryParse(EncryptedKeyFile.Decrypt(File.ReadAllText(folder.PathOf("log-key.jwe")), passPhrase), out var logKey, out var error))
        {
            throw new DevnetException($"{folder.PathOf("log-key.jwe")} is damaged ({error}); remove the data folder to start afresh.");
        }
        using (logKey)
        {
            var publisher = Keystore.Decrypt(File.ReadAllBytes(folder.PathOf("publisher.json")), Encoding.UTF8.GetBytes(passPhrase)).Key
                ?? throw new DevnetException($"{folder.PathOf("publisher.json")} is damaged; remove the data folder to start afresh.");
            return new OperatorKeys(folder, NoteVerifier.Create(Origin, logKey.PublicKey), publisher);
        }
    }
}
