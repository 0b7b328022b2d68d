using System.CommandLine;
using System.Globalization;
using TrustChain.Cli.Devices.Simulation;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Devices;

/// <summary><c>device simulate</c>: days of many machines, with faults that are known.</summary>
internal static class SimulateCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var template = new Option<string>("--template") { Description = "Kind of machine.", Required = true };
        template.AcceptOnlyFromAmong([.. MachineTemplate.All.Select(static t => t.Name)]);
        var devices = SharedOptions.Number("--devices", "How many machines.", 10, 1, 100_000);
        var days = SharedOptions.Number("--days", "How many days.", 30, 1, 3660);
        var from = new Option<string?>("--from") { Description = "First day (UTC); without it the last day is yesterday.", HelpName = "YYYY-MM-DD" };
        var seed = new Option<ulong>("--seed") { Description = "Chooses machines, days and sizes. Also part of the serial numbers: another run into one server needs another.", DefaultValueFactory = static _ => 1 };
        var interval = new Option<int?>("--interval") { Description = "Seconds between readings, 10 to 86400; without it as the machine does.", HelpName = "SECONDS" };
        var faults = new Option<string>("--faults") { Description = $"What to plant, each once: all, none, or some of {string.Join(",", FaultKind.All.Select(static f => f.Code))}.", DefaultValueFactory = static _ => "all", HelpName = "LIST" };
        var encoding = new Option<string>("--encoding") { Description = "What statements are written in: json (JWS) or cbor (COSE_Sign1).", DefaultValueFactory = static _ => "json" };
        encoding.AcceptOnlyFromAmong("json", "cbor");
        var server = SharedOptions.Server(required: false, "Address of the server to enrol and send to.");
        var apiKey = new Option<string?>("--api-key") { Description = "API key of the owner. Others can see it in the list of processes: a file is better.", HelpName = "KEY" };
        var apiKeyFile = new Option<string?>("--api-key-file") { Description = "File with the API key of the owner.", HelpName = "FILE" };
        var prefix = new Option<string?>("--prefix") { Description = "GS1 company prefix of the machines' identifiers; without it the first that the owner has claimed.", HelpName = "DIGITS" };
        var clients = SharedOptions.Number("--clients", "Machines that are signed and sent for at once.", 8, 1, 1000);
        var speed = SharedOptions.Number("--speed", "Most statements in a second; 0: as fast as the server takes them.", 0, 0, 1_000_000);
        var report = new Option<string?>("--out") { Description = "File for a report in JSON: each machine, and each fault with its code, beginning and end.", HelpName = "FILE" };
        var ownerKey = new Option<string?>("--encryption-key") { Description = "The owner's encryption key (a JWK, as of \"device encryption-key\"): day keys of what is encrypted are wrapped to it too.", HelpName = "FILE" };
        var offline = new Option<string?>("--offline") { Description = "Folder to write keys and statements to instead of sending them.", HelpName = "DIR" };
        var origin = new Option<string?>("--aud") { Description = "With --offline: origin of the log the statements are made for.", HelpName = "ORIGIN" };
        var command = new Command("simulate", "Simulates days of machines, honest ones and such with planted faults, and enrols them and sends their statements.")
        {
            template, devices, days, from, seed, interval, faults, encoding, server, apiKey, apiKeyFile, prefix, clients, speed, report, ownerKey, offline, origin,
        };
        command.Validators.Add(result =>
        {
            var isOffline = result.GetValue(offline) is not null;
            if (isOffline == result.GetValue(server) is not null)
            {
                result.AddError("Give either --server or --offline.");
            }
            else if (isOffline ? result.GetValue(origin) is null || result.GetValue(prefix) is null : result.GetValue(apiKey) is null == result.GetValue(apiKeyFile) is null)
            {
                result.AddError(isOffline ? "--offline needs --aud and --prefix." : "--server needs --api-key-file or --api-key.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var kind = MachineTemplate.All.First(t => t.Name == parsed.GetRequiredValue(template));
            var length = parsed.GetValue(days);
            var options = new SimulationOptions
            {
                Template = kind,
                Devices = parsed.GetValue(devices),
                Days = length,
                From = FirstDay(parsed.GetValue(from), length),
                Seed = parsed.GetValue(seed),
                Interval = parsed.GetValue(interval) is { } seconds ? TimeSpan.FromSeconds(seconds is >= 10 and <= 86400 ? seconds : throw new CliException("--interval is 10 to 86400.")) : kind.Interval,
                Cbor = parsed.GetRequiredValue(encoding) == "cbor",
                Faults = ParseFaults(parsed.GetRequiredValue(faults)),
            };
            var owner = parsed.GetValue(ownerKey) is { } file ? await DayKeyDelivery.ReadPublicKeyAsync(shell, file, cancellationToken) : null;
            var run = new SimulationRun(shell, options, parsed.GetValue(report), owner);
            if (parsed.GetValue(offline) is { } folder)
            {
                return await run.WriteAsync(folder, parsed.GetRequiredValue(prefix)!, parsed.GetRequiredValue(origin)!, cancellationToken); // Checked by the validator.
            }
            var secret = parsed.GetValue(apiKey) ?? await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(apiKeyFile)!, cancellationToken); // One of both is there.
            return await run.SendAsync(parsed.GetRequiredValue(server)!, secret, parsed.GetValue(prefix), parsed.GetValue(clients), parsed.GetValue(speed), cancellationToken); // Checked by the validator.
        });
        return command;
    }

    /// <summary>The faults that a list names.</summary>
    /// <exception cref="CliException">It names one that there is not.</exception>
    public static IReadOnlyList<FaultKind> ParseFaults(string list) => list switch
    {
        "all" => FaultKind.All,
        "none" => [],
        _ => [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(code => FaultKind.All.FirstOrDefault(f => f.Code == code) ?? throw new CliException($"There is no fault \"{code}\"; there are {string.Join(", ", FaultKind.All.Select(static f => f.Code))}."))],
    };

    private static DateOnly FirstDay(string? given, int days) => given is null ? DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-days)
        : DateOnly.TryParseExact(given, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : throw new CliException($"\"{given}\" is no day such as 2026-11-26.");
}
