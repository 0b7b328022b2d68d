using System.Text.Json.Nodes;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>
/// Encrypted places: of a service-readable template the service passes and fails the machines as if they were open, and says that it is its word; of a sealed one it cannot check; and whoever
/// has the key reads with the command line what the service cannot.
/// </summary>
internal sealed class PlaceCheck(DevnetHost devnet, CliProcess cli, CheckReport report)
{
    private const string Teleport = "speed-impossible";

    // What the checks of a template say of an honest machine: code and basis.
    private static readonly Dictionary<string, (string Speed, string Place)> Honest = new()
    {
        ["aerial-platform"] = ("ok service", "not-in-template"),
        ["shared-bike"] = ("ok service", "ok service"),
        ["orchard"] = ("not-in-template", "ok service"),
        ["e-bike"] = ("sealed", "sealed"),
        ["loom"] = ("not-in-template", "not-in-template"),
    };

    /// <summary>Makes the owner's encryption key and publishes it.</summary>
    /// <returns>The file with the key.</returns>
    public async Task<string> PublishKeyAsync(string keyFile, string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, "encryption-key.jwk");
        var made = await cli.RunOnAsync(["device", "encryption-key", "new", "--out", file], cancellationToken);
        var published = made.ExitCode == 0
            ? await cli.RunOnAsync(["device", "encryption-key", "publish", "--key", file, "--server", devnet.Server.BaseUrl, "--api-key-file", keyFile], cancellationToken)
            : made;
        report.Add("The owner of the machines makes an encryption key and publishes it", published.ExitCode == 0 ? null : published.Words);
        return file;
    }

    /// <summary>What is wrong with the answers of the checks of places for one machine.</summary>
    /// <param name="template">Its template.</param>
    /// <param name="device">Its name.</param>
    /// <param name="answer">Answer of the verdicts.</param>
    /// <param name="planted">Codes that were planted on it.</param>
    /// <param name="allowed">Codes that may be found on it.</param>
    public static IEnumerable<string> FindFaults(string template, string device, JsonObject answer, IReadOnlyCollection<string> planted, IReadOnlyCollection<string> allowed)
    {
        var (speed, place) = Honest[template];
        foreach (var (check, honest, code) in ((string, string, string)[])[("speed", speed, Teleport), ("place", place, "outside-geofence")])
        {
            var said = answer["verdicts"]!.AsArray().Single(v => v!["check"]!.GetValue<string>() == check)!; // Every check is there.
            var words = $"{said["code"]} {said["basis"]}".TrimEnd();
            var isFound = words == $"{code} service";
            var isJudged = honest.EndsWith("service", StringComparison.Ordinal);
            if (planted.Contains(code) ? !isFound : words != honest && !(isJudged && isFound && allowed.Contains(code)))
            {
                yield return $"the check \"{check}\" of {device} says {words}";
            }
        }
    }

    /// <summary>Claims the answers of a template's machines.</summary>
    public void Report(string template, IReadOnlyCollection<string> faults) => report.Add(
        Honest[template] is var (speed, place) && (speed, place) == ("sealed", "sealed") ? $"Places of the machines ({template}) are sealed, and the service says that it could not check them"
            : speed.EndsWith("service", StringComparison.Ordinal) || place.EndsWith("service", StringComparison.Ordinal)
                ? $"Encrypted places of the machines ({template}) are checked by the service with the day keys it has, and it says that this is its word"
            : $"Machines without a place ({template}) are not judged by one",
        faults.Count == 0 ? null : string.Join("; ", faults));

    /// <summary>Reads a day with the owner's key, and without it.</summary>
    public async Task CheckReadingAsync(string id, string day, string keyFile, string encryptionKey, CancellationToken cancellationToken)
    {
        string[] arguments = ["device", "readings", "--device", id, "--day", day, "--server", devnet.Server.BaseUrl, "--api-key-file", keyFile];
        var (with, without) = (await cli.RunOnAsync([.. arguments, "--key", encryptionKey], cancellationToken), await cli.RunOnAsync(arguments, cancellationToken));
        report.Add(
            "The places and the rider of a sealed machine are read with the owner's key, and without it by nobody",
            with.ExitCode == 0 && Places(with) > 100 && Riders(with) > 0 && without.ExitCode == 2 && Places(without) == 0 && Riders(without) == 0 && without.Output.Contains(",distance,", StringComparison.Ordinal)
                ? null
                : $"exit codes {with.ExitCode} and {without.ExitCode}, {Places(with)} and {Places(without)} places, {Riders(with)} and {Riders(without)} values of a rider: {with.Words}");

        static int Riders(CliResult result) => result.Output.Split('\n').Count(static l => l.Contains(",riderPower,", StringComparison.Ordinal) && l.EndsWith(",WTT", StringComparison.Ordinal));

        static int Places(CliResult result) => result.Output.Split('\n').Count(static l => l.Contains(",latitude,3", StringComparison.Ordinal) && l.EndsWith(",DD", StringComparison.Ordinal));
    }
}
