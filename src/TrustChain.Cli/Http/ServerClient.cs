using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Http;

/// <summary>
/// Requests to one server. A busy server (an answer with Retry-After) is asked again a few times; all requests of this program may safely arrive twice.
/// </summary>
internal sealed class ServerClient : IDisposable
{
    /// <summary>Longest answer read, in bytes.</summary>
    public const int MaxAnswerBytes = 32 << 20;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http;
    private readonly Uri _base;
    private readonly string? _apiKey;
    private readonly int _attempts;

    /// <summary>Makes a client.</summary>
    /// <param name="server">The server's address; a path is kept as prefix.</param>
    /// <param name="apiKey">Sent as a bearer token with every request, if given.</param>
    /// <param name="connections">Most connections kept open at once.</param>
    /// <param name="attempts">How often a busy server is asked.</param>
    /// <param name="timeout">How long an answer may take; a minute when null.</param>
    public ServerClient(Uri server, string? apiKey = null, int connections = 16, int attempts = 6, TimeSpan? timeout = null)
    {
        _attempts = attempts;
        _base = server.AbsoluteUri.EndsWith('/') ? server : new Uri(server.AbsoluteUri + "/");
        _apiKey = apiKey;
        _http = Connections.Create(server, connections);
        _http.MaxResponseContentBufferSize = MaxAnswerBytes;
        _http.Timeout = timeout ?? _http.Timeout;
    }

    /// <summary>Asks for a resource.</summary>
    /// <param name="path">Relative to the server's address, percent-encoded, without leading slash; a colon in it does not make it an address.</param>
    /// <param name="accept">Media type wanted.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="CliException">The server could not be reached.</exception>
    public Task<ServerAnswer> GetAsync(string path, string accept, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, accept, null, null, cancellationToken);

    /// <summary>Sends a body.</summary>
    /// <exception cref="CliException">The server could not be reached.</exception>
    public Task<ServerAnswer> PostAsync(string path, string contentType, ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, "application/json", contentType, body, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Posts a JSON object and reads the answer, which must be a success with JSON.</summary>
    /// <exception cref="CliException">The server refused, or did not answer with JSON.</exception>
    public async Task<JsonDocument> PostJsonAsync(string path, Action<Utf8JsonWriter> writeMembers, CancellationToken cancellationToken) =>
        (await PostAsync(path, "application/json", JsonBody(writeMembers), cancellationToken)).OrThrow().ToJson();

    /// <summary>The bytes of a JSON object.</summary>
    public static byte[] JsonBody(Action<Utf8JsonWriter> writeMembers)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            writeMembers(json);
            json.WriteEndObject();
        }
        return body.ToArray();
    }

    private async Task<ServerAnswer> SendAsync(
        HttpMethod method, string path, string accept, string? contentType, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, new Uri(_base, "./" + path));
            request.Headers.Accept.ParseAdd(accept);
            if (_apiKey is not null)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _apiKey);
            }
            if (body is { } bytes)
            {
                request.Content = new ReadOnlyMemoryContent(bytes);
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType!); // Given whenever there is a body.
            }
            try
            {
                using var response = await _http.SendAsync(request, cancellationToken);
                var pause = PauseBefore(response);
                if (pause is null || attempt == _attempts)
                {
                    var location = response.Headers.Location?.ToString();
                    return new ServerAnswer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken), request.RequestUri!, location, pause is not null);
                }
                await Task.Delay(pause.Value, cancellationToken);
            }
            catch (HttpRequestException exception)
            {
                throw new CliException($"{_base} did not answer: {exception.Message}");
            }
            catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new CliException($"{_base} did not answer in {_http.Timeout.TotalSeconds:0} seconds.");
            }
        }
    }

    /// <summary>How long the server asks to wait; null when the answer is final.</summary>
    private static TimeSpan? PauseBefore(HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode || response.Headers.RetryAfter is not { } header)
        {
            return null;
        }
        var pause = header.Delta ?? (header.Date - DateTimeOffset.UtcNow) ?? TimeSpan.Zero;
        return pause > LongestPause ? null : pause < ShortestPause ? ShortestPause : pause;
    }
}

/// <summary>Makes HTTP clients.</summary>
internal static class Connections
{
    /// <summary>A client for an address. Proxies of the environment are not used for this machine itself.</summary>
    public static HttpClient Create(Uri address, int maxConnections = 16)
    {
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.All,
            MaxConnectionsPerServer = maxConnections,
            UseProxy = !address.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
        return new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60) };
    }
}
