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
    // Few days do not hold the faults of all seeds beside each other, but on more machines.
    private const int LongDays = 60;
    private const int MachinesOfLongRuns = 3;
    private const int MachinesOfShortRuns = 6;

    private const string Orchard = "orchard";
    private const string Bicycle = "e-bike";

    private static readonly string[] Templates = ["aerial-platform", Bicycle, "shared-bike", "loom", Orchard];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly PlaceCheck _places = new(devnet, cli, report);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var days = ReadNumber("TRUSTCHAIN_DEVICE_DAYS", 90);
        var seed = ReadNumber("TRUSTCHAIN_DEVICE_SEED", RandomNumberGenerator.GetInt32(1, 1000));
        // An organisation of its own in each run: its prefix is one of those for demonstrations that the tea does not use.
        var prefix = string.Create(CultureInfo.InvariantCulture, $"952{RandomNumberGenerator.GetInt32(2000, 10_000)}");
        var apiKey = await AddOwnerAsync($"machines-{prefix}", prefix, cancellationToken);
        var folder = Directory.CreateTempSubdirectory("trustchain-devices-");
        try
        {
            var keyFile = Path.Combine(folder.FullName, "api-key");
            await File.WriteAllTextAsync(keyFile, apiKey, cancellationToken);
            var encryptionKey = await _places.PublishKeyAsync(keyFile, folder.FullName, cancellationToken);
            foreach (var template in Templates)
            {
                if (await CheckAsync(template, days, seed, apiKey, keyFile, encryptionKey, folder.FullName, cancellationToken) is { } told && template is Orchard or Bicycle)
                {
                    await (template == Orchard ? CheckHarvestAsync(told, prefix, days, apiKey, cancellationToken) : CheckBatteryAsync(told, prefix, days, apiKey, cancellationToken));
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <returns>What the simulation told; null where it failed.</returns>
    private async Task<JsonObject?> CheckAsync(string template, int days, int seed, string apiKey, string keyFile, string encryptionKey, string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, template + ".json");
        var machines = days >= LongDays ? MachinesOfLongRuns : MachinesOfShortRuns;
        string[] arguments =
        [
            "device", "simulate", "--template", template, "--devices", Number(machines), "--days", Number(days), "--seed", Number(seed),
            "--server", devnet.Server.BaseUrl, "--api-key-file", keyFile, "--encryption-key", encryptionKey, "--out", file,
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
        var (planted, faults, places) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var device in told["devices"]!.AsArray())
        {
            var id = device!["id"]!.GetValue<string>();
            var own = device["faults"]!.AsArray().Where(static f => f!["fault"]!.GetValue<bool>()).Select(static f => f!["code"]!.GetValue<string>()).ToList();
            var allowed = device["faults"]!.AsArray().SelectMany(static f => f!["also"]!.AsArray().Select(static a => a!.GetValue<string>()).Append(f["code"]!.GetValue<string>())).ToHashSet();
            planted.AddRange(own);
            var answer = await FindAsync(
                $"api/devices/{id}/verdicts?from={from}&to={until}", a => own.All(Codes(a).Contains) && Codes(a).All(allowed.Contains) && !PlaceCheck.FindFaults(template, id, a, own, allowed).Any(), apiKey, cancellationToken);
            var found = Codes(answer);
            places.AddRange(PlaceCheck.FindFaults(template, $"{device["device"]}", answer, own, allowed));
            faults.AddRange(own.Except(found).Select(code => $"{code} of {device["device"]} was not found"));
            faults.AddRange(found.Except(allowed).Select(code => $"{code} of {device["device"]} was found, though nobody planted it"));
        }
        report.Add(
            $"Of {machines} machines ({template}, {days} days, seed {seed}) each planted fault is found ({string.Join(", ", planted.Order())}) and nothing else",
            faults.Count == 0 ? null : string.Join("; ", faults));
        _places.Report(template, places);
        if (template == Bicycle)
        {
            await _places.CheckReadingAsync(told["devices"]![0]!["id"]!.GetValue<string>(), from, keyFile, encryptionKey, cancellationToken); // The program wrote it.
        }
        report.Add($"The evidence of a machine's {days} days ({template}) verifies, and its days and verdicts compute to what the service says", await VerifyAsync(told, from, until, apiKey, folder, cancellationToken));
        return told;
    }

    /// <summary>A lot is harvested that the first station watered: its page says what the checks say of that station, to everybody.</summary>
    private Task CheckHarvestAsync(JsonObject told, string prefix, int days, string apiKey, CancellationToken cancellationToken)
    {
        var path = $"/01/{Gtin(prefix, 1)}/10/HARVEST";
        var end = FindEnd(told, days);
        var harvest = Event("ADD", "urn:trustchain:tea:step:plucking", end);
        harvest["quantityList"] = new JsonArray(new JsonObject { ["epcClass"] = CanonicalDigitalLink.Domain + path, ["quantity"] = 1200, ["uom"] = "KGM" });
        harvest["sensorElementList"] = MeasuredBy(told, end, "Volume", 4200, "LTR");
        return CheckPageAsync(
            path, [harvest], ["Measured by", FirstDevice(told), "expected readings"], "The page of a harvested lot says which station measured, and what the checks say of it", apiKey, cancellationToken);
    }

    /// <summary>A bicycle's battery: its page shows what its passport makes public, and what the checks say of the bicycle that measured it.</summary>
    private Task CheckBatteryAsync(JsonObject told, string prefix, int days, string apiKey, CancellationToken cancellationToken)
    {
        var path = $"/01/{Gtin(prefix, 2)}/21/BATTERY-1";
        var end = FindEnd(told, days);
        var made = Event("ADD", "commissioning", end.AddDays(-days));
        made["epcList"] = new JsonArray(CanonicalDigitalLink.Domain + path);
        made["ilmd"] = new JsonObject
        {
            ["tc:name"] = "Battery of a bicycle on trial",
            ["tc:batteryModel"] = "B-36-14",
            ["tc:batteryCategory"] = "LMT",
            ["tc:chemistry"] = "NMC 811",
            ["tc:ratedCapacity"] = 14,
            ["tc:nominalVoltage"] = 36,
            ["tc:expectedCycles"] = 800,
            ["tc:carbonFootprint"] = 71.5,
        };
        var inspected = Event("OBSERVE", "inspecting", end);
        inspected["epcList"] = new JsonArray(CanonicalDigitalLink.Domain + path);
        inspected["sensorElementList"] = MeasuredBy(told, end, "Dimensionless", 97, "P1");
        return CheckPageAsync(
            path, [made, inspected], ["Rated capacity", "14 Ah", "NMC 811", "71.5 kg", "Measured by", FirstDevice(told), "expected readings"],
            "The page of a battery shows the public data of its passport, and what the checks say of the bicycle that measured it", apiKey, cancellationToken);
    }

    private static string Gtin(string prefix, int number)
    {
        var digits = string.Create(CultureInfo.InvariantCulture, $"0{prefix}{number:00000}");
        return digits + CheckDigit.Compute(digits);
    }

    private static string FirstDevice(JsonObject told) => told["devices"]![0]!["device"]!.GetValue<string>();

    private static DateTime FindStart(JsonObject told) =>
        DateOnly.ParseExact(told["from"]!.GetValue<string>(), "yyyy-MM-dd", CultureInfo.InvariantCulture).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);

    private static DateTime FindEnd(JsonObject told, int days) => FindStart(told).AddDays(days).AddMinutes(-1);

    private static JsonObject Event(string action, string bizStep, DateTime time) => new()
    {
        ["type"] = "ObjectEvent",
        ["action"] = action,
        ["bizStep"] = bizStep,
        ["eventTime"] = Moment(time),
        ["eventTimeZoneOffset"] = "+00:00",
    };

    /// <summary>One sensor element in the name of the first machine, over all of its days.</summary>
    private static JsonArray MeasuredBy(JsonObject told, DateTime end, string type, double value, string unit) => new(new JsonObject
    {
        ["sensorMetadata"] = new JsonObject { ["deviceID"] = FirstDevice(told), ["startTime"] = Moment(FindStart(told)), ["endTime"] = Moment(end) },
        ["sensorReport"] = new JsonArray(new JsonObject { ["type"] = type, ["value"] = value, ["uom"] = unit }),
    });

    /// <summary>Captures events, and waits until the page that everybody sees has the words.</summary>
    private async Task CheckPageAsync(string path, JsonArray events, IReadOnlyList<string> words, string claim, string apiKey, CancellationToken cancellationToken)
    {
        var document = new JsonObject
        {
            ["@context"] = new JsonArray("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", new JsonObject { ["tc"] = "urn:trustchain:ns:" }),
            ["type"] = "EPCISDocument",
            ["schemaVersion"] = "2.0",
            ["creationDate"] = Moment(DateTime.UtcNow),
            ["epcisBody"] = new JsonObject { ["eventList"] = events },
        };
        DemoClient.Require(await client.PostAsync("epcis/capture", apiKey, document, cancellationToken), claim);
        var deadline = DateTimeOffset.UtcNow + Patience;
        while (true)
        {
            var page = await client.GetPageAsync(path[1..] + "?lang=en", null, cancellationToken);
            var missing = page.IsSuccess ? words.Where(w => !page.Text.Contains(w, StringComparison.Ordinal)).ToList() : words;
            if (missing.Count == 0 || DateTimeOffset.UtcNow > deadline)
            {
                report.Add(claim, missing.Count == 0 ? null : $"{path} answered {(int)page.Status} without {string.Join(", ", missing)}");
                return;
            }
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }

    private static string Moment(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static HashSet<string> Codes(JsonObject answer) => [.. answer["findings"]!.AsArray().Select(static f => f!["code"]!.GetValue<string>())];

    /// <summary>The verdicts, once they are as they must be and nothing changes any more: days are computed while statements still come, and one whose statements are not all there has a gap.</summary>
    private async Task<JsonObject> FindAsync(string path, Func<JsonObject, bool> isExpected, string apiKey, CancellationToken cancellationToken)
    {
        var deadline = DateTimeOffset.UtcNow + Patience;
        var before = "";
        while (true)
        {
            var answer = DemoClient.Require(await client.GetAsync(path, apiKey, cancellationToken), "Reading verdicts");
            var now = answer["findings"]!.ToJsonString() + answer["verdicts"]!.ToJsonString() + answer["statements"]; // Part of every success.
            if ((now == before && isExpected(answer)) || DateTimeOffset.UtcNow > deadline)
            {
                return answer;
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
