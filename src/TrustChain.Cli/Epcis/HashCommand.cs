using System.CommandLine;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Epcis;

namespace TrustChain.Cli.Epcis;

/// <summary><c>hash FILE…</c>: the event hash of every event, in order.</summary>
internal static class HashCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var files = new Argument<string[]>("FILE") { Description = "EPCIS document, query document or event in JSON or XML (2.0 or 1.x); - for standard input.", Arity = ArgumentArity.OneOrMore };
        var preHash = new Option<bool>("--prehash") { Description = "Show the text whose digest the hash is, before each hash." };
        var command = new Command("hash", "Prints the event hash (CBV 2.0) of every event, one a line.") { files, preHash };
        command.SetAction((parsed, cancellationToken) => RunAsync(shell, parsed.GetRequiredValue(files), parsed.GetValue(preHash), cancellationToken));
        return command;
    }

    /// <summary>Bad when any file is not valid EPCIS; the others are hashed all the same.</summary>
    public static async Task<int> RunAsync(Shell shell, IReadOnlyList<string> files, bool preHash, CancellationToken cancellationToken)
    {
        var exitCode = ExitCodes.Good;
        foreach (var file in files)
        {
            if (await EpcisInput.ReadAsync(shell, file, cancellationToken) is not { } events)
            {
                exitCode = ExitCodes.Bad;
                continue;
            }
            for (var i = 0; i < events.Count; i++)
            {
                Write(shell, file, i, events[i], preHash);
            }
        }
        return exitCode;
    }

    private static void Write(Shell shell, string file, int index, EpcisEvent epcisEvent, bool preHash)
    {
        var text = preHash ? EventHash.ComputePreHash(epcisEvent) : null;
        if (!shell.Json)
        {
            if (text is not null)
            {
                shell.Output.WriteLine(text);
            }
            shell.Output.WriteLine(epcisEvent.EventHashUri);
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("file", file);
            json.WriteNumber("index", index);
            json.WriteString("eventID", epcisEvent.EventId);
            json.WriteString("eventHash", epcisEvent.EventHashUri);
            if (text is not null)
            {
                json.WriteString("preHash", text);
            }
        });
    }
}
