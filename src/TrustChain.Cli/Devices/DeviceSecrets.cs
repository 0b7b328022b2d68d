using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.DeviceClient;

namespace TrustChain.Cli.Devices;

/// <summary>
/// What a device that this program plays encrypts, and for whom: <c>template.json</c>, <c>owner.jwk</c> and <c>master.key</c> in its folder. The template stays the one of the claim: a server
/// that later says that nothing is secret changes nothing.
/// </summary>
internal static class DeviceSecrets
{
    private const int MaxTemplateBytes = 256 << 10;

    /// <summary>Stores them before the claim is used up.</summary>
    /// <exception cref="CliException">A file is not what it must be.</exception>
    public static async Task PrepareAsync(
        Shell shell, string folder, Uri server, string claim, string? templateFile, string? ownerKeyFile, string? masterKeyFile, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(folder, "state.json")))
        {
            return; // Enrolled, or a claim that was interrupted after this.
        }
        Directory.CreateDirectory(folder);
        var template = Path.Combine(folder, "template.json");
        if (templateFile is not null || !File.Exists(template))
        {
            var utf8 = templateFile is not null ? await InputFile.ReadAsync(shell, templateFile, MaxTemplateBytes, cancellationToken) : await AskAsync(shell, server, claim, cancellationToken);
            if (utf8 is not null)
            {
                Parse(utf8, templateFile ?? "The server's template"); // Refused here, and not at the first statement.
                await OutputFile.WriteAsync(template, utf8, cancellationToken);
            }
        }
        if (ownerKeyFile is not null)
        {
            await OutputFile.WriteAsync(Path.Combine(folder, "owner.jwk"), await DayKeyDelivery.ReadPublicKeyAsync(shell, ownerKeyFile, cancellationToken) + "\n", cancellationToken);
        }
        if (masterKeyFile is not null)
        {
            await OutputFile.WriteNewSecretAsync(Path.Combine(folder, "master.key"), await DayKeyCommands.ReadMasterKeyAsync(shell, masterKeyFile, cancellationToken), cancellationToken);
        }
    }

    /// <summary>What a folder says; null for a device that encrypts nothing.</summary>
    /// <exception cref="CliException">The template in the folder is damaged.</exception>
    public static DeviceEncryption? Read(string folder)
    {
        var file = Path.Combine(folder, "template.json");
        if (!File.Exists(file) || Parse(File.ReadAllBytes(file), file) is not { } template || template.Measures.All(static m => m.IsOpen))
        {
            return null;
        }
        var owner = Path.Combine(folder, "owner.jwk");
        return new DeviceEncryption(
            m => template.FindEncryptionGroup(m.Type, m.Component) is { } group ? DayKeyName.Name(group) : null,
            template.Privacy == DevicePrivacy.ServiceReadable,
            File.Exists(owner) ? [File.ReadAllText(owner).Trim()] : null);
    }

    private static DeviceTemplate Parse(byte[] utf8, string name) =>
        DeviceTemplate.TryParse(utf8, out var template, out var error) ? template : throw new CliException($"{name} is no template: {error}", ExitCodes.Bad);

    /// <summary>
    /// The template that the server has for a claim code; null where it knows no such code, which the claim itself will say, and where it names no template: what is to be encrypted and comes
    /// in the clear is then refused.
    /// </summary>
    private static async Task<byte[]?> AskAsync(Shell shell, Uri server, string claim, CancellationToken cancellationToken)
    {
        using var client = new ServerClient(server);
        var known = await client.GetAsync($"api/devices/claim/{Uri.EscapeDataString(claim)}", "application/json", cancellationToken);
        if (known.Status == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }
        using var json = known.OrThrow().ToJson();
        if (JsonMembers.Text(json.RootElement, "template") is not { } name)
        {
            shell.Warn("the server names no template for this device: nothing will be encrypted. Give --template where something is to be.");
            return null;
        }
        return (await client.GetAsync($"api/devices/templates/{Uri.EscapeDataString(name)}", "application/json", cancellationToken)).OrThrow().Body;
    }
}
