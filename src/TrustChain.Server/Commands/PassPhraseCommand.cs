using System.Security.Cryptography;
using TrustChain.Evm.Keys;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Commands;

/// <summary><c>pass-phrase</c>: encrypts the operator's key files under another pass phrase. The keys stay the same, so nothing in the database changes and servers may run meanwhile.</summary>
internal static class PassPhraseCommand
{
    private const int MinLength = 12;
    private const int MaxLength = 1024;

    /// <summary>Whether the arguments are those of one of its forms.</summary>
    public static bool IsUsed(IReadOnlyList<string> arguments) => arguments
        is ["pass-phrase"] or ["pass-phrase", "--new" or "--of", _] or ["pass-phrase", "--new", _, "--of", _] or ["pass-phrase", "--of", _, "--new", _];

    /// <returns>0 when all files are encrypted anew, 1 when they are not, 2 when the configuration or the new pass phrase is unusable.</returns>
    public static int Run(IReadOnlyList<string> arguments, IConfiguration configuration, TextWriter output, TextWriter errors)
    {
        var server = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        var anchoring = configuration.GetSection(AnchoringOptions.Section).Get<AnchoringOptions>() ?? new AnchoringOptions();
        try
        {
            var passPhraseFile = ValueOf("--of") ?? server.PassPhraseFile;
            var (keys, others) = FindKeys(passPhraseFile, server, anchoring);
            if (keys.Count == 0)
            {
                errors.WriteLine($"trustchain-server: no key file is configured whose pass phrase is in \"{passPhraseFile}\".");
                return 2;
            }
            var given = ValueOf("--new") is { } file ? File.ReadAllText(file).TrimEnd('\r', '\n') : null;
            if (given is not null && (given.Length is < MinLength or > MaxLength || given.Any(char.IsControl) || given.Trim() != given))
            {
                errors.WriteLine($"trustchain-server: {ValueOf("--new")} must hold one line of {MinLength} to {MaxLength} characters without spaces around them.");
                return 2;
            }
            var change = new PassPhraseChange(passPhraseFile, keys);
            foreach (var path in change.Run(given))
            {
                output.WriteLine($"changed    {path}");
            }
            foreach (var other in others)
            {
                output.WriteLine($"unchanged  what {other} opens: run this again with --of {other}");
            }
            output.WriteLine($"kept       {change.FormerFile}: the old pass phrase, which backups from before and key files that are not configured need. Move it to them, or destroy it with them.");
            output.WriteLine("Back the changed files up now, apart from the database.");
            return 0;
        }
        catch (Exception exception) when (exception is OperatorKeyException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"trustchain-server: {exception.Message}");
            return 1;
        }

        string? ValueOf(string option) => arguments.ToList().IndexOf(option) is >= 0 and var at ? arguments[at + 1] : null;
    }

    /// <summary>The key files that a pass phrase file opens, and the other pass phrase files there are.</summary>
    private static (List<KeyUnderPassPhrase> Keys, List<string> Others) FindKeys(string passPhraseFile, ServerOptions server, AnchoringOptions anchoring)
    {
        List<(string File, string PassPhraseFile, bool IsKeystore)> all =
            [.. ((IEnumerable<string>)[server.LogKey.Length == 0 ? server.LogKeyFile : "", server.CustodialKeyFile, .. server.FormerCustodialKeyFiles]).Select(f => (f, server.PassPhraseFile, false))];
        all.AddRange(((IEnumerable<AnchorTargetOptions>)[anchoring, .. anchoring.Targets.Values])
            .Where(static t => t.Kind == AnchorTargetKind.Evm && t.ExternalSigner.Length == 0).Select(static t => (t.KeystoreFile, t.PassPhraseFile, true)));
        var used = all.Where(static k => k.File.Length > 0 && k.PassPhraseFile.Length > 0).Select(static k => (File: Path.GetFullPath(k.File), PassPhrase: Path.GetFullPath(k.PassPhraseFile), k.IsKeystore)).Distinct().ToList();
        var wanted = passPhraseFile.Length == 0 ? "" : Path.GetFullPath(passPhraseFile);
        return ([.. used.Where(k => k.PassPhrase == wanted).Select(static k => new KeyUnderPassPhrase(k.File, k.IsKeystore))], [.. used.Select(static k => k.PassPhrase).Where(p => p != wanted).Distinct()]);
    }
}
