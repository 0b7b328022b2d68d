using System.Net.Sockets;
using System.Text.Json;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Conformance;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>How a message was acknowledged.</summary>
/// <param name="Reason">Reason code of PUBACK.</param>
/// <param name="Text">Its reason string.</param>
/// <param name="Receipt">The server's receipt.</param>
internal sealed record Acknowledgement(int Reason, string? Text, string? Receipt);

/// <summary><c>trustchain gateway</c> as a process.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    public const string Topic = "telemetry";

    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private readonly TemporaryFolder _folder = new();
    private ChildProcess? _child;

    /// <summary>Where devices connect.</summary>
    public Uri Address { get; private set; } = new("mqtt://127.0.0.1");

    /// <summary>What it wrote.</summary>
    public string Output => File.ReadAllText(_folder.PathOf("gateway.log"));

    public string PathOf(string file) => _folder.PathOf(file);

    /// <summary>Starts it before a server.</summary>
    public static async Task<GatewayProcess> StartAsync(string server, string listen = "mqtt://127.0.0.1:0", Func<GatewayProcess, IEnumerable<string>>? more = null)
    {
        var gateway = new GatewayProcess();
        gateway._child = await ChildProcess.StartAsync(
            new ChildCommand
            {
                Name = "the gateway",
                Program = Environment.ProcessPath is { } host && Path.GetFileName(host) == "dotnet" ? host : Tools.FindOnPath("dotnet") ?? "dotnet",
                Arguments = [ServerProcess.PathOf("TrustChain.Cli", "trustchain"), "gateway", "--json", "--server", server, "--listen", listen, .. more?.Invoke(gateway) ?? []],
                LogFile = gateway._folder.PathOf("gateway.log"),
            },
            TestContext.Current.CancellationToken);
        await Eventually.TrueAsync("listening gateway", () => gateway._child.HasExited
            ? throw new InvalidOperationException($"The gateway ended with {gateway._child.ExitCode}: {gateway.Output}")
            : Task.FromResult(gateway.Output.Contains("\"listening\"", StringComparison.Ordinal)));
        gateway.Address = new Uri(JsonDocument.Parse(gateway.Output.Split('\n')[0]).RootElement.GetProperty("listening").GetString()!); // The line was waited for.
        return gateway;
    }

    /// <summary>Publishes by another project's client; what begins as a COSE_Sign1 in base64url, as its bytes.</summary>
    public async Task<IReadOnlyList<Acknowledgement>> PublishAsync(IEnumerable<(string Topic, string Payload)> messages, string? certificate = null)
    {
        var file = _folder.PathOf($"messages-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(messages.Select(static m => new { topic = m.Topic, payload = m.Payload, isBinary = m.Payload.StartsWith("0o", StringComparison.Ordinal) })), TestContext.Current.CancellationToken);
        var output = await NodeScripts.RunInAsync("Devices", "mqtt-client.mjs", [Address.AbsoluteUri, file, .. certificate is null ? (string[])[] : [certificate]]);
        return JsonSerializer.Deserialize<List<Acknowledgement>>(output, Web)!; // The script writes a list.
    }

    /// <summary>Publishes statements to the topic there is.</summary>
    public Task<IReadOnlyList<Acknowledgement>> PublishAsync(params IEnumerable<string> statements) => PublishAsync(statements.Select(static s => (Topic, s)));

    /// <summary>A connection without a client.</summary>
    public async Task<RawDevice> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(Address.Host, Address.Port, TestContext.Current.CancellationToken);
        return new RawDevice(client);
    }

    /// <summary>Tells it to stop and waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        LinuxProcess.Send(_child!.Id, Signal.Terminate); // Started by the factory.
        await _child.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _child.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_child is not null)
        {
            await _child.DisposeAsync();
        }
        _folder.Dispose();
    }
}

/// <summary>Bytes sent and received as they are.</summary>
internal sealed class RawDevice(TcpClient client) : IDisposable
{
    /// <summary>CONNECT of version 5 with clean start, keep alive 60 s, no properties, client identifier "d".</summary>
    public static readonly byte[] Connect = [0x10, 14, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 60, 0, 0, 1, (byte)'d'];

    private readonly NetworkStream _stream = client.GetStream();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>PUBLISH of version 5 without properties.</summary>
    public static byte[] Publish(ushort id, string payload, string topic = GatewayProcess.Topic, byte flags = 0x02)
    {
        var name = System.Text.Encoding.UTF8.GetBytes(topic);
        byte[] body = [(byte)(name.Length >> 8), (byte)name.Length, .. name, .. (flags & 0x06) == 0 ? (byte[])[] : [(byte)(id >> 8), (byte)id], 0, .. System.Text.Encoding.UTF8.GetBytes(payload)];
        return body.Length < 128
            ? [(byte)(0x30 | flags), (byte)body.Length, .. body]
            : [(byte)(0x30 | flags), (byte)((body.Length & 0x7F) | 0x80), (byte)(body.Length >> 7), .. body]; // up to 16 KiB
    }

    public Task SendAsync(params byte[] bytes) => _stream.WriteAsync(bytes, Cancel).AsTask();

    /// <summary>The next packet; null at the end of the connection.</summary>
    public async Task<byte[]?> ReadAsync()
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        time.CancelAfter(TimeSpan.FromSeconds(30));
        try
        {
            var first = await ReadByteAsync(time.Token);
            var (length, shift) = (0, 0);
            while (true)
            {
                var part = await ReadByteAsync(time.Token);
                length |= (part & 0x7F) << shift;
                shift += 7;
                if (part < 0x80)
                {
                    break;
                }
            }
            var body = new byte[length];
            await _stream.ReadExactlyAsync(body, time.Token);
            return [first, .. body];
        }
        catch (Exception exception) when (exception is EndOfStreamException or IOException)
        {
            return null;
        }
    }

    /// <summary>Reads until the connection is closed or nothing comes any more.</summary>
    public async Task ReadUntilQuietAsync(TimeSpan quiet)
    {
        var buffer = new byte[4096];
        while (true)
        {
            using var time = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            time.CancelAfter(quiet);
            try
            {
                if (await _stream.ReadAsync(buffer, time.Token) == 0)
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Connects, and expects to be let in.</summary>
    public async Task EnterAsync()
    {
        await SendAsync(Connect);
        var answer = await ReadAsync();
        Assert.Equal([0x20, 0, 0], answer?[..3]);
    }

    public void Dispose() => client.Dispose();

    private async Task<byte> ReadByteAsync(CancellationToken cancellationToken)
    {
        var one = new byte[1];
        await _stream.ReadExactlyAsync(one, cancellationToken);
        return one[0];
    }
}
