using System.Net;
using System.Text.RegularExpressions;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Accounts;

/// <summary>A browser without script: keeps cookies, follows redirects, and sends a page's forms with their hidden field.</summary>
internal sealed partial class Browser : IDisposable
{
    private readonly HttpClient _client;

    public Browser(string baseUrl)
    {
        Cookies = new CookieContainer();
        _client = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = true }) { BaseAddress = new Uri(baseUrl), Timeout = TimeSpan.FromSeconds(30) };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("TestBrowser/1.0");
    }

    public CookieContainer Cookies { get; }

    /// <summary>The hidden field of the page got last that has one.</summary>
    public string Token { get; private set; } = "";

    private string _pending = ""; // the other hidden field, of the page that turns one-time codes on

    public async Task<Page> GetAsync(string path) => await ReadAsync(await _client.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute), TestContext.Current.CancellationToken));

    /// <summary>Sends a form of the page got last.</summary>
    public async Task<Page> PostAsync(string path, params (string Name, string Value)[] fields) => await PostWithAsync(Token, path, fields);

    /// <summary>Sends a form with another hidden field than the page's.</summary>
    public async Task<Page> PostWithAsync(string token, string path, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", token), KeyValuePair.Create("pending", _pending), .. fields.Select(static f => KeyValuePair.Create(f.Name, f.Value))]);
        return await ReadAsync(await _client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _client.Dispose();

    private async Task<Page> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            if (HiddenField().Match(body) is { Success: true } match)
            {
                Token = WebUtility.HtmlDecode(match.Groups[1].Value);
            }
            if (PendingField().Match(body) is { Success: true } pending)
            {
                _pending = WebUtility.HtmlDecode(pending.Groups[1].Value);
            }
            return new Page((int)response.StatusCode, WebUtility.HtmlDecode(body), response.RequestMessage!.RequestUri!.AbsolutePath); // A response knows what was asked.
        }
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex HiddenField();

    [GeneratedRegex("name=\"pending\" value=\"([^\"]+)\"")]
    private static partial Regex PendingField();
}

/// <summary>What the browser shows.</summary>
/// <param name="Status">Of the last answer.</param>
/// <param name="Text">The document, entities decoded.</param>
/// <param name="Path">Where redirects led.</param>
internal sealed record Page(int Status, string Text, string Path)
{
    public Page Expect(int status, string path)
    {
        Assert.True(Status == status && Path == path, $"{Path} answered {Status}, not {path} with {status}: {Text[..Math.Min(Text.Length, 3000)]}");
        return this;
    }

    public Page Saying(string words)
    {
        Assert.Contains(words, Text, StringComparison.Ordinal);
        return this;
    }

    public Page NotSaying(string words)
    {
        Assert.DoesNotContain(words, Text, StringComparison.Ordinal);
        return this;
    }
}
