using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using TrustChain.Devnet;
using TrustChain.EndToEndTests.Stage;

[assembly: AssemblyFixture(typeof(TestSite))]

namespace TrustChain.EndToEndTests.Stage;

/// <summary>What all journeys share: a devnet with a server as a process of its own, the goods it tells of, and a browser. Only loopback is reached.</summary>
public sealed class TestSite : IAsyncLifetime
{
    /// <summary>A host name that leads the browser to the server although it is not a loopback name.</summary>
    public const string OtherHost = "shop.test";

    private static readonly TimeSpan AnchorTimeout = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("trustchain-e2e-").FullName;
    private DevnetHost? _devnet;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private Chromium? _chromium;
    private Goods? _goods;

    /// <summary>Without a slash at the end.</summary>
    public string BaseUrl => Devnet.Server.BaseUrl;

    /// <summary>The chain's node, without a slash at the end.</summary>
    public string RpcUrl => Devnet.Anvil.RpcUrl;

    internal Goods Goods => _goods ?? throw NotStarted();

    private DevnetHost Devnet => _devnet ?? throw NotStarted();

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        // As root, PostgreSQL runs as user nobody, who must get through to its data.
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherExecute);
        var log = new StringWriter();
        var browser = StartBrowserAsync(cancellationToken);
        var options = new DevnetOptions { Empty = true, Check = true, HttpPort = 0, RpcPort = 0, PostgresPort = 0, DataFolder = Path.Combine(_folder, "data") };
        _devnet = await DevnetHost.StartAsync(options, log, cancellationToken);
        _goods = await Goods.RegisterAsync(BaseUrl, _devnet.AdminKey, cancellationToken);
        await WaitUntilAnchoredAsync(cancellationToken);
        await browser;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }
        _playwright?.Dispose();
        _goods?.Dispose();
        if (_devnet is not null)
        {
            await _devnet.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A visitor with a browser profile of their own.</summary>
    internal async Task<Visitor> WelcomeAsync(VisitorOptions? options = null) => await Visitor.ArriveAsync(_browser ?? throw NotStarted(), this, options ?? new VisitorOptions());

    /// <summary>Text of a file of an npm package of these tests.</summary>
    internal Task<string> ReadPackageAsync(string path, CancellationToken cancellationToken) =>
        File.ReadAllTextAsync(Path.Combine((_chromium ?? throw NotStarted()).NodeModules, path), cancellationToken);

    /// <summary>Stops the chain, so that no anchor becomes final, until the answer is disposed.</summary>
    internal async Task<IAsyncDisposable> HaltChainAsync(CancellationToken cancellationToken)
    {
        var halt = new ChainHalt(RpcUrl);
        await halt.SetAsync(automatic: false, intervalSeconds: 0, cancellationToken);
        return halt;
    }

    private async Task StartBrowserAsync(CancellationToken cancellationToken)
    {
        _chromium = await Chromium.EnsureAsync(cancellationToken);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = _chromium.ExecutablePath,
            Env = _chromium.Environment(),
            ChromiumSandbox = false, // It does not start as root; the pages are our own.
            Args = ["--disable-gpu", "--no-proxy-server", $"--host-resolver-rules=MAP {OtherHost} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        });
    }

    /// <summary>Waits until all that is recorded lies below a final anchor.</summary>
    private async Task WaitUntilAnchoredAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = new Uri(BaseUrl) };
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var checkpoint = await client.GetStringAsync("/log/checkpoint", cancellationToken);
            var size = long.Parse(checkpoint.Split('\n')[1], System.Globalization.CultureInfo.InvariantCulture);
            var anchors = await client.GetFromJsonAsync<JsonElement>("/log/anchors", cancellationToken);
            if (size >= Goods.Entries && anchors.GetProperty("anchors").EnumerateArray().Any(a => a.GetProperty("state").GetString() == "final" && a.GetProperty("size").GetInt64() == size))
            {
                return;
            }
            Assert.True(clock.Elapsed < AnchorTimeout, $"{Goods.Entries} entries had no final anchor within {AnchorTimeout.TotalSeconds} s; the log has {size}, its anchors are {anchors}.");
            await Task.Delay(200, cancellationToken);
        }
    }

    private static InvalidOperationException NotStarted() => new("The site is not started.");
}

/// <summary>A chain that mines nothing until this is disposed.</summary>
internal sealed class ChainHalt(string rpcUrl) : IAsyncDisposable
{
    private readonly HttpClient _client = new();

    public async Task SetAsync(bool automatic, int intervalSeconds, CancellationToken cancellationToken)
    {
        foreach (var (method, argument) in ((string, object)[])[("evm_setAutomine", automatic), ("evm_setIntervalMining", intervalSeconds)])
        {
            using var answer = await _client.PostAsJsonAsync(rpcUrl, new { jsonrpc = "2.0", id = 1, method, @params = new[] { argument } }, cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            Assert.DoesNotContain("\"error\"", text, StringComparison.Ordinal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await SetAsync(automatic: true, intervalSeconds: 1, CancellationToken.None);
        _client.Dispose();
    }
}
