using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Organisations;

/// <summary>A web server with did:web documents and a DNS server with TXT records, both on loopback.</summary>
public sealed class Voucher : IDisposable
{
    private readonly HttpListener _web = new();
    private readonly UdpClient _dns = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CancellationTokenSource _stop = new();
    private readonly int _port = LocalPort.FindFree();

    public Voucher()
    {
        _web.Prefixes.Add($"http://127.0.0.1:{_port}/");
        _web.Start();
        _ = ServeWebAsync();
        _ = ServeDnsAsync();
    }

    /// <summary>The did:web identifier of the web server's root.</summary>
    public string Did => $"did:web:127.0.0.1%3A{_port}";

    public string DnsServer => _dns.Client.LocalEndPoint!.ToString()!; // It is bound.

    /// <summary>Bodies by path.</summary>
    public ConcurrentDictionary<string, string> Documents { get; } = new();

    /// <summary>TXT records by name.</summary>
    public ConcurrentDictionary<string, string> Texts { get; } = new(StringComparer.OrdinalIgnoreCase);

    public void Dispose()
    {
        _stop.Cancel();
        _web.Close();
        _dns.Dispose();
        _stop.Dispose();
    }

    private async Task ServeWebAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            HttpListenerContext context;
            try
            {
                context = await _web.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return; // closed
            }
            var found = Documents.TryGetValue(context.Request.Url!.AbsolutePath, out var body); // A request has a URL.
            context.Response.StatusCode = found ? 200 : 404;
            var bytes = Encoding.UTF8.GetBytes(body ?? "");
            await context.Response.OutputStream.WriteAsync(bytes);
            context.Response.Close();
        }
    }

    private async Task ServeDnsAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            UdpReceiveResult query;
            try
            {
                query = await _dns.ReceiveAsync(_stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return; // closed
            }
            catch (SocketException)
            {
                continue; // An earlier answer came to a port that was closed meanwhile.
            }
            await _dns.SendAsync(Answer(query.Buffer), query.RemoteEndPoint);
        }
    }

    /// <summary>RFC 1035 section 4: the question again, and a TXT record if there is one of its name.</summary>
    private byte[] Answer(byte[] query)
    {
        var labels = new List<string>();
        var at = 12;
        for (; query[at] != 0; at += query[at] + 1)
        {
            labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
        }
        var question = query[12..(at + 5)];
        var isText = question[^4] == 0 && question[^3] == 16;
        var text = isText && Texts.TryGetValue(string.Join('.', labels), out var known) ? Encoding.ASCII.GetBytes(known) : null;
        byte[] header = [query[0], query[1], 0x81, (byte)(text is null ? 0x83 : 0x80), 0, 1, 0, (byte)(text is null ? 0 : 1), 0, 0, 0, 0];
        return text is null ? [.. header, .. question] : [.. header, .. question, 0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, (byte)(text.Length + 1), (byte)text.Length, .. text];
    }
}
