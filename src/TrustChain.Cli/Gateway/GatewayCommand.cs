using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Gateway;

/// <summary><c>gateway</c>: lets devices that speak MQTT 5 send their statements to a server.</summary>
internal static class GatewayCommand
{
    private const int PlainPort = 1883;
    private const int TlsPort = 8883;
    private const int MostOfAny = 1_000_000;
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(20);

    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var server = SharedOptions.Server(description: "Address of the server that the statements are passed on to.");
        var listen = new Option<string>("--listen") { Description = "Where devices connect: mqtts://0.0.0.0:8883, or mqtt://127.0.0.1:1883 without encryption. Port 0: any free one.", HelpName = "URL", Required = true };
        var certificate = new Option<string?>("--certificate") { Description = "With mqtts: the certificate and those that lead to its root, in PEM.", HelpName = "FILE" };
        var certificateKey = new Option<string?>("--certificate-key") { Description = "With mqtts: the certificate's private key, in PEM.", HelpName = "FILE" };
        var topic = new Option<string>("--topic") { Description = "Topic that devices publish statements to.", HelpName = "TOPIC", DefaultValueFactory = static _ => "telemetry" };
        var apiKey = new Option<string?>("--api-key-file") { Description = "File with an API key of the devices' owner: then only statements of this organisation's devices pass, and its limits apply instead of those of one address.", HelpName = "FILE" };
        var most = SharedOptions.Number("--max-connections", "Most devices connected at once.", 5000, 1, MostOfAny);
        var rate = SharedOptions.Number("--max-rate", "Most statements of one address in a second, ten times as many at once; long ones count for more.", 200, 1, MostOfAny);
        var command = new Command("gateway", "Takes telemetry statements from devices over MQTT 5, passes them on to a server, and acknowledges each once the server has it.")
        {
            server, listen, certificate, certificateKey, topic, apiKey, most, rate,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (endPoint, isEncrypted) = ParseAddress(parsed.GetRequiredValue(listen));
            var options = new MqttOptions
            {
                EndPoint = endPoint,
                Certificates = ReadCertificates(isEncrypted, parsed.GetValue(certificate), parsed.GetValue(certificateKey)),
                Topic = ParseTopic(parsed.GetRequiredValue(topic)),
                MaxConnections = parsed.GetRequiredValue(most),
                MaxRate = parsed.GetRequiredValue(rate),
            };
            var secret = parsed.GetValue(apiKey) is { } file ? await InputFile.ReadSecretAsync(shell, file, cancellationToken) : null;
            var address = parsed.GetRequiredValue(server)!; // Required.
            using var client = new ServerClient(address, secret, StatementRelay.Senders, attempts: 1, timeout: AnswerPatience);
            return await RunAsync(shell, client, options, address, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Shell shell, ServerClient client, MqttOptions options, Uri server, CancellationToken cancellationToken)
    {
        try
        {
            await new MqttGateway(shell, client, options).RunAsync(Announce, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop while it started.
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            throw new CliException($"{options.EndPoint} cannot be listened on: {exception.Message}");
        }
        return ExitCodes.Good;

        void Announce(EndPoint actual)
        {
            var url = string.Create(CultureInfo.InvariantCulture, $"{(options.Certificates.Count > 0 ? "mqtts" : "mqtt")}://{actual}");
            if (shell.Json)
            {
                shell.WriteJson(json =>
                {
                    json.WriteString("listening", url);
                    json.WriteString("server", server.AbsoluteUri);
                    json.WriteString("topic", options.Topic);
                });
            }
            else
            {
                shell.Output.WriteLine($"listening on {url} for statements under the topic {options.Topic}, which go to {server}");
            }
        }
    }

    private static (IPEndPoint EndPoint, bool IsEncrypted) ParseAddress(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "mqtt" or "mqtts" && address.PathAndQuery is "" or "/" && address.UserInfo.Length == 0
            && IPAddress.TryParse(address.Host is "localhost" ? "127.0.0.1" : address.Host.Trim('[', ']'), out var ip))
        {
            var isEncrypted = address.Scheme == "mqtts";
            return (new IPEndPoint(ip, address.Port >= 0 ? address.Port : isEncrypted ? TlsPort : PlainPort), isEncrypted);
        }
        throw new CliException($"\"{text}\" is no address such as mqtts://0.0.0.0:8883 (a network address, no name).");
    }

    /// <summary>A topic name as in MQTT 5 section 4.7: no wildcards, no NUL, not empty.</summary>
    private static string ParseTopic(string text) => text.Length is > 0 and <= 200 && text.AsSpan().IndexOfAny('+', '#', '\0') < 0 ? text : throw new CliException($"\"{text}\" is no topic name: 1 to 200 characters without + and #.");

    private static X509Certificate2Collection ReadCertificates(bool isEncrypted, string? certificate, string? key)
    {
        if (!isEncrypted)
        {
            return certificate is null && key is null ? [] : throw new CliException("--certificate and --certificate-key go with an mqtts address.");
        }
        if (certificate is null || key is null)
        {
            throw new CliException("An mqtts address needs --certificate and --certificate-key.");
        }
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            return [X509Certificate2.CreateFromPemFile(certificate, key), .. chain.Skip(1)];
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{certificate} and {key} are no certificate with its key in PEM: {exception.Message}");
        }
    }
}
