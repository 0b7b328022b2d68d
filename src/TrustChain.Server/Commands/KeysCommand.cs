using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Evm.Keys;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Commands;

/// <summary><c>keys</c>: makes the operator's key files at the configured paths where they are missing, and says the public halves. Safe to repeat.</summary>
internal static class KeysCommand
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static int Run(IConfiguration configuration, bool json, TextWriter output, TextWriter errors)
    {
        var server = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
        var anchoring = configuration.GetSection(AnchoringOptions.Section).Get<AnchoringOptions>() ?? new AnchoringOptions();
        var faults = FindFaults(server, anchoring);
        if (faults.Count > 0)
        {
            errors.WriteLine("trustchain-server: the keys cannot be made:\n" + string.Join('\n', faults.Select(static f => "  " + f)));
            return 2;
        }
        try
        {
            var keys = OperatorKeySet.OpenOrCreate(FilesOf(server, anchoring));
            Write(keys, keys.LogKey is { } key ? NoteVerifier.Create(server.Origin, key).Text : null, json, output);
            return 0;
        }
        catch (Exception exception) when (exception is OperatorKeyException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"trustchain-server: {exception.Message}");
            return 1;
        }
    }

    private static OperatorKeyFiles FilesOf(ServerOptions server, AnchoringOptions anchoring) => new()
    {
        PassPhrase = server.PassPhraseFile,
        LogKey = server.LogKey.Length > 0 ? null : server.LogKeyFile,
        CustodialKey = server.CustodialKeyFile,
        Publisher = anchoring.ExternalSigner.Length > 0 ? null : anchoring.KeystoreFile,
        PublisherPassPhrase = anchoring.PassPhraseFile,
    };

    private static List<string> FindFaults(ServerOptions server, AnchoringOptions anchoring)
    {
        var faults = new List<string>();
        if (ServerOptionsValidator.FindFaultOfOrigin(server.Origin) is { } origin)
        {
            faults.Add(origin);
        }
        if (ServerOptionsValidator.FindFaultOfLogKey(server) is { } logKey)
        {
            faults.Add(logKey);
        }
        if (server.LogKey.Length == 0)
        {
            Need("TrustChain:LogKeyFile", server.LogKeyFile);
        }
        Need("TrustChain:CustodialKeyFile", server.CustodialKeyFile);
        Need("TrustChain:PassPhraseFile", server.PassPhraseFile);
        if (anchoring.ExternalSigner.Length == 0)
        {
            Need("Anchoring:KeystoreFile", anchoring.KeystoreFile);
            Need("Anchoring:PassPhraseFile", anchoring.PassPhraseFile);
        }
        return faults;

        void Need(string key, string value)
        {
            if (value.Length == 0)
            {
                faults.Add($"{key} must be the path of a file; it is made where there is none.");
            }
        }
    }

    private static void Write(OperatorKeySet keys, string? logKey, bool json, TextWriter output)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(new { logKey, publisher = keys.Publisher?.Address.ToString(), made = keys.Made }, Readable));
            return;
        }
        foreach (var path in keys.Made)
        {
            output.WriteLine($"made       {path}");
        }
        output.WriteLine($"log key    {logKey ?? "not here: the log is only read"}");
        output.WriteLine($"publisher  {keys.Publisher?.Address.ToString() ?? "held by the external signer"}");
        if (keys.Made.Count > 0)
        {
            output.WriteLine("Back these files up now, apart from the database: nobody can make them again.");
        }
    }
}
