using System.Net.Http.Headers;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Conformance;

/// <summary>Requests to the EPCIS interface with the headers of the standard, as one organisation or as nobody.</summary>
internal sealed class EpcisClient(RunningServer server, TestOrganisation? organisation) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(server.BaseUrl), Timeout = TimeSpan.FromSeconds(60) };

    public Task<Answer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<Answer> PostAsync(string path, string mediaType, byte[] body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, TestOrganisation.Content(mediaType, body), headers);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (organisation is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", organisation.ApiKey);
        }
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.FromAsync(response);
    }

    public void Dispose() => _http.Dispose();
}
