using System.CommandLine;
using System.Globalization;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Cli.Verification;

namespace TrustChain.Cli.Monitor;

/// <summary><c>monitor --server URL --trust FILE --state DIR</c>: follows a log and alarms when it breaks a promise.</summary>
internal static class MonitorCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var server = SharedOptions.Server();
        var trust = SharedOptions.Trust();
        trust.Required = true;
        var rpc = SharedOptions.Rpc();
        var state = new Option<string>("--state") { Description = "Folder for what the monitor remembers, its alarms and their evidence.", Required = true, HelpName = "DIR" };
        var once = new Option<bool>("--once") { Description = "One round: 0 good, 1 an alarm is open, 2 a warning is." };
        var interval = Span("--interval", "Time from one round to the next, such as 30s, 5m or 1h.", TimeSpan.FromSeconds(30));
        var maxAnchorAge = Span("--max-anchor-age", "How long an entry may be in the log without an anchor.", TimeSpan.FromMinutes(15));
        var minRecoveryDelay = Span("--min-recovery-delay", "An announced recovery of keys that names a shorter delay is an alarm.", TimeSpan.FromDays(1));
        var receipts = new Option<string?>("--receipts") { Description = "Folder of receipts: X.receipt with the capture's answer or a bundle as X.json.", HelpName = "DIR" };
        var apiKey = new Option<string?>("--api-key-file") { Description = "File with an API key, to ask for evidence of records that are not public.", HelpName = "FILE" };
        var webhook = Webhook();
        var exec = new Option<string?>("--exec") { Description = "Shell command that gets each alarm as a line of JSON on its standard input.", HelpName = "CMD" };
        var status = new Option<string?>("--status-file") { Description = "File that is replaced after each round with its outcome, as JSON.", HelpName = "FILE" };
        var command = new Command("monitor", "Follows a log: checks all that is new and alarms on forks, rollbacks, late anchors and broken receipts.")
        {
            server, trust, rpc, state, once, interval, maxAnchorAge, minRecoveryDelay, receipts, apiKey, webhook, exec, status,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(webhook) is not null && result.GetResult(exec) is not null)
            {
                result.AddError("Give either --webhook or --exec.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new MonitorOptions
            {
                StateFolder = parsed.GetRequiredValue(state),
                Interval = parsed.GetValue(interval),
                Once = parsed.GetValue(once),
                MaxAnchorAge = parsed.GetValue(maxAnchorAge),
                MinRecoveryDelay = parsed.GetValue(minRecoveryDelay),
                ReceiptFolder = parsed.GetValue(receipts),
                StatusFile = parsed.GetValue(status),
            };
            var trusted = await TrustFiles.ReadAsync(shell, parsed.GetRequiredValue(trust), cancellationToken)
                ?? throw new CliException("--trust names no file.");
            var key = parsed.GetValue(apiKey) is { } keyFile ? await InputFile.ReadSecretAsync(shell, keyFile, cancellationToken) : null;
            using var client = new ServerClient(parsed.GetRequiredValue(server));
            using var asking = new ServerClient(parsed.GetRequiredValue(server), key);
            using var audit = new LogAudit(client, trusted, parsed.GetValue(rpc) ?? []);
            using var sender = new AlarmSender(parsed.GetValue(webhook), parsed.GetValue(exec));
            return await new LogMonitor(shell, audit, asking, sender, options, TimeProvider.System).RunAsync(cancellationToken);
        });
        return command;
    }

    /// <summary>Reads a time span: a whole number and s, m, h or d.</summary>
    public static bool TryParseSpan(string text, out TimeSpan span)
    {
        span = default;
        var seconds = text.Length < 2 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (seconds == 0 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || (long)number * seconds is not (> 0 and <= 30 * 86400))
        {
            return false;
        }
        span = TimeSpan.FromSeconds((long)number * seconds);
        return true;
    }

    private static Option<TimeSpan> Span(string name, string description, TimeSpan otherwise) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        DefaultValueFactory = _ => otherwise,
        CustomParser = result =>
        {
            if (TryParseSpan(result.Tokens[^1].Value, out var span))
            {
                return span;
            }
            result.AddError($"\"{result.Tokens[^1].Value}\" is no time such as 30s, 5m, 1h or 1d, at most 30d.");
            return default;
        },
    };

    private static Option<Uri?> Webhook() => new("--webhook")
    {
        Description = "Address that gets each alarm as JSON by POST.",
        HelpName = "URL",
        CustomParser = static result =>
        {
            if (Uri.TryCreate(result.Tokens[^1].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                return uri;
            }
            result.AddError($"\"{result.Tokens[^1].Value}\" is not an http or https address.");
            return null;
        },
    };
}
