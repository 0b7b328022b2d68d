using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>An HTTP server between a client and a server (or a node), which passes everything on, alters it, or answers by itself.</summary>
internal sealed class TamperingProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All }) { Timeout = TimeSpan.FromSeconds(60) };
    private readonly string? _target;

    private TamperingProxy(WebApplication app, string? target) => (_app, _target) = (app, target);

    /// <summary>Asked first, with method, path with query, and body; what it gives is the answer.</summary>
    public Func<ProxyRequest, Task<ProxyAnswer?>> Instead { get; set; } = static _ => Task.FromResult<ProxyAnswer?>(null);

    /// <summary>Given the real answer; what it gives is passed on.</summary>
    public Func<ProxyRequest, ProxyAnswer, ProxyAnswer> Alter { get; set; } = static (_, answer) => answer;

    public string BaseUrl => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(); // Kestrel has it once started.

    /// <param name="target">Address without a slash at the end; null when <see cref="Instead"/> answers everything.</param>
    public static async Task<TamperingProxy> StartAsync(string? target = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var proxy = new TamperingProxy(app, target);
        app.Run(proxy.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync(); // Requests that are held are dropped.
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var request = new ProxyRequest(context.Request.Method, context.Request.Path + context.Request.QueryString.ToString(), body.ToArray());
        var answer = await Instead(request) ?? Alter(request, await ForwardAsync(context, request));
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private async Task<ProxyAnswer> ForwardAsync(HttpContext context, ProxyRequest request)
    {
        if (_target is null)
        {
            return new ProxyAnswer(404, []);
        }
        using var forward = new HttpRequestMessage(new HttpMethod(request.Method), _target + request.Path);
        forward.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToArray());
        forward.Headers.TryAddWithoutValidation("Accept", context.Request.Headers.Accept.ToArray());
        if (request.Body.Length > 0)
        {
            forward.Content = new ByteArrayContent(request.Body);
            forward.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }
        using var response = await _client.SendAsync(forward, context.RequestAborted);
        return new ProxyAnswer((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(context.RequestAborted))
        {
            ContentType = response.Content.Headers.ContentType?.ToString() ?? "application/octet-stream",
        };
    }
}

internal sealed record ProxyRequest(string Method, string Path, byte[] Body);

internal sealed record ProxyAnswer(int Status, byte[] Body)
{
    public string ContentType { get; init; } = "application/octet-stream";

    /// <summary>The same with one bit of one byte turned.</summary>
    public ProxyAnswer Damaged(Index at)
    {
        var body = Body.ToArray();
        body[at] ^= 1;
        return this with { Body = body };
    }
}
