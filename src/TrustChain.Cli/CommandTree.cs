using System.CommandLine;
using System.CommandLine.Invocation;
using TrustChain.Cli.Bench;
using TrustChain.Cli.Capture;
using TrustChain.Cli.Contracts;
using TrustChain.Cli.Devices;
using TrustChain.Cli.Epcis;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Gateway;
using TrustChain.Cli.Identifiers;
using TrustChain.Cli.Keys;
using TrustChain.Cli.Labels;
using TrustChain.Cli.Monitor;
using TrustChain.Cli.Signing;
using TrustChain.Cli.Terminal;
using TrustChain.Cli.Verification;
using TrustChain.Cli.Witness;

namespace TrustChain.Cli;

/// <summary>All verbs, and the one place where a failure becomes an exit code and a line on standard error.</summary>
internal static class CommandTree
{
    /// <summary>Runs one command line.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Shell shell, CancellationToken cancellationToken)
    {
        // An identifier may begin with "@", which would otherwise name a file of arguments.
        var parsed = Create(shell).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            var reason = parsed.UnmatchedTokens is [var unknown, ..] ? $"\"{unknown}\" is not expected here." : parsed.Errors[0].Message;
            shell.Error.WriteLine($"trustchain: {reason} (try \"trustchain --help\")");
            return ExitCodes.CouldNotCheck;
        }
        shell.Json = parsed.GetValue(JsonOption);
        try
        {
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = shell.Output, Error = shell.Error, ProcessTerminationTimeout = TerminationPatience };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (CliException exception)
        {
            shell.Error.WriteLine($"trustchain: {exception.Message}");
            return exception.ExitCode;
        }
        catch (OperationCanceledException)
        {
            shell.Error.WriteLine("trustchain: stopped before the end.");
            return ExitCodes.CouldNotCheck;
        }
    }

    /// <summary>From SIGTERM or Ctrl-C to the end: a verb that serves finishes what is under way.</summary>
    private static readonly TimeSpan TerminationPatience = TimeSpan.FromSeconds(15);

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Write JSON for machines, one value a line.", Recursive = true };

    private static RootCommand Create(Shell shell) => new("Signs, captures and verifies TrustChain evidence. Exit codes: 0 good, 1 bad, 2 could not check or bad usage.")
    {
        JsonOption,
        KeysCommands.Create(shell),
        SignCommand.Create(shell),
        CaptureCommand.Create(shell),
        HashCommand.Create(shell),
        IdCommand.Create(shell),
        JwsCommands.Create(shell),
        VerifyCommand.Create(shell),
        FsckCommand.Create(shell),
        WitnessCommands.Create(shell),
        ContractsCommands.Create(shell),
        MonitorCommand.Create(shell),
        QrCommand.Create(shell),
        DeviceCommands.Create(shell),
        GatewayCommand.Create(shell),
        BenchCommands.Create(shell),
    };
}
