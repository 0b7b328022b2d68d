using System.Net.Http.Headers;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Query;

/// <summary>One server for all tests of the query interface, with the corpus of one organisation. Tests that write bring an organisation of their own.</summary>
public sealed class QueryFixture(SharedStack stack) : IAsyncLifetime
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Dictionary<string, string> _names = [];
    private RunningServer? _server;
    private TestOrganisation? _owner;

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    /// <summary>Whose the corpus is.</summary>
    internal TestOrganisation Owner => _owner ?? throw new InvalidOperationException("The server has not started.");

    /// <summary>eventIDs of the corpus by name.</summary>
    internal IReadOnlyDictionary<string, string> Ids { get; private set; } = new Dictionary<string, string>();

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?> { ["Capture__Authority"] = "observe" });
        _owner = await Server.AddOrganisationAsync();
        // With the prefix claimed its length is known, so that URNs can be written.
        var claim = (await Server.PostAsync("/api/claims", new { kind = "gcp", value = "0614141" }, Owner.ApiKey)).Expect(201);
        (await Server.PostAsAdminAsync($"/api/claims/{claim.Json.GetProperty("id").GetInt32()}/verify", new { })).Expect(200);
        var captured = (await Owner.CaptureAsync(Corpus.Document(Corpus.Events.Select(static e => e.Json), Corpus.MasterData))).Expect(202).Json.GetProperty("events");
        foreach (var ((name, _), e) in Corpus.Events.Zip(captured.EnumerateArray()))
        {
            _names.Add(e.GetProperty("eventID").GetString()!, name);
        }
        Ids = _names.ToDictionary(static n => n.Value, static n => n.Key);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>Names of the corpus, sorted, of the events that an answer holds.</summary>
    internal string NamesIn(EpcisAnswer answer) => string.Join(' ', answer.EventIds.Select(id => _names.GetValueOrDefault(id, id)).Order(StringComparer.Ordinal));

    /// <summary>The same in the order of the answer.</summary>
    internal string NamesInOrder(EpcisAnswer answer) => string.Join(' ', answer.EventIds.Select(id => _names.GetValueOrDefault(id, id)));

    /// <summary>Asks as the corpus's owner, with the prefix <c>ex</c> declared.</summary>
    internal Task<EpcisAnswer> GetAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, Owner.ApiKey, [("GS1-Extensions", $"ex={Corpus.Extensions}"), .. headers]);

    internal Task<EpcisAnswer> SendAsync(HttpMethod method, string path, string? apiKey, params (string Name, string Value)[] headers) => SendAsync(method, path, apiKey, null, headers);

    internal async Task<EpcisAnswer> SendAsync(HttpMethod method, string path, string? apiKey, HttpContent? content, params (string Name, string Value)[] headers)
    {
        // The address goes out as it is: HttpClient must not unescape it.
        using var request = new HttpRequestMessage(method, new Uri(Server.BaseUrl + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = content };
        if (apiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return new EpcisAnswer(await Answer.FromAsync(response), response.Headers, [.. response.Content.Headers.Allow]);
    }

    /// <summary>All pages from here to the end.</summary>
    internal async Task<IReadOnlyList<EpcisAnswer>> PagesAsync(string path, string? apiKey, params (string Name, string Value)[] headers)
    {
        var pages = new List<EpcisAnswer>();
        for (var next = path; next is not null; next = pages[^1].Next)
        {
            pages.Add(await SendAsync(HttpMethod.Get, next, apiKey, headers));
            pages[^1].Answer.Expect(200);
            Assert.True(pages.Count <= 200, "The pages do not end.");
        }
        return pages;
    }
}

/// <summary>Classes of this collection share the server and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class QueryCollection : ICollectionFixture<QueryFixture>
{
    public const string Name = "Query interface";
}
