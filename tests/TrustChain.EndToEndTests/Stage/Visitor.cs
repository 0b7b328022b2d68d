using System.Text.Json;
using Microsoft.Playwright;

namespace TrustChain.EndToEndTests.Stage;

/// <summary>How a visitor's browser is set.</summary>
internal sealed record VisitorOptions
{
    /// <summary>BCP 47 tag that the browser asks pages in.</summary>
    public string Language { get; init; } = "en";

    /// <summary>In CSS pixels.</summary>
    public int Width { get; init; } = 390;

    public bool Script { get; init; } = true;

    public bool Dark { get; init; }
}

/// <summary>One line of the list that a verification in the browser leaves.</summary>
/// <param name="Name">What was checked, in the page's language.</param>
/// <param name="Outcomes">Its outcomes with their counts as shown, best first.</param>
/// <param name="Codes">Reason codes of those that did not pass.</param>
internal sealed record CheckLine(string Name, string Outcomes, IReadOnlyList<string> Codes);

/// <summary>A person with a browser: what one does on the pages, and what the browser asked the network for meanwhile.</summary>
internal sealed class Visitor : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly TestSite _site;
    private readonly List<string> _requests = [];
    private readonly List<string> _complaints = [];

    private Visitor(IBrowserContext context, IPage page, TestSite site)
    {
        _context = context;
        _site = site;
        Page = page;
        page.Request += (_, request) => _requests.Add(request.Url);
        page.PageError += (_, error) => _complaints.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _complaints.Add(message.Text);
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Addresses asked for so far, in order.</summary>
    public IReadOnlyList<string> Requests => _requests;

    /// <summary>Errors that the pages left in the browser's console.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public static async Task<Visitor> ArriveAsync(IBrowser browser, TestSite site, VisitorOptions options)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            Locale = options.Language,
            ViewportSize = new ViewportSize { Width = options.Width, Height = 844 },
            JavaScriptEnabled = options.Script,
            ColorScheme = options.Dark ? ColorScheme.Dark : ColorScheme.Light,
        });
        context.SetDefaultTimeout(20_000);
        return new Visitor(context, await context.NewPageAsync(), site);
    }

    /// <summary>Opens a path of the site, or a whole address, and waits until it is loaded.</summary>
    public async Task<IResponse> OpenAsync(string address) =>
        await Page.GotoAsync(address.StartsWith('/') ? _site.BaseUrl + address : address) ?? throw new InvalidOperationException($"{address} gave no answer.");

    /// <summary>
    /// Presses what the selector names and waits until the page it leads to is loaded. The address must not be the present one: it is awaited from before the
    /// press, since a page that arrives between the press and the waiting would be missed.
    /// </summary>
    public async Task PressAsync(string selector, string leadsTo)
    {
        var arrival = Page.WaitForURLAsync(leadsTo);
        await Task.WhenAll(arrival, Page.ClickAsync(selector));
    }

    /// <summary>What the page shows, white space folded.</summary>
    public async Task<string> ReadAsync() => Fold(await Page.Locator("body").InnerTextAsync());

    /// <summary>The whole answer box at the top of the page.</summary>
    public async Task<string> ReadAnswerAsync() => Fold(await Page.Locator("section.answer").InnerTextAsync());

    /// <summary>The word beside the icon of the answer.</summary>
    public async Task<string> ReadVerdictAsync() => await Page.Locator(".answer .word strong").InnerTextAsync();

    /// <summary>Presses the button of the verification and waits for its answer.</summary>
    public async Task VerifyAsync()
    {
        await Page.Locator("#verify button.action").ClickAsync();
        await Page.Locator("#verify-result .result, #verify-result .note").WaitForAsync();
    }

    /// <summary>The answer of the verification in one line.</summary>
    public async Task<string> ReadResultAsync() => Fold(await Page.Locator("#verify-result .result, #verify-result .note").InnerTextAsync());

    /// <summary>Every check of the verification.</summary>
    public async Task<IReadOnlyList<CheckLine>> ReadChecksAsync()
    {
        var lines = new List<CheckLine>();
        foreach (var line in await Page.Locator("#verify-result ul.checks > li").AllAsync())
        {
            lines.Add(new CheckLine(
                await line.Locator("> strong").InnerTextAsync(),
                string.Join(", ", (await line.Locator("> .badge").AllInnerTextsAsync()).Select(Fold)),
                [.. (await line.Locator("code").AllTextContentsAsync()).Distinct()]));
        }
        return lines;
    }

    /// <summary>Saves what a link of the page leads to.</summary>
    public async Task DownloadAsync(string link, string file)
    {
        var download = await Page.RunAndWaitForDownloadAsync(() => Page.Locator("main").GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).ClickAsync());
        await download.SaveAsAsync(file);
    }

    /// <summary>Lets everything that the page asks for at <paramref name="path"/> arrive changed.</summary>
    public Task AlterAsync(string path, Func<string, string> change) => Page.RouteAsync(
        url => new Uri(url).AbsolutePath == path,
        async route =>
        {
            var answer = await route.FetchAsync();
            try
            {
                await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = change(await answer.TextAsync()) });
            }
            catch
            {
                await route.AbortAsync(); // so that the page does not wait for a change that could not be made
                throw;
            }
        });

    /// <summary>Makes every request to an address fail as if nobody listened there.</summary>
    public Task CutOffAsync(string address) => Page.RouteAsync(url => url.StartsWith(address, StringComparison.Ordinal), static route => route.AbortAsync("connectionrefused"));

    /// <summary>Counts the bytes that documents, style sheets and scripts take on the wire, from now on.</summary>
    public async Task<Weight> WeighAsync()
    {
        var session = await _context.NewCDPSessionAsync(Page);
        var weight = new Weight(session);
        await session.SendAsync("Network.enable");
        return weight;
    }

    /// <summary>How far the page is wider than the window, in CSS pixels.</summary>
    public async Task<int> MeasureOverflowAsync() => await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    private static string Fold(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>Sums what a page takes on the wire, headers included.</summary>
internal sealed class Weight
{
    private readonly HashSet<string> _parts = [];

    public Weight(ICDPSession session)
    {
        session.Event("Network.responseReceived").OnEvent += (_, e) =>
        {
            if (e?.GetProperty("type").GetString() is "Document" or "Stylesheet" or "Script")
            {
                _parts.Add(IdOf(e.Value));
            }
        };
        session.Event("Network.loadingFinished").OnEvent += (_, e) =>
        {
            if (e is { } finished && _parts.Contains(IdOf(finished)))
            {
                Bytes += (long)finished.GetProperty("encodedDataLength").GetDouble();
                Count++;
            }
        };
    }

    /// <summary>Bytes so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Files so far.</summary>
    public int Count { get; private set; }

    private static string IdOf(JsonElement e) => e.GetProperty("requestId").GetString() ?? "";
}
