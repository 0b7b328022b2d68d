using System.CommandLine;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Identifiers;

namespace TrustChain.Cli.Identifiers;

/// <summary><c>id URI…</c>: the canonical form of GS1 identifiers.</summary>
internal static class IdCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var inputs = new Argument<string[]>("URI") { Description = "EPC URN, Digital Link URI or element string such as (01)…(21)….", Arity = ArgumentArity.OneOrMore };
        var prefixLength = new Option<int?>("--gcp-length") { Description = "Digits of the GS1 company prefix (6 to 12), needed to write an EPC URN.", HelpName = "N" };
        var command = new Command("id", "Prints the canonical Digital Link of each identifier, one a line.") { inputs, prefixLength };
        command.SetAction((parsed, _) => Task.FromResult(Run(shell, parsed.GetRequiredValue(inputs), parsed.GetValue(prefixLength))));
        return command;
    }

    /// <summary>Bad when any input is not an identifier.</summary>
    public static int Run(Shell shell, IReadOnlyList<string> inputs, int? prefixLength)
    {
        if (prefixLength is < 6 or > 12)
        {
            throw new CliException("--gcp-length is 6 to 12.");
        }
        var exitCode = ExitCodes.Good;
        foreach (var input in inputs)
        {
            var answer = Resolve(input, prefixLength);
            if (answer.Error is not null)
            {
                exitCode = ExitCodes.Bad;
            }
            if (shell.Json)
            {
                shell.WriteJson(json =>
                {
                    json.WriteString("input", answer.Input);
                    json.WriteString("digitalLink", answer.DigitalLink);
                    json.WriteString("epcUrn", answer.EpcUrn);
                    json.WriteString("elementString", answer.ElementString);
                    json.WriteString("error", answer.Error);
                });
            }
            else
            {
                shell.Output.WriteLine(answer.Error is null ? answer.DigitalLink : $"error: {answer.Error}");
            }
        }
        return exitCode;
    }

    /// <summary>Reads one input.</summary>
    public static IdAnswer Resolve(string input, int? prefixLength)
    {
        if (!Gs1Identifier.TryParse(input, Gs1Reading.Lenient | Gs1Reading.VerifyCheckDigit, out var id, out var error))
        {
            return new IdAnswer(input, null, null, null, error);
        }
        if (prefixLength is not { } length)
        {
            return new IdAnswer(input, id.DigitalLink, id.EpcUrn, id.ElementString, null);
        }
        return id.TryToEpcUrn(length, out var urn, out error)
            ? new IdAnswer(input, id.DigitalLink, urn, id.ElementString, null)
            : new IdAnswer(input, id.DigitalLink, id.EpcUrn, id.ElementString, error);
    }
}

/// <summary>One identifier in all notations. Members are null where there is no such form.</summary>
/// <param name="Input">As given.</param>
/// <param name="DigitalLink">Canonical Digital Link.</param>
/// <param name="EpcUrn">EPC URN: as read, or written with the company prefix length that was given.</param>
/// <param name="ElementString">Element string in brackets.</param>
/// <param name="Error">One sentence when the input, or the EPC URN asked for, is not possible.</param>
internal sealed record IdAnswer(string Input, string? DigitalLink, string? EpcUrn, string? ElementString, string? Error);
