using System.CommandLine;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Keys;

/// <summary><c>keys rotate</c>, <c>keys revoke</c>, <c>keys recover</c> and <c>keys object</c>.</summary>
internal static class KeyChangeCommands
{
    /// <summary>File with the API key of an organisation.</summary>
    public static Option<string> ApiKeyFile() => new("--api-key-file") { Description = "File with the organisation's API key.", HelpName = "FILE", Required = true };

    /// <summary>Who vouches for a key.</summary>
    public static Option<string?> VouchedBy() => new("--vouched-by")
    {
        Description = "Who vouches that the key is yours: operator (the default), did:web:DOMAIN whose document holds the key, or dns:DOMAIN with the TXT record _trustchain.DOMAIN.",
        HelpName = "WHO",
    };

    /// <summary>Registers a new key with the present one's signature, and retires the present one with the new one's.</summary>
    public static Command Rotate(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "Private key file of the new key." };
        var old = new Option<string>("--from") { Description = "Private key file of the present key.", HelpName = "FILE", Required = true };
        var keep = new Option<bool>("--keep-old") { Description = "Do not retire the present key." };
        var (server, apiKey, vouchedBy, pass) = (SharedOptions.Server(), ApiKeyFile(), VouchedBy(), SharedOptions.PassFile());
        var command = new Command("rotate", "Registers a new key with the present key's signature, and retires the present one.") { file, old, keep, server, apiKey, vouchedBy, pass };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var key = await KeyFile.ReadAsync(shell, parsed.GetRequiredValue(file), parsed.GetValue(pass), cancellationToken);
            using var present = await KeyFile.ReadAsync(shell, parsed.GetRequiredValue(old), parsed.GetValue(pass), cancellationToken);
            using var client = await ConnectAsync(shell, parsed.GetRequiredValue(server), parsed.GetRequiredValue(apiKey), cancellationToken);
            var registered = await KeyRegistration.RegisterAsync(client, key, present, parsed.GetValue(vouchedBy), cancellationToken);
            if (!parsed.GetValue(keep))
            {
                await RevokeOwnAsync(client, present.PublicKey.Kid, key, null, null, cancellationToken);
            }
            Say(
                shell,
                registered.WriteMembers,
                $"{registered.Kid} registered for {registered.Organisation} by key entry {registered.KeyEntry}; {present.PublicKey.Kid} is {(parsed.GetValue(keep) ? "still in force" : "retired")}");
            return ExitCodes.Good;
        });
        return command;
    }

    /// <summary>Ends a key.</summary>
    public static Command Revoke(Shell shell)
    {
        var kid = new Argument<string>("KID") { Description = "Thumbprint of the key to end." };
        var signer = new Option<string?>("--sign-with") { Description = "Private key file of a key of your own in force; may be the one that is ended. Not needed for custodial keys and for operators.", HelpName = "FILE" };
        var since = new Option<long?>("--compromised-since") { Description = "First leaf index that must not be believed.", HelpName = "INDEX" };
        var at = new Option<DateTimeOffset?>("--compromised-at") { Description = "Moment since which the key was in wrong hands; the last final anchor before it decides.", HelpName = "TIME" };
        var organisation = new Option<string?>("--organisation") { Description = "As an operator: whose key it is.", HelpName = "ID" };
        var (server, apiKey, pass) = (SharedOptions.Server(), ApiKeyFile(), SharedOptions.PassFile());
        var command = new Command("revoke", "Ends a key: from its entry in the log on, or as compromised before that.") { kid, signer, since, at, organisation, server, apiKey, pass };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = await ConnectAsync(shell, parsed.GetRequiredValue(server), parsed.GetRequiredValue(apiKey), cancellationToken);
            using var key = parsed.GetValue(signer) is { } file ? await KeyFile.ReadAsync(shell, file, parsed.GetValue(pass), cancellationToken) : null;
            using var answer = parsed.GetValue(organisation) is { } id
                ? await client.PostJsonAsync(
                    $"api/organisations/{Uri.EscapeDataString(id)}/keys/{Uri.EscapeDataString(parsed.GetRequiredValue(kid))}/revoke",
                    json => WriteCompromise(json, parsed.GetValue(since), parsed.GetValue(at)),
                    cancellationToken)
                : await RevokeOwnAsync(client, parsed.GetRequiredValue(kid), key, parsed.GetValue(since), parsed.GetValue(at), cancellationToken);
            var from = JsonMembers.Integer(answer.RootElement, "compromisedSince");
            Say(
                shell,
                json =>
                {
                    json.WriteString("kid", parsed.GetRequiredValue(kid));
                    if (from is { } index)
                    {
                        json.WriteNumber("compromisedSince", index);
                    }
                },
                from is null ? $"{parsed.GetRequiredValue(kid)} is retired" : $"{parsed.GetRequiredValue(kid)} is ended; entries from {from} on must not be believed");
            return ExitCodes.Good;
        });
        return command;
    }

    /// <summary>As an operator: announces, and later admits, a key for an organisation that has lost its own.</summary>
    public static Command Recover(Shell shell)
    {
        var file = new Argument<string>("FILE") { Description = "Private key file of the new key." };
        var organisation = new Option<string>("--organisation") { Description = "Whose keys are lost.", HelpName = "ID", Required = true };
        var reason = new Option<string?>("--reason") { Description = "Announce the key: why, in one sentence that everybody can read.", HelpName = "TEXT" };
        var complete = new Option<long?>("--complete") { Description = "Admit the key announced by this entry, once the delay is over.", HelpName = "INDEX" };
        var (server, apiKey, pass) = (SharedOptions.Server(), ApiKeyFile(), SharedOptions.PassFile());
        var command = new Command("recover", "As an operator: announces a key for an organisation that has lost its own, and admits it after the delay.")
        {
            file, organisation, reason, complete, server, apiKey, pass,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if ((parsed.GetValue(reason) is null) == (parsed.GetValue(complete) is null))
            {
                throw new CliException("Give either --reason, to announce the key, or --complete, to admit it.");
            }
            using var key = await KeyFile.ReadAsync(shell, parsed.GetRequiredValue(file), parsed.GetValue(pass), cancellationToken);
            using var client = await ConnectAsync(shell, parsed.GetRequiredValue(server), parsed.GetRequiredValue(apiKey), cancellationToken);
            var id = parsed.GetRequiredValue(organisation);
            var path = $"api/organisations/{Uri.EscapeDataString(id)}/keys/recoveries";
            if (parsed.GetValue(complete) is { } index)
            {
                var history = await KeyHistoryCommand.ReadAsync(client, id, cancellationToken);
                var payload = KeyEntry.ToAuthorizationPayload(id, key.PublicKey.Kid, history.Entries[^1].Index);
                using var admitted = await client.PostJsonAsync(
                    $"{path}/{index}/complete", json => json.WriteString("proof", Jws.Sign(key, KeyChange.AuthorizationType, null, payload)), cancellationToken);
                Say(shell, json => json.WriteString("kid", key.PublicKey.Kid), $"{key.PublicKey.Kid} is admitted for {id}");
                return ExitCodes.Good;
            }
            using var announced = await client.PostJsonAsync(
                path,
                json =>
                {
                    json.WritePropertyName("jwk");
                    json.WriteRawValue(key.PublicKey.Jwk);
                    json.WriteString("reason", parsed.GetValue(reason));
                },
                cancellationToken);
            var from = JsonMembers.RequiredText(announced.RootElement, "admittedFrom", parsed.GetRequiredValue(server));
            Say(
                shell,
                json =>
                {
                    json.WriteString("kid", key.PublicKey.Kid);
                    json.WriteString("admittedFrom", from);
                },
                $"{key.PublicKey.Kid} is announced for {id}; it can be admitted from {from} on, unless {id} objects");
            return ExitCodes.Good;
        });
        return command;
    }

    /// <summary>Stops a recovery.</summary>
    public static Command Object(Shell shell)
    {
        var index = new Argument<long>("INDEX") { Description = "Leaf index of the entry that announces the recovery." };
        var signer = new Option<string>("--sign-with") { Description = "Private key file of a key of your own in force.", HelpName = "FILE", Required = true };
        var (server, apiKey, pass) = (SharedOptions.Server(), ApiKeyFile(), SharedOptions.PassFile());
        var command = new Command("object", "Stops an announced recovery of your keys.") { index, signer, server, apiKey, pass };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var key = await KeyFile.ReadAsync(shell, parsed.GetRequiredValue(signer), parsed.GetValue(pass), cancellationToken);
            using var client = await ConnectAsync(shell, parsed.GetRequiredValue(server), parsed.GetRequiredValue(apiKey), cancellationToken);
            var head = await KeyChainHead.ReadAsync(client, cancellationToken);
            var payload = KeyObjection.ToAuthorizationPayload(head.Organisation, parsed.GetValue(index), head.Previous);
            using var answer = await client.PostJsonAsync(
                $"api/keys/recoveries/{parsed.GetValue(index)}/object", json => json.WriteString("authorization", head.Authorize(key, payload)), cancellationToken);
            Say(shell, json => json.WriteNumber("recovery", parsed.GetValue(index)), $"the recovery announced by entry {parsed.GetValue(index)} is stopped");
            return ExitCodes.Good;
        });
        return command;
    }

    private static async Task<JsonDocument> RevokeOwnAsync(
        ServerClient client, string kid, SigningKey? signer, long? since, DateTimeOffset? at, CancellationToken cancellationToken)
    {
        var head = await KeyChainHead.ReadAsync(client, cancellationToken);
        var payload = KeyRevocation.ToAuthorizationPayload(head.Organisation, kid, head.Previous, since, at is { } moment ? Record.FormatTime(moment.ToUniversalTime()) : null);
        return await client.PostJsonAsync(
            $"api/keys/{Uri.EscapeDataString(kid)}/revoke",
            json =>
            {
                WriteCompromise(json, since, at);
                if (signer is not null)
                {
                    json.WriteString("authorization", head.Authorize(signer, payload));
                }
            },
            cancellationToken);
    }

    private static void WriteCompromise(Utf8JsonWriter json, long? since, DateTimeOffset? at)
    {
        if (since is { } index)
        {
            json.WriteNumber("compromisedSince", index);
        }
        if (at is { } moment)
        {
            json.WriteString("compromisedAt", Record.FormatTime(moment.ToUniversalTime()));
        }
    }

    private static async Task<ServerClient> ConnectAsync(Shell shell, Uri server, string apiKeyFile, CancellationToken cancellationToken) =>
        new(server, await InputFile.ReadSecretAsync(shell, apiKeyFile, cancellationToken));

    private static void Say(Shell shell, Action<Utf8JsonWriter> members, string sentence)
    {
        if (shell.Json)
        {
            shell.WriteJson(members);
        }
        else
        {
            shell.Output.WriteLine(sentence);
        }
    }
}
