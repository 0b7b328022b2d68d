using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Encryption;

namespace TrustChain.Cli.Devices;

/// <summary>Carries wrapped day keys to a server, and finds the keys to wrap them to.</summary>
internal static class DayKeyDelivery
{
    private const int Batch = 500;
    private const int MaxKeyBytes = 16384;

    /// <summary>The public JWK to which the day keys of service-readable devices are wrapped.</summary>
    /// <exception cref="CliException">The server has none, or another kind of key.</exception>
    public static async Task<string> GetServiceKeyAsync(ServerClient client, CancellationToken cancellationToken)
    {
        using var answer = (await client.GetAsync("api/devices/encryption-key", "application/json", cancellationToken)).OrThrow().ToJson();
        return answer.RootElement.TryGetProperty("jwk", out var jwk) && EncryptionKey.TryParse(jwk, out var key, out _)
            ? key.Jwk
            : throw new CliException("The server did not tell the service's encryption key.", ExitCodes.Bad);
    }

    /// <summary>Brings keys on the owner's word.</summary>
    /// <exception cref="CliException">The server refused some; those of the requests before are there.</exception>
    public static async Task BringAsync(ServerClient client, string device, IReadOnlyList<string> wrapped, CancellationToken cancellationToken)
    {
        foreach (var part in wrapped.Chunk(Batch))
        {
            using var answer = await client.PostJsonAsync(
                $"api/devices/{Uri.EscapeDataString(device)}/day-keys",
                json =>
                {
                    json.WriteStartArray("keys");
                    Array.ForEach(part, json.WriteStringValue);
                    json.WriteEndArray();
                },
                cancellationToken);
        }
    }

    /// <summary>The public encryption key of a file with a public or a private JWK.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static async Task<string> ReadPublicKeyAsync(Shell shell, string file, CancellationToken cancellationToken)
    {
        var text = await InputFile.ReadTextAsync(shell, file, MaxKeyBytes, cancellationToken);
        if (EncryptionKey.TryParse(text, out var key, out var error))
        {
            return key.Jwk;
        }
        if (DecryptionKey.TryParse(text, out var whole, out _))
        {
            using (whole)
            {
                return whole.PublicKey.Jwk;
            }
        }
        throw new CliException($"{InputFile.Name(file)}: {error}");
    }
}
