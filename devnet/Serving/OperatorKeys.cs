using TrustChain.Core.Log;
using TrustChain.Evm.Keys;

namespace TrustChain.Devnet.Serving;

/// <summary>The operator's key files in the devnet's folder, made on the first start as <c>trustchain-server keys</c> makes them.</summary>
public sealed class OperatorKeys
{
    /// <summary>The log's name.</summary>
    public const string Origin = "devnet.trustchain.example/log";

    // Low on purpose: a development key guards nothing, and every start would wait for it.
    private const int ScryptN = 1 << 12;
    private const int Iterations = 1_000;

    private readonly OperatorKeyFiles _files;

    private OperatorKeys(OperatorKeyFiles files, NoteVerifier logVerifier, Secp256k1Key publisher)
    {
        _files = files;
        LogVerifier = logVerifier;
        Publisher = publisher;
    }

    /// <summary>The log's public key.</summary>
    public NoteVerifier LogVerifier { get; }

    /// <summary>The account that sends anchors.</summary>
    public Secp256k1Key Publisher { get; }

    public string LogKeyFile => _files.LogKey!; // Set by Open.

    public string CustodialKeyFile => _files.CustodialKey;

    public string PublisherFile => _files.Publisher!; // Set by Open.

    public string PassPhraseFile => _files.PassPhrase;

    /// <summary>Opens the keys, making those that are missing.</summary>
    public static OperatorKeys Open(DevnetFolder folder)
    {
        var files = new OperatorKeyFiles
        {
            PassPhrase = folder.PathOf("pass-phrase"),
            LogKey = folder.PathOf("log-key.jwe"),
            CustodialKey = folder.PathOf("custodial-key.jwe"),
            Publisher = folder.PathOf("publisher.json"),
        };
        try
        {
            var keys = OperatorKeySet.OpenOrCreate(files, ScryptN, Iterations);
            return new OperatorKeys(files, NoteVerifier.Create(Origin, keys.LogKey!), keys.Publisher!); // A file is named for each.
        }
        catch (OperatorKeyException exception)
        {
            throw new DevnetException($"{exception.Message} Remove the data folder to start afresh.");
        }
    }
}
