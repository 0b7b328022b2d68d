using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using TrustChain.Evm.Keys;
using TrustChain.Postgres.Anchoring;

namespace TrustChain.Server.Anchoring;

/// <summary>Names every missing or wrong setting of every target at once.</summary>
internal sealed partial class AnchoringOptionsValidator : IValidateOptions<AnchoringOptions>
{
    public ValidateOptionsResult Validate(string? name, AnchoringOptions options)
    {
        var faults = new List<string>();
        if (options.Kind != AnchorTargetKind.Evm)
        {
            faults.Add("Anchoring:Kind must be evm: evidence is checked against the primary target's contract. Put a timestamp authority under Anchoring:Targets:NAME.");
        }
        Check(faults, AnchoringOptions.Section, options);
        foreach (var (target, settings) in options.Targets)
        {
            if (target == AnchorStore.Primary || !TargetName().IsMatch(target))
            {
                faults.Add($"Anchoring:Targets:{target} must have another name: 1 to 40 small letters, digits and hyphens, and not \"{AnchorStore.Primary}\".");
            }
            Check(faults, $"Anchoring:Targets:{target}", settings);
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Check(List<string> faults, string place, AnchorTargetOptions options)
    {
        if (options.Interval <= TimeSpan.Zero || options.PollInterval <= TimeSpan.Zero || options.EffectiveLatency < options.Interval)
        {
            faults.Add($"{place}:Interval and PollInterval must be positive, and Latency not below Interval.");
        }
        if (options.EffectiveLateAfter <= options.EffectiveLatency)
        {
            faults.Add($"{place}:LateAfter must be longer than Latency.");
        }
        if (options.Kind == AnchorTargetKind.Rfc3161)
        {
            NeedUrl(faults, $"{place}:Url", options.Url);
            NeedFile(faults, $"{place}:TrustedCertificate", options.TrustedCertificate);
            return;
        }
        CheckChain(faults, place, options);
        CheckSigner(faults, place, options);
    }

    private static void CheckChain(List<string> faults, string place, AnchorTargetOptions options)
    {
        NeedUrl(faults, $"{place}:RpcUrl", options.RpcUrl);
        if (!Address.TryParse(options.Registry, out _))
        {
            faults.Add($"{place}:Registry must be the address of the AnchorRegistry contract: 0x and 40 hexadecimal digits.");
        }
        if (options.ChainId <= 0)
        {
            faults.Add($"{place}:ChainId must be the chain's EIP-155 id.");
        }
        if (options.Genesis.Length > 0 && !BlockHash().IsMatch(options.Genesis))
        {
            faults.Add($"{place}:Genesis must be the hash of the chain's first block: 0x and 64 small hexadecimal digits; or empty.");
        }
        if (options.ConfirmationDepth < 0 || options.MaxFeeGwei <= 0 || options.ReplaceAfter <= TimeSpan.Zero || options.MaxSpendPerDay is <= 0 or > 1_000_000_000)
        {
            faults.Add($"{place}:ConfirmationDepth must not be negative; MaxFeeGwei and ReplaceAfter must be positive; MaxSpendPerDay must be positive and at most a billion.");
        }
    }

    private static void CheckSigner(List<string> faults, string place, AnchorTargetOptions options)
    {
        if (options.ExternalSigner.Length == 0)
        {
            NeedFile(faults, $"{place}:KeystoreFile", options.KeystoreFile);
            NeedFile(faults, $"{place}:PassPhraseFile", options.PassPhraseFile);
            return;
        }
        NeedUrl(faults, $"{place}:ExternalSigner", options.ExternalSigner);
        if (options.KeystoreFile.Length > 0)
        {
            faults.Add($"{place}:KeystoreFile and ExternalSigner exclude each other: one account, one holder of its key.");
        }
        if (!Address.TryParse(options.Publisher, out _))
        {
            faults.Add($"{place}:Publisher must be the address whose key the external signer holds: 0x and 40 hexadecimal digits.");
        }
    }

    private static void NeedFile(List<string> faults, string key, string value)
    {
        if (value.Length == 0 || !File.Exists(value))
        {
            faults.Add($"{key} must be the path of an existing file; it is \"{value}\".");
        }
    }

    private static void NeedUrl(List<string> faults, string key, string value)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            faults.Add($"{key} must be an http or https address; it is \"{value}\".");
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,39}$")]
    private static partial Regex TargetName();

    [GeneratedRegex("^0x[0-9a-f]{64}$")]
    private static partial Regex BlockHash();
}
