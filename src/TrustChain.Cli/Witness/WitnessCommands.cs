using System.CommandLine;
using TrustChain.Cli.Keys;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Witness;

/// <summary><c>witness key</c> and <c>witness serve</c>: watches that logs only grow, and says so by cosigning their checkpoints.</summary>
internal static class WitnessCommands
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("witness", "Watches logs and cosigns their checkpoints (C2SP tlog-witness).") { Key(shell), Serve(shell) };

    private static Command Key(Shell shell)
    {
        var (file, pass, name) = (KeyOption(), SharedOptions.PassFile(), NameOption());
        var command = new Command("key", "Prints the witness's verifier key, which logs and verifiers are configured with.") { file, pass, name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var key = await KeyFile.ReadAsync(shell, parsed.GetRequiredValue(file), parsed.GetValue(pass), cancellationToken);
            var verifier = Verifier(parsed.GetRequiredValue(name), key);
            if (shell.Json)
            {
                shell.WriteJson(json =>
                {
                    json.WriteString("name", verifier.Name);
                    json.WriteString("key", verifier.Text);
                });
            }
            else
            {
                shell.Output.WriteLine(verifier.Text);
            }
            return ExitCodes.Good;
        });
        return command;
    }

    private static Command Serve(Shell shell)
    {
        var (file, pass, name) = (KeyOption(), SharedOptions.PassFile(), NameOption());
        var logs = new Option<string[]>("--log") { Description = "Verifier key of a log to witness; its name is the log's origin. May be given several times.", HelpName = "VKEY", Required = true };
        var state = new Option<string>("--state") { Description = "Folder for what was cosigned last. A witness that lost it needs a new key.", HelpName = "DIR", Required = true };
        var listen = new Option<string>("--listen") { Description = "Where to listen, such as http://127.0.0.1:8090.", HelpName = "URL", Required = true };
        var command = new Command("serve", "Serves add-checkpoint over HTTP until it is stopped.") { file, pass, name, logs, state, listen };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var keys = parsed.GetRequiredValue(logs).Select(ParseLog).ToList();
            var address = ParseAddress(parsed.GetRequiredValue(listen));
            using var key = await KeyFile.ReadAsync(shell, parsed.GetRequiredValue(file), parsed.GetValue(pass), cancellationToken);
            var verifier = Verifier(parsed.GetRequiredValue(name), key);
            using var opened = WitnessState.Open(parsed.GetRequiredValue(state), verifier, keys);
            return await RunAsync(shell, new WitnessServer(shell, opened, verifier.Name, key, TimeProvider.System), address, verifier, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Shell shell, WitnessServer server, Uri address, WitnessVerifier verifier, CancellationToken cancellationToken)
    {
        try
        {
            await server.RunAsync(address, Announce, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop while it started.
        }
        catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
        {
            throw new CliException($"{address} cannot be listened on: {exception.Message}");
        }
        return ExitCodes.Good;

        void Announce(string url)
        {
            if (shell.Json)
            {
                shell.WriteJson(json =>
                {
                    json.WriteString("listening", url);
                    json.WriteString("key", verifier.Text);
                });
            }
            else
            {
                shell.Output.WriteLine($"listening on {url} as {verifier.Text}");
            }
        }
    }

    private static Option<string> KeyOption() => new("--key") { Description = "Private key file of the witness (Ed25519: keys new --alg EdDSA).", HelpName = "FILE", Required = true };

    private static Option<string> NameOption() => new("--name") { Description = "Name of the witness, by custom a host and path without scheme.", HelpName = "NAME", Required = true };

    private static WitnessVerifier Verifier(string name, SigningKey key)
    {
        try
        {
            return WitnessVerifier.Create(name, key.PublicKey);
        }
        catch (ArgumentException exception)
        {
            throw new CliException(exception.ParamName == "name" ? $"\"{name}\" is no witness name: no white space and no plus sign, please." : "A witness needs an Ed25519 key (keys new --alg EdDSA).");
        }
    }

    private static NoteVerifier ParseLog(string text) => NoteVerifier.TryParse(text, out var verifier)
        ? verifier
        : throw new CliException($"\"{text}\" is no verifier key of a log: name+hash+base64, key type 0x01.");

    private static Uri ParseAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == "http" && address.PathAndQuery == "/"
        ? address
        : throw new CliException($"\"{text}\" is no http address without a path. For https put a proxy in front.");
}
