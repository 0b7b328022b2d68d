using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Cli;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Verification;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.Evm.Rpc;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>Two accounts with key files: one that has coins, one that never gets any.</summary>
public sealed class DeploymentAccounts(SharedStack stack) : IAsyncLifetime
{
    private readonly TemporaryFolder _temporary = new();
    private readonly List<DevnetFolder> _folders = [];

    public string RpcUrl => stack.Anvil.RpcUrl;

    public OperatorKeys Rich { get; private set; } = null!; // set by InitializeAsync

    public OperatorKeys Poor { get; private set; } = null!; // set by InitializeAsync

    public string PathOf(string name) => _temporary.PathOf(name);

    public async ValueTask InitializeAsync()
    {
        (Rich, Poor) = (Open("rich"), Open("poor"));
        await FundAsync(Rich);
    }

    public OperatorKeys Open(string name)
    {
        _folders.Add(DevnetFolder.Open(_temporary.PathOf(name)));
        return OperatorKeys.Open(_folders[^1]);
    }

    public Task FundAsync(OperatorKeys keys) =>
        ChainClient.CallAsync(RpcUrl, "anvil_setBalance", [keys.Publisher.Address.ToString(), "0xde0b6b3a7640000"], TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _folders.ForEach(static f => f.Dispose());
        _temporary.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>The verbs of <c>trustchain contracts</c>, in this process.</summary>
public sealed class ContractDeploymentTests(DeploymentAccounts accounts) : IClassFixture<DeploymentAccounts>
{
    private const string Stranger = "0x1111111111111111111111111111111111111111";

    [Fact]
    public async Task Deploy_WithAdminAndOtherPublisher_IsWhatTheContractSays()
    {
        var trustFile = accounts.PathOf("trust.json");
        const string Admin = "0x2222222222222222222222222222222222222222";

        var (exitCode, output, errors) = await RunAsync(accounts.Rich, accounts.RpcUrl, "--publisher", Stranger, "--admin", Admin, "--log-key", accounts.Rich.LogVerifier.Text, "--trust-out", trustFile, "--json");

        Assert.True(exitCode == 0, errors);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.True(TrustFile.TryParse(await File.ReadAllBytesAsync(trustFile, TestContext.Current.CancellationToken), out var trust, out var error), error);
        Assert.Equal((OperatorKeys.Origin, accounts.Rich.LogVerifier.Text, AnvilProcess.ChainId), (trust.Origin, trust.LogKey, trust.ChainId));
        Assert.Equal((json.GetProperty("registry").GetString(), json.GetProperty("genesis").GetString()), (trust.Registry, trust.Genesis));
        using var chain = new ChainWitness(accounts.RpcUrl);
        var registry = chain.Registry(Evm.Keys.Address.Parse(trust.Registry));
        Assert.Equal(Evm.Anchoring.RegistryDeployment.HashOrigin(OperatorKeys.Origin), await registry.GetOriginHashAsync(BlockTag.Latest, TestContext.Current.CancellationToken));
        Assert.Equal(Stranger, (await registry.GetPublisherAsync(BlockTag.Latest, TestContext.Current.CancellationToken)).ToString());
        Assert.Equal(Admin, (await registry.GetAdminAsync(BlockTag.Latest, TestContext.Current.CancellationToken)).ToString());

        // A file that is there stops the command before anything is sent.
        var before = await NonceAsync();
        Assert.Equal(2, (await RunAsync(accounts.Rich, accounts.RpcUrl, "--log-key", accounts.Rich.LogVerifier.Text, "--trust-out", trustFile)).ExitCode);
        Assert.Equal(before, await NonceAsync());

        Task<string?> NonceAsync() =>
            ChainClient.CallAsync(accounts.RpcUrl, "eth_getTransactionCount", [accounts.Rich.Publisher.Address.ToString(), "latest"], TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Publisher_NamedByTheAdminAndAccepted_IsTheOther()
    {
        var other = accounts.Open("other");
        await accounts.FundAsync(other);
        var deployed = await RunAsync(accounts.Rich, accounts.RpcUrl, "--admin", accounts.Rich.Publisher.Address.ToString(), "--json");
        var registry = JsonDocument.Parse(deployed.Output).RootElement.GetProperty("registry").GetString()!; // It ends well only with one.
        string[] asAdmin = ["--rpc", accounts.RpcUrl, "--key", accounts.Rich.PublisherFile, "--pass-phrase-file", accounts.Rich.PassPhraseFile, "--registry", registry];
        string[] asOther = ["--rpc", accounts.RpcUrl, "--key", other.PublisherFile, "--pass-phrase-file", other.PassPhraseFile, "--registry", registry];

        Assert.Equal(1, (await RunVerbAsync(["contracts", "accept-publisher", .. asOther])).ExitCode); // Nobody named it.
        Assert.Equal(1, (await RunVerbAsync(["contracts", "name-publisher", "--publisher", Stranger, .. asOther])).ExitCode); // It is not the admin.
        Assert.Equal(0, (await RunVerbAsync(["contracts", "name-publisher", "--publisher", other.Publisher.Address.ToString(), .. asAdmin])).ExitCode);
        Assert.Equal(0, (await RunVerbAsync(["contracts", "accept-publisher", .. asOther])).ExitCode);

        using var chain = new ChainWitness(accounts.RpcUrl);
        Assert.Equal(other.Publisher.Address, await chain.Registry(Evm.Keys.Address.Parse(registry)).GetPublisherAsync(BlockTag.Latest, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("no address", "--publisher", "0x1111")]
    [InlineData("no address", "--publisher", "0x0000000000000000000000000000000000000000")]
    [InlineData("no address", "--admin", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD1")]
    [InlineData("white space", "--origin", "two words")]
    [InlineData("no verifier key", "--log-key", "log+1234+abcd")]
    [InlineData("needs --log-key", "--trust-out", "trust.json")]
    [InlineData("1 or more", "--timeout", "0")]
    [InlineData("cannot be read|not find", "--key", "/nonexistent/key")]
    [InlineData("serves chain 31337, not 1", "--chain-id", "1")]
    [InlineData("has no coins", "--json")]
    public async Task Deploy_WithWrongInput_SaysWhichAndSendsNothing(string reason, params string[] change)
    {
        var (exitCode, output, errors) = await RunAsync(accounts.Poor, accounts.RpcUrl, change);

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(reason.Split('|'), r => errors.Contains(r, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Deploy_OnANodeThatIsAway_CouldNotCheck()
    {
        var (exitCode, _, errors) = await RunAsync(accounts.Poor, "http://127.0.0.1:9");

        Assert.Equal(2, exitCode);
        Assert.Contains("http://127.0.0.1:9", errors, StringComparison.Ordinal);
    }

    /// <summary>A right command line but for the changes; of an option given twice the one here is left out.</summary>
    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(OperatorKeys keys, string rpcUrl, params string[] changes)
    {
        (string Name, string Value)[] right =
        [
            ("--rpc", rpcUrl), ("--key", keys.PublisherFile), ("--pass-phrase-file", keys.PassPhraseFile), ("--origin", OperatorKeys.Origin),
        ];
        return await RunVerbAsync(["contracts", "deploy", .. right.Where(r => !changes.Contains(r.Name)).SelectMany(static r => new[] { r.Name, r.Value }), .. changes]);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunVerbAsync(string[] arguments)
    {
        using var output = new StringWriter(new StringBuilder(), CultureInfo.InvariantCulture);
        using var errors = new StringWriter(new StringBuilder(), CultureInfo.InvariantCulture);
        var exitCode = await CommandTree.RunAsync(arguments, new Shell(output, errors, static () => Stream.Null), TestContext.Current.CancellationToken);
        return (exitCode, output.ToString().Trim(), errors.ToString().Trim());
    }
}
