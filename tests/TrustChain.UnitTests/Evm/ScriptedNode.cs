using System.Net;
using System.Text;
using System.Text.Json;

namespace TrustChain.UnitTests.Evm;

/// <summary>Stands in for a node's HTTP server: gives the scripted answers in order, the last one again and again, and keeps the requests.</summary>
internal sealed class ScriptedNode(params ScriptedNode.Answer[] answers) : HttpMessageHandler
{
    public delegate Task<HttpResponseMessage> Answer(JsonElement request, CancellationToken cancellationToken);

    public List<JsonElement> Requests { get; } = [];

    /// <summary>HTTP 200 with a result of this JSON text.</summary>
    public static Answer Result(string json) => (request, _) =>
        Http(HttpStatusCode.OK, $$"""{"jsonrpc":"2.0","id":{{request.GetProperty("id")}},"result":{{json}}}""");

    /// <summary>HTTP 200 with an error member of this JSON text.</summary>
    public static Answer Error(string json) => (request, _) =>
        Http(HttpStatusCode.OK, $$"""{"jsonrpc":"2.0","id":{{request.GetProperty("id")}},"error":{{json}}}""");

    /// <summary>This status and body, whatever was asked.</summary>
    public static Answer Raw(HttpStatusCode status, string body) => (_, _) => Http(status, body);

    /// <summary>The connection fails.</summary>
    public static Answer Unreachable() => (_, _) => throw new HttpRequestException("connection refused");

    /// <summary>No answer until the request is given up.</summary>
    public static Answer Silent() => async (_, cancellationToken) =>
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        throw new System.Diagnostics.UnreachableException();
    };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(await request.Content!.ReadAsStringAsync(cancellationToken));
        Requests.Add(document.RootElement.Clone());
        return await answers[Math.Min(Requests.Count, answers.Length) - 1](Requests[^1], cancellationToken);
    }

    private static Task<HttpResponseMessage> Http(HttpStatusCode status, string body) =>
        Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") });
}
