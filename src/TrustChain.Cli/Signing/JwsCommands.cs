using System.CommandLine;
using System.Text.Json;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Signing;

/// <summary><c>jws verify --key JWK FILE</c>.</summary>
internal static class JwsCommands
{
    private const int MaxBytes = 96 << 20;

    /// <summary>The verb.</summary>
    public static Command Create(Shell shell) => new("jws", "Works with signatures in the compact form of JWS.") { Verify(shell) };

    /// <summary>Good, bad or could-not-check, with one line saying so.</summary>
    public static async Task<int> VerifyAsync(Shell shell, string keyFile, string file, CancellationToken cancellationToken)
    {
        var jwk = await InputFile.ReadTextAsync(shell, keyFile, 65536, cancellationToken);
        var compact = (await InputFile.ReadTextAsync(shell, file, MaxBytes, cancellationToken)).Trim();
        var (answer, reason) = Check(jwk, compact, InputFile.Name(keyFile));
        var word = answer switch { SignatureCheck.Valid => "valid", SignatureCheck.Invalid => "invalid", _ => "could not check" };
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("result", word);
                json.WriteString("reason", reason);
            });
        }
        else
        {
            shell.Output.WriteLine(reason is null ? word : $"{word}: {reason}");
        }
        return answer switch { SignatureCheck.Valid => ExitCodes.Good, SignatureCheck.Invalid => ExitCodes.Bad, _ => ExitCodes.CouldNotCheck };
    }

    /// <summary>Verifies a compact JWS with a JWK.</summary>
    /// <returns>The answer, and one sentence where it is not valid.</returns>
    /// <exception cref="CliException">The key is not a JSON object.</exception>
    public static (SignatureCheck Answer, string? Reason) Check(string jwk, string compact, string keyName)
    {
        if (!IsKnownKeyType(jwk, keyName))
        {
            return (SignatureCheck.CouldNotCheck, $"This program verifies with these keys only: {SignatureAlgorithms.KeyTypes}.");
        }
        if (!PublicKey.TryParse(jwk, out var key, out var error) || !Jws.TryParse(compact, out var jws, out error))
        {
            return (SignatureCheck.Invalid, error);
        }
        if (jws.Algorithm != key.Algorithm)
        {
            return (SignatureCheck.Invalid, $"The header names {jws.Algorithm}, but the key is for {key.Algorithm}.");
        }
        return jws.Verify(key) switch
        {
            SignatureCheck.Valid => (SignatureCheck.Valid, null),
            SignatureCheck.Invalid => (SignatureCheck.Invalid, "The signature was not made by this key over this content."),
            var unknown => (unknown, $"{key.Algorithm} is not available on this machine."),
        };
    }

    private static bool IsKnownKeyType(string jwk, string keyName)
    {
        try
        {
            using var document = JsonDocument.Parse(jwk);
            var json = document.RootElement;
            return json.ValueKind == JsonValueKind.Object
                ? SignatureAlgorithms.Find(JsonMembers.Text(json, "kty"), JsonMembers.Text(json, "crv")) is not null
                : throw new CliException($"{keyName} is not a JWK.");
        }
        catch (JsonException)
        {
            throw new CliException($"{keyName} is not a JWK.");
        }
    }

    private static Command Verify(Shell shell)
    {
        var key = new Option<string>("--key") { Description = "Public key as a JWK.", HelpName = "JWK", Required = true };
        var file = new Argument<string>("FILE") { Description = "The compact JWS; - for standard input." };
        var command = new Command("verify", "Verifies a signature.") { key, file };
        command.SetAction((parsed, cancellationToken) => VerifyAsync(shell, parsed.GetRequiredValue(key), parsed.GetRequiredValue(file), cancellationToken));
        return command;
    }
}
