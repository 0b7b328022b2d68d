using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrustChain.Devnet.Demo;

/// <summary>An answer of the server.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The body, whatever it is.</param>
internal sealed record DemoAnswer(HttpStatusCode Status, byte[] Body)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The body as a JSON object.</summary>
    /// <exception cref="DevnetException">It is none.</exception>
    public JsonObject Json() => TryJson() ?? throw new DevnetException($"The server answered {(int)Status} without a JSON object: {Text}");

    /// <summary>The <c>code</c> of a problem, else null.</summary>
    public string? ProblemCode => TryJson()?["code"]?.GetValue<string>();

    private JsonObject? TryJson()
    {
        try
        {
            return JsonNode.Parse(Body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Speaks to the devnet's server as anybody would: over HTTP.</summary>
internal sealed class DemoClient(string baseUrl) : IDisposable
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly HttpClient _http = new() { BaseAddress = new Uri(baseUrl + "/") };

    /// <summary>JSON that keeps other scripts readable.</summary>
    public static byte[] ToUtf8(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString(Readable));

    public Task<DemoAnswer> GetAsync(string path, string? apiKey, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, apiKey, null, null, cancellationToken);

    public Task<DemoAnswer> GetPageAsync(string path, string? apiKey, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, apiKey, null, "text/html", cancellationToken);

    public Task<DemoAnswer> PostAsync(string path, string? apiKey, string mediaType, byte[] body, CancellationToken cancellationToken)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return SendAsync(HttpMethod.Post, path, apiKey, content, null, cancellationToken);
    }

    public Task<DemoAnswer> PostAsync(string path, string? apiKey, JsonObject json, CancellationToken cancellationToken) =>
        PostAsync(path, apiKey, "application/json", ToUtf8(json), cancellationToken);

    /// <summary>The answer's JSON object when it succeeded.</summary>
    /// <exception cref="DevnetException">It did not; the message has the server's own words.</exception>
    public static JsonObject Require(DemoAnswer answer, string what) => answer.IsSuccess
        ? answer.Json()
        : throw new DevnetException($"{what}: the server answered {(int)answer.Status} {answer.Text}");

    public void Dispose() => _http.Dispose();

    private async Task<DemoAnswer> SendAsync(
        HttpMethod method, string path, string? apiKey, HttpContent? content, string? accept, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path.TrimStart('/')) { Content = content };
        if (apiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }
        if (accept is not null)
        {
            request.Headers.Accept.ParseAdd(accept);
        }
        using var answer = await _http.SendAsync(request, cancellationToken);
        return new DemoAnswer(answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(cancellationToken));
    }
}
