using System.CommandLine;
using System.Text;
using TrustChain.Cli.Epcis;
using TrustChain.Cli.Keys;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Epcis;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Signing;

/// <summary><c>sign FILE…</c>: makes a statement over the events of EPCIS files.</summary>
internal static class SignCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var files = new Argument<string[]>("FILE") { Description = "EPCIS document or event in JSON; - for standard input.", Arity = ArgumentArity.OneOrMore };
        var key = new Option<string>("--key") { Description = "Private key file.", HelpName = "FILE", Required = true };
        var pass = SharedOptions.PassFile();
        var audience = new Option<string>("--aud") { Description = "Origin of the log the statement is made for.", HelpName = "ORIGIN", Required = true };
        var form = new Option<string>("--form") { Description = "root: events can be shown one by one; document: all or nothing.", DefaultValueFactory = static _ => "root" };
        form.AcceptOnlyFromAmong("root", "document");
        var output = new Option<string?>("--out") { Description = "File for the statement; standard output without it.", HelpName = "FILE" };
        var command = new Command("sign", "Signs the events of EPCIS files, in order, as one statement.") { files, key, pass, audience, form, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var signer = await KeyFile.ReadAsync(shell, parsed.GetRequiredValue(key), parsed.GetValue(pass), cancellationToken);
            var wanted = parsed.GetValue(form) == "document" ? StatementForm.Document : StatementForm.Root;
            return await RunAsync(shell, parsed.GetRequiredValue(files), signer, parsed.GetRequiredValue(audience), wanted, parsed.GetValue(output), cancellationToken);
        });
        return command;
    }

    /// <summary>Bad when a file is not valid EPCIS.</summary>
    public static async Task<int> RunAsync(
        Shell shell, IReadOnlyList<string> files, SigningKey key, string audience, StatementForm form, string? output, CancellationToken cancellationToken)
    {
        if (form == StatementForm.Document && files.Count != 1)
        {
            throw new CliException("The document form signs exactly one file.");
        }
        var events = new List<EpcisEvent>();
        byte[] content = [];
        foreach (var file in files)
        {
            content = await InputFile.ReadAsync(shell, file, EpcisInput.MaxBytes, cancellationToken);
            if (EpcisInput.Read(shell, file, content) is not { } read)
            {
                return ExitCodes.Bad;
            }
            events.AddRange(read);
        }
        if (events.Count is 0 or > Statement.MaxEvents)
        {
            throw new CliException($"A statement has 1 to {Statement.MaxEvents} events; here are {events.Count}.");
        }
        var statement = form == StatementForm.Document
            ? SignedStatement.SignDocument(key, audience, InputFile.WithoutByteOrderMark(content).Span)
            : SignedStatement.SignRoot(key, audience, [.. events.Select(static e => e.ToStandaloneUtf8())]);
        if (statement.Body.Length > Statement.MaxBytes)
        {
            shell.Warn($"the statement has {statement.Body.Length} bytes; servers accept at most {Statement.MaxBytes}. Sign fewer events at once.");
        }
        if (output is not null)
        {
            await OutputFile.WriteAsync(output, statement.Body, cancellationToken);
        }
        WriteResult(shell, statement, key, events, output);
        return ExitCodes.Good;
    }

    private static void WriteResult(Shell shell, SignedStatement statement, SigningKey key, List<EpcisEvent> events, string? output)
    {
        if (output is null && (!shell.Json || statement.Form == StatementForm.Root))
        {
            shell.Output.WriteLine(Encoding.UTF8.GetString(statement.Body)); // The root form's body is JSON already.
            return;
        }
        if (!shell.Json)
        {
            return;
        }
        shell.WriteJson(json =>
        {
            json.WriteString("form", statement.Form == StatementForm.Root ? "root" : "document");
            json.WriteString("statement", statement.Compact);
            json.WriteString("digest", statement.Digest.ToHex());
            json.WriteString("kid", key.PublicKey.Kid);
            json.WriteString("out", output);
            json.WriteStartArray("events");
            foreach (var epcisEvent in events)
            {
                json.WriteStringValue(epcisEvent.EventHashUri);
            }
            json.WriteEndArray();
        });
    }
}
