using System.Security.Cryptography;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Devices;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices;

/// <summary>A device that is to be enrolled with a key made here.</summary>
/// <param name="Uri">Canonical URI.</param>
/// <param name="Name">For people.</param>
/// <param name="Template">Name of its template.</param>
/// <param name="Maker">Who made it.</param>
/// <param name="Model">Which model.</param>
/// <param name="Serial">Its serial number.</param>
/// <param name="Key">Its first key.</param>
internal sealed record NewDevice(string Uri, string Name, string Template, string Maker, string Model, string Serial, ManagedKey Key)
{
    /// <summary>Salt of the pseudonym, which is chosen here because the proof of the key names the pseudonym.</summary>
    public byte[] Salt { get; } = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);

    /// <summary>How the log and the API call it.</summary>
    public string Pseudonym => DeviceAct.ComputePseudonym(Salt, Uri).ToBase64Url();
}

/// <summary>Enrols many devices for the organisation of an API key.</summary>
internal static class DeviceEnrolment
{
    private const int Batch = 500;

    /// <summary>Enrols devices, 500 in a request.</summary>
    /// <exception cref="CliException">The server refused one; none of its request is enrolled then.</exception>
    public static async Task EnrolAsync(ServerClient client, IReadOnlyList<NewDevice> devices, string origin, Action<int> progress, CancellationToken cancellationToken)
    {
        var done = 0;
        foreach (var part in devices.Chunk(Batch))
        {
            using var answer = await client.PostJsonAsync(
                "api/devices/batch",
                json =>
                {
                    json.WriteStartArray("devices");
                    foreach (var device in part)
                    {
                        json.WriteStartObject();
                        json.WriteString("device", device.Uri);
                        json.WriteString("name", device.Name);
                        json.WriteString("template", device.Template);
                        json.WriteString("maker", device.Maker);
                        json.WriteString("model", device.Model);
                        json.WriteString("serial", device.Serial);
                        json.WriteString("salt", Base64UrlText.Encode(device.Salt));
                        json.WritePropertyName("jwk");
                        json.WriteRawValue(device.Key.PublicJwk);
                        json.WriteString("proof", TelemetryFormat.Prove(device.Key, "enrol", device.Pseudonym, origin));
                        json.WriteEndObject();
                    }
                    json.WriteEndArray();
                },
                cancellationToken);
            progress(done += part.Length);
        }
    }

    /// <summary>Puts another key in the place of a device's, on the owner's word.</summary>
    /// <exception cref="CliException">The server refused.</exception>
    public static async Task ReplaceAsync(ServerClient client, NewDevice device, ManagedKey next, string reason, string origin, CancellationToken cancellationToken)
    {
        var body = ServerClient.JsonBody(json =>
        {
            json.WriteString("act", "replace");
            json.WritePropertyName("jwk");
            json.WriteRawValue(next.PublicJwk);
            json.WriteString("proof", TelemetryFormat.Prove(next, "replace", device.Pseudonym, origin));
            json.WriteString("reason", reason);
        });
        (await UntilLoggedAsync(() => client.PostAsync($"api/devices/{device.Pseudonym}/acts", "application/json", body, cancellationToken), cancellationToken)).OrThrow();
    }

    /// <summary>Asks again, for at most a minute, while the answer is that an entry before is not in the log yet.</summary>
    public static async Task<ServerAnswer> UntilLoggedAsync(Func<Task<ServerAnswer>> ask, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var answer = await ask();
            if (answer.Status != System.Net.HttpStatusCode.Conflict || attempt == 120)
            {
                return answer;
            }
            using var problem = answer.ToJson();
            if (JsonMembers.Text(problem.RootElement, "code") != "key-not-yet-logged")
            {
                return answer;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
        }
    }
}
