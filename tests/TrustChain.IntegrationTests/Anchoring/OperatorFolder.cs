using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Devnet;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>Key files of an operator, with coins for the publisher's account.</summary>
internal sealed class OperatorFolder : IDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly DevnetFolder _folder;

    private OperatorFolder()
    {
        _folder = DevnetFolder.Open(_temporary.PathOf("keys"));
        Keys = OperatorKeys.Open(_folder);
    }

    public OperatorKeys Keys { get; }

    /// <summary>The publisher's account.</summary>
    public string Account => Keys.Publisher.Address.ToString();

    /// <summary>A server's settings to send from this account.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Anchoring__KeystoreFile"] = Keys.PublisherFile,
        ["Anchoring__PassPhraseFile"] = Keys.PassPhraseFile,
    };

    public static async Task<OperatorFolder> OpenAsync(string rpcUrl)
    {
        var folder = new OperatorFolder();
        await ChainClient.CallAsync(rpcUrl, "anvil_setBalance", [folder.Account, "0xde0b6b3a7640000"], TestContext.Current.CancellationToken);
        return folder;
    }

    /// <summary>Runs a verb of <c>trustchain contracts</c> and pays from this account.</summary>
    public async Task<CliResult> ContractsAsync(string rpcUrl, string verb, params string[] arguments)
    {
        using var cli = new AuditCli();
        return await cli.RunAsync(["contracts", verb, "--rpc", rpcUrl, "--key", Keys.PublisherFile, "--pass-phrase-file", Keys.PassPhraseFile, .. arguments]);
    }

    /// <summary>Deploys a registry and says where it is.</summary>
    public async Task<string> DeployAsync(string rpcUrl, string origin, params string[] arguments) =>
        (await ContractsAsync(rpcUrl, "deploy", ["--origin", origin, "--json", .. arguments])).Expect(0).Json.GetProperty("registry").GetString()!; // It ends well only with one.

    public void Dispose()
    {
        _folder.Dispose();
        _temporary.Dispose();
    }
}
