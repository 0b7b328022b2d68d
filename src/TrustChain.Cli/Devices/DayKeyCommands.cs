using System.Buffers.Text;
using System.CommandLine;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Http;
using TrustChain.Cli.Keys;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Devices;

/// <summary><c>device day-keys</c>: the owner derives day keys from the master key of a device and wraps them to who may read.</summary>
internal static class DayKeyCommands
{
    private const int MaxDays = 3660;

    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var server = SharedOptions.Server();
        var apiKey = EncryptionKeyCommands.ApiKeyFile();
        var device = DeviceId();
        var master = MasterKeyFile();
        var generation = SharedOptions.Number("--generation", "Number of the master key.", 1, 1, DayKeyName.MaxGeneration);
        var from = Day("--from", "First day (UTC).");
        var until = Day("--until", "Last day (UTC).");
        var group = new Option<string[]>("--group") { Description = "Which keys; may be given several times. The rounded places are \"area\".", DefaultValueFactory = static _ => [DayKeyName.Name(KeyGroup.Position)] };
        group.AcceptOnlyFromAmong([.. Enum.GetValues<KeyGroup>().Select(DayKeyName.Name)]);
        var service = new Option<bool>("--to-service") { Description = "Wrap to the service, which then checks places; it takes keys of service-readable devices alone." };
        var organisations = new Option<string[]>("--to") { Description = "Identifier of an organisation with a grant, to whose published key to wrap; may be given several times.", HelpName = "ORGANISATION" };
        var files = new Option<string[]>("--to-key") { Description = "File with an encryption key to wrap to: your own, or one that was handed to you. May be given several times.", HelpName = "FILE" };
        var command = new Command("day-keys", "Derives day keys from a device's master key, wraps them to who may read, and brings them to the server.")
        {
            server, apiKey, device, master, generation, from, until, group, service, organisations, files,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ServerClient(parsed.GetRequiredValue(server), await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(apiKey), cancellationToken));
            List<string> recipients = parsed.GetValue(service) ? [await DayKeyDelivery.GetServiceKeyAsync(client, cancellationToken)] : [];
            foreach (var file in parsed.GetValue(files) ?? [])
            {
                recipients.Add(await DayKeyDelivery.ReadPublicKeyAsync(shell, file, cancellationToken));
            }
            foreach (var organisation in parsed.GetValue(organisations) ?? [])
            {
                recipients.Add(await FindKeyAsync(shell, client, organisation, cancellationToken));
            }
            var (first, last) = (parsed.GetRequiredValue(from), parsed.GetRequiredValue(until));
            if (recipients.Count == 0 || last < first || last.DayNumber - first.DayNumber >= MaxDays)
            {
                throw new CliException(recipients.Count == 0 ? "Say to whom: --to-service, --to or --to-key." : $"--until is at most {MaxDays} days after --from.");
            }
            var id = parsed.GetRequiredValue(device);
            var shown = (await client.GetAsync($"api/devices/{Uri.EscapeDataString(id)}", "application/json", cancellationToken)).OrThrow();
            using var json = shown.ToJson();
            using var secret = new DeviceMasterKey(
                await ReadMasterKeyAsync(shell, parsed.GetRequiredValue(master), cancellationToken), JsonMembers.RequiredText(json.RootElement, "device", shown.Address), parsed.GetValue(generation));
            List<string> wrapped = [.. from name in parsed.GetRequiredValue(@group).Distinct()
                                       from day in Enumerable.Range(first.DayNumber, last.DayNumber - first.DayNumber + 1)
                                       let key = secret.Derive(DateOnly.FromDayNumber(day), Enum.GetValues<KeyGroup>().Single(g => DayKeyName.Name(g) == name))
                                       from recipient in recipients.Distinct()
                                       select WrappedDayKey.Wrap(key, Parse(recipient))];
            await DayKeyDelivery.BringAsync(client, id, wrapped, cancellationToken);
            if (shell.Json)
            {
                shell.WriteJson(writer => writer.WriteNumber("keys", wrapped.Count));
            }
            else
            {
                shell.Output.WriteLine($"{wrapped.Count} wrapped keys of {secret.Device} brought");
            }
            return ExitCodes.Good;
        });
        return command;
    }

    /// <summary>A device on the server.</summary>
    public static Option<string> DeviceId() => new("--device") { Description = "The device's pseudonym: its id on the server.", HelpName = "ID", Required = true };

    /// <summary>A day.</summary>
    public static Option<DateOnly> Day(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "YYYY-MM-DD",
        Required = true,
        CustomParser = static result =>
        {
            if (!DayKeyName.TryParseDay(result.Tokens[^1].Value, out var day))
            {
                result.AddError($"\"{result.Tokens[^1].Value}\" is no day such as 2026-11-26.");
            }
            return day;
        },
    };

    /// <summary>File with a master key.</summary>
    public static Option<string> MasterKeyFile(bool required = true) =>
        new("--master-key") { Description = "File with the device's master key: its 32 bytes, or those in base64url.", HelpName = "FILE", Required = required };

    /// <summary>The 32 bytes of a master key.</summary>
    /// <exception cref="CliException">The file has none.</exception>
    public static async Task<byte[]> ReadMasterKeyAsync(Shell shell, string file, CancellationToken cancellationToken)
    {
        var bytes = await InputFile.ReadAsync(shell, file, 4096, cancellationToken);
        if (bytes.Length == Jwe.KeySize)
        {
            return bytes;
        }
        var text = System.Text.Encoding.ASCII.GetString(bytes).Trim();
        return Base64Url.IsValid(text, out var length) && length == Jwe.KeySize ? Base64Url.DecodeFromChars(text) : throw new CliException($"{InputFile.Name(file)} does not have a master key of {Jwe.KeySize} bytes.");
    }

    /// <summary>The encryption key that an organisation has published, once one of its signing keys in the log has said so: else whoever runs the server could put its own there.</summary>
    private static async Task<string> FindKeyAsync(Shell shell, ServerClient client, string organisation, CancellationToken cancellationToken)
    {
        var answer = (await client.GetAsync($"api/encryption-keys/{Uri.EscapeDataString(organisation)}", "application/json", cancellationToken)).OrThrow();
        using var json = answer.ToJson();
        var origin = (await CaptureCommand.GetTrustAsync(client, cancellationToken)).Origin;
        if (!Jws.TryParse(JsonMembers.RequiredText(json.RootElement, "statement", answer.Address), out var jws, out _)
            || !EncryptionKeyStatement.TryRead(jws, origin, out var statement) || statement.Organisation != organisation)
        {
            throw new CliException($"{answer.Address}: the statement is not one by which {organisation} says which key is its own.", ExitCodes.Bad);
        }
        var history = new KeyHistory(organisation, origin);
        foreach (var (index, _, change) in (await KeyHistoryCommand.ReadAsync(client, organisation, cancellationToken)).Entries)
        {
            if (history.Apply(index, change) is KeyChangeResult.Refused refused)
            {
                throw new CliException($"The key entries of {organisation} break the rules: {refused.Rule}", ExitCodes.Bad);
            }
        }
        if (history.Keys.FirstOrDefault(k => k.Key.Kid == jws.Kid && k.CompromisedSince is null) is not { } signer || jws.Verify(signer.Key) != SignatureCheck.Valid)
        {
            throw new CliException($"The encryption key of {organisation} is not signed by a key that its entries in the log admit.", ExitCodes.Bad);
        }
        if (signer.RevokedBy is not null)
        {
            shell.Warn($"the key with which {organisation} said which encryption key is its own has ended since");
        }
        if (signer.Custody != Custody.Self)
        {
            shell.Warn($"the service holds the key with which {organisation} says which encryption key is its own");
        }
        return statement.Key.Jwk;
    }

    private static EncryptionKey Parse(string jwk) => EncryptionKey.TryParse(jwk, out var key, out var error) ? key : throw new CliException(error);
}
