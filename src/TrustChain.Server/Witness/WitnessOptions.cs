using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;

namespace TrustChain.Server.Witness;

/// <summary>Sections <c>Witnesses</c>, a list, and <c>Witnessing</c>: who is asked to cosign checkpoints, and how.</summary>
public sealed class WitnessOptions
{
    public const string ListSection = "Witnesses";
    public const string Section = "Witnessing";

    /// <summary>Most witnesses.</summary>
    public const int MaxWitnesses = 16;

    /// <summary>The witnesses, from section <c>Witnesses</c>. Default none.</summary>
    public List<WitnessEntry> Witnesses { get; set; } = [];

    /// <summary>Cosignatures that make a checkpoint preferred for anchors; unset: one of every witness.</summary>
    public int? Quorum { get; set; }

    /// <summary>Shortest time between two checkpoints sent to one witness; those signed meanwhile are left out. Default 1 s.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A witness must have answered within this time. Default 10 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause after the first failure; it doubles with each further one, and varies by a fifth. Default 1 s.</summary>
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between two attempts. Default 1 min.</summary>
    public TimeSpan MaxRetry { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>One witness as configured.</summary>
public sealed class WitnessEntry
{
    /// <summary>Its submission prefix: checkpoints are sent to <c>URL/add-checkpoint</c>. http or https.</summary>
    public string Url { get; set; } = "";

    /// <summary>Its verifier key: <c>name+hash+base64</c>, key type 0x04.</summary>
    public string Key { get; set; } = "";
}

/// <summary>A witness that can be asked.</summary>
/// <param name="Address">Where checkpoints are sent.</param>
/// <param name="Key">Checks what it answers.</param>
internal sealed record ConfiguredWitness(Uri Address, WitnessVerifier Key)
{
    public string Name => Key.Name;

    public static bool TryParse(WitnessEntry entry, [NotNullWhen(true)] out ConfiguredWitness? witness, out string fault)
    {
        witness = null;
        fault = "";
        if (!Uri.TryCreate(entry.Url.TrimEnd('/') + "/add-checkpoint", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Query.Length > 0)
        {
            fault = $"Url must be an http or https address without a query; it is \"{entry.Url}\"";
        }
        else if (!WitnessVerifier.TryParse(entry.Key, out var key))
        {
            fault = $"Key must be a witness's verifier key, as \"trustchain witness key\" prints it; it is \"{entry.Key}\"";
        }
        else
        {
            witness = new ConfiguredWitness(address, key);
        }
        return witness is not null;
    }
}

/// <summary>Names every setting that is wrong at once.</summary>
internal sealed class WitnessOptionsValidator : IValidateOptions<WitnessOptions>
{
    public ValidateOptionsResult Validate(string? name, WitnessOptions options)
    {
        var faults = new List<string>();
        var keys = new HashSet<string>();
        for (var i = 0; i < options.Witnesses.Count; i++)
        {
            if (!ConfiguredWitness.TryParse(options.Witnesses[i], out var witness, out var fault))
            {
                faults.Add($"{WitnessOptions.ListSection}:{i}:{fault}.");
            }
            else if (!keys.Add(witness.Key.Key.Kid))
            {
                // A cosignature does not commit to the witness's name, so one key under two names would count twice.
                faults.Add($"{WitnessOptions.ListSection}:{i}:Key is the key of another witness in the list.");
            }
        }
        Need(options.Witnesses.Count <= WitnessOptions.MaxWitnesses, WitnessOptions.ListSection, $"a list of at most {WitnessOptions.MaxWitnesses} witnesses");
        Need(options.Quorum is null || (options.Quorum >= 1 && options.Quorum <= options.Witnesses.Count), "Witnessing:Quorum", "from 1 to the number of witnesses");
        Need(options.Interval > TimeSpan.Zero, "Witnessing:Interval", "more than 0");
        Need(options.Timeout > TimeSpan.Zero && options.Timeout <= TimeSpan.FromMinutes(5), "Witnessing:Timeout", "more than 0 and at most 5 minutes");
        Need(options.FirstRetry > TimeSpan.Zero, "Witnessing:FirstRetry", "more than 0");
        Need(options.MaxRetry >= options.FirstRetry, "Witnessing:MaxRetry", "at least FirstRetry");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Need(bool holds, string setting, string range)
        {
            if (!holds)
            {
                faults.Add($"{setting} must be {range}.");
            }
        }
    }
}
