using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Telemetry;

/// <summary>Takes what a server sends by OTLP over HTTP, and keeps it as it came.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication _web;

    private Collector(WebApplication web, string baseUrl) => (_web, BaseUrl) = (web, baseUrl);

    public string BaseUrl { get; }

    /// <summary>Path and body, protobuf, of each request.</summary>
    public ConcurrentQueue<(string Path, byte[] Body)> Received { get; } = new();

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var baseUrl = $"http://127.0.0.1:{LocalPort.FindFree()}";
        builder.WebHost.UseUrls(baseUrl);
        var web = builder.Build();
        var collector = new Collector(web, baseUrl);
        web.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            collector.Received.Enqueue((context.Request.Path.Value ?? "", body.ToArray()));
            context.Response.ContentType = context.Request.ContentType;
        });
        await web.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    /// <summary>Whether a text is in what came to a path: strings are in protobuf as they are.</summary>
    public bool Has(string path, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Received.Any(r => r.Path == path && r.Body.AsSpan().IndexOf(bytes) >= 0);
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
