using System.CommandLine;
using System.Text;
using System.Text.Json;
using TrustChain.Cli.Epcis;
using TrustChain.Cli.Http;
using TrustChain.Cli.Keys;
using TrustChain.Cli.Signing;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Capture;

/// <summary><c>capture FILE</c>: sends events to a server, signed here, signed before, or signed by the server.</summary>
internal static class CaptureCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "EPCIS in JSON, or a file made by \"sign\"; - for standard input." };
        var server = SharedOptions.Server();
        var key = new Option<string?>("--key") { Description = "Private key file to sign with before sending.", HelpName = "FILE" };
        var pass = SharedOptions.PassFile();
        var apiKey = new Option<string?>("--api-key-file") { Description = "File with an API key: the server signs.", HelpName = "FILE" };
        var receipt = new Option<string?>("--receipt") { Description = "File for the server's signed promise to log the events.", HelpName = "FILE" };
        var command = new Command("capture", "Sends events to a server.") { file, server, key, pass, apiKey, receipt };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var secret = parsed.GetValue(apiKey) is { } apiKeyFile ? await InputFile.ReadSecretAsync(shell, apiKeyFile, cancellationToken) : null;
            using var signer = parsed.GetValue(key) is { } keyFile ? await KeyFile.ReadAsync(shell, keyFile, parsed.GetValue(pass), cancellationToken) : null;
            using var client = new ServerClient(parsed.GetRequiredValue(server), secret);
            return await RunAsync(shell, parsed.GetRequiredValue(file), client, signer, parsed.GetValue(receipt), cancellationToken);
        });
        return command;
    }

    /// <summary>Bad when the file is not valid EPCIS, the server refuses it, or answers for another statement than the one sent.</summary>
    public static async Task<int> RunAsync(
        Shell shell, string file, ServerClient client, SigningKey? signer, string? receiptFile, CancellationToken cancellationToken)
    {
        var content = InputFile.WithoutByteOrderMark(await InputFile.ReadAsync(shell, file, EpcisInput.MaxBytes, cancellationToken));
        var request = CaptureRequest.Recognise(content);
        if (signer is not null && request.Statement is not null)
        {
            throw new CliException($"{InputFile.Name(file)} is signed already; leave --key out.");
        }
        IReadOnlyList<CaptureRequest> requests = [request];
        if (signer is not null)
        {
            if (EpcisInput.Read(shell, file, content) is not { } events)
            {
                return ExitCodes.Bad;
            }
            if (events.Count == 0)
            {
                throw new CliException($"{InputFile.Name(file)} has no events.");
            }
            var origin = (await GetTrustAsync(client, cancellationToken)).Origin;
            requests =
            [
                .. StatementSplit.Split([.. events.Select(static e => e.ToStandaloneUtf8())])
                    .Select(part => CaptureRequest.For(SignedStatement.SignRoot(signer, origin, part))),
            ];
        }
        var receipts = new StringBuilder();
        foreach (var next in requests)
        {
            var answer = (await client.PostAsync("epcis/capture", next.MediaType, next.Body, cancellationToken)).OrThrow();
            using var json = answer.ToJson();
            Report(shell, next, json.RootElement, answer.Address);
            receipts.Append(JsonMembers.Text(json.RootElement, "receipt")).Append('\n');
        }
        if (receiptFile is not null)
        {
            await OutputFile.WriteAsync(receiptFile, receipts.ToString(), cancellationToken);
        }
        return ExitCodes.Good;
    }

    /// <summary>What the server says of its log.</summary>
    /// <exception cref="CliException">It does not answer with a trust file.</exception>
    public static async Task<TrustFile> GetTrustAsync(ServerClient client, CancellationToken cancellationToken)
    {
        var answer = (await client.GetAsync("log/trust", "application/json", cancellationToken)).OrThrow();
        return TrustFile.TryParse(answer.Body, out var trust, out var error) ? trust : throw new CliException($"{answer.Address}: {error}");
    }

    private static void Report(Shell shell, CaptureRequest request, JsonElement answer, Uri address)
    {
        var acknowledged = JsonMembers.Text(answer, "statement");
        if (request.Statement is { } statement && acknowledged != Hash32.Compute(statement.Span).ToHex())
        {
            // Events the organisation stated before are answered with their first record, under the statement of that time.
            var hashes = JsonMembers.Array(answer, "events").Select(static e => JsonMembers.Text(e, "eventHash") ?? "");
            if (request.ReadEventHashes() is not { } sent || !sent.SequenceEqual(hashes))
            {
                throw new CliException($"{address} answered for another statement than the one that was sent.", ExitCodes.Bad);
            }
            shell.Error.WriteLine($"trustchain: these events were captured before, by statement {acknowledged}.");
        }
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                foreach (var member in answer.EnumerateObject())
                {
                    member.WriteTo(json);
                }
            });
            return;
        }
        shell.Output.WriteLine($"capture {JsonMembers.RequiredText(answer, "captureID", address)}");
        foreach (var epcisEvent in JsonMembers.Array(answer, "events"))
        {
            shell.Output.WriteLine($"{JsonMembers.Text(epcisEvent, "eventID") ?? "-"} {JsonMembers.Text(epcisEvent, "eventHash")}");
        }
    }
}
