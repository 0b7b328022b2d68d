using TrustChain.Core.Verification;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>Shows that verification can fail: each forgery with a reason of its own, and only there.</summary>
internal static class ForgeryCheck
{
    public static async Task RunAsync(DevnetHost devnet, TeaDemo demo, Evidence evidence, CliProcess cli, CheckReport report, CancellationToken cancellationToken)
    {
        var bundle = await evidence.OfEventAsync(demo.State.Events[TeaEvents.PluckingYunwu], null, cancellationToken);
        report.Add("The untouched original passes before", (await cli.VerifyAsync(bundle, [], cancellationToken)).Fault());
        foreach (var forgery in Forgeries.Of(bundle))
        {
            var result = await cli.VerifyAsync(forgery.Bundle, [], cancellationToken);
            report.Add($"One byte of {forgery.What} altered: refused with {forgery.Code}, the other checks stand", Fault(result, forgery.Name, forgery.Code), isForgery: true);
        }
        var foreign = await OtherLog.BuildAsync(devnet.Anvil.RpcUrl, Evidence.Read(bundle).Records[0].Event!.Value, cancellationToken); // In root form, and public.
        var judged = await cli.VerifyAsync(foreign, [], cancellationToken);
        var fault = Fault(judged, CheckNames.Identity, ReasonCodes.ForeignLog)
            ?? (judged.Checks().FirstOrDefault(static c => c.IsConsequence) is { } undone ? undone.ToString() : null);
        report.Add($"A perfect bundle from another log and contract: refused with {ReasonCodes.ForeignLog}, every other check passes", fault, isForgery: true);
        report.Add("The untouched original passes after", (await cli.VerifyAsync(bundle, [], cancellationToken)).Fault());
    }

    /// <summary>Null when exactly the one check failed with its code, and the others passed or rest on it.</summary>
    private static string? Fault(CliResult result, string name, string code)
    {
        var checks = result.Checks();
        var failed = checks.Where(static c => c.Outcome == "failed").ToList();
        return result.ExitCode != 1 ? $"exit code {result.ExitCode}: {result.Words}"
            : failed is not [var only] || only.Name != name || only.Code != code ? $"failed: {string.Join("; ", failed)}"
            : checks.FirstOrDefault(static c => c is { Outcome: not "failed", IsPassed: false, IsConsequence: false })?.ToString();
    }
}
