using System.CommandLine;
using TrustChain.Cli.Http;
using TrustChain.Cli.Keys;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Devices;

/// <summary><c>device encryption-key new</c> and <c>publish</c>: the key of an organisation to which day keys are wrapped (<c>docs/devices.md</c> section 6).</summary>
internal static class EncryptionKeyCommands
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("encryption-key", "The key to which others wrap the day keys of encrypted measures for an organisation.") { New(shell), Publish(shell) };

    private static Command New(Shell shell)
    {
        var file = new Option<string>("--out") { Description = "New file for the private key, a JWK (mode 600). It opens what is wrapped to it: keep it where your secrets are.", HelpName = "FILE", Required = true };
        var command = new Command("new", "Makes an encryption key and prints its public half.") { file };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var key = DecryptionKey.Generate();
            await OutputFile.WriteNewSecretAsync(parsed.GetRequiredValue(file), key.ExportPrivateJwk() + "\n", cancellationToken);
            shell.Output.WriteLine(key.PublicKey.Jwk);
            return ExitCodes.Good;
        });
        return command;
    }

    private static Command Publish(Shell shell)
    {
        var server = SharedOptions.Server();
        var apiKey = ApiKeyFile();
        var file = new Option<string>("--key") { Description = "The encryption key, as of \"device encryption-key new\".", HelpName = "FILE", Required = true };
        var signer = new Option<string?>("--sign-with") { Description = "Signing key of the organisation. Without it the service signs on its behalf, and whoever wraps keys has to believe the service.", HelpName = "FILE" };
        var pass = SharedOptions.PassFile();
        var command = new Command("publish", "Publishes an encryption key: from then on day keys are wrapped to it.") { server, apiKey, file, signer, pass };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var jwk = await DayKeyDelivery.ReadPublicKeyAsync(shell, parsed.GetRequiredValue(file), cancellationToken);
            using var client = new ServerClient(parsed.GetRequiredValue(server), await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(apiKey), cancellationToken));
            ServerAnswer answer;
            if (parsed.GetValue(signer) is { } keyFile)
            {
                using var key = await KeyFile.ReadAsync(shell, keyFile, parsed.GetValue(pass), cancellationToken);
                var head = await KeyChainHead.ReadAsync(client, cancellationToken);
                var payload = new EncryptionKeyStatement(head.Organisation, EncryptionKey.TryParse(jwk, out var published, out var error) ? published : throw new CliException(error)).ToJcs();
                answer = await client.PostAsync("api/encryption-keys", "application/jose", System.Text.Encoding.ASCII.GetBytes(Jws.Sign(key, EncryptionKeyStatement.Type, head.Origin, payload)), cancellationToken);
            }
            else
            {
                answer = await client.PostAsync("api/encryption-keys", "application/json", System.Text.Encoding.ASCII.GetBytes($$"""{"jwk":{{jwk}}}"""), cancellationToken);
            }
            using var json = answer.OrThrow().ToJson();
            var (kid, custody) = (JsonMembers.Text(json.RootElement, "kid"), JsonMembers.Text(json.RootElement, "custody"));
            if (shell.Json)
            {
                shell.WriteJson(writer =>
                {
                    writer.WriteString("kid", kid);
                    writer.WriteString("custody", custody);
                });
            }
            else
            {
                shell.Output.WriteLine($"{kid} is published, signed with a {custody} key");
            }
            return ExitCodes.Good;
        });
        return command;
    }

    /// <summary>File with an API key.</summary>
    public static Option<string> ApiKeyFile() => new("--api-key-file") { Description = "File with the API key of the organisation.", HelpName = "FILE", Required = true };
}
