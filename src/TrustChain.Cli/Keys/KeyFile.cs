using System.Security.Cryptography;
using System.Text;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Keys;

/// <summary>A private key in a file: an encrypted JWK, or a plain one for tests and devices that have nowhere to keep a pass phrase.</summary>
internal static class KeyFile
{
    private const int MaxBytes = 16384;

    /// <summary>Reads a private key. The caller disposes it.</summary>
    /// <exception cref="CliException">The file cannot be read, has no private key, or the pass phrase is missing or wrong.</exception>
    public static async Task<SigningKey> ReadAsync(Shell shell, string file, string? passFile, CancellationToken cancellationToken)
    {
        var text = (await InputFile.ReadTextAsync(shell, file, MaxBytes, cancellationToken)).Trim();
        var jwk = text;
        if (!text.StartsWith('{'))
        {
            if (passFile is null)
            {
                throw new CliException($"{InputFile.Name(file)} is encrypted; give --pass-file.");
            }
            var passPhrase = await InputFile.ReadSecretAsync(shell, passFile, cancellationToken);
            try
            {
                jwk = EncryptedKeyFile.Decrypt(text, passPhrase);
            }
            catch (CryptographicException exception)
            {
                throw new CliException($"{InputFile.Name(file)}: {exception.Message}");
            }
        }
        try
        {
            return SigningKey.TryParse(jwk, out var key, out var error) ? key : throw new CliException($"{InputFile.Name(file)}: {error}");
        }
        catch (PlatformNotSupportedException exception)
        {
            throw new CliException($"{InputFile.Name(file)}: {exception.Message}");
        }
    }

    /// <summary>Stores a new key; encrypted when there is a pass phrase.</summary>
    /// <exception cref="CliException">The file exists or cannot be written.</exception>
    public static async Task WriteAsync(Shell shell, SigningKey key, string file, string? passFile, CancellationToken cancellationToken)
    {
        var jwk = key.ExportPrivateJwk();
        var content = passFile is null ? jwk : EncryptedKeyFile.Encrypt(jwk, await InputFile.ReadSecretAsync(shell, passFile, cancellationToken));
        await OutputFile.WriteNewSecretAsync(file, content + "\n", cancellationToken);
    }

    /// <summary>The public JWK as it is handed to others: the required members with <c>alg</c> and <c>kid</c>.</summary>
    public static string PublicJwk(PublicKey key) =>
        new StringBuilder(key.Jwk, 0, key.Jwk.Length - 1, 256).Append($",\"alg\":\"{key.Algorithm}\",\"kid\":\"{key.Kid}\"}}").ToString();
}
