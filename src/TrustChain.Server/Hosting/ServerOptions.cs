using Microsoft.Extensions.Options;
using Npgsql;
using TrustChain.Core.Log;

namespace TrustChain.Server.Hosting;

/// <summary>Section <c>TrustChain</c> of the configuration: what every feature needs.</summary>
public sealed class ServerOptions
{
    public const string Section = "TrustChain";

    /// <summary>Npgsql connection string of the one database.</summary>
    public string Database { get; set; } = "";

    /// <summary>Path of a file that holds the connection string instead, so that no password need be in the configuration.</summary>
    public string DatabaseFile { get; set; } = "";

    /// <summary>Name of the log: host and path, no scheme, no white space. Never changes for one database.</summary>
    public string Origin { get; set; } = "";

    /// <summary>Address under which people reach this server: what QR codes hold. Absolute, no slash at the end.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>Who runs this service, as the pages name them.</summary>
    public string Operator { get; set; } = "";

    /// <summary>Path of the log's Ed25519 key: an encrypted JWK.</summary>
    public string LogKeyFile { get; set; } = "";

    /// <summary>
    /// Instead of <see cref="LogKeyFile"/>, where the key is lost or must sign no more: its public half, a note verifier key as in the trust file. The server then
    /// serves what is under a checkpoint, and takes and signs nothing.
    /// </summary>
    public string LogKey { get; set; } = "";

    /// <summary>Path of the key under which custodial keys are encrypted: an encrypted JWK of type <c>oct</c> with 32 bytes.</summary>
    public string CustodialKeyFile { get; set; } = "";

    /// <summary>
    /// Paths of earlier files of that kind, under the same pass phrase. Nothing is encrypted or signed under them any more: they open the keys of devices' days that
    /// were wrapped to the service before. At most 16.
    /// </summary>
    public IList<string> FormerCustodialKeyFiles { get; } = [];

    /// <summary>Path of a file in which the newest checkpoint is kept on this machine, so that a database restored to an older state is noticed; empty: none.</summary>
    public string CheckpointFile { get; set; } = "";

    /// <summary>Path of the file with the pass phrase of all key files.</summary>
    public string PassPhraseFile { get; set; } = "";

    /// <summary>A receipt promises the log entry within this time. Default 60 s.</summary>
    public TimeSpan ReceiptPromise { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often queued records are given their place in the log at the latest. Default 200 ms.</summary>
    public TimeSpan SequencingInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long a server that was told to end (SIGTERM) goes on serving, while it says that it is not ready and keeps no connection open, so that a load balancer turns to
    /// others. Default 0: it ends at once. At most 5 minutes.
    /// </summary>
    public TimeSpan DrainTime { get; set; } = TimeSpan.Zero;

    /// <summary>Of whom a second factor beside the password is demanded before their session opens anything. API keys are not concerned.</summary>
    public SecondFactorPolicy SecondFactor { get; set; } = SecondFactorPolicy.DeploymentRoles;

    /// <summary><see cref="Database"/>, or what <see cref="DatabaseFile"/> holds.</summary>
    public string ConnectionString => DatabaseFile.Length > 0 ? File.ReadAllText(DatabaseFile).Trim() : Database;
}

/// <summary>Choices of <see cref="ServerOptions.SecondFactor"/>.</summary>
public enum SecondFactorPolicy
{
    /// <summary>Of admins of an organisation with the role "admin", and of members of one with the role "auditor".</summary>
    DeploymentRoles,

    /// <summary>Of everybody who signs in.</summary>
    Everybody,

    /// <summary>Of nobody: everybody decides for themselves.</summary>
    Nobody,
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
        Add(faults, FindFaultOfDatabase(options));
        Add(faults, FindFaultOfOrigin(options.Origin));
        Need(faults, "TrustChain:Operator", options.Operator);
        if (options.LogKey.Length == 0)
        {
            NeedFile(faults, "TrustChain:LogKeyFile", options.LogKeyFile);
        }
        Add(faults, FindFaultOfLogKey(options));
        NeedFile(faults, "TrustChain:CustodialKeyFile", options.CustodialKeyFile);
        NeedFile(faults, "TrustChain:PassPhraseFile", options.PassPhraseFile);
        for (var i = 0; i < options.FormerCustodialKeyFiles.Count; i++)
        {
            NeedFile(faults, $"TrustChain:FormerCustodialKeyFiles:{i.ToString(System.Globalization.CultureInfo.InvariantCulture)}", options.FormerCustodialKeyFiles[i]);
        }
        if (options.FormerCustodialKeyFiles.Count > 16)
        {
            faults.Add("TrustChain:FormerCustodialKeyFiles names more than 16 files.");
        }
        if (options.CheckpointFile.Length > 0 && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(options.CheckpointFile))))
        {
            faults.Add($"TrustChain:CheckpointFile is in a folder that does not exist: {options.CheckpointFile}");
        }
        NeedUrl(faults, "TrustChain:PublicUrl", options.PublicUrl);
        if (options.DrainTime < TimeSpan.Zero || options.DrainTime > TimeSpan.FromMinutes(5))
        {
            faults.Add("TrustChain:DrainTime must be from 0 to 5 minutes, for example \"00:00:10\".");
        }
        return Result(faults);
    }

    /// <summary>What is wrong with where the connection string is said to be; null: nothing.</summary>
    public static string? FindFaultOfDatabase(ServerOptions options)
    {
        if (options.Database.Length > 0)
        {
            return options.DatabaseFile.Length > 0 ? "TrustChain:Database and TrustChain:DatabaseFile exclude each other: one connection string." : FindFaultOfConnection(options.Database);
        }
        if (options.DatabaseFile.Length == 0)
        {
            return "TrustChain:Database is not set (environment variable TrustChain__Database), and no TrustChain:DatabaseFile.";
        }
        try
        {
            return FindFaultOfConnection(options.ConnectionString);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"TrustChain:DatabaseFile must be the path of a file that can be read: {exception.Message}";
        }
    }

    /// <summary>What is wrong with the name of a log; null: nothing.</summary>
    public static string? FindFaultOfOrigin(string origin) =>
        origin.Length == 0 ? "TrustChain:Origin is not set."
        : origin.Any(static c => char.IsWhiteSpace(c) || c == '+') ? "TrustChain:Origin must not hold white space or a plus sign, for example \"log.example.org/tea\"."
        : null;

    /// <summary>What is wrong with the public key of a log that is only read; null: nothing, or there is none.</summary>
    public static string? FindFaultOfLogKey(ServerOptions options) =>
        options.LogKey.Length == 0 ? null
        : options.LogKeyFile.Length > 0 ? "TrustChain:LogKey and TrustChain:LogKeyFile exclude each other: with the public key alone the log is only read."
        : !NoteVerifier.TryParse(options.LogKey, out var verifier) || verifier.Name != options.Origin ? $"TrustChain:LogKey must be logKey of the trust file of \"{options.Origin}\"; it is \"{options.LogKey}\"."
        : null;

    private static string? FindFaultOfConnection(string connection)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connection).Host is null ? "TrustChain:Database must name a host: \"Host=db;Database=trustchain;Username=trustchain\"." : null;
        }
        catch (ArgumentException exception)
        {
            return $"TrustChain:Database is no connection string of Npgsql: {exception.Message}";
        }
    }

    private static void Add(List<string> faults, string? fault)
    {
        if (fault is not null)
        {
            faults.Add(fault);
        }
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
