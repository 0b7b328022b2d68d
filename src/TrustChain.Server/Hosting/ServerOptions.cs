using Microsoft.Extensions.Options;

namespace TrustChain.Server.Hosting;

/// <summary>Section <c>TrustChain</c> of the configuration: what every feature needs.</summary>
public sealed class ServerOptions
{
    public const string Section = "TrustChain";

    /// <summary>Npgsql connection string of the one database.</summary>
    public string Database { get; set; } = "";

    /// <summary>Name of the log: host and path, no scheme, no white space. Never changes for one database.</summary>
    public string Origin { get; set; } = "";

    /// <summary>Address under which people reach this server: what QR codes hold. Absolute, no slash at the end.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>Who runs this service, as the pages name them.</summary>
    public string Operator { get; set; } = "";

    /// <summary>Path of the log's Ed25519 key: an encrypted JWK.</summary>
    public string LogKeyFile { get; set; } = "";

    /// <summary>Path of the key under which custodial keys are encrypted: an encrypted JWK of type <c>oct</c> with 32 bytes.</summary>
    public string CustodialKeyFile { get; set; } = "";

    /// <summary>Path of the file with the pass phrase of all key files.</summary>
    public string PassPhraseFile { get; set; } = "";

    /// <summary>A receipt promises the log entry within this time. Default 60 s.</summary>
    public TimeSpan ReceiptPromise { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often queued records are given their place in the log at the latest. Default 200 ms.</summary>
    public TimeSpan SequencingInterval { get; set; } = TimeSpan.FromMilliseconds(200);
}

/// <summary>Section <c>Capture</c>.</summary>
public sealed class CaptureOptions
{
    public const string Section = "Capture";

    /// <summary>What to do with an event that creates an item nobody gave the sender authority over.</summary>
    public AuthorityPolicy Authority { get; set; } = AuthorityPolicy.Enforce;

    /// <summary>What to do with wrong check digits.</summary>
    public Core.Epcis.CheckDigitPolicy CheckDigits { get; set; } = Core.Epcis.CheckDigitPolicy.Refuse;
}

/// <summary>Choices of <see cref="CaptureOptions.Authority"/>.</summary>
public enum AuthorityPolicy
{
    /// <summary>Refuse.</summary>
    Enforce,

    /// <summary>Record without refusing.</summary>
    Observe,
}

/// <summary>Names every missing or wrong setting at once.</summary>
internal sealed class ServerOptionsValidator : IValidateOptions<ServerOptions>
{
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        var faults = new List<string>();
        Need(faults, "TrustChain:Database", options.Database);
        Need(faults, "TrustChain:Origin", options.Origin);
        Need(faults, "TrustChain:Operator", options.Operator);
        NeedFile(faults, "TrustChain:LogKeyFile", options.LogKeyFile);
        NeedFile(faults, "TrustChain:CustodialKeyFile", options.CustodialKeyFile);
        NeedFile(faults, "TrustChain:PassPhraseFile", options.PassPhraseFile);
        if (options.Origin.Any(static c => char.IsWhiteSpace(c) || c == '+'))
        {
            faults.Add("TrustChain:Origin must not hold white space or a plus sign, for example \"log.example.org/tea\".");
        }
        NeedUrl(faults, "TrustChain:PublicUrl", options.PublicUrl);
        return Result(faults);
    }

    private static void Need(List<string> faults, string key, string value)
    {
        if (value.Length == 0)
        {
            faults.Add($"{key} is not set.");
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

    private static ValidateOptionsResult Result(List<string> faults) => faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
}
