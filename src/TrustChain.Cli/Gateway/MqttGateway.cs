using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
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

    /// <summary>Statements of one address in a second; ten seconds' worth at once.</summary>
    public required int MaxRate { get; init; }
}

/// <summary>Listens for devices and tells once a minute what went on. It keeps nothing: what was not acknowledged is still the device's.</summary>
internal sealed class MqttGateway
{
    /// <summary>Most packets over <see cref="MqttPackets.SmallBytes"/> in memory at once, so that many slow senders cannot fill it.</summary>
    private const int LargePackets = 64;

    private const int ReadBuffer = 64 << 10; // bytes that wait unread for one connection

    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(4); // for what is under way when the gateway stops
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LingerPatience = TimeSpan.FromSeconds(30); // for a device to read the last that it was sent
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);

    private readonly MqttOptions _options;
    private readonly TextWriter _log;
    private readonly StatementRelay _relay;
    private readonly Lock _counting = new();
    private readonly Dictionary<IPAddress, Sender> _senders = [];
    private int _open;

    public MqttGateway(Shell shell, ServerClient client, MqttOptions options)
    {
        (_options, _log) = (options, TextWriter.Synchronized(shell.Error));
        _relay = new StatementRelay(client, Say);
    }

    /// <summary>Serves until it is told to stop.</summary>
    /// <param name="listening">Called with the real address once connections are taken.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="IOException">The address is in use.</exception>
    public async Task RunAsync(Action<EndPoint> listening, CancellationToken cancellationToken)
    {
        using var large = new SemaphoreSlim(LargePackets);
        using var stopping = new CancellationTokenSource();
        await using var app = Build(large, stopping.Token);
        await app.StartAsync(cancellationToken);
        listening(new IPEndPoint(_options.EndPoint.Address, new Uri(app.Urls.First()).Port));
        using var ended = new CancellationTokenSource();
        var work = Task.WhenAll(_relay.RunAsync(ended.Token), ReportAsync(ended.Token));
        var told = Task.Delay(Timeout.Infinite, cancellationToken);
        await Task.WhenAny(told, work);

        // No new connections and nothing more from those there are; what is under way is answered, and devices are told.
        await stopping.CancelAsync();
        using var patience = new CancellationTokenSource(StopPatience);
        var stopped = app.StopAsync(patience.Token);
        await Task.WhenAny(stopped, Task.Delay(AnswerPatience, CancellationToken.None));
        await ended.CancelAsync();
        await work;
        await stopped;
    }

    private WebApplication Build(SemaphoreSlim large, CancellationToken stopping)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = nameof(MqttGateway) });
        builder.Services.Configure<SocketTransportOptions>(static sockets => sockets.MaxReadBufferSize = ReadBuffer);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = _options.MaxConnections;
            kestrel.Listen(_options.EndPoint, listen =>
            {
                listen.Protocols = HttpProtocols.None;
                listen.Use(next => connection => CountAsync(connection, next)); // before the handshake
                if (_options.Certificates is [{ } certificate, ..])
                {
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate;
                        https.ServerCertificateChain = _options.Certificates;
                        https.HandshakeTimeout = MqttSession.ConnectPatience;
                    });
                }
                listen.Run(connection => new MqttSession(connection, connection.Features.Get<Sender>()!, _relay, _options.Topic, large, Say, stopping).RunAsync()); // Set before the handshake.
            });
        });
        return builder.Build();
    }

    /// <summary>Serves a connection, unless its address has too many.</summary>
    private async Task CountAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = Sender.KeyOf(connection.RemoteEndPoint);
        Sender? sender;
        lock (_counting)
        {
            if (!_senders.TryGetValue(address, out sender))
            {
                _senders[address] = sender = new Sender(_options.MaxRate);
            }
            if (sender.Connections >= Math.Max(20, _options.MaxConnections / 10) && !IPAddress.IsLoopback(address))
            {
                connection.Abort();
                return;
            }
            sender.Connections++;
            _open++;
        }
        connection.Features.Set(sender);
        var closed = connection.ConnectionClosed;
        try
        {
            await next(connection);
        }
        finally
        {
            _ = LingerAsync(connection, closed, address, sender);
        }
    }

    /// <summary>A device that does not read the last that it is sent keeps its socket for a while, and its place as long; not longer.</summary>
    private async Task LingerAsync(ConnectionContext connection, CancellationToken closed, IPAddress address, Sender sender)
    {
        try
        {
            await Task.Delay(LingerPatience, closed);
            connection.Abort();
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // It is closed.
        }
        lock (_counting)
        {
            _open--;
            if (--sender.Connections == 0)
            {
                _senders.Remove(address);
            }
        }
    }

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ReportInterval);
        var before = _relay.Counts;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var now = _relay.Counts;
                if (now != before)
                {
                    Say(string.Create(
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

    /// <summary>A line for people. Where it cannot be written, statements go on all the same.</summary>
    private void Say(string line)
    {
        try
        {
            _log.WriteLine("trustchain: " + line);
        }
        catch (IOException)
        {
            // Standard error is a file on a full disk, or nobody reads it.
        }
    }
}
