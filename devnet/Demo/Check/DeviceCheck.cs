using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using TrustChain.Core.Identifiers;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>
/// Machines of every template with days of simulated work and planted faults: each fault must be found, nothing else may be, and the evidence of a period must verify and compute to the
/// same. The seed is another one in every run, so that no rule can fit one run alone; TRUSTCHAIN_DEVICE_SEED and TRUSTCHAIN_DEVICE_DAYS repeat a run or make it longer.
/// </summary>
internal sealed class DeviceCheck(DevnetHost devnet, DemoClient client, CliProcess cli, CheckReport report)
{
    // With fewer, the faults of some seeds do not fit beside each other.
    private const int Machines = 6;

    private const string Orchard = "orchard";

    private static readonly string[] Templates = ["aerial-platform", "e-bike", "loom", Orchard];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var days = ReadNumber("TRUSTCHAIN_DEVICE_DAYS", 9);
        var seed = ReadNumber("TRUSTCHAIN_DEVICE_SEED", RandomNumberGenerator.GetInt32(1, 1000));
        // An organisation of its own in each run: its prefix is one of those for demonstrations that the tea does not use.
        var prefix = string.Create(CultureInfo.InvariantCulture, $"952{RandomNumberGenerator.GetInt32(2000, 10_000)}");
        var apiKey = await AddOwnerAsync($"machines-{prefix}", prefix, cancellationToken);
        var folder = Directory.CreateTempSubdirectory("trustchain-devices-");
        try
        {
            var keyFile = Path.Combine(folder.FullName, "api-key");
            await File.WriteAllTextAsync(keyFile, apiKey, cancellationToken);
            foreach (var template in Templates)
            {
                if (await CheckAsync(template, days, seed, apiKey, keyFile, folder.FullName, cancellationToken) is { } told && template == Orchard)
                {
                    await CheckHarvestAsync(told, prefix, days, apiKey, cancellationToken);
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <returns>What the simulation told; null where it failed.</returns>
    private async Task<JsonObject?> CheckAsync(string template, int days, int seed, string apiKey, string keyFile, string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, template + ".json");
        string[] arguments =
        [
            "device", "simulate", "--template", template, "--devices", Number(Machines), "--days", Number(days), "--seed", Number(seed),
            "--server", devnet.Server.BaseUrl, "--api-key-file", keyFile, "--out", file,
        ];
        var simulated = await cli.RunOnAsync(arguments, cancellationToken);
        if (simulated.ExitCode != 0)
        {
            report.Add($"Machines of the template {template} send {days} days of work (seed {seed})", simulated.Words);
            return null;
        }
        var told = JsonNode.Parse(await File.ReadAllBytesAsync(file, cancellationToken))!.AsObject(); // The program wrote it.
        var from = told["from"]!.GetValue<string>();
        var until = DateOnly.ParseExact(from, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(days - 1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var (planted, faults) = (new List<string>(), new List<string>());
        foreach (var device in told["devices"]!.AsArray())
        {
            var id = device!["id"]!.GetValue<string>();
            var own = device["faults"]!.AsArray().Where(static f => f!["fault"]!.GetValue<bool>()).Select(static f => f!["code"]!.GetValue<string>()).ToList();
            var allowed = device["faults"]!.AsArray().SelectMany(static f => f!["also"]!.AsArray().Select(static a => a!.GetValue<string>()).Append(f["code"]!.GetValue<string>())).ToHashSet();
            planted.AddRange(own);
            var found = await FindAsync($"api/devices/{id}/verdicts?from={from}&to={until}", own, apiKey, cancellationToken);
            faults.AddRange(own.Except(found).Select(code => $"{code} of {device["device"]} was not found"));
            faults.AddRange(found.Except(allowed).Select(code => $"{code} of {device["device"]} was found, though nobody planted it"));
        }
        report.Add(
            $"Of {Machines} machines ({template}, {days} days, seed {seed}) each planted fault is found ({string.Join(", ", planted.Order())}) and nothing else",
            faults.Count == 0 ? null : string.Join("; ", faults));
        report.Add($"The evidence of a machine's {days} days ({template}) verifies, and its days and verdicts compute to what the service says", await VerifyAsync(told, from, until, apiKey, folder, cancellationToken));
        return told;
    }

    /// <summary>A lot is harvested that the first station watered: its page says what the checks say of that station, to everybody.</summary>
    private async Task CheckHarvestAsync(JsonObject told, string prefix, int days, string apiKey, CancellationToken cancellationToken)
    {
        var gtin = $"0{prefix}00001";
        var path = $"/01/{gtin}{CheckDigit.Compute(gtin)}/10/HARVEST";
        var first = DateOnly.ParseExact(told["from"]!.GetValue<string>(), "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var (start, end) = (first.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc), first.AddDays(days - 1).ToDateTime(new TimeOnly(23, 59), DateTimeKind.Utc));
        var station = told["devices"]![0]!["device"]!.GetValue<string>();
        var harvest = new JsonObject
        {
            ["type"] = "ObjectEvent",
            ["action"] = "ADD",
            ["bizStep"] = "urn:trustchain:tea:step:plucking",
            ["eventTime"] = Moment(end),
            ["eventTimeZoneOffset"] = "+00:00",
            ["quantityList"] = new JsonArray(new JsonObject { ["epcClass"] = "https://id.gs1.org" + path, ["quantity"] = 1200, ["uom"] = "KGM" }),
            ["sensorElementList"] = new JsonArray(new JsonObject
            {
                ["sensorMetadata"] = new JsonObject { ["deviceID"] = station, ["startTime"] = Moment(start), ["endTime"] = Moment(end) },
                ["sensorReport"] = new JsonArray(new JsonObject { ["type"] = "Volume", ["value"] = 4200, ["uom"] = "LTR" }),
            }),
        };
        var document = new JsonObject
        {
            ["@context"] = new JsonArray("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"),
            ["type"] = "EPCISDocument",
            ["schemaVersion"] = "2.0",
            ["creationDate"] = Moment(end),
            ["epcisBody"] = new JsonObject { ["eventList"] = new JsonArray(harvest) },
        };
        DemoClient.Require(await client.PostAsync("epcis/capture", apiKey, document, cancellationToken), "Harvesting");
        var deadline = DateTimeOffset.UtcNow + Patience;
        while (true)
        {
            var page = await client.GetPageAsync(path[1..] + "?lang=en", null, cancellationToken);
            var says = page.IsSuccess && page.Text.Contains("Measured by", StringComparison.Ordinal) && page.Text.Contains(station, StringComparison.Ordinal) && page.Text.Contains("expected readings", StringComparison.Ordinal);
            if (says || DateTimeOffset.UtcNow > deadline)
            {
                report.Add("The page of a harvested lot says which station measured, and what the checks say of it", says ? null : $"{path} answered {(int)page.Status} without it");
                return;
            }
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }

    private static string Moment(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The codes found, once those planted are all there and nothing changes any more.</summary>
    private async Task<IReadOnlyCollection<string>> FindAsync(string path, IReadOnlyCollection<string> planted, string apiKey, CancellationToken cancellationToken)
    {
        var deadline = DateTimeOffset.UtcNow + Patience;
        var before = "";
        while (true)
        {
            var answer = DemoClient.Require(await client.GetAsync(path, apiKey, cancellationToken), "Reading verdicts");
            var found = answer["findings"]!.AsArray().Select(static f => f!["code"]!.GetValue<string>()).ToHashSet();
            var now = answer["findings"]!.ToJsonString() + answer["statements"];
            if ((now == before && planted.All(found.Contains)) || DateTimeOffset.UtcNow > deadline)
            {
                return found;
            }
            before = now;
            await Task.Delay(TimeSpan.FromSeconds(1.5), cancellationToken);
        }
    }

    private async Task<string?> VerifyAsync(JsonObject told, string from, string until, string apiKey, string folder, CancellationToken cancellationToken)
    {
        var id = told["devices"]![0]!["id"]!.GetValue<string>();
        var deadline = DateTimeOffset.UtcNow + Patience;
        while (true)
        {
            // What was sent last is in the log within a second, and anchored soon after.
            var evidence = await client.GetAsync($"api/devices/{id}/evidence?from={from}&to={until}", apiKey, cancellationToken);
            if (!evidence.IsSuccess)
            {
                return $"the server answered {(int)evidence.Status}";
            }
            var file = Path.Combine(folder, "evidence.ndjson");
            await File.WriteAllBytesAsync(file, evidence.Body, cancellationToken);
            var result = await cli.VerifyFileAsync(file, cancellationToken);
            if (result.ExitCode == 0 || DateTimeOffset.UtcNow > deadline)
            {
                return result.ExitCode == 0 ? null : $"exit code {result.ExitCode}: {result.Words}";
            }
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        }
    }

    private async Task<string> AddOwnerAsync(string id, string prefix, CancellationToken cancellationToken)
    {
        var adminKey = devnet.AdminKey;
        var added = DemoClient.Require(
            await client.PostAsync("api/organisations", adminKey, new JsonObject { ["id"] = id, ["name"] = "Machines on trial", ["roles"] = new JsonArray("producer"), ["template"] = "tea" }, cancellationToken), $"Adding {id}");
        var apiKey = added["apiKey"]!.GetValue<string>(); // Part of every success.
        DemoClient.Require(await client.PostAsync("api/claims", apiKey, new JsonObject { ["kind"] = "gcp", ["value"] = prefix }, cancellationToken), $"Claiming {prefix}");
        return apiKey;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int ReadNumber(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
