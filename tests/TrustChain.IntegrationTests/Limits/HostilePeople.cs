using System.Net;
using System.Text.RegularExpressions;
using TrustChain.IntegrationTests.Accounts;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>
/// People who are signed in and send what they should not. Who was signed out by what they sent is replaced by somebody new. Three are admins of a company, and one is an admin of the
/// deployment by a password alone, to whom nearly everything is closed.
/// </summary>
internal sealed partial class HostilePeople(RunningServer server, string company) : IDisposable
{
    private const int Count = 4;

    private readonly HostilePerson?[] _people = new HostilePerson?[Count]; // with _joining
    private readonly List<HostilePerson> _gone = []; // with _joining; requests of theirs may be under way
    private readonly SemaphoreSlim _joining = new(1);

    /// <summary>Fields of the forms that the pages have, by where they are sent.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Forms { get; private set; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Signs the first one in and reads the forms of the pages.</summary>
    public async Task PrepareAsync(IReadOnlyList<string> pages)
    {
        var forms = new Dictionary<string, IReadOnlyList<string>>();
        using var browser = await JoinAsync(company);
        using var visitor = new Browser(server.BaseUrl);
        var token = await Invitations.AddAsync(server.Database, company, "viewer");
        foreach (var page in (string[])[.. pages, "/account/sign-in", $"/account/join?token={token}"])
        {
            foreach (var text in (string[])[(await browser.GetAsync(page)).Text, (await visitor.GetAsync(page)).Text])
            {
                foreach (Match form in Form().Matches(text))
                {
                    var action = form.Groups[1].Value.Split('?')[0];
                    forms[action] = [.. Field().Matches(form.Groups[2].Value).Select(static f => f.Groups[1].Value).Where(static f => f != HostilePerson.TokenField).Concat(forms.GetValueOrDefault(action, [])).Distinct()];
                }
            }
        }
        Forms = forms;
    }

    /// <summary>One of them, signed in.</summary>
    public async Task<HostilePerson> GetAsync(int number)
    {
        await _joining.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_people[number % Count] is { IsSignedOut: true } gone)
            {
                _gone.Add(gone);
                _people[number % Count] = null;
            }
            return _people[number % Count] ??= new HostilePerson(await JoinAsync(number % Count == 0 ? "operator" : company));
        }
        finally
        {
            _joining.Release();
        }
    }

    public void Dispose()
    {
        _joining.Dispose();
        foreach (var person in _people.OfType<HostilePerson>().Concat(_gone))
        {
            person.Dispose();
        }
    }

    private async Task<Browser> JoinAsync(string organisation)
    {
        var token = await Invitations.AddAsync(server.Database, organisation, "admin");
        var browser = new Browser(server.BaseUrl);
        await Eventually.TrueAsync("an account for a hostile person", async () =>
        {
            await browser.GetAsync($"/account/join?token={token}");
            var joined = await browser.PostAsync("/account/join", ("token", token), ("name", "Hostile"), ("login", $"hostile-{Guid.NewGuid():N}"), ("password", "correct horse battery"));
            return joined.Status == 200 && joined.Path != "/account/join"; // Else the server has no place free for it just now.
        });
        return browser;
    }

    [GeneratedRegex("<form method=\"post\" action=\"([^\"]+)\"[^>]*>(.*?)</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<(?:input|select|textarea|button)[^>]* name=\"([^\"]+)\"")]
    private static partial Regex Field();
}

/// <summary>Somebody who is signed in at a browser.</summary>
internal sealed class HostilePerson : IDisposable
{
    /// <summary>The hidden field that every form has.</summary>
    public const string TokenField = "__RequestVerificationToken";

    private readonly Browser _browser;

    public HostilePerson(Browser browser)
    {
        _browser = browser;
        Token = browser.Token;
        Client = new HttpClient(new SocketsHttpHandler { CookieContainer = browser.Cookies, AllowAutoRedirect = false, MaxConnectionsPerServer = 16 }) { Timeout = TimeSpan.FromSeconds(100) };
    }

    /// <summary>Sends with the cookies, which answers may change.</summary>
    public HttpClient Client { get; }

    /// <summary>The value of the hidden field.</summary>
    public string Token { get; }

    /// <summary>Whether an answer led to the page where one signs in.</summary>
    public bool IsSignedOut { get; private set; }

    /// <summary>Whether a form was looked at: its sender is known, and it comes from a page of the site.</summary>
    public bool IsLookedAt(HttpResponseMessage response)
    {
        var (location, type) = (response.Headers.Location?.ToString() ?? "", response.Content.Headers.ContentType?.MediaType);
        var leadsOut = location.StartsWith("/account/sign-in", StringComparison.Ordinal);
        IsSignedOut |= leadsOut;
        return response.StatusCode switch
        {
            HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.NoContent => true,
            HttpStatusCode.SeeOther => !leadsOut || location.Contains("done=signed-out", StringComparison.Ordinal), // That is what those forms are for.
            HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Conflict => type == "text/html", // The page again, with what is wrong; a form without its token gets a problem.
            HttpStatusCode.NotFound => type is "application/problem+json" or "text/html", // What is named is not there; an unknown address has no body.
            _ => false,
        };
    }

    public void Dispose()
    {
        Client.Dispose();
        _browser.Dispose();
    }
}
