using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace TrustChain.IntegrationTests.Subscriptions;

/// <summary>A call that a receiver got.</summary>
internal sealed record Delivery(string Path, byte[] Body, IReadOnlyDictionary<string, string> Headers, int Answered)
{
    public bool IsTaken => Answered is >= 200 and < 300;

    /// <summary>Whether it is a document of events; else an alarm.</summary>
    public bool IsOfEvents => JsonDocument.Parse(Body).RootElement.TryGetProperty("epcisBody", out _);

    public JsonElement Results => JsonDocument.Parse(Body).RootElement.GetProperty("epcisBody").GetProperty("queryResults");

    public IReadOnlyList<string> EventIds =>
        [.. Results.GetProperty("resultsBody").GetProperty("eventList").EnumerateArray().Select(static e => e.GetProperty("eventID").GetString()!)]; // Every event has one.
}

/// <summary>What a subscriber runs: a web server on loopback that keeps what it is sent and answers as the test wants.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Delivery> _deliveries = new();

    private Receiver(WebApplication app)
    {
        _app = app;
    }

    /// <summary>The status of the answer to a call with so many events; at first always 200.</summary>
    public Func<int, int> Answer { get; set; } = static _ => 200;

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/callback"; // A started server has it.

    public IReadOnlyList<Delivery> Deliveries => [.. _deliveries];

    /// <summary>The events of all calls that were taken, in the order in which they came.</summary>
    public IReadOnlyList<string> Taken => [.. Deliveries.Where(static d => d.IsTaken).SelectMany(static d => d.EventIds)];

    public static async Task<Receiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new Receiver(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var delivery = new Delivery(context.Request.Path, body.ToArray(), context.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), 0);
        delivery = delivery with { Answered = Answer(delivery.IsOfEvents ? delivery.EventIds.Count : 0) };
        _deliveries.Enqueue(delivery);
        context.Response.StatusCode = delivery.Answered;
        if (delivery.Answered is >= 300 and < 400)
        {
            context.Response.Headers.Location = "/elsewhere";
        }
        await context.Response.WriteAsync(new string('x', 100_000));
    }
}
