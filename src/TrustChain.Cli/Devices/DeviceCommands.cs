using System.CommandLine;
using TrustChain.Cli.Terminal;
using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices;

/// <summary>
/// <c>device claim</c>, <c>device keys</c>, <c>device send</c> and <c>device rotate</c>: a device played by this program. For owners and readers of encrypted data there are
/// <see cref="EncryptionKeyCommands"/>, <see cref="DayKeyCommands"/> and <see cref="ReadingsCommand"/>; <c>device simulate</c> is <see cref="SimulateCommand"/>.
/// </summary>
internal static class DeviceCommands
{
    private const int MaxFileBytes = 256 << 20;
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";

    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("device", "Is a device, or stands in for many.")
    {
        Claim(shell), Keys(shell), Send(shell), Rotate(shell), EncryptionKeyCommands.Create(shell), DayKeyCommands.Create(shell), ReadingsCommand.Create(shell), SimulateCommand.Create(shell),
    };

    private static Command Claim(Shell shell)
    {
        var server = SharedOptions.Server();
        var claim = new Option<string>("--claim") { Description = "Claim code that the owner was given.", HelpName = "CODE", Required = true };
        var state = State();
        var template = new Option<string?>("--template") { Description = "File with the device's template: it says what is encrypted, and whether the service gets the keys. Without it the server is asked, and believed.", HelpName = "FILE" };
        var owner = new Option<string?>("--encryption-key") { Description = "The owner's encryption key (a JWK): the day keys of what is encrypted are wrapped to it.", HelpName = "FILE" };
        var master = DayKeyCommands.MasterKeyFile(required: false);
        var command = new Command("claim", "Makes a key and enrols the device with its claim code.") { server, claim, state, template, owner, master };
        command.SetAction((parsed, cancellationToken) => GuardAsync(async () =>
        {
            var (folder, address) = (parsed.GetRequiredValue(state), parsed.GetRequiredValue(server));
            await DeviceSecrets.PrepareAsync(shell, folder, address, parsed.GetRequiredValue(claim), parsed.GetValue(template), parsed.GetValue(owner), parsed.GetValue(master), cancellationToken);
            using var device = await TelemetryDevice.ClaimAsync(folder, Options(address, folder), parsed.GetRequiredValue(claim), cancellationToken);
            await OutputFile.WriteAsync(ServerFile(folder), address.AbsoluteUri + "\n", cancellationToken);
            return Show(shell, device);
        }));
        return command;
    }

    private static Command Keys(Shell shell)
    {
        var state = State();
        var command = new Command("keys", "Shows who the device is, its key and the last number it used.") { state };
        command.SetAction((parsed, cancellationToken) => GuardAsync(async () =>
        {
            var folder = parsed.GetRequiredValue(state);
            using var device = TelemetryDevice.Open(folder, Options(await ServerAsync(shell, folder, null, cancellationToken), folder));
            return Show(shell, device);
        }));
        return command;
    }

    private static Command Send(Shell shell)
    {
        var state = State();
        var server = OptionalServer();
        var file = new Option<string?>("--file") { Description = "CSV with the columns time,type,component,value,unit to sign and send; - for standard input. Without it what is left is sent.", HelpName = "FILE" };
        var wait = new Option<bool>("--wait") { Description = "Wait and try again until everything is sent." };
        var command = new Command("send", "Signs readings, stores them, and sends what is stored, oldest first.") { state, file, server, wait };
        command.SetAction((parsed, cancellationToken) => GuardAsync(async () =>
        {
            var folder = parsed.GetRequiredValue(state);
            var measurements = parsed.GetValue(file) is { } name ? ReadingsFile.Parse(await InputFile.ReadTextAsync(shell, name, MaxFileBytes, cancellationToken), InputFile.Name(name)) : [];
            using var device = TelemetryDevice.Open(folder, Options(await ServerAsync(shell, folder, parsed.GetValue(server), cancellationToken), folder));
            foreach (var measurement in measurements)
            {
                device.Add(measurement);
            }
            device.Flush();
            return await SendAsync(shell, device, parsed.GetValue(wait), cancellationToken);
        }));
        return command;
    }

    private static Command Rotate(Shell shell)
    {
        var state = State();
        var server = OptionalServer();
        var command = new Command("rotate", "Goes on to a new key, which the present one admits.") { state, server };
        command.SetAction((parsed, cancellationToken) => GuardAsync(async () =>
        {
            var folder = parsed.GetRequiredValue(state);
            using var device = TelemetryDevice.Open(folder, Options(await ServerAsync(shell, folder, parsed.GetValue(server), cancellationToken), folder));
            await device.RotateAsync(null, cancellationToken);
            return Show(shell, device);
        }));
        return command;
    }

    /// <summary>Bad when the server refused some of it for good; could not check when some of it is left.</summary>
    private static async Task<int> SendAsync(Shell shell, TelemetryDevice device, bool wait, CancellationToken cancellationToken)
    {
        var (sent, refused, progress) = (0, 0, new ProgressLine(shell));
        SendReport report;
        while (true)
        {
            report = await device.SendAsync(cancellationToken);
            sent += report.Sent;
            refused += report.Refused;
            if (report.Left == 0 || !wait)
            {
                break;
            }
            progress.Show(() => $"{sent} statements sent, {report.Left} left: {report.Reason}; again in {report.Wait.TotalSeconds:0} s");
            await Task.Delay(report.Wait, cancellationToken);
        }
        progress.Finish();
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("device", device.Device);
                json.WriteNumber("sent", sent);
                json.WriteNumber("refused", refused);
                json.WriteNumber("left", report.Left);
                json.WriteString("reason", report.Reason);
            });
        }
        else
        {
            shell.Output.WriteLine($"{sent} statements sent, {refused} refused, {report.Left} left{(report.Reason is null ? "" : $": {report.Reason}")}");
        }
        return refused > 0 ? ExitCodes.Bad : report.Left > 0 ? ExitCodes.CouldNotCheck : ExitCodes.Good;
    }

    private static int Show(Shell shell, TelemetryDevice device)
    {
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("device", device.Device);
                json.WriteString("kid", device.Kid);
                json.WriteNumber("sequence", device.Sequence);
            });
        }
        else
        {
            shell.Output.WriteLine($"{device.Device} has the key {device.Kid}, last number {device.Sequence}");
        }
        return ExitCodes.Good;
    }

    /// <summary>Makes the failures of the device into those of this program.</summary>
    private static async Task<int> GuardAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (DeviceException exception)
        {
            throw new CliException(exception.Message, ExitCodes.Bad);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new CliException(exception.Message);
        }
    }

    // Who says http on the command line means it, as in all verbs.
    private static DeviceOptions Options(Uri server, string folder) =>
        new(server) { AllowPlainHttp = true, BootId = File.Exists(BootIdFile) ? File.ReadAllText(BootIdFile).Trim() : null, Encryption = DeviceSecrets.Read(folder) };

    private static async Task<Uri> ServerAsync(Shell shell, string folder, Uri? given, CancellationToken cancellationToken) => given
        ?? (Uri.TryCreate(await InputFile.ReadSecretAsync(shell, ServerFile(folder), cancellationToken), UriKind.Absolute, out var stored) ? stored : throw new CliException($"{ServerFile(folder)} has no address."));

    private static string ServerFile(string folder) => Path.Combine(folder, "server.url");

    private static Option<string> State() => new("--state") { Description = "The device's folder, with its key, numbers, unsent statements and receipts.", HelpName = "DIR", Required = true };

    private static Option<Uri> OptionalServer() => SharedOptions.Server(required: false, "Address of the server; without it the one where the device was claimed.");
}
