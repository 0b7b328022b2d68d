using System.CommandLine;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Keys;

/// <summary><c>keys new</c>, <c>keys show</c>, <c>keys register</c>; the others are <see cref="KeyChangeCommands"/>.</summary>
internal static class KeysCommands
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("keys", "Makes, shows, registers and ends signing keys.")
    {
        New(shell),
        Show(shell),
        Register(shell),
        KeyChangeCommands.Rotate(shell),
        KeyChangeCommands.Revoke(shell),
        KeyChangeCommands.Recover(shell),
        KeyChangeCommands.Object(shell),
        KeyHistoryCommand.Create(shell),
    };

    /// <summary>Makes a key and prints its kid.</summary>
    public static async Task<int> NewAsync(Shell shell, string algorithm, string file, string? passFile, CancellationToken cancellationToken)
    {
        SigningKey key;
        try
        {
            key = SigningKey.Generate(algorithm);
        }
        catch (PlatformNotSupportedException exception)
        {
            throw new CliException(exception.Message);
        }
        using (key)
        {
            await KeyFile.WriteAsync(shell, key, file, passFile, cancellationToken);
            if (passFile is null)
            {
                shell.Warn($"{file} is not encrypted; --pass-file would encrypt it.");
            }
            if (shell.Json)
            {
                shell.WriteJson(json =>
                {
                    json.WriteString("kid", key.PublicKey.Kid);
                    json.WritePropertyName("jwk");
                    json.WriteRawValue(key.PublicKey.Jwk);
                    json.WriteString("file", file);
                });
            }
            else
            {
                shell.Output.WriteLine(key.PublicKey.Kid);
            }
        }
        return ExitCodes.Good;
    }

    /// <summary>Prints the public JWK, with <c>alg</c> and <c>kid</c>, on one line.</summary>
    public static async Task<int> ShowAsync(Shell shell, string file, string? passFile, CancellationToken cancellationToken)
    {
        using var key = await KeyFile.ReadAsync(shell, file, passFile, cancellationToken);
        shell.Output.WriteLine(KeyFile.PublicJwk(key.PublicKey));
        return ExitCodes.Good;
    }

    private static Command New(Shell shell)
    {
        var algorithm = new Option<string>("--alg") { Description = "ES256 (P-256), ES256K (secp256k1), EdDSA (Ed25519) or SM2 (SM2 with SM3).", DefaultValueFactory = static _ => SignatureAlgorithms.ES256 };
        algorithm.AcceptOnlyFromAmong([.. SignatureAlgorithms.All]);
        var file = new Option<string>("--out") { Description = "New file for the private key (mode 600).", HelpName = "FILE", Required = true };
        var pass = SharedOptions.PassFile();
        var command = new Command("new", "Makes a key, stores it and prints its kid.") { algorithm, file, pass };
        // Both have a value: one is required, the other has a default.
        command.SetAction((parsed, cancellationToken) =>
            NewAsync(shell, parsed.GetValue(algorithm)!, parsed.GetValue(file)!, parsed.GetValue(pass), cancellationToken));
        return command;
    }

    private static Command Show(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "Private key file." };
        var pass = SharedOptions.PassFile();
        var command = new Command("show", "Prints the public JWK with its kid.") { file, pass };
        command.SetAction((parsed, cancellationToken) => ShowAsync(shell, parsed.GetRequiredValue(file), parsed.GetValue(pass), cancellationToken));
        return command;
    }

    private static Command Register(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "Private key file of the new key." };
        var server = SharedOptions.Server();
        var apiKey = KeyChangeCommands.ApiKeyFile();
        var vouchedBy = KeyChangeCommands.VouchedBy();
        var old = new Option<string?>("--authorize-with") { Description = "Key file of the organisation's present key, which has to agree.", HelpName = "FILE" };
        var pass = SharedOptions.PassFile();
        var command = new Command("register", "Registers a key for an organisation.") { file, server, apiKey, old, vouchedBy, pass };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var passFile = parsed.GetValue(pass);
            using var key = await KeyFile.ReadAsync(shell, parsed.GetRequiredValue(file), passFile, cancellationToken);
            using var authorizer = parsed.GetValue(old) is { } oldFile ? await KeyFile.ReadAsync(shell, oldFile, passFile, cancellationToken) : null;
            var secret = await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(apiKey), cancellationToken);
            using var client = new Http.ServerClient(parsed.GetRequiredValue(server), secret);
            var registered = await KeyRegistration.RegisterAsync(client, key, authorizer, parsed.GetValue(vouchedBy), cancellationToken);
            if (shell.Json)
            {
                shell.WriteJson(registered.WriteMembers);
            }
            else
            {
                shell.Output.WriteLine($"{registered.Kid} registered for {registered.Organisation} by key entry {registered.KeyEntry}");
            }
            return ExitCodes.Good;
        });
        return command;
    }
}
