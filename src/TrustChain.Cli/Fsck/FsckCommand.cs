using System.CommandLine;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Cli.Verification;
using TrustChain.Core.Log;
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
        var command = new Command("fsck", "Checks every entry, tile, checkpoint and anchor of a server's public log.") { server, trust, rpc };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ServerClient(parsed.GetRequiredValue(server));
            var trusted = await TrustFiles.ReadAsync(shell, parsed.GetValue(trust), cancellationToken);
            return await RunAsync(shell, client, trusted, parsed.GetValue(rpc) ?? [], cancellationToken);
        });
        return command;
    }

    /// <summary>Bad at the first difference, which is named exactly.</summary>
    /// <exception cref="CliException">Something needed for the check did not answer.</exception>
    public static async Task<int> RunAsync(Shell shell, ServerClient client, TrustFile? trust, IReadOnlyList<Uri> nodes, CancellationToken cancellationToken)
    {
        var fromServer = trust is null;
        if (trust is null)
        {
            shell.Warn("no --trust file: the server's own word is taken for its key and contract.");
            trust = await CaptureCommand.GetTrustAsync(client, cancellationToken);
        }
        try
        {
            var report = await CheckAsync(shell, client, trust, nodes, cancellationToken);
            Write(shell, report, fromServer);
            return ExitCodes.Good;
        }
        catch (LogFaultException fault)
        {
            if (shell.Json)
            {
                shell.WriteJson(json =>
                {
                    json.WriteString("result", "bad");
                    json.WriteString("fault", fault.Message);
                });
            }
            else
            {
                shell.Output.WriteLine($"bad: {fault.Message}");
            }
            return ExitCodes.Bad;
        }
    }

    private static async Task<FsckReport> CheckAsync(Shell shell, ServerClient client, TrustFile trust, IReadOnlyList<Uri> nodes, CancellationToken cancellationToken)
    {
        if (!NoteVerifier.TryParse(trust.LogKey, out var verifier) || verifier.Name != trust.Origin)
        {
            throw new CliException("The trust file's log key is malformed or not of its origin.");
        }
        // In this order, because the log goes on: what the server lists is in the contract, and what the contract holds is below any later checkpoint.
        var listed = await ListedAnchor.ListAsync(client, trust, cancellationToken);
        var onChain = new List<(string Node, IReadOnlyDictionary<long, Hash32> Anchors)>();
        foreach (var node in nodes)
        {
            using var connection = new NodeConnection(node);
            onChain.Add((connection.Name, await ChainAnchors.ReadAsync(connection, trust, cancellationToken)));
        }
        var reader = new LogReader(client);
        var checkpoint = await reader.GetCheckpointAsync(verifier, cancellationToken);

        var sizes = listed.Select(static a => a.Size).Concat(onChain.SelectMany(static c => c.Anchors.Keys)).ToHashSet();
        if (sizes.Count > 0 && sizes.Max() > checkpoint.Size)
        {
            throw new LogFaultException($"checkpoint: it covers {checkpoint.Size} entries, but {sizes.Max()} were anchored before.");
        }
        var line = new ProgressLine(shell);
        var walk = new LogWalk(reader, checkpoint, sizes, done => line.Show(() => $"{done} of {checkpoint.Size} entries checked"));
        try
        {
            await walk.RunAsync(cancellationToken);
        }
        finally
        {
            line.Finish();
        }
        AnchorComparison.Compare(walk.Roots, listed, onChain);
        return new FsckReport(checkpoint, walk.Kinds, walk.UpperTiles, listed.Count, onChain.Count == 0 ? null : onChain.Max(static c => c.Anchors.Count));
    }

    private static void Write(Shell shell, FsckReport report, bool trustFromServer)
    {
        var root = report.Checkpoint.Root.ToBase64Url();
        if (!shell.Json)
        {
            shell.Output.WriteLine(
                $"good: {report.Checkpoint.Size} entries of {report.Checkpoint.Origin} lead to the signed root {root}; {report.ListedAnchors} listed anchors fit"
                + (report.ChainAnchors is { } count ? $", and all {count} in the contract." : "; the contract was not asked."));
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("result", "good");
            json.WriteString("origin", report.Checkpoint.Origin);
            json.WriteNumber("size", report.Checkpoint.Size);
            json.WriteString("root", root);
            json.WriteString("trust", trustFromServer ? "server" : "file");
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

/// <summary>What a walk without a difference saw.</summary>
/// <param name="Checkpoint">The checkpoint walked to.</param>
/// <param name="Kinds">Entries by kind.</param>
/// <param name="UpperTiles">Tiles compared above level 0.</param>
/// <param name="ListedAnchors">Anchors in the server's list.</param>
/// <param name="ChainAnchors">Anchors in the contract; null when no node was asked.</param>
internal sealed record FsckReport(Checkpoint Checkpoint, IReadOnlyDictionary<byte, long> Kinds, long UpperTiles, int ListedAnchors, int? ChainAnchors);
