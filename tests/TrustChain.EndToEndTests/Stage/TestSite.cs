using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using TrustChain.Devnet;
using TrustChain.EndToEndTests.Stage;

[assembly: AssemblyFixture(typeof(TestSite))]

namespace TrustChain.EndToEndTests.Stage;

/// <summary>What all journeys share: a devnet with its demo, some further goods, and a browser. Only loopback is reached.</summary>
public sealed partial class TestSite : IAsyncLifetime
{
    /// <summary>A host name that leads the browser to the server although it is not a loopback name.</summary>
    public const string OtherHost = "shop.test";

    private static readonly TimeSpan AnchorTimeout = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("trustchain-e2e-").FullName;
    private Starter? _starter;
    private DevnetDescription? _devnet;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private Chromium? _chromium;
    private Goods? _goods;

    /// <summary>Without a slash at the end.</summary>
    /// <summary>API key of the operator's organisation.</summary>
    public string AdminKey => Devnet.Organisations.First(static o => o.Roles.Contains("admin")).ApiKey;

    public string BaseUrl => Devnet.BaseUrl ?? throw NotStarted();

    /// <summary>The chain's node, without a slash at the end.</summary>
    public string RpcUrl => Devnet.RpcUrl;

    /// <summary>Address of the demo's tin, as the starter prints it for the person at the terminal.</summary>
    public string TinAddress { get; private set; } = "";

    internal Goods Goods => _goods ?? throw NotStarted();

    private DevnetDescription Devnet => _devnet ?? throw NotStarted();

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        // As root, PostgreSQL runs as user nobody, who must get through to its data.
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.OtherExecute);
        var browser = StartBrowserAsync(cancellationToken);
        _starter = Starter.Start(Path.Combine(_folder, "data"));
        _devnet = await _starter.WaitUntilReadyAsync(cancellationToken);
        TinAddress = PrintedTin().Match(_starter.Output).Groups[1].Value;
        _goods = await Goods.RegisterAsync(BaseUrl, _devnet.Organisations.First(static o => o.Roles.Contains("admin")).ApiKey, cancellationToken);
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
        if (_starter is not null)
        {
            await _starter.DisposeAsync();
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
            Args = ["--disable-gpu", "--no-proxy-server", $"--host-resolver-rules=MAP {OtherHost} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
        });
    }

    /// <summary>Waits until everything about these items lies below a final anchor.</summary>
    private async Task WaitUntilAnchoredAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = new Uri(BaseUrl) };
        var clock = Stopwatch.StartNew();
        foreach (var (path, entries) in ((string, int)[])[(Goods.Tea, Goods.TeaEntries), (Goods.Recalled, Goods.RecalledEntries), (new Uri(TinAddress).AbsolutePath, 10)])
        {
            while (!await IsAnchoredAsync(client, path, entries, cancellationToken))
            {
                Assert.True(clock.Elapsed < AnchorTimeout, $"{path} had no final anchor over {entries} entries within {AnchorTimeout.TotalSeconds} s.");
                await Task.Delay(200, cancellationToken);
            }
        }
    }

    private static async Task<bool> IsAnchoredAsync(HttpClient client, string path, int entries, CancellationToken cancellationToken)
    {
        using var answer = await client.GetAsync($"/evidence?item={Uri.EscapeDataString("https://id.gs1.org" + path)}&trace=true", cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            return false; // not in the log yet
        }
        var bundle = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        List<long> indices = [.. bundle.GetProperty("records").EnumerateArray().Concat(bundle.GetProperty("status").EnumerateArray()).Select(static e => e.GetProperty("index").GetInt64())];
        return indices.Count >= entries && bundle.GetProperty("anchors").EnumerateArray().Any(a => a.GetProperty("size").GetInt64() > indices.Max());
    }

    [GeneratedRegex(@"A tin, en +(\S+)\?lang=en")]
    private static partial Regex PrintedTin();

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
