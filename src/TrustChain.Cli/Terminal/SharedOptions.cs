using System.CommandLine;

namespace TrustChain.Cli.Terminal;

/// <summary>Options that several verbs have. Each call makes a new one, because an option belongs to one command.</summary>
internal static class SharedOptions
{
    /// <summary>Address of a server.</summary>
    public static Option<Uri> Server(bool required = true, string description = "Address of the server, such as http://localhost:8080.") => new("--server")
    {
        Description = description,
        Required = required,
        HelpName = "URL",
        CustomParser = static result =>
        {
            if (Uri.TryCreate(result.Tokens[^1].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                return uri;
            }
            result.AddError($"\"{result.Tokens[^1].Value}\" is not an http or https address.");
            return null;
        },
    };

    /// <summary>Addresses of blockchain nodes.</summary>
    public static Option<Uri[]> Rpc() => new("--rpc")
    {
        Description = "JSON-RPC address of a blockchain node. May be given several times: then all that answer must agree.",
        HelpName = "URL",
        CustomParser = static result =>
        {
            var addresses = new List<Uri>();
            foreach (var token in result.Tokens)
            {
                if (!Uri.TryCreate(token.Value, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                {
                    result.AddError($"\"{token.Value}\" is not an http or https address.");
                    return [];
                }
                addresses.Add(uri);
            }
            return [.. addresses];
        },
    };

    /// <summary>A whole number within limits.</summary>
    public static Option<int> Number(string name, string description, int value, int min, int max)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var given && (given < min || given > max))
            {
                result.AddError($"{name} is {min} to {max}.");
            }
        });
        return option;
    }

    /// <summary>The trust file.</summary>
    public static Option<string?> Trust() => new("--trust") { Description = "Trust file: origin, log key, chain, contract and genesis block; verify also takes an array of several.", HelpName = "FILE" };

    /// <summary>File with the pass phrase of a key file.</summary>
    public static Option<string?> PassFile() => new("--pass-file") { Description = "File whose first line is the pass phrase of the key file.", HelpName = "FILE" };
}
