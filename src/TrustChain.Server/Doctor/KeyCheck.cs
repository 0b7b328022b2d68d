using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using TrustChain.Core.Signing;
using TrustChain.Evm.Keys;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Doctor;

/// <summary>The operator's keys, as far as they could be opened.</summary>
/// <param name="Ring">Log key and custodial master key; null when either does not open.</param>
/// <param name="Publishers">The accounts that send anchors, by the path of the key file.</param>
internal sealed record OpenedKeys(KeyRing? Ring, IReadOnlyDictionary<string, Address> Publishers) : IDisposable
{
    /// <summary>Who sends anchors to a target; null when that is not known.</summary>
    public Address? PublisherOf(AnchorTargetOptions target) =>
        target.ExternalSigner.Length > 0 ? Address.TryParse(target.Publisher, out var named) ? named : null
        : Publishers.TryGetValue(target.KeystoreFile, out var account) ? account
        : null;

    public void Dispose() => Ring?.Dispose();
}

/// <summary>Whether each key file can be read, opens with the pass phrase, and is nobody else's to read.</summary>
internal static class KeyCheck
{
    private const string Check = "keys";

    public static async Task<OpenedKeys> RunAsync(DoctorReport report, ServerOptions server, AnchoringOptions anchoring, CancellationToken cancellationToken)
    {
        var targets = new List<AnchorTargetOptions> { anchoring };
        targets.AddRange(anchoring.Targets.Values);
        var held = targets.Where(static t => t.Kind == AnchorTargetKind.Evm && t.ExternalSigner.Length == 0).DistinctBy(static t => t.KeystoreFile).ToList();
        var files = new[] { server.PassPhraseFile, server.LogKeyFile, server.CustodialKeyFile }.Concat(server.FormerCustodialKeyFiles).Concat(held.SelectMany(static t => new[] { t.PassPhraseFile, t.KeystoreFile }));
        var unreadable = files.Where(static f => f.Length > 0).Distinct().Where(f => !CheckFile(report, f)).ToHashSet();
        var ring = OpenRing(report, server, unreadable);
        var publishers = new Dictionary<string, Address>();
        foreach (var target in held)
        {
            if (IsThere(target.KeystoreFile) && IsThere(target.PassPhraseFile))
            {
                var opened = await Keystore.DecryptFileAsync(target.KeystoreFile, target.PassPhraseFile, cancellationToken);
                if (opened.Succeeded)
                {
                    publishers.Add(target.KeystoreFile, opened.Key.Address);
                    report.Ok(Check, $"publisher key of {opened.Key.Address}");
                }
                else
                {
                    report.Fault(Check, $"{target.KeystoreFile}: {opened.Detail}", "bring the key file and its pass phrase back from the same backup");
                }
            }
        }
        foreach (var file in held.Select(static t => t.PassPhraseFile).Where(f => IsThere(f) && f != server.PassPhraseFile).Distinct())
        {
            CheckEnded(report, file, PassPhrases.Read(file), $"trustchain-server pass-phrase --of {file}");
        }
        return new OpenedKeys(ring, publishers);

        bool IsThere(string file) => file.Length > 0 && !unreadable.Contains(file);
    }

    private static bool CheckFile(DoctorReport report, string file)
    {
        try
        {
            using (File.OpenRead(file))
            {
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            report.Fault(Check, $"{file} cannot be read by this user: {exception.Message}", "trustchain-server keys makes files that are missing; give those that are there to the user of the server (chown, chmod 600)");
            return false;
        }
        SecretFile.CheckMode(report, Check, file, "see \"if stolen\" in docs/operations.md");
        return true;
    }

    private static void CheckEnded(DoctorReport report, string file, PassPhrases passPhrases, string command)
    {
        if (passPhrases.AreSeveral)
        {
            report.Warn(Check, $"{file} has several lines: a change of the pass phrase was begun and not ended", $"run {command}, which ends it");
        }
    }

    private static KeyRing? OpenRing(DoctorReport report, ServerOptions server, HashSet<string> unreadable)
    {
        string[] files = [.. server.LogKey.Length > 0 ? (string[])[] : [server.LogKeyFile], server.CustodialKeyFile, .. server.FormerCustodialKeyFiles];
        if (server.PassPhraseFile.Length == 0 || unreadable.Contains(server.PassPhraseFile) || files.Any(f => f.Length == 0 || unreadable.Contains(f))
            || ServerOptionsValidator.FindFaultOfOrigin(server.Origin) is not null || ServerOptionsValidator.FindFaultOfLogKey(server) is not null)
        {
            report.Skip(Check, "log key and custodial key need their files, the pass phrase and TrustChain:Origin");
            return null;
        }
        var passPhrase = PassPhrases.Read(server.PassPhraseFile);
        CheckEnded(report, server.PassPhraseFile, passPhrase, "trustchain-server pass-phrase");
        var faults = files.Select(f => FindFault(f, passPhrase)).OfType<string>().ToList();
        foreach (var fault in faults)
        {
            report.Fault(Check, fault, "bring the key file and the pass phrase back from the same backup");
        }
        if (faults.Count > 0)
        {
            return null;
        }
        try
        {
            var ring = new KeyRing(Options.Create(server));
            if (ring.CanSign)
            {
                report.Ok(Check, $"log key {ring.Verifier.Text}, and the custodial master key");
            }
            else
            {
                report.Warn(Check, $"only the public half of the log key {ring.Verifier.Text}, so that the log is only read", "where that is not meant: TrustChain:LogKeyFile instead of TrustChain:LogKey");
            }
            return ring;
        }
        catch (CryptographicException exception)
        {
            report.Fault(Check, exception.Message, "see whether two key files were exchanged");
            return null;
        }
    }

    private static string? FindFault(string file, PassPhrases passPhrase)
    {
        try
        {
            passPhrase.DecryptJwk(File.ReadAllText(file));
            return null;
        }
        catch (CryptographicException exception)
        {
            return $"{file}: {exception.Message}";
        }
    }
}
