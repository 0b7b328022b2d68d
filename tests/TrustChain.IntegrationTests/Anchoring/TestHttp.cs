using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace TrustChain.IntegrationTests.Anchoring;

/// <summary>A small HTTP server on loopback that answers every POST as told; what it is told may change while it runs.</summary>
internal sealed class TestHttp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestHttp(WebApplication app) => _app = app;

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(); // Kestrel has it.

    /// <summary>Bodies of the requests so far.</summary>
    public ConcurrentQueue<byte[]> Requests { get; } = [];

    /// <summary>Status, content type and body of the answer; null breaks the connection off.</summary>
    public Func<byte[], Task<(int Status, string Type, byte[] Body)?>> Answer { get; set; } = static _ => Task.FromResult<(int, string, byte[])?>((500, "text/plain", []));

    public static async Task<TestHttp> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new TestHttp(app);
        app.MapPost("/{**path}", server.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        Requests.Enqueue(body.ToArray());
        if (await Answer(body.ToArray()) is not var (status, type, bytes))
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
