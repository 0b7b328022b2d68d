using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Signing;

namespace TrustChain.Evm.Keys;

/// <summary>
/// What a pass phrase file holds: one line. While the pass phrase is being changed it holds two, the new one first: each key file opens with one of them at every moment, so that a change that is
/// broken off leaves nothing closed. A file of several lines that belong together is one pass phrase as well.
/// </summary>
public sealed class PassPhrases
{
    private readonly IReadOnlyList<string> _texts;
    private readonly IReadOnlyList<byte[]> _bytes;

    private PassPhrases(IReadOnlyList<string> texts, IReadOnlyList<byte[]> bytes) => (_texts, _bytes) = (texts, bytes);

    /// <summary>The one for what is encrypted anew.</summary>
    public string First => _texts[0];

    /// <summary>Whether there are several lines: a change was begun and not ended.</summary>
    public bool AreSeveral => _texts.Count > 1;

    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">It is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static PassPhrases Read(string path)
    {
        var text = File.ReadAllText(path).TrimEnd('\r', '\n');
        var bytes = Keystore.TrimLineEnd(File.ReadAllBytes(path)).ToArray();
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => l.TrimEnd('\r')).ToList();
        return lines.Count < 2 ? new PassPhrases([text], [bytes]) : new PassPhrases([.. lines, text], [.. lines.Select(Encoding.UTF8.GetBytes), bytes]);
    }

    /// <summary>Opens an encrypted JWK with whichever opens it.</summary>
    /// <exception cref="CryptographicException">None does, or the file is malformed; the message says which.</exception>
    public string DecryptJwk(string file)
    {
        CryptographicException? first = null;
        foreach (var passPhrase in _texts)
        {
            try
            {
                return EncryptedKeyFile.Decrypt(file, passPhrase);
            }
            catch (CryptographicException exception)
            {
                first ??= exception; // Another may open it.
            }
        }
        throw first!; // There is one pass phrase at least.
    }

    /// <summary>Opens a key file of Web3 Secret Storage with whichever opens it.</summary>
    public KeystoreResult DecryptKeystore(ReadOnlyMemory<byte> file)
    {
        KeystoreResult? first = null;
        foreach (var passPhrase in _bytes)
        {
            var result = Keystore.Decrypt(file, passPhrase);
            if (result.Succeeded || result.Failure != KeystoreFailure.WrongPassPhrase)
            {
                return result;
            }
            first ??= result;
        }
        return first!; // There is one pass phrase at least.
    }
}
