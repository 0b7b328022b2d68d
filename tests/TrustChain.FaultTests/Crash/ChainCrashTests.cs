using System.Globalization;
using Npgsql;
using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Anchoring;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;
using TrustChain.UnitTests.Log;

namespace TrustChain.FaultTests.Crash;

/// <summary>SIGKILL at the steps to which only a chain that misbehaves leads, and at those of a timestamp authority.</summary>
public sealed class ChainCrashTests(ChainCrashTests.Fixture fixture) : IClassFixture<ChainCrashTests.Fixture>
{
    /// <summary>A step after each commit, and in full runs all of them.</summary>
    public static TheoryData<string> TimestampSteps() => Extent.IsFull
        ? ["timestamp.before-prepared", "timestamp.prepared", "timestamp.after-answer", "timestamp.final"]
        : ["timestamp.after-answer"];

    private Trial Trial => fixture.Trial;

    /// <summary>Before and after the commit of what a chain that misbehaves leads to; the short run takes the later one.</summary>
    public static TheoryData<string> StepsAround(string what) => Extent.IsFull ? [$"anchor.before-{what}", $"anchor.{what}"] : [$"anchor.{what}"];

    [Theory]
    [MemberData(nameof(StepsAround), "replaced")]
    public async Task Server_KilledWithADearerTransactionKept_AnchorsOnce(string step)
    {
        await ChainAsync("evm_setIntervalMining", 0);
        try
        {
            await CrashAtAsync(step);
        }
        finally
        {
            await ChainAsync("evm_setIntervalMining", 1);
        }
        await Trial.Site.StartServerAsync(0);

        await Trial.Audit.ExpectSoundAsync();
        await Trial.Audit.ExpectAnchoredAsync();
    }

    [Theory]
    [MemberData(nameof(StepsAround), "reorged")]
    public async Task Server_KilledWhenAFinalAnchorLeftTheChain_AnchorsAgain(string step)
    {
        await AnchorAsync();
        Trial.Site.CrashAt(0, step);
        await ChainAsync("evm_setIntervalMining", 0); // So that the head stays where it is while it is reckoned with.
        var depth = await ReadHeadAsync() - await ScalarAsync("select max(block) from anchor where state = 'final' and target = 'primary'") + 1;
        await ChainAsync("anvil_reorg", depth, Array.Empty<object>());
        await ChainAsync("evm_setIntervalMining", 1);
        await Trial.Site.WaitUntilKilledAsync(0);
        await Trial.Site.StartServerAsync(0);

        await Trial.Audit.ExpectAnchoredAsync();
        await Trial.Audit.ExpectSoundAsync();
    }

    [Theory]
    [MemberData(nameof(StepsAround), "reverted")]
    public async Task Server_KilledWhenAnAnchorWasRefusedByTheContract_AnchorsAgain(string step)
    {
        Assert.SkipUnless(Extent.IsFull, "TRUSTCHAIN_FAULTS=all runs this.");
        await AnchorAsync();
        var registry = Trial.Site.Registry.Address.ToString();
        var slot = "0x" + new string('0', 64);
        await ChainAsync("evm_setIntervalMining", 0);
        Trial.Site.CrashAt(0, step);
        Trial.Load.Start();
        await Eventually.TrueAsync("anchor that was sent", async () => await ScalarAsync("select count(*) from anchor where state = 'sent' and target = 'primary'") > 0);
        var stored = (await ChainAsync("eth_getStorageAt", registry, "0x0", "latest"))!; // The publisher is its last 20 bytes.
        await ChainAsync("anvil_setStorageAt", registry, slot, stored[..^40] + new string('1', 40));
        await ChainAsync("anvil_mine", 1);
        await Trial.Site.WaitUntilKilledAsync(0);
        await ChainAsync("anvil_setStorageAt", registry, slot, stored);
        await ChainAsync("evm_setIntervalMining", 1);
        await Trial.Site.StartServerAsync(0);

        await Trial.Audit.ExpectSoundAsync(); // Ends the load too.
        await Trial.Audit.ExpectAnchoredAsync();
        Assert.NotEqual(0, await ScalarAsync("select count(*) from anchor where target = 'primary' and state = 'superseded' and reason like '%revert%'"));
    }

