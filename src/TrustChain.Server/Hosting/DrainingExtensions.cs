using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace TrustChain.Server.Hosting;

/// <summary>Registers the end of a server.</summary>
internal static class DrainingExtensions
{
    /// <summary>Time for what is under way, after the drain.</summary>
    private static readonly TimeSpan Completion = TimeSpan.FromSeconds(30);

    public static void AddDraining(this IServiceCollection services)
    {
        services.AddSingleton<Listeners>();
        services.AddSingleton<Draining>();
        services.AddHostedService(static provider => provider.GetRequiredService<Draining>());
        // Read by itself: whoever asks what is wrong with the settings needs a host too, and the options refuse all of them for one that is wrong.
        services.AddOptions<HostOptions>().Configure<IConfiguration>(static (host, configuration) => host.ShutdownTimeout =
            (TimeSpan.TryParse(configuration[$"{ServerOptions.Section}:{nameof(ServerOptions.DrainTime)}"], CultureInfo.InvariantCulture, out var drain) ? drain : TimeSpan.Zero) + Completion);
        services.AddOptions<SocketTransportOptions>().Configure<Listeners>(static (transport, listeners) => transport.CreateBoundListenSocket = endpoint =>
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            listeners.Add(socket);
            return socket;
        });
    }

    /// <summary>The first of all: whatever the answer, a connection does not outlive it. (HTTP/2 is told when the web server stops.)</summary>
    public static void UseDraining(this WebApplication app)
    {
        var draining = app.Services.GetRequiredService<Draining>();
        app.Use((context, next) =>
        {
            if (draining.HasBegun && HttpProtocol.IsHttp11(context.Request.Protocol))
            {
                context.Response.Headers.Connection = "close";
            }
            return next(context);
        });
    }
}
