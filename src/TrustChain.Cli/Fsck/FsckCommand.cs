using System.CommandLine;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Cli.Verification;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Fsck;

/// <summary><c>fsck --server URL</c>: checks the whole public log, and with a node that the contract holds roots of the same tree.</summary>
internal static class FsckCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var server = SharedOptions.Server();
        var trust = SharedOptions.Trust();
        var rpc = SharedOptions.Rpc();
        var state = new Option<string?>("--state") { Description = "File that keeps how far the log was checked: the next run goes on from there.", HelpName = "FILE" };
        var full = new Option<bool>("--full") { Description = "Check everything from the first entry, also what the state file says was checked." };
        var evidence = new Option<string?>("--evidence") { Description = "File for the signed checkpoints that prove a fault. Without it: beside the state file.", HelpName = "FILE" };
        var saveEvery = new Option<long>("--save-every")
        {
            Description = "Save the state each time after so many entries.",
            HelpName = "ENTRIES",
            DefaultValueFactory = static _ => 100_000,
        };
        saveEvery.Validators.Add(static result =>
        {
            if (result.Tokens is [var token] && !(long.TryParse(token.Value, out var entries) && entries > 0))
            {
                result.AddError("--save-every is a number of entries, at least 1.");
            }
        });
        var command = new Command("fsck", "Checks every entry, tile, checkpoint, key change and anchor of a server's public log.") { server, trust, rpc, state, full, evidence, saveEvery };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ServerClient(parsed.GetRequiredValue(server));
            var trusted = await TrustFiles.ReadAsync(shell, parsed.GetValue(trust), cancellationToken);
            var files = new FsckFiles(parsed.GetValue(state), parsed.GetValue(evidence), parsed.GetValue(full), parsed.GetValue(saveEvery));
            return await RunAsync(shell, client, trusted, parsed.GetValue(rpc) ?? [], files, cancellationToken);
        });
        return command;
    }

    /// <summary>Bad at the first difference, which is named exactly.</summary>
    /// <exception cref="CliException">Something needed for the check did not answer, or the state file is of no use.</exception>
    public static async Task<int> RunAsync(
        Shell shell, ServerClient client, TrustFile? trust, IReadOnlyList<Uri> nodes, FsckFiles files, CancellationToken cancellationToken)
    {
        var fromServer = trust is null;
        if (trust is null)
        {
            shell.Warn("no --trust file: the server's own word is taken for its key and contract.");
            trust = await CaptureCommand.GetTrustAsync(client, cancellationToken);
        }
        using var audit = new LogAudit(client, trust, nodes);
        try
        {
            var report = await new FsckRun(shell, audit, files).RunAsync(cancellationToken);
            Write(shell, report, fromServer);
            return ExitCodes.Good;
        }
        catch (LogFaultException fault)
        {
            await WriteAsync(shell, fault, files, trust.LogKey, cancellationToken);
            return ExitCodes.Bad;
        }
    }

    private static async Task WriteAsync(Shell shell, LogFaultException fault, FsckFiles files, string logKey, CancellationToken cancellationToken)
    {
        var evidenceFile = fault.Evidence is null ? null : files.Evidence ?? (files.State is { } state ? state + ".evidence.json" : null);
        if (evidenceFile is not null)
        {
            await SealedFile.ReplaceAsync(evidenceFile, fault.Evidence!.ToUtf8(fault.Code, fault.Message, logKey), cancellationToken); // Not null where there is a file for it.
        }
        if (!shell.Json)
        {
            shell.Output.WriteLine($"bad: {fault.Message}");
            if (evidenceFile is not null)
            {
                shell.Output.WriteLine($"evidence: {evidenceFile}");
            }
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("result", "bad");
            json.WriteString("code", fault.Code);
            json.WriteString("subject", fault.Subject);
            json.WriteString("fault", fault.Message);
            json.WriteString("evidence", evidenceFile);
        });
    }

    private static void Write(Shell shell, FsckReport report, bool trustFromServer)
    {
        var root = report.Checkpoint.Root.ToBase64Url();
        if (!shell.Json)
        {
            shell.Output.WriteLine(
                $"good: {report.Checkpoint.Size} entries of {report.Checkpoint.Checkpoint.Origin} lead to the signed root {root}; {report.ListedAnchors} listed anchors fit"
                + (report.ChainAnchors is { } count ? $", and all {count} in the contract." : "; the contract was not asked.")
                + (report.From > 0 ? $" The first {report.From} were checked before." : ""));
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("result", "good");
            json.WriteString("origin", report.Checkpoint.Checkpoint.Origin);
            json.WriteNumber("size", report.Checkpoint.Size);
            json.WriteString("root", root);
            json.WriteString("trust", trustFromServer ? "server" : "file");
            json.WriteNumber("from", report.From);
            json.WriteStartObject("kinds");
            foreach (var (kind, number) in report.Kinds)
            {
                json.WriteNumber(kind.ToString(System.Globalization.CultureInfo.InvariantCulture), number);
            }
            json.WriteEndObject();
            json.WriteNumber("upperTiles", report.UpperTiles);
            json.WriteNumber("listedAnchors", report.ListedAnchors);
            if (report.ChainAnchors is { } count)
            {
                json.WriteNumber("chainAnchors", count);
            }
            else
            {
                json.WriteNull("chainAnchors");
            }
        });
    }
}

/// <summary>Files of a run, and how they are used.</summary>
/// <param name="State">Where the walk is kept; null: nowhere.</param>
/// <param name="Evidence">Where the proof of a fault goes; null: beside the state.</param>
/// <param name="Full">Whether to walk from the first entry in any case.</param>
/// <param name="SaveEvery">After how many entries the state is saved on the way.</param>
internal sealed record FsckFiles(string? State = null, string? Evidence = null, bool Full = false, long SaveEvery = 100_000);

/// <summary>What a walk without a difference saw.</summary>
/// <param name="Checkpoint">The checkpoint walked to.</param>
/// <param name="From">Entries that were checked in earlier runs.</param>
/// <param name="Kinds">Entries by kind.</param>
/// <param name="UpperTiles">Tiles compared above level 0, in this run and before.</param>
/// <param name="ListedAnchors">Anchors in the server's list.</param>
/// <param name="ChainAnchors">Anchors in the contract; null when no node was asked.</param>
internal sealed record FsckReport(
    SignedCheckpoint Checkpoint, long From, IReadOnlyDictionary<byte, long> Kinds, long UpperTiles, int ListedAnchors, long? ChainAnchors);
