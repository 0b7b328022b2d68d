using System.CommandLine;
using TrustChain.Cli.Devices;
using TrustChain.Cli.Devices.Simulation;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Bench;

/// <summary><c>bench capture</c>, <c>bench overload</c>, <c>bench query</c>, <c>bench scan</c> and <c>bench telemetry</c>.</summary>
internal static class BenchCommands
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("bench", "Measures a server. Leaves an organisation and its events behind.") { Capture(shell), Overload(shell), Query(shell), Scan(shell), Telemetry(shell) };

    private static Command Capture(Shell shell)
    {
        var defaults = new CaptureBenchOptions();
        var server = SharedOptions.Server();
        var admin = AdminKeyFile();
        var corpus = new Option<CorpusKind>("--corpus")
        {
            Description = "object: three EPCs; sensor: also one sensor element of three reports.",
            DefaultValueFactory = _ => defaults.Corpus,
        };
        var batch = SharedOptions.Number("--batch", "Events in a statement.", defaults.Batch, 1, Statement.MaxEvents);
        var events = SharedOptions.Number("--events", "Events in all.", defaults.Events, 1, 100_000_000);
        var clients = SharedOptions.Number("--clients", "Clients sending at once.", defaults.Clients, 1, 1000);
        var seed = new Option<int>("--seed") { Description = "Chooses the corpus.", DefaultValueFactory = _ => defaults.Seed };
        var items = SharedOptions.Number("--items", "Distinct items.", defaults.Items, EventCorpus.EpcsPerEvent, BenchItems.MaxCount);
        var keys = SharedOptions.Number("--keys", "Keys that sign.", defaults.Keys, 1, 1000);
        var sample = SharedOptions.Number("--sample", "Records fetched and verified afterwards.", defaults.Sample, 1, 1_000_000);
        var command = new Command("capture", "Measures signed capture until everything is under a signed checkpoint.")
        {
            server, admin, corpus, batch, events, clients, seed, items, keys, sample,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new CaptureBenchOptions
            {
                Corpus = parsed.GetValue(corpus),
                Batch = parsed.GetValue(batch),
                Events = parsed.GetValue(events),
                Clients = parsed.GetValue(clients),
                Seed = parsed.GetValue(seed),
                Items = parsed.GetValue(items),
                Keys = parsed.GetValue(keys),
                Sample = parsed.GetValue(sample),
            };
            var adminKey = await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(admin), cancellationToken);
            return await CaptureBench.RunAsync(shell, parsed.GetRequiredValue(server), adminKey, options, cancellationToken);
        });
        return command;
    }

    private static Command Overload(Shell shell)
    {
        var defaults = new OverloadBenchOptions();
        var server = SharedOptions.Server();
        var admin = AdminKeyFile();
        var batch = SharedOptions.Number("--batch", "Events in a statement.", defaults.Batch, 1, Statement.MaxEvents);
        var seconds = SharedOptions.Number("--seconds", "How long to send too much.", defaults.Seconds, 1, 3600);
        var calm = SharedOptions.Number("--calm-seconds", "How long to measure what is sustained.", defaults.CalmSeconds, 1, 600);
        var factor = SharedOptions.Number("--factor", "How many times the sustained rate is sent.", defaults.Factor, 1, 100);
        var bound = SharedOptions.Number("--max-p99", "Milliseconds that 99 in 100 of the accepted may take; 0: not judged.", defaults.MaxP99, 0, 600_000);
        var clients = SharedOptions.Number("--clients", "Clients that measure what is sustained.", defaults.Clients, 1, 1000);
        var seed = new Option<int>("--seed") { Description = "Chooses the corpus.", DefaultValueFactory = _ => defaults.Seed };
        var sample = SharedOptions.Number("--sample", "Records fetched and verified afterwards.", defaults.Sample, 1, 1_000_000);
        var command = new Command("overload", "Measures what a server does with more captures than it can take.") { server, admin, batch, seconds, calm, factor, bound, clients, seed, sample };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new OverloadBenchOptions
            {
                Batch = parsed.GetValue(batch),
                Seconds = parsed.GetValue(seconds),
                CalmSeconds = parsed.GetValue(calm),
                Factor = parsed.GetValue(factor),
                MaxP99 = parsed.GetValue(bound),
                Clients = parsed.GetValue(clients),
                Seed = parsed.GetValue(seed),
                Sample = parsed.GetValue(sample),
            };
            var adminKey = await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(admin), cancellationToken);
            return await OverloadBench.RunAsync(shell, parsed.GetRequiredValue(server), adminKey, options, cancellationToken);
        });
        return command;
    }

    private static Command Query(Shell shell)
    {
        var defaults = new QueryBenchOptions();
        var server = SharedOptions.Server();
        var admin = AdminKeyFile();
        var events = SharedOptions.Number("--events", "Events captured before asking.", defaults.Events, 1, 100_000_000);
        var seconds = SharedOptions.Number("--seconds", "How long to ask each kind of query.", defaults.Seconds, 1, 3600);
        var clients = SharedOptions.Number("--clients", "Clients asking at once.", defaults.Clients, 1, 1000);
        var seed = new Option<int>("--seed") { Description = "Chooses the events and what is asked.", DefaultValueFactory = _ => defaults.Seed };
        var command = new Command("query", "Measures EPCIS queries: by EPC, by EPC class, by business step and time window, by sensor value.") { server, admin, events, seconds, clients, seed };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new QueryBenchOptions
            {
                Events = parsed.GetValue(events),
                Seconds = parsed.GetValue(seconds),
                Clients = parsed.GetValue(clients),
                Seed = parsed.GetValue(seed),
            };
            var adminKey = await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(admin), cancellationToken);
            return await QueryBench.RunAsync(shell, parsed.GetRequiredValue(server), adminKey, options, cancellationToken);
        });
        return command;
    }

    private static Command Scan(Shell shell)
    {
        var defaults = new ScanBenchOptions();
        var server = SharedOptions.Server();
        var admin = AdminKeyFile();
        var items = SharedOptions.Number("--items", "Items captured and asked for in turn.", defaults.Items, EventCorpus.EpcsPerEvent, BenchItems.MaxCount);
        var same = new Option<bool>("--same") { Description = "Ask for one item again and again." };
        var seconds = SharedOptions.Number("--seconds", "How long to ask for pages, and then for evidence.", defaults.Seconds, 1, 3600);
        var clients = SharedOptions.Number("--clients", "Clients asking at once.", defaults.Clients, 1, 1000);
        var seed = new Option<int>("--seed") { Description = "Chooses the events.", DefaultValueFactory = _ => defaults.Seed };
        var command = new Command("scan", "Measures item pages and evidence bundles.") { server, admin, items, same, seconds, clients, seed };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new ScanBenchOptions
            {
                Items = parsed.GetValue(items),
                Same = parsed.GetValue(same),
                Seconds = parsed.GetValue(seconds),
                Clients = parsed.GetValue(clients),
                Seed = parsed.GetValue(seed),
            };
            var adminKey = await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(admin), cancellationToken);
            return await ScanBench.RunAsync(shell, parsed.GetRequiredValue(server), adminKey, options, cancellationToken);
        });
        return command;
    }

    private static Command Telemetry(Shell shell)
    {
        var defaults = new TelemetryBenchOptions();
        var server = SharedOptions.Server();
        var admin = AdminKeyFile();
        var template = new Option<string>("--template") { Description = "What the devices measure.", DefaultValueFactory = _ => defaults.Template };
        template.AcceptOnlyFromAmong([.. MachineTemplate.All.Select(static t => t.Name)]);
        var encrypted = new Option<bool>("--encrypted") { Description = "Send what the template has encrypted too, which makes statements twice as long." };
        var devices = SharedOptions.Number("--devices", "Devices, each enrolled with a key of its own.", defaults.Devices, 1, 1_000_000);
        var statements = SharedOptions.Number("--statements", "Statements signed beforehand; each takes some 60 kB of memory.", defaults.Statements, 1, 10_000_000);
        var rounds = SharedOptions.Number("--rounds", "How often so many statements are signed and sent.", defaults.Rounds, 1, 10_000);
        var readings = SharedOptions.Number("--readings", "Readings in a statement, one a minute.", defaults.Readings, 1, Statement.MaxEvents);
        var batch = SharedOptions.Number("--batch", "Statements in a request.", defaults.Batch, 1, StatementBatch.MaxStatements);
        var clients = SharedOptions.Number("--clients", "Clients sending at once.", defaults.Clients, 1, 1000);
        var seconds = SharedOptions.Number("--seconds", "How long to send at most, in each round.", defaults.Seconds, 1, 3600);
        var days = SharedOptions.Number("--days", "Days of the device that is asked for its history; 0 for none.", defaults.Days, 0, 3660);
        var seed = new Option<int>("--seed") { Description = "Chooses the readings.", DefaultValueFactory = _ => defaults.Seed };
        var command = new Command("telemetry", "Measures telemetry of many devices, and the history of one.") { server, admin, template, encrypted, devices, statements, rounds, readings, batch, clients, seconds, days, seed };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new TelemetryBenchOptions
            {
                Template = parsed.GetRequiredValue(template),
                Encrypted = parsed.GetValue(encrypted),
                Devices = parsed.GetValue(devices),
                Statements = parsed.GetValue(statements),
                Rounds = parsed.GetValue(rounds),
                Readings = parsed.GetValue(readings),
                Batch = parsed.GetValue(batch),
                Clients = parsed.GetValue(clients),
                Seconds = parsed.GetValue(seconds),
                Days = parsed.GetValue(days),
                Seed = parsed.GetValue(seed),
            };
            var adminKey = await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(admin), cancellationToken);
            return await TelemetryBench.RunAsync(shell, parsed.GetRequiredValue(server), adminKey, options, cancellationToken);
        });
        return command;
    }

    private static Option<string> AdminKeyFile() => new("--admin-key-file") { Description = "File with the API key of an admin.", HelpName = "FILE", Required = true };
}
