using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Monitor;

/// <summary>Turns what rounds find into alarms that begin and end, and tells each beginning and end once.</summary>
internal sealed class AlarmBook(Shell shell, MonitorFolder folder, MonitorState memory, AlarmSender sender, string origin, string logKey)
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Takes the findings of a round: keeps evidence, writes the list of alarms, and tells the terminal.</summary>
    /// <param name="result">What the round saw.</param>
    /// <param name="newest">The newest checkpoint accepted, kept with every alarm.</param>
    /// <param name="now">The monitor's time.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    public async Task ApplyAsync(RoundResult result, SignedCheckpoint? newest, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        foreach (var finding in result.Findings.Where(f => !memory.Open.ContainsKey((f.Code, f.Subject))))
        {
            var evidence = finding.Evidence ?? (newest is null || finding.IsWarning ? null : new FaultEvidence { Checkpoints = [newest.Note] });
            memory.Raised++;
            var file = evidence is null
                ? null
                : await folder.WriteEvidenceAsync(memory.Raised, finding.Code, now, evidence.ToUtf8(finding.Code, finding.Message, logKey), cancellationToken);
            var alarm = new OpenAlarm(finding, now, file);
            memory.Open[(finding.Code, finding.Subject)] = alarm;
            lines.Add(Line("raised", alarm, now));
            shell.Error.WriteLine($"trustchain: {(finding.IsWarning ? "warning" : "alarm")} {finding.Code}: {OneLine(finding.Message)}{(file is null ? "" : $" (evidence: {file})")}");
        }
        var found = result.Findings.Select(static f => (f.Code, f.Subject)).ToHashSet();
        foreach (var (key, alarm) in memory.Open.Where(a => result.Settled.Contains(a.Key.Code) && !found.Contains(a.Key) && !result.Undecided.Contains(a.Key)).ToList())
        {
            memory.Open.Remove(key);
            lines.Add(Line("ended", alarm, now));
            shell.Error.WriteLine($"trustchain: ended {key.Code} ({OneLine(key.Subject)}), raised at {Record.FormatTime(alarm.Since)}");
        }
        foreach (var (key, _) in memory.Open.OrderByDescending(static a => a.Value.Finding.IsWarning).ThenBy(static a => a.Value.Since).Take(memory.Open.Count - MonitorState.MaxOpen).ToList())
        {
            memory.Open.Remove(key);
        }
        if (lines.Count > 0)
        {
            await folder.AppendAsync(lines, cancellationToken);
        }
        if (shell.Json)
        {
            lines.ForEach(shell.Output.WriteLine);
        }
        if (sender.HasReceiver)
        {
            memory.Outbox.AddRange(lines);
            memory.Outbox.RemoveRange(0, Math.Max(0, memory.Outbox.Count - MonitorState.MaxOutbox));
        }
    }

    /// <summary>Sends what the receiver has not taken yet, in order. The first failure leaves the rest for the next round.</summary>
    /// <returns>Whether anything was taken.</returns>
    public async Task<bool> SendAsync(CancellationToken cancellationToken)
    {
        var before = memory.Outbox.Count;
        while (sender.HasReceiver && memory.Outbox.Count > 0)
        {
            if (await sender.SendAsync(memory.Outbox[0], cancellationToken) is { } failure)
            {
                shell.Warn($"{memory.Outbox.Count} alarms are not delivered yet: {OneLine(failure)}");
                break;
            }
            memory.Outbox.RemoveAt(0);
        }
        return memory.Outbox.Count < before;
    }

    private string Line(string what, OpenAlarm alarm, DateTimeOffset now)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, Plain))
        {
            json.WriteStartObject();
            json.WriteString("type", "alarm");
            json.WriteString("time", Record.FormatTime(now));
            json.WriteString("what", what);
            json.WriteString("severity", alarm.Finding.IsWarning ? "warning" : "alarm");
            json.WriteString("code", alarm.Finding.Code);
            json.WriteString("subject", alarm.Finding.Subject);
            json.WriteString("origin", origin);
            json.WriteString("message", alarm.Finding.Message);
            json.WriteString("since", Record.FormatTime(alarm.Since));
            json.WriteString("evidence", alarm.EvidenceFile);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    /// <summary>A server's words may hold anything; here they must neither break the line nor steer the terminal.</summary>
    private static string OneLine(string message) => string.Concat(message.Select(static c => char.IsControl(c) ? ' ' : c));
}
