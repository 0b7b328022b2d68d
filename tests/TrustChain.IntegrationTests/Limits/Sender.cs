using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>Somebody at an address of their own: all of 127.0.0.0/8 is this machine, so each test can be another stranger.</summary>
internal sealed class Sender : IDisposable
{
    private readonly IPAddress _address;
    private readonly Uri _server;
    private readonly HttpClient _client;

    /// <param name="server">Whom to ask.</param>
    /// <param name="address">The last number of 127.0.0.x.</param>
    public Sender(RunningServer server, byte address)
    {
        _address = new IPAddress([127, 0, 0, address]);
        _server = new Uri(server.BaseUrl);
        _client = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(cancellationToken), ownsSocket: true) })
        {
            BaseAddress = _server,
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    /// <summary>Sends a request and reads its answer with its headers.</summary>
    public async Task<(Answer Answer, HttpResponseMessage Response)> SendAsync(HttpMethod method, string path, string? apiKey = null, HttpContent? content = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (apiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }
        var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return (await Answer.FromAsync(response), response);
    }

    public async Task<Answer> GetAsync(string path, string? apiKey = null) => (await SendAsync(HttpMethod.Get, path, apiKey)).Answer;

    /// <summary>A connection on which anything may be said.</summary>
    public async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(new IPEndPoint(_address, 0));
            await socket.ConnectAsync(IPAddress.Loopback, _server.Port, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Says something on a connection of its own and returns all that is answered until the server closes it.</summary>
    /// <param name="text">In Latin 1.</param>
    /// <param name="halfClose">Whether the server learns that no more comes.</param>
    public async Task<string> SayAsync(string text, bool halfClose = false)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        using var socket = await ConnectAsync(patience.Token);
        try
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(text), patience.Token);
            if (halfClose)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // The server has heard enough; what it says to that is still there.
        }
        return await ReadToEndAsync(socket, patience.Token);
    }

    /// <summary>All that comes until the server closes the connection.</summary>
    public static async Task<string> ReadToEndAsync(Socket socket, CancellationToken cancellationToken)
    {
        var all = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, cancellationToken) is > 0 and var length)
            {
                all.Append(Encoding.Latin1.GetString(buffer, 0, length));
            }
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
        {
            all.Append("(reset)"); // closed with something unread
        }
        return all.ToString();
    }

    /// <summary>The head of a request to this server.</summary>
    public string Head(string line, params string[] headers) =>
        string.Create(CultureInfo.InvariantCulture, $"{line} HTTP/1.1\r\nHost: {_server.Authority}\r\n{string.Concat(headers.Select(static h => h + "\r\n"))}\r\n");

    public void Dispose() => _client.Dispose();
}
