using System.Text;
using System.Text.Json.Nodes;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Query;

/// <summary>A named query of the corpus's owner for as long as a test needs it.</summary>
internal sealed class NamedQuery : IAsyncDisposable
{
    private static int _count;

    private readonly QueryFixture _fixture;
    private readonly string _name;

    private NamedQuery(QueryFixture fixture, string name, string json, EpcisAnswer answer) => (_fixture, _name, Json, Answer) = (fixture, name, json, answer);

    public string Json { get; }

    public string Path => $"/epcis/queries/{_name}";

    /// <summary>The answer to creating it.</summary>
    public EpcisAnswer Answer { get; }

    public static async Task<NamedQuery> CreateAsync(QueryFixture fixture, JsonObject query)
    {
        var name = $"query-{Interlocked.Increment(ref _count)}";
        var body = new JsonObject { ["name"] = name, ["query"] = query };
        var answer = await fixture.SendAsync(HttpMethod.Post, "/epcis/queries", fixture.Owner.ApiKey, TestOrganisation.Content("application/json", Encoding.UTF8.GetBytes(body.ToJsonString())));
        return new NamedQuery(fixture, name, query.ToJsonString(), answer);
    }

    public Task<EpcisAnswer> GetEventsAsync(string parameters = "", params (string Name, string Value)[] headers) => _fixture.SendAsync(HttpMethod.Get, $"{Path}/events{parameters}", _fixture.Owner.ApiKey, headers);

    public async ValueTask DisposeAsync()
    {
        if (Answer.Status == 201)
        {
            (await _fixture.SendAsync(HttpMethod.Delete, Path, _fixture.Owner.ApiKey)).Answer.Expect(204);
        }
    }
}
