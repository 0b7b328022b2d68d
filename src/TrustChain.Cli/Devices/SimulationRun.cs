using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Devices.Simulation;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;

namespace TrustChain.Cli.Devices;

/// <summary>Carries a simulation out: into a server, or into files.</summary>
/// <param name="shell">Where it speaks.</param>
/// <param name="options">What is simulated.</param>
/// <param name="reportFile">File for the report; null for none.</param>
/// <param name="ownerJwk">The owner's public encryption key, to which day keys are wrapped; null for none.</param>
internal sealed class SimulationRun(Shell shell, SimulationOptions options, string? reportFile, string? ownerJwk = null)
{
    private readonly (long Statements, long Readings, long Refused)[] _counts = new (long, long, long)[options.Devices];
    private long _sent;
    private int _finished;
    private string? _firstProblem;

    /// <summary>Enrols the machines and sends their statements. Bad when the server refused some.</summary>
    /// <param name="server">The server.</param>
    /// <param name="apiKey">API key of the owner.</param>
    /// <param name="companyPrefix">Start of the machines' identifiers; null: what the owner claimed.</param>
    /// <param name="clients">How many machines at once.</param>
    /// <param name="speed">Most statements in a second; 0 for any.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CliException">The server refused a request as a whole, or does not answer.</exception>
    public async Task<int> SendAsync(Uri server, string apiKey, string? companyPrefix, int clients, int speed, CancellationToken cancellationToken)
    {
        using var client = new ServerClient(server, apiKey, clients, attempts: 100);
        var origin = (await CaptureCommand.GetTrustAsync(client, cancellationToken)).Origin;
        using var fleet = new SimulatedFleet(options, companyPrefix ?? await FindPrefixAsync(client, cancellationToken));
        var progress = new ProgressLine(shell);
        await DeviceEnrolment.EnrolAsync(client, fleet.Devices, origin, done => progress.Show(() => $"{done} of {options.Devices} devices enrolled"), cancellationToken);
        var recipients = await FindRecipientsAsync(client, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var gate = new Lock();
        await Parallel.ForAsync(0, options.Devices, new ParallelOptions { MaxDegreeOfParallelism = clients, CancellationToken = cancellationToken }, async (number, stop) =>
        {
            // Before what they open, so that each day is judged once.
            await BringKeysAsync(client, fleet, number, recipients, stop);
            var statements = fleet.Sign(number, origin);
            // What the first key said has to be there before another takes its place.
            foreach (var group in statements.GroupBy(static s => s.Key).OrderBy(static g => g.Key))
            {
                if (group.Key > 0)
                {
                    await DeviceEnrolment.ReplaceAsync(client, fleet.Devices[number], fleet.Key(number, group.Key), "module replaced", origin, stop);
                }
                foreach (var (body, count) in StatementBatch.Bodies(group.Select(static s => s.Statement)))
                {
                    await PaceAsync(started, count, speed, stop);
                    var answer = await StatementBatch.SendAsync(client, body, count, stop);
                    _counts[number].Statements += answer.Taken;
                    _counts[number].Refused += answer.Refused;
                    Interlocked.CompareExchange(ref _firstProblem, answer.FirstProblem, null);
                    lock (gate)
                    {
                        progress.Show(() => string.Create(
                            CultureInfo.InvariantCulture, $"{_finished} of {options.Devices} devices, {_sent} statements, {_sent / Stopwatch.GetElapsedTime(started).TotalSeconds:0}/s"));
                    }
                }
            }
            _counts[number].Readings = statements.Sum(static s => (long)s.Readings);
            Interlocked.Increment(ref _finished);
        });
        progress.Finish();
        return await FinishAsync(fleet, Stopwatch.GetElapsedTime(started), cancellationToken);
    }

    /// <summary>Writes keys and statements: a folder for each machine, with a file for each statement, whose names begin with the place in which they would arrive.</summary>
    /// <exception cref="CliException">A file cannot be written.</exception>
    public async Task<int> WriteAsync(string folder, string companyPrefix, string origin, CancellationToken cancellationToken)
    {
        using var fleet = new SimulatedFleet(options, companyPrefix);
        var progress = new ProgressLine(shell);
        var started = Stopwatch.GetTimestamp();
        for (var number = 0; number < options.Devices; number++)
        {
            var own = Directory.CreateDirectory(Path.Combine(folder, fleet.Devices[number].Serial)).FullName;
            var statements = fleet.Sign(number, origin);
            if (fleet.MasterKey(number) is { Length: > 0 } master)
            {
                await OutputFile.WriteNewSecretAsync(Path.Combine(own, "master.key"), Base64Url.EncodeToString(master) + "\n", cancellationToken);
            }
            foreach (var key in statements.Select(static s => s.Key).Distinct())
            {
                await OutputFile.WriteNewSecretAsync(Path.Combine(own, $"key-{key}.jwk"), fleet.Key(number, key).ExportPrivateJwk() + "\n", cancellationToken);
            }
            for (var i = 0; i < statements.Count; i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{i + 1:000000}-key{statements[i].Key}-{statements[i].Sequence}.{(options.Cbor ? "cose" : "jws")}");
                await OutputFile.WriteAsync(
                    Path.Combine(own, name), options.Cbor ? Base64Url.DecodeFromChars(statements[i].Statement) : Encoding.ASCII.GetBytes(statements[i].Statement), cancellationToken);
            }
            _counts[number] = (statements.Count, statements.Sum(static s => (long)s.Readings), 0);
            progress.Show(() => $"{number + 1} of {options.Devices} devices");
        }
        progress.Finish();
        return await FinishAsync(fleet, Stopwatch.GetElapsedTime(started), cancellationToken);
    }

    /// <summary>Who gets the machines' day keys: the service where it may read, and the owner.</summary>
    private async Task<IReadOnlyList<string>> FindRecipientsAsync(ServerClient client, CancellationToken cancellationToken)
    {
        List<string> recipients = options.Template.IsEncrypted && ownerJwk is not null ? [ownerJwk] : [];
        if (options.Template is { IsEncrypted: true, IsSealed: false })
        {
            recipients.Add(await DayKeyDelivery.GetServiceKeyAsync(client, cancellationToken));
        }
        return recipients;
    }

    private static async Task BringKeysAsync(ServerClient client, SimulatedFleet fleet, int number, IReadOnlyList<string> recipients, CancellationToken cancellationToken)
    {
        if (recipients.Count > 0)
        {
            await DayKeyDelivery.BringAsync(client, fleet.Devices[number].Pseudonym, fleet.WrapKeys(number, recipients), cancellationToken);
        }
    }

    /// <summary>The company prefix that the owner has claimed.</summary>
    /// <exception cref="CliException">There is none.</exception>
    private static async Task<string> FindPrefixAsync(ServerClient client, CancellationToken cancellationToken)
    {
        long? after = 0;
        while (after is not null)
        {
            var answer = (await client.GetAsync(string.Create(CultureInfo.InvariantCulture, $"api/claims?after={after}"), "application/json", cancellationToken)).OrThrow();
            using var json = answer.ToJson();
            if (JsonMembers.Array(json.RootElement, "claims").FirstOrDefault(static c => JsonMembers.Text(c, "kind") == "gcp") is { ValueKind: JsonValueKind.Object } claim
                && JsonMembers.Text(claim, "value") is { } prefix)
            {
                return prefix;
            }
            after = JsonMembers.Integer(json.RootElement, "next");
        }
        throw new CliException("The owner has claimed no company prefix; give --prefix.", ExitCodes.Bad);
    }

    /// <summary>Waits until so many more statements are within the speed.</summary>
    private async Task PaceAsync(long started, int count, int speed, CancellationToken cancellationToken)
    {
        var before = Interlocked.Add(ref _sent, count) - count;
        if (speed > 0 && TimeSpan.FromSeconds((double)before / speed) - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } wait)
        {
            await Task.Delay(wait, cancellationToken);
        }
    }

    private async Task<int> FinishAsync(SimulatedFleet fleet, TimeSpan elapsed, CancellationToken cancellationToken)
    {
        var refused = _counts.Sum(static c => c.Refused);
        if (reportFile is not null)
        {
            await OutputFile.WriteAsync(reportFile, ServerClient.JsonBody(json => SimulationReport.Write(json, fleet, _counts)), cancellationToken);
        }
        if (shell.Json)
        {
            shell.WriteJson(json => SimulationReport.Write(json, fleet, _counts));
        }
        else
        {
            var statements = _counts.Sum(static c => c.Statements);
            shell.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{options.Devices} devices, {options.Days} days, {_counts.Sum(static c => c.Readings)} readings in {statements} statements ({statements / elapsed.TotalSeconds:0}/s), {refused} refused, {fleet.Faults.Sum(static f => f.Count)} planted"));
        }
        if (_firstProblem is not null)
        {
            shell.Error.WriteLine($"trustchain: the first refusal: {_firstProblem}");
        }
        return refused > 0 ? ExitCodes.Bad : ExitCodes.Good;
    }
}
