using TrustChain.Server.Commands;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>What the server program makes of its command line.</summary>
public sealed class ServerCommandLineTests
{
    [Theory]
    [InlineData("", "Serve")]
    [InlineData("serve", "Serve")]
    [InlineData("serve --urls=http://127.0.0.1:0", "Serve")]
    [InlineData("--urls=http://127.0.0.1:0", "Serve")]
    [InlineData("serve --config x.json", "Serve")]
    [InlineData("--config=x.json", "Serve")]
    [InlineData("migrate --config x.json", "Migrate")]
    [InlineData("--config x.json init --admin a --name b --key-out c", "Init")]
    [InlineData("invite --organisation a --role admin --config x.json", "Init")]
    [InlineData("keys --json", "Keys")]
    [InlineData("doctor --json --config x.json", "Doctor")]
    [InlineData("health http://127.0.0.1:8080", "Health")]
    [InlineData("erase 17 --reason asked", "Erase")]
    [InlineData("erase 17 --reason asked --whole-statement --config x.json", "Erase")]
    [InlineData("erase 17", "Refused")]
    [InlineData("erase all --reason asked", "Refused")]
    [InlineData("erase 17 --reason asked --force", "Refused")]
    [InlineData("devices recompute", "Devices")]
    [InlineData("devices recompute --device urn:x --from 2026-04-05 --to 2026-04-06 --summaries --config x.json", "Devices")]
    [InlineData("devices recompute --from 2026-04-06 --to 2026-04-05", "Refused")]
    [InlineData("devices recompute --from yesterday", "Refused")]
    [InlineData("devices recompute --device", "Refused")]
    [InlineData("devices", "Refused")]
    [InlineData("--help", "Help")]
    [InlineData("--version", "Version")]
    [InlineData("server", "Refused")]
    [InlineData("serve fast", "Refused")]
    [InlineData("--urls http://127.0.0.1:0", "Refused")]
    [InlineData("--config", "Refused")]
    [InlineData("--config=", "Refused")]
    [InlineData("migrate --force", "Refused")]
    [InlineData("doctor --fix", "Refused")]
    [InlineData("health", "Refused")]
    public void Parse_OfCommandLine_IsItsVerb(string line, string verb)
    {
        var command = ServerCommandLine.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(verb, command.Verb.ToString());
        Assert.Equal(verb == "Refused", command.Fault.Length > 0);
        Assert.Equal(line.Contains("x.json", StringComparison.Ordinal) ? "x.json" : null, command.ConfigFile);
        Assert.DoesNotContain(command.Arguments, static a => a.StartsWith("--config", StringComparison.Ordinal));
    }
}
