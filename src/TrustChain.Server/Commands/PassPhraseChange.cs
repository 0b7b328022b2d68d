using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Signing;
using TrustChain.Evm.Keys;
using TrustChain.Postgres.Database;

namespace TrustChain.Server.Commands;

/// <summary>A key file under a pass phrase: an encrypted JWK, or a key file of Web3 Secret Storage.</summary>
internal sealed record KeyUnderPassPhrase(string File, bool IsKeystore);

/// <summary>
/// Encrypts key files anew. The pass phrase file says both pass phrases first, then each key file is replaced, then the pass phrase file says the new one alone. Each step is whole or not at all, on the
/// disk before the next begins, and leaves every file open with what the pass phrase file says: a server can start at every moment, and a run that was broken off is ended by the next.
/// </summary>
internal sealed class PassPhraseChange(string passPhraseFile, IReadOnlyList<KeyUnderPassPhrase> keys)
{
    /// <summary>Keeps the old pass phrases, one a line, until the operator destroys it.</summary>
    public string FormerFile => passPhraseFile + ".former";

    /// <summary>Changes it, and returns the paths of the files that are under the new one now.</summary>
    /// <param name="given">The new pass phrase, one line; null: a random one, or that of the run that was broken off.</param>
    /// <exception cref="OperatorKeyException">A file does not open, or the pass phrase is the old one; nothing was changed.</exception>
    /// <exception cref="IOException">A file cannot be read or replaced, or another run is under way. All files open as before.</exception>
    public IReadOnlyList<string> Run(string? given)
    {
        // Two runs with different pass phrases would each encrypt what the other cannot open.
        using var only = new FileStream(passPhraseFile + ".lock", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        var before = PassPhrases.Read(passPhraseFile);
        if (before.First.Length == 0)
        {
            throw new OperatorKeyException($"{passPhraseFile} holds no pass phrase.");
        }
        if (given == before.First && !before.AreSeveral)
        {
            throw new OperatorKeyException("The new pass phrase is the old one.");
        }
        var next = given ?? (before.AreSeveral ? before.First : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        var lines = File.ReadAllText(passPhraseFile).Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        foreach (var key in keys.Where(k => !lines.Any(l => Opens(k, l))))
        {
            throw new OperatorKeyException($"{key.File} does not open with what {passPhraseFile} says, or that is a pass phrase of several lines. Nothing was changed.");
        }

        // Backups, and key files that the configuration does not name, open with the old one alone.
        var former = File.Exists(FormerFile) ? File.ReadAllLines(FormerFile) : [];
        DurableFile.Replace(FormerFile, Encoding.UTF8.GetBytes(string.Join('\n', former.Concat(lines.Where(l => l != next)).Distinct()) + "\n"), likeFile: passPhraseFile);
        CrashPoint.Pass("pass-phrase.before-both");
        DurableFile.Replace(passPhraseFile, Encoding.UTF8.GetBytes(string.Join('\n', lines.Prepend(next).Distinct()) + "\n"));
        CrashPoint.Pass("pass-phrase.both");
        foreach (var key in keys.Where(k => !Opens(k, next)))
        {
            DurableFile.Replace(key.File, Encrypt(key, PassPhrases.Read(passPhraseFile), next));
            CrashPoint.Pass("pass-phrase.key");
        }
        foreach (var key in keys.Where(k => !Opens(k, next)))
        {
            throw new OperatorKeyException($"{key.File} does not open with the new pass phrase; {passPhraseFile} holds both."); // What is on the disk now, read again.
        }
        CrashPoint.Pass("pass-phrase.before-new");
        DurableFile.Replace(passPhraseFile, Encoding.UTF8.GetBytes(next + "\n"));
        return [.. keys.Select(static k => k.File), passPhraseFile];
    }

    private static bool Opens(KeyUnderPassPhrase key, string passPhrase)
    {
        if (key.IsKeystore)
        {
            return Keystore.Decrypt(File.ReadAllBytes(key.File), Encoding.UTF8.GetBytes(passPhrase)).Succeeded;
        }
        try
        {
            EncryptedKeyFile.Decrypt(File.ReadAllText(key.File), passPhrase);
            return true;
        }
        catch (CryptographicException)
        {
            return false; // The answer to the question asked.
        }
    }

    private static byte[] Encrypt(KeyUnderPassPhrase key, PassPhrases both, string next) => key.IsKeystore
        ? Keystore.Create(both.DecryptKeystore(File.ReadAllBytes(key.File)).Key!, Encoding.UTF8.GetBytes(next)) // It opened above.
        : Encoding.UTF8.GetBytes(EncryptedKeyFile.Encrypt(both.DecryptJwk(File.ReadAllText(key.File)), next) + "\n");
}
