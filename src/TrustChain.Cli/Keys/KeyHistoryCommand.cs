using System.CommandLine;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;

namespace TrustChain.Cli.Keys;

/// <summary>Key entries of an organisation as a server lists them.</summary>
/// <param name="Organisation">Whose.</param>
/// <param name="Entries">In the order of the log.</param>
internal sealed record ListedKeyHistory(string Organisation, IReadOnlyList<(long Index, string ReceivedAt, KeyChange Change)> Entries);

/// <summary><c>keys history ORGANISATION</c>: every key entry, and whether they follow the rules. That they are what the log holds is <c>fsck</c>'s to check.</summary>
internal static class KeyHistoryCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var organisation = new Argument<string>("ORGANISATION") { Description = "Identifier of the organisation." };
        var server = SharedOptions.Server();
        var command = new Command("history", "Prints every key entry of an organisation and checks that each follows the rules.") { organisation, server };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ServerClient(parsed.GetRequiredValue(server));
            var trust = await Capture.CaptureCommand.GetTrustAsync(client, cancellationToken);
            return Check(shell, await ReadAsync(client, parsed.GetRequiredValue(organisation), cancellationToken), trust.Origin);
        });
        return command;
    }

    /// <summary>Reads a server's list.</summary>
    /// <exception cref="CliException">The server refused, or lists something that is no key entry.</exception>
    public static async Task<ListedKeyHistory> ReadAsync(ServerClient client, string organisation, CancellationToken cancellationToken)
    {
        var answer = (await client.GetAsync($"api/organisations/{Uri.EscapeDataString(organisation)}/keys/history", "application/json", cancellationToken)).OrThrow();
        using var document = answer.ToJson();
        var entries = new List<(long, string, KeyChange)>();
        foreach (var listed in JsonMembers.Array(document.RootElement, "entries"))
        {
            if (JsonMembers.Integer(listed, "index") is not { } index || !listed.TryGetProperty("entry", out var body) || !KeyChange.TryParse(body, out var change))
            {
                throw new CliException($"{answer.Address}: entry {entries.Count} of the list is no key entry.");
            }
            entries.Add((index, JsonMembers.RequiredText(listed, "receivedAt", answer.Address), change));
        }
        return new ListedKeyHistory(organisation, entries);
    }

    private static int Check(Shell shell, ListedKeyHistory listed, string origin)
    {
        var history = new KeyHistory(listed.Organisation, origin);
        var exit = ExitCodes.Good;
        foreach (var (index, receivedAt, change) in listed.Entries)
        {
            var fault = history.Apply(index, change) switch
            {
                KeyChangeResult.Refused refused => refused.Rule,
                KeyChangeResult.CouldNotCheck missing => $"this machine cannot check {missing.Algorithm} signatures",
                _ => null,
            };
            if (fault is not null)
            {
                exit = ExitCodes.Bad;
            }
            Write(shell, index, receivedAt, change, fault);
        }
        return exit;
    }

    private static void Write(Shell shell, long index, string receivedAt, KeyChange change, string? fault)
    {
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteNumber("index", index);
                json.WriteString("receivedAt", receivedAt);
                json.WritePropertyName("entry");
                json.WriteRawValue(change.ToJcs());
                json.WriteString("fault", fault);
            });
            return;
        }
        shell.Output.WriteLine($"{index,8}  {receivedAt}  {Describe(change)}{(fault is null ? "" : $"  BAD: {fault}")}");
    }

    private static string Describe(KeyChange change) => change switch
    {
        KeyEntry { Recovery: { } recovery } entry => $"admits {entry.Key.Kid} ({Record.Name(entry.Custody)}), recovered as announced by entry {recovery}",
        KeyEntry entry => $"admits {entry.Key.Kid} ({Record.Name(entry.Custody)}), vouched for by {entry.VouchedBy}{(entry.AuthorizedBy() is { } kid ? $", agreed to by {kid}" : "")}",
        KeyRevocation { CompromisedSince: { } since } revocation => $"ends {revocation.Kid}, compromised since entry {since}, by the {revocation.By}",
        KeyRevocation revocation => $"ends {revocation.Kid}, by the {revocation.By}",
        KeyRecovery recovery => $"announces the recovery with {recovery.Key.Kid}: {recovery.Reason}",
        KeyObjection objection => $"objects to the recovery announced by entry {objection.Recovery}",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
