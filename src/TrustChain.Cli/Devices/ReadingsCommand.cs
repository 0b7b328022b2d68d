using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Encryption;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Devices;

/// <summary><c>device readings</c>: the values of days, with those decrypted here for which there is a key. The server sees no key that it does not have.</summary>
internal static class ReadingsCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var server = SharedOptions.Server();
        var apiKey = EncryptionKeyCommands.ApiKeyFile();
        var device = DayKeyCommands.DeviceId();
        var day = DayKeyCommands.Day("--day", "The day (UTC).");
        var key = new Option<string?>("--key") { Description = "Own encryption key: opens the day keys that were wrapped to it.", HelpName = "FILE" };
        var master = new Option<string?>("--master-key") { Description = "Master key of the device: opens everything that it encrypted under its first one, or the one of --generation.", HelpName = "FILE" };
        var generation = SharedOptions.Number("--generation", "Number of the master key.", 1, 1, DayKeyName.MaxGeneration);
        var command = new Command("readings", "Prints the readings of a day as CSV (time,measure,value,unit), and decrypts what a key opens.") { server, apiKey, device, day, key, master, generation };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var client = new ServerClient(parsed.GetRequiredValue(server), await InputFile.ReadSecretAsync(shell, parsed.GetRequiredValue(apiKey), cancellationToken));
            var path = $"api/devices/{Uri.EscapeDataString(parsed.GetRequiredValue(device))}";
            var shown = (await client.GetAsync(path, "application/json", cancellationToken)).OrThrow();
            using var json = shown.ToJson();
            var (uri, name) = (JsonMembers.RequiredText(json.RootElement, "device", shown.Address), JsonMembers.RequiredText(json.RootElement, "template", shown.Address));
            var file = (await client.GetAsync($"api/devices/templates/{Uri.EscapeDataString(name)}", "application/json", cancellationToken)).OrThrow();
            var template = DeviceTemplate.TryParse(file.Body, out var read, out var error) ? read : throw new CliException($"{file.Address}: {error}", ExitCodes.Bad);
            var wanted = parsed.GetRequiredValue(day);
            var keys = parsed.GetValue(key) is { } own ? await OpenAsync(shell, client, path, own, wanted, cancellationToken) : [];
            if (parsed.GetValue(master) is { } secret)
            {
                using var masterKey = new DeviceMasterKey(await DayKeyCommands.ReadMasterKeyAsync(shell, secret, cancellationToken), uri, parsed.GetValue(generation));
                foreach (var group in Enum.GetValues<KeyGroup>())
                {
                    var derived = masterKey.Derive(wanted, group);
                    keys[derived.Name] = derived;
                }
            }
            return await WriteAsync(shell, client, path, uri, template, wanted, keys, cancellationToken);
        });
        return command;
    }

    /// <summary>The day keys that were wrapped to a key.</summary>
    private static async Task<Dictionary<DayKeyName, DayKey>> OpenAsync(Shell shell, ServerClient client, string path, string file, DateOnly day, CancellationToken cancellationToken)
    {
        var text = await InputFile.ReadTextAsync(shell, file, 16384, cancellationToken);
        using var own = DecryptionKey.TryParse(text, out var parsed, out var error) ? parsed : throw new CliException($"{InputFile.Name(file)}: {error}");
        var date = DayKeyName.FormatDay(day);
        using var json = (await client.GetAsync($"{path}/day-keys?from={date}&to={date}", "application/json", cancellationToken)).OrThrow().ToJson();
        var keys = new Dictionary<DayKeyName, DayKey>();
        foreach (var listed in JsonMembers.Array(json.RootElement, "keys"))
        {
            if (WrappedDayKey.TryParse(JsonMembers.Text(listed, "jwe") ?? "", out var wrapped, out _) && wrapped.Recipient == own.PublicKey.Kid && wrapped.TryUnwrap(own, out var key))
            {
                keys[key.Name] = key;
            }
        }
        return keys;
    }

    /// <summary>Good when every encrypted value could be read; could not check where some could not.</summary>
    private static async Task<int> WriteAsync(
        Shell shell, ServerClient client, string path, string uri, DeviceTemplate template, DateOnly day, Dictionary<DayKeyName, DayKey> keys, CancellationToken cancellationToken)
    {
        var unread = 0L;
        shell.Output.WriteLine("time,measure,value,unit");
        for (long? offset = 0; offset is not null;)
        {
            using var page = (await client.GetAsync($"{path}/readings?day={DayKeyName.FormatDay(day)}&offset={offset}", "application/json", cancellationToken)).OrThrow().ToJson();
            foreach (var reading in JsonMembers.Array(page.RootElement, "statements").SelectMany(static s => JsonMembers.Array(s, "readings")))
            {
                if (JsonMembers.Text(reading, "time") is not { } time || !reading.TryGetProperty("values", out var values) || values.ValueKind != JsonValueKind.Object)
                {
                    throw new CliException("The server answered with a reading that is none.", ExitCodes.Bad);
                }
                foreach (var value in values.EnumerateObject())
                {
                    unread += Write(shell, uri, template, keys, time, value) ? 0 : 1;
                }
            }
            offset = JsonMembers.Integer(page.RootElement, "next");
        }
        if (unread > 0)
        {
            shell.Warn($"{unread} encrypted values could not be read: there is no key of them, or another one");
        }
        return unread > 0 ? ExitCodes.CouldNotCheck : ExitCodes.Good;
    }

    /// <summary>Writes a line for a value; false where it is encrypted and cannot be read.</summary>
    private static bool Write(Shell shell, string uri, DeviceTemplate template, Dictionary<DayKeyName, DayKey> keys, string time, JsonProperty value)
    {
        var index = template.IndexOf(value.Name);
        var (text, unit) = (value.Value.ToString(), index < 0 ? null : template.Measures[index].Unit);
        if (index >= 0 && !template.Measures[index].IsOpen && value.Value.ValueKind == JsonValueKind.String)
        {
            if (!EncryptedValue.TryParse(text, out var encrypted, out _) || !keys.TryGetValue(encrypted.KeyName, out var key)
                || !DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment)
                || !EncryptedReport.TryDecrypt(encrypted, key, uri, moment, template, index, out var content))
            {
                return false;
            }
            (text, unit) = content switch
            {
                MeasuredValue.Number number => (number.Value.ToString("R", CultureInfo.InvariantCulture), number.Unit),
                MeasuredValue.Flag flag => (flag.Value ? "true" : "false", null),
                MeasuredValue.Text words => (words.Value, null),
                MeasuredValue.Position { Value: var place } => (string.Create(CultureInfo.InvariantCulture, $"{place.Latitude:R} {place.Longitude:R}"), "DD"),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        else if (value.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            text = value.Value.GetBoolean() ? "true" : "false";
        }
        shell.Output.WriteLine($"{time},{value.Name},{Quote(text)},{unit}");
        return true;
    }

    /// <summary>A field of RFC 4180.</summary>
    private static string Quote(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
