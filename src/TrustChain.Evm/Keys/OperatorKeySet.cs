using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Signing;

namespace TrustChain.Evm.Keys;

/// <summary>The public halves of the operator's keys, and the publisher's account, once every file has been opened.</summary>
/// <param name="LogKey">The log's public key; null where no file is named for it.</param>
/// <param name="Publisher">The account that sends anchors; null where an external signer holds its key.</param>
/// <param name="Made">Paths of the files that were missing and have been made.</param>
public sealed record OperatorKeySet(PublicKey? LogKey, Secp256k1Key? Publisher, IReadOnlyList<string> Made)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Makes the files that are missing, mode 600, each whole or not at all, and opens all of them. A file that is there is never written to. The pass
    /// phrase comes first, so a run that was broken off is finished by the next one.
    /// </summary>
    /// <param name="files">Where they are; folders that are missing are made with mode 700.</param>
    /// <param name="scryptN">Cost of opening a new publisher key; below the default only for keys that guard nothing.</param>
    /// <param name="iterations">Cost of opening a new log key or custodial key; likewise.</param>
    /// <exception cref="OperatorKeyException">A file is malformed, does not open with the pass phrase, or is there while its pass phrase is not.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">As <see cref="IOException"/>.</exception>
    public static OperatorKeySet OpenOrCreate(OperatorKeyFiles files, int scryptN = Keystore.DefaultScryptN, int iterations = EncryptedKeyFile.Iterations)
    {
        var made = new List<string>();
        var passPhrase = ReadOrMakePassPhrase(files.PassPhrase, made, files.LogKey ?? files.CustodialKey, files.CustodialKey);
        if (files.LogKey is not null && !File.Exists(files.LogKey))
        {
            using var fresh = SigningKey.Generate(SignatureAlgorithms.EdDsa);
            WriteNew(files.LogKey, EncryptedKeyFile.Encrypt(fresh.ExportPrivateJwk(), passPhrase, iterations), made);
        }
        if (!File.Exists(files.CustodialKey))
        {
            var secret = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(32));
            WriteNew(files.CustodialKey, EncryptedKeyFile.Encrypt($$"""{"k":"{{secret}}","kty":"oct"}""", passPhrase, iterations), made);
        }
        using var logKey = files.LogKey is null ? null : OpenLogKey(files.LogKey, files.PassPhrase);
        Open(files.CustodialKey, files.PassPhrase);
        return new OperatorKeySet(logKey?.PublicKey, OpenPublisher(files, passPhrase, scryptN, made), made);
    }

    private static Secp256k1Key? OpenPublisher(OperatorKeyFiles files, string passPhrase, int scryptN, List<string> made)
    {
        if (files.Publisher is not { } path)
        {
            return null;
        }
        if (files.PublisherPassPhrase is { } other && other != files.PassPhrase)
        {
            passPhrase = ReadOrMakePassPhrase(other, made, path);
        }
        if (!File.Exists(path))
        {
            WriteNew(path, Encoding.UTF8.GetString(Keystore.Create(Secp256k1Key.Create(), Encoding.UTF8.GetBytes(passPhrase), scryptN)), made);
        }
        var opened = PassPhrases.Read(files.PublisherPassPhrase ?? files.PassPhrase).DecryptKeystore(File.ReadAllBytes(path));
        return opened.Succeeded ? opened.Key : throw new OperatorKeyException($"{path}: {opened.Detail}");
    }

    /// <summary>A new pass phrase would open none of the keys that are there, so it is made only where there is none.</summary>
    private static string ReadOrMakePassPhrase(string path, List<string> made, params ReadOnlySpan<string> keys)
    {
        if (!File.Exists(path))
        {
            foreach (var key in keys)
            {
                if (File.Exists(key))
                {
                    throw new OperatorKeyException($"{key} is there, but the file with its pass phrase, {path}, is not. Bring it back from the backup.");
                }
            }
            WriteNew(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), made);
        }
        var passPhrases = PassPhrases.Read(path);
        foreach (var key in keys)
        {
            if (passPhrases.AreSeveral && !File.Exists(key))
            {
                throw new OperatorKeyException($"{path} has several lines, so it is not clear under which {key} should be. End the change of the pass phrase first: trustchain-server pass-phrase.");
            }
        }
        return passPhrases.First.Length > 0 ? passPhrases.First : throw new OperatorKeyException($"{path} holds no pass phrase.");
    }

    private static SigningKey OpenLogKey(string path, string passPhraseFile)
    {
        if (!SigningKey.TryParse(Open(path, passPhraseFile), out var key, out var error))
        {
            throw new OperatorKeyException($"{path}: {error}");
        }
        if (key.PublicKey.Algorithm != SignatureAlgorithms.EdDsa)
        {
            key.Dispose();
            throw new OperatorKeyException($"{path} does not hold an Ed25519 key.");
        }
        return key;
    }

    private static string Open(string path, string passPhraseFile)
    {
        try
        {
            return PassPhrases.Read(passPhraseFile).DecryptJwk(File.ReadAllText(path));
        }
        catch (CryptographicException exception)
        {
            throw new OperatorKeyException($"{path}: {exception.Message}");
        }
    }

    private static void WriteNew(string path, string text, List<string> made)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!; // A file has a folder.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            options.UnixCreateMode = OwnerOnly;
        }
        var unfinished = path + ".new";
        File.Delete(unfinished);
        using (var stream = new FileStream(unfinished, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(text + "\n"));
            stream.Flush(flushToDisk: true);
        }
        File.Move(unfinished, path, overwrite: false);
        made.Add(path);
    }
}

/// <summary>The operator's keys cannot be used; the message names the file and says why, and holds nothing secret.</summary>
public sealed class OperatorKeyException(string message) : Exception(message);