    [Theory]
    [MemberData(nameof(StepsAround), "superseded")]
    public async Task Server_KilledWhenAnAnchorWasGivenUp_AnchorsTheLaterOne(string step)
    {
        Assert.SkipUnless(Extent.IsFull, "TRUSTCHAIN_FAULTS=all runs this.");
        await AnchorAsync();
        var snapshot = await ChainAsync("evm_snapshot");
        await AnchorAsync();
        await AnchorAsync();
        Trial.Site.CrashAt(0, step);
        await ChainAsync("evm_revert", snapshot!);
        await Trial.Site.WaitUntilKilledAsync(0);
        await Trial.Site.StartServerAsync(0);

        await Trial.Audit.ExpectAnchoredAsync();
        await Trial.Audit.ExpectSoundAsync();
        Assert.Equal(0, await ScalarAsync("select count(*) from anchor where target = 'primary' and state in ('prepared', 'sent', 'reorged')"));
    }

    [Theory]
    [MemberData(nameof(TimestampSteps))]
    public async Task Server_KilledAtAStepOfATimestamp_IsStamped(string step)
    {
        await CrashAtAsync(step);
        await Trial.Site.StartServerAsync(0);

        await Trial.Audit.ExpectSoundAsync();
        await Eventually.TrueAsync("timestamp of the whole log", async () => await ScalarAsync(
            "select count(*) from timestamp_anchor t join log_state s on s.size = t.size where t.state = 'final'") == 1);
        Assert.Equal(0, await ScalarAsync("select count(*) from (select from timestamp_anchor where state = 'final' group by size having count(*) > 1) s"));
    }

    /// <summary>Sends until the server is killed at a step.</summary>
    private async Task CrashAtAsync(string step)
    {
        if (!Trial.Site.IsRunning(0))
        {
            await Trial.Site.StartServerAsync(0); // The case before this one failed.
        }
        Trial.Site.CrashAt(0, step);
        Trial.Load.Start();
        await Trial.Site.WaitUntilKilledAsync(0);
    }

    private async Task AnchorAsync()
    {
        Trial.Load.Start(clients: 2);
        await Trial.Load.WaitForAsync(2);
        await Trial.Load.DrainAsync();
        await Eventually.TrueAsync("empty queue", async () => await ScalarAsync("select count(*) from log_queue") == 0);
        await Trial.Audit.ExpectAnchoredAsync();
    }

    private async Task<long> ReadHeadAsync() => Convert.ToInt64(await ChainAsync("eth_blockNumber"), 16);

    private Task<string?> ChainAsync(string method, params object[] parameters) => ChainClient.CallAsync(Trial.Site.RpcUrl, method, parameters, Site.Cancel);

    private async Task<long> ScalarAsync(string sql)
    {
        await using var database = Trial.Site.OpenDatabase();
        await using var command = database.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Site.Cancel), CultureInfo.InvariantCulture);
    }

    /// <summary>One site on a chain of its own, which has a timestamp authority too.</summary>
    public sealed class Fixture(SharedStack stack) : IAsyncLifetime
    {
        private readonly PrivateStack _stack = new();
        private readonly TemporaryFolder _folder = new();
        private readonly TestTimestampAuthority _authority = new();
        private AnvilProcess? _anvil;
        private TestHttp? _http;
        private Trial? _trial;

        internal Trial Trial => _trial ?? throw new InvalidOperationException("The site has not started.");

        public async ValueTask InitializeAsync()
        {
            _anvil = await _stack.StartAnvilAsync();
            _http = await TestHttp.StartAsync();
            _http.Answer = request => Task.FromResult<(int, string, byte[])?>((200, "application/timestamp-reply", _authority.Answer(request, DateTimeOffset.UtcNow)));
            var certificate = _folder.PathOf("authority.pem");
            await File.WriteAllTextAsync(certificate, _authority.Root.ExportCertificatePem(), Site.Cancel);
            _trial = await Trial.StartAsync(stack.Postgres, _anvil.RpcUrl, settings: new Dictionary<string, string?>
            {
                ["Anchoring__ReplaceAfter"] = "00:00:02",
                ["Anchoring__Targets__authority__Kind"] = "rfc3161",
                ["Anchoring__Targets__authority__Url"] = _http.Url + "/tsa",
                ["Anchoring__Targets__authority__TrustedCertificate"] = certificate,
                ["Anchoring__Targets__authority__Interval"] = "00:00:01",
                ["Anchoring__Targets__authority__PollInterval"] = "00:00:00.2",
            });
            _trial.Site.Trust = _trial.Site.Trust with { TimestampAuthorities = [_authority.Root] };
        }

        public async ValueTask DisposeAsync()
        {
            if (_trial is not null)
            {
                await _trial.DisposeAsync();
            }
            if (_http is not null)
            {
                await _http.DisposeAsync();
            }
            if (_anvil is not null)
            {
                await _anvil.DisposeAsync();
            }
            await _stack.DisposeAsync();
            _authority.Dispose();
            _folder.Dispose();
        }
    }
}
