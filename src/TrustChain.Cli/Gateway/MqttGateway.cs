using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Gateway;

/// <summary>How devices reach the gateway.</summary>
internal sealed record MqttOptions
{
    /// <summary>Where to listen.</summary>
    public required IPEndPoint EndPoint { get; init; }

    /// <summary>The server's certificate and those above it; none: without encryption.</summary>
    public required X509Certificate2Collection Certificates { get; init; }

    /// <summary>The one topic there is.</summary>
    public required string Topic { get; init; }

    /// <summary>Most devices at once; a tenth of them, and at least 20, from one address.</summary>
    public required int MaxConnections { get; init; }
}

/// <summary>Listens for devices and tells once a minute what went on. It keeps nothing: what was not acknowledged is still the device's.</summary>
internal sealed class MqttGateway(Shell shell, ServerClient client, MqttOptions options)
{
    /// <summary>Most packets over <see cref="MqttPackets.SmallBytes"/> that are read at once, so that many slow senders cannot fill the memory.</summary>
    private const int LargePackets = 64;

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);

    private readonly TextWriter _log = TextWriter.Synchronized(shell.Error);
    private readonly Dictionary<IPAddress, int> _perAddress = [];
    private readonly Lock _counting = new();
    private int _open;

    /// <summary>Serves until it is told to stop.</summary>
    /// <param name="listening">Called with the real address once connections are taken.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="IOException">The address is in use.</exception>
    public async Task RunAsync(Action<EndPoint> listening, CancellationToken cancellationToken)
    {
        var relay = new StatementRelay(client, _log);
        using var large = new SemaphoreSlim(LargePackets);
        using var stopping = new CancellationTokenSource();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = nameof(MqttGateway) });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Listen(options.EndPoint, listen =>
            {
                listen.Protocols = HttpProtocols.None;
                listen.Use(next => connection => CountAsync(connection, next)); // before the handshake
                if (options.Certificates is [{ } certificate, ..])
                {
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate;
                        https.ServerCertificateChain = options.Certificates;
                        https.HandshakeTimeout = MqttSession.ConnectPatience;
                    });
                }
                listen.Run(connection => new MqttSession(connection, relay, options.Topic, large, stopping.Token).RunAsync());
            });
        });
        await using var app = builder.Build();
        await app.StartAsync(cancellationToken);
        listening(new IPEndPoint(options.EndPoint.Address, new Uri(app.Urls.First()).Port));
        using var ended = new CancellationTokenSource();
        var work = Task.WhenAll(relay.RunAsync(ended.Token), ReportAsync(relay, ended.Token));
        try
        {
            await app.WaitForShutdownAsync(cancellationToken);
        }
        finally
        {
            await stopping.CancelAsync(); // Sessions take nothing more, answer for what they have and say goodbye.
            using (var patience = new CancellationTokenSource(StopPatience))
            {
                await app.StopAsync(patience.Token);
            }
            await ended.CancelAsync();
            await work;
        }
    }

    /// <summary>Serves a connection, unless its address has too many.</summary>
    private async Task CountAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        lock (_counting)
        {
            var count = _perAddress.GetValueOrDefault(address);
            if (count >= Math.Max(20, options.MaxConnections / 10) && !IPAddress.IsLoopback(address))
            {
                connection.Abort();
                return;
            }
            _perAddress[address] = count + 1;
            _open++;
        }
        try
        {
            await next(connection);
        }
        finally
        {
            lock (_counting)
            {
                _open--;
                if (--_perAddress[address] == 0)
                {
                    _perAddress.Remove(address);
                }
            }
        }
    }

    private async Task ReportAsync(StatementRelay relay, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ReportInterval);
        var before = relay.Counts;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var now = relay.Counts;
                if (now != before)
                {
                    _log.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"last minute: {now.Taken - before.Taken} statements taken, {now.Refused - before.Refused} refused, {now.Later - before.Later} left to be sent again; {Volatile.Read(ref _open)} connections"));
                }
                before = now;
            }
        }
        catch (OperationCanceledException)
        {
            // The gateway stops.
        }
    }
}
