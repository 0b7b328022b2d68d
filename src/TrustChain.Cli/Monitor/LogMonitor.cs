using System.Buffers;
using System.Text.Json;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Monitor;

/// <summary>Follows a log round by round.</summary>
internal sealed class LogMonitor(Shell shell, LogAudit audit, ServerClient client, AlarmSender sender, MonitorOptions options, TimeProvider time)
{
    /// <summary>Runs until it is stopped, or one round.</summary>
    /// <returns>How the last round ended: bad with an open alarm, could-not-check with a warning, else good.</returns>
    /// <exception cref="CliException">The state folder is of no use.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var folder = MonitorFolder.Open(options.StateFolder);
        var memory = await folder.ReadAsync(shell, cancellationToken);
        var walk = await folder.ReadWalkAsync(shell, audit.Trust, cancellationToken);
        var book = new AlarmBook(shell, folder, memory, sender, audit.Trust.Origin, audit.Trust.LogKey);
        using var timer = options.Once ? null : new PeriodicTimer(options.Interval, time);
        var fitting = new HashSet<RootOfSize>();
        int? told = null;
        try
        {
            while (true)
            {
                var now = time.GetUtcNow();
                var round = new MonitorRound(shell, audit, client, options, folder, memory, fitting, time, now);
                var result = await round.RunAsync(walk, cancellationToken);
                if (!round.IsWalkClean)
                {
                    walk = await folder.ReadWalkAsync(shell, audit.Trust, cancellationToken);
                }
                // From here to the saved memory nothing is cancelled half-way: what was found is told.
                await book.ApplyAsync(result, walk.Newest, now, CancellationToken.None);
                memory.Rounds++;
                await folder.WriteAsync(memory, CancellationToken.None);
                if (await book.SendAsync(cancellationToken))
                {
                    await folder.WriteAsync(memory, CancellationToken.None);
                }
                told = await TellAsync(told, result, walk, memory, now);
                if (timer is null)
                {
                    return told.Value;
                }
                await timer.WaitForNextTickAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (told is not null)
        {
            return told.Value; // Being stopped is how following a log ends.
        }
    }

    /// <summary>Writes the status file, and to standard output when the outcome is another than before.</summary>
    /// <returns>The outcome.</returns>
    private async Task<int> TellAsync(int? before, RoundResult result, WalkState walk, MonitorState memory, DateTimeOffset now)
    {
        var exitCode = Judge(memory);
        var status = Status(exitCode, result, walk, memory, now);
        if (options.StatusFile is not null)
        {
            await SealedFile.ReplaceAsync(options.StatusFile, status, CancellationToken.None);
        }
        if (before != exitCode)
        {
            Tell(exitCode, walk, memory, result, status);
        }
        return exitCode;
    }

    private static int Judge(MonitorState memory) => memory.Open.Values.Any(static a => !a.Finding.IsWarning) ? ExitCodes.Bad
        : memory.Open.Count > 0 ? ExitCodes.CouldNotCheck
        : ExitCodes.Good;

    private void Tell(int exitCode, WalkState walk, MonitorState memory, RoundResult result, byte[] status)
    {
        if (shell.Json)
        {
            shell.Output.WriteLine(System.Text.Encoding.UTF8.GetString(status).TrimEnd('\n'));
            return;
        }
        var open = string.Join(", ", memory.Open.Keys.Select(static key => $"{key.Code} ({key.Subject})"));
        shell.Output.WriteLine(
            $"{Word(exitCode)}: {walk.Confirmed?.Size ?? 0} entries of {audit.Trust.Origin} checked, {(result.AnchoredSize is { } anchored ? $"{anchored} of them anchored" : "anchors not known")}"
            + (open.Length > 0 ? $"; open: {open}" : ""));
    }

    private byte[] Status(int exitCode, RoundResult result, WalkState walk, MonitorState memory, DateTimeOffset now)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", "status");
            json.WriteString("result", Word(exitCode));
            json.WriteString("time", Record.FormatTime(now));
            json.WriteNumber("seconds", Math.Round((time.GetUtcNow() - now).TotalSeconds, 3));
            json.WriteNumber("rounds", memory.Rounds);
            json.WriteString("origin", audit.Trust.Origin);
            json.WriteNumber("size", walk.Confirmed?.Size ?? 0);
            json.WriteString("root", walk.Confirmed?.Root.ToBase64Url());
            WriteNumber(json, "servedSize", result.ServedSize);
            WriteNumber(json, "lag", result.ServedSize is { } served ? Math.Max(0, served - (walk.Confirmed?.Size ?? 0)) : null);
            WriteNumber(json, "anchoredSize", result.AnchoredSize);
            json.WriteNumber("unanchoredSeconds", memory.Sightings.Uncovered is [var oldest, ..] ? Math.Max(0, Math.Round((now - oldest.Seen).TotalSeconds)) : 0);
            json.WriteNumber("undelivered", memory.Outbox.Count);
            json.WriteStartArray("open");
            foreach (var alarm in memory.Open.Values)
            {
                json.WriteStartObject();
                json.WriteString("code", alarm.Finding.Code);
                json.WriteString("subject", alarm.Finding.Subject);
                json.WriteString("message", alarm.Finding.Message);
                json.WriteString("since", Record.FormatTime(alarm.Since));
                json.WriteString("evidence", alarm.EvidenceFile);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return [.. output.WrittenSpan, (byte)'\n'];
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static string Word(int exitCode) => exitCode switch { ExitCodes.Good => "good", ExitCodes.Bad => "alarm", _ => "could-not-check" };
}
