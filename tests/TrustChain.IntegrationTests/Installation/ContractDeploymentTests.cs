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

/// <summary><c>trustchain contracts deploy</c>, in this process.</summary>
public sealed class ContractDeploymentTests : IDisposable
{
    private const string Stranger = "0x1111111111111111111111111111111111111111";

    private readonly SharedStack _stack;
    private readonly TemporaryFolder _temporary = new();
    private readonly DevnetFolder _folder;
    private readonly OperatorKeys _keys;

    public ContractDeploymentTests(SharedStack stack)
    {
        _stack = stack;
        _folder = DevnetFolder.Open(_temporary.PathOf("keys"));
        _keys = OperatorKeys.Open(_folder);
    }

    [Fact]
    public async Task Deploy_WithAdminAndOtherPublisher_IsWhatTheContractSays()
    {
        await ChainClient.CallAsync(_stack.Anvil.RpcUrl, "anvil_setBalance", [_keys.Publisher.Address.ToString(), "0xde0b6b3a7640000"], TestContext.Current.CancellationToken);
        var trustFile = _temporary.PathOf("trust.json");
        const string Admin = "0x2222222222222222222222222222222222222222";

        var (exitCode, output, errors) = await RunAsync(_stack.Anvil.RpcUrl, "--publisher", Stranger, "--admin", Admin, "--log-key", _keys.LogVerifier.Text, "--trust-out", trustFile, "--json");

        Assert.True(exitCode == 0, errors);
        var json = JsonDocument.Parse(output).RootElement;
        Assert.True(TrustFile.TryParse(await File.ReadAllBytesAsync(trustFile, TestContext.Current.CancellationToken), out var trust, out var error), error);
        Assert.Equal((OperatorKeys.Origin, _keys.LogVerifier.Text, AnvilProcess.ChainId), (trust.Origin, trust.LogKey, trust.ChainId));
        Assert.Equal((json.GetProperty("registry").GetString(), json.GetProperty("genesis").GetString()), (trust.Registry, trust.Genesis));
        using var chain = new ChainWitness(_stack.Anvil.RpcUrl);
        var registry = chain.Registry(Evm.Keys.Address.Parse(trust.Registry));
        Assert.Equal(Evm.Anchoring.RegistryDeployment.HashOrigin(OperatorKeys.Origin), await registry.GetOriginHashAsync(BlockTag.Latest, TestContext.Current.CancellationToken));
        Assert.Equal(Stranger, (await registry.GetPublisherAsync(BlockTag.Latest, TestContext.Current.CancellationToken)).ToString());
        Assert.Equal(Admin, (await registry.GetAdminAsync(BlockTag.Latest, TestContext.Current.CancellationToken)).ToString());

        // A file that is there stops the command before anything is sent.
        var before = await NonceAsync();
        Assert.Equal(2, (await RunAsync(_stack.Anvil.RpcUrl, "--log-key", _keys.LogVerifier.Text, "--trust-out", trustFile)).ExitCode);
        Assert.Equal(before, await NonceAsync());

        Task<string?> NonceAsync() =>
            ChainClient.CallAsync(_stack.Anvil.RpcUrl, "eth_getTransactionCount", [_keys.Publisher.Address.ToString(), "latest"], TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Publisher_NamedByTheAdminAndAccepted_IsTheOther()
    {
        using var otherFolder = DevnetFolder.Open(_temporary.PathOf("other"));
        var other = OperatorKeys.Open(otherFolder);
        foreach (var account in new[] { _keys.Publisher.Address, other.Publisher.Address })
        {
            await ChainClient.CallAsync(_stack.Anvil.RpcUrl, "anvil_setBalance", [account.ToString(), "0xde0b6b3a7640000"], TestContext.Current.CancellationToken);
        }
        var deployed = await RunAsync(_stack.Anvil.RpcUrl, "--admin", _keys.Publisher.Address.ToString(), "--json");
        var registry = JsonDocument.Parse(deployed.Output).RootElement.GetProperty("registry").GetString()!; // It ends well only with one.
        string[] asAdmin = ["--rpc", _stack.Anvil.RpcUrl, "--key", _keys.PublisherFile, "--pass-phrase-file", _keys.PassPhraseFile, "--registry", registry];
        string[] asOther = ["--rpc", _stack.Anvil.RpcUrl, "--key", other.PublisherFile, "--pass-phrase-file", other.PassPhraseFile, "--registry", registry];

        Assert.Equal(1, (await RunVerbAsync(["contracts", "accept-publisher", .. asOther])).ExitCode); // Nobody named it.
        Assert.Equal(1, (await RunVerbAsync(["contracts", "name-publisher", "--publisher", Stranger, .. asOther])).ExitCode); // It is not the admin.
        Assert.Equal(0, (await RunVerbAsync(["contracts", "name-publisher", "--publisher", other.Publisher.Address.ToString(), .. asAdmin])).ExitCode);
        Assert.Equal(0, (await RunVerbAsync(["contracts", "accept-publisher", .. asOther])).ExitCode);

        using var chain = new ChainWitness(_stack.Anvil.RpcUrl);
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
        var (exitCode, output, errors) = await RunAsync(_stack.Anvil.RpcUrl, change);

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(reason.Split('|'), r => errors.Contains(r, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Deploy_OnANodeThatIsAway_CouldNotCheck()
    {
        var (exitCode, _, errors) = await RunAsync("http://127.0.0.1:9");

        Assert.Equal(2, exitCode);
        Assert.Contains("http://127.0.0.1:9", errors, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _temporary.Dispose();
    }

    /// <summary>A right command line but for the changes; of an option given twice the one here is left out.</summary>
    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(string rpcUrl, params string[] changes)
    {
        (string Name, string Value)[] right =
        [
            ("--rpc", rpcUrl), ("--key", _keys.PublisherFile), ("--pass-phrase-file", _keys.PassPhraseFile), ("--origin", OperatorKeys.Origin),
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
