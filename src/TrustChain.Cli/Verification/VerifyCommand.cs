using System.CommandLine;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Devices;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Verification;

/// <summary><c>verify BUNDLE</c>: checks an evidence bundle, with the chain where a node is given.</summary>
internal static class VerifyCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(Shell shell)
    {
        var bundle = new Argument<string>("BUNDLE") { Description = "Evidence bundle: a file, an http(s) address, or - for standard input; or the evidence of a device's period: a file." };
        var trust = SharedOptions.Trust();
        var rpc = SharedOptions.Rpc();
        var receipt = new Option<string?>("--receipt") { Description = "File with receipts given at capture, to check that they were kept.", HelpName = "FILE" };
        var command = new Command("verify", "Verifies an evidence bundle.") { bundle, trust, rpc, receipt };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var trusted = await TrustFiles.ReadAllAsync(shell, parsed.GetValue(trust), cancellationToken);
            var receipts = parsed.GetValue(receipt) is { } file ? await InputFile.ReadTextAsync(shell, file, 1 << 20, cancellationToken) : "";
            if (await DeviceEvidenceFile.OpenAsync(shell, parsed.GetRequiredValue(bundle), cancellationToken) is { } device)
            {
                await using (device)
                {
                    return await RunAsync(shell, device, trusted, parsed.GetValue(rpc) ?? [], cancellationToken);
                }
            }
            var content = await ReadBundleAsync(shell, parsed.GetRequiredValue(bundle), cancellationToken);
            var lines = receipts.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return await RunAsync(shell, content, trusted, parsed.GetValue(rpc) ?? [], lines, cancellationToken);
        });
        return command;
    }

    /// <summary>Good when every check passed, bad when one failed, else could-not-check.</summary>
    public static async Task<int> RunAsync(
        Shell shell, ReadOnlyMemory<byte> content, IReadOnlyList<TrustFile>? trusted, IReadOnlyList<Uri> nodes, IReadOnlyList<string> receipts, CancellationToken cancellationToken)
    {
        IReadOnlyList<Check> checks;
        if (EvidenceBundle.TryParse(content, out var bundle, out _))
        {
            var chain = await ObserveAsync(shell, bundle, nodes, cancellationToken);
            var trust = trusted is null ? null : TrustFile.Find(trusted, bundle.Log);
            var now = TimeProvider.System.GetUtcNow();
            checks = [.. EvidenceVerifier.Verify(bundle, trust, chain).Checks, .. receipts.Select(r => ReceiptVerifier.Verify(r, bundle, trust, now))];
        }
        else
        {
            checks = EvidenceVerifier.Verify(content, trusted?[0], null).Checks; // One check that says what is malformed.
        }
        var verdict = checks.Any(static c => c.Outcome == Outcome.Failed) ? Outcome.Failed
            : checks.All(static c => c.Outcome == Outcome.Passed) ? Outcome.Passed
            : Outcome.CouldNotCheck;
        Write(shell, checks, verdict);
        return verdict switch { Outcome.Passed => ExitCodes.Good, Outcome.Failed => ExitCodes.Bad, _ => ExitCodes.CouldNotCheck };
    }

    /// <summary>
    /// The evidence of a device's period: every bundle is verified, then days and verdicts are computed again from the statements and compared with what the service said. What the service found
    /// in an honest history (a gap, a rollback) is no failure of the evidence; it is printed.
    /// </summary>
    private static async Task<int> RunAsync(Shell shell, DeviceEvidenceFile file, IReadOnlyList<TrustFile>? trusted, IReadOnlyList<Uri> nodes, CancellationToken cancellationToken)
    {
        var checks = new List<Check>();
        var computed = new DeviceEvidence(file.Header, file.Template);
        ReadOnlyMemory<byte>? summary = null;
        var bundles = 0;
        await foreach (var line in file.ReadAsync(cancellationToken))
        {
            if (summary is not null)
            {
                throw new CliException("There are lines after the summary.");
            }
            if (!EvidenceBundle.TryParse(line, out var bundle, out var error))
            {
                if (!DeviceEvidenceFile.IsSummary(line.Span))
                {
                    checks.Add(new Check(CheckNames.Bundle, $"bundles[{bundles}]", Outcome.Failed, ReasonCodes.BundleMalformed, error));
                    break;
                }
                summary = line;
                continue;
            }
            var report = EvidenceVerifier.Verify(bundle, trusted is null ? null : TrustFile.Find(trusted, bundle.Log), await ObserveAsync(shell, bundle, nodes, cancellationToken));
            checks.AddRange(report.Checks.Select(c => c with { Subject = $"bundles[{bundles}].{c.Subject}" }));
            computed.Add(bundle);
            bundles++;
        }
        var result = computed.Compute();
        foreach (var fault in computed.Faults)
        {
            checks.Add(new Check("history", "bundles", Outcome.Failed, "record-not-of-device", fault));
        }
        checks.Add(summary is null
            ? new Check("history", "summary", Outcome.Failed, "summary-missing", "The file ends without the service's summary.")
            : summary.Value.Span.SequenceEqual(result.ToJson())
                ? new Check("history", "summary", Outcome.Passed, null, $"Days and verdicts, computed again from {computed.Count} statements, are those that the service gave.")
                : file.Header.Version != DeviceEvidenceHeader.CurrentVersion
                    ? new Check("history", "summary", Outcome.CouldNotCheck, "summary-version",
                        $"Days and verdicts were computed by version {file.Header.Version} of the rules; this program has version {DeviceEvidenceHeader.CurrentVersion} and computes others of the same statements.")
                : new Check("history", "summary", Outcome.Failed, "summary-mismatch", "Days and verdicts, computed again from the statements, are not those that the service gave."));
        var verdict = checks.Any(static c => c.Outcome == Outcome.Failed) ? Outcome.Failed
            : checks.All(static c => c.Outcome == Outcome.Passed) ? Outcome.Passed
            : Outcome.CouldNotCheck;
        // A file of thousands of records: what passed is counted, the rest is told.
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("verdict", Word(verdict));
                json.WriteString("device", file.Header.Device);
                json.WriteNumber("bundles", bundles);
                json.WriteNumber("statements", computed.Count);
                json.WriteNumber("passed", checks.Count(static c => c.Outcome == Outcome.Passed));
                json.WriteStartArray("checks");
                foreach (var check in checks.Where(static c => c.Outcome != Outcome.Passed || c.Name == "history"))
                {
                    json.WriteStartObject();
                    json.WriteString("name", check.Name);
                    json.WriteString("subject", check.Subject);
                    json.WriteString("outcome", Word(check.Outcome));
                    json.WriteString("code", check.Code);
                    json.WriteString("message", check.Message);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WritePropertyName("history");
                json.WriteRawValue(result.ToJson());
            });
        }
        else
        {
            foreach (var check in checks.Where(static c => c.Outcome != Outcome.Passed || c.Name == "history").Take(200))
            {
                var mark = check.Outcome switch { Outcome.Passed => '✓', Outcome.Failed => '✗', _ => '?' };
                shell.Output.WriteLine($"{mark} {check.Name} {check.Subject}{(check.Code is null ? "" : $" [{check.Code}]")}: {OneLine(check.Message)}");
            }
            shell.Output.WriteLine($"{checks.Count(static c => c.Outcome == Outcome.Passed)} checks of {computed.Count} statements in {bundles} bundles passed.");
            shell.Output.WriteLine($"{OneLine(file.Header.Device)}, {file.Header.From:yyyy-MM-dd} to {file.Header.Until:yyyy-MM-dd}: {result.Period.CoveredReadings} of {result.Period.ExpectedReadings} expected readings");
            foreach (var found in result.Period.Verdicts)
            {
                var mark = found.Outcome switch { VerdictOutcome.Passed => '✓', VerdictOutcome.Failed => '!', _ => '?' };
                shell.Output.WriteLine($"  {mark} {found.Check} [{found.Code}]: {OneLine(found.Detail)}");
            }
            shell.Output.WriteLine($"verdict on the evidence: {Word(verdict)}");
        }
        return verdict switch { Outcome.Passed => ExitCodes.Good, Outcome.Failed => ExitCodes.Bad, _ => ExitCodes.CouldNotCheck };
    }

    /// <summary>What the nodes say together of a bundle's anchors; null when no node was named.</summary>
    private static async Task<ChainObservation?> ObserveAsync(Shell shell, EvidenceBundle bundle, IReadOnlyList<Uri> nodes, CancellationToken cancellationToken)
    {
        if (nodes.Count == 0)
        {
            return null;
        }
        var answers = new List<(string, ChainObservation)>(nodes.Count);
        foreach (var node in nodes)
        {
            using var connection = new NodeConnection(node);
            var answer = await new ChainObserver(connection).ObserveAsync(bundle.Anchors, cancellationToken);
            if (answer.Unavailable is { } reason)
            {
                shell.Warn($"{connection.Name}: {reason}");
            }
            answers.Add((connection.Name, answer));
        }
        return NodeAgreement.Combine(answers);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBundleAsync(Shell shell, string bundle, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(bundle, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            // One byte above the limit, so that the verifier itself says that a bundle is too large.
            return InputFile.WithoutByteOrderMark(await InputFile.ReadAsync(shell, bundle, EvidenceBundle.MaxBytes + 1, cancellationToken));
        }
        using var client = new ServerClient(new Uri(address.GetLeftPart(UriPartial.Authority)));
        var answer = await client.GetAsync(address.PathAndQuery[1..], "application/json", cancellationToken);
        // A bundle that is not there is no failed check.
        return answer.IsSuccess ? answer.Body : throw new CliException($"{bundle} answered {(int)answer.Status}; there is no bundle to verify.");
    }

    private static void Write(Shell shell, IReadOnlyList<Check> checks, Outcome verdict)
    {
        if (shell.Json)
        {
            shell.WriteJson(json =>
            {
                json.WriteString("verdict", Word(verdict));
                json.WriteStartArray("checks");
                foreach (var check in checks)
                {
                    json.WriteStartObject();
                    json.WriteString("name", check.Name);
                    json.WriteString("subject", check.Subject);
                    json.WriteString("outcome", Word(check.Outcome));
                    json.WriteString("code", check.Code);
                    json.WriteString("message", check.Message);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            });
            return;
        }
        foreach (var check in checks)
        {
            var mark = check.Outcome switch { Outcome.Passed => '✓', Outcome.Failed => '✗', _ => '?' };
            shell.Output.WriteLine($"{mark} {check.Name} {check.Subject}{(check.Code is null ? "" : $" [{check.Code}]")}: {OneLine(check.Message)}");
        }
        shell.Output.WriteLine($"verdict: {Word(verdict)}");
    }

    private static string Word(Outcome outcome) => outcome switch { Outcome.Passed => "passed", Outcome.Failed => "failed", _ => "could-not-check" };

    /// <summary>Text of a bundle may hold anything; here it must neither break the line nor steer the terminal.</summary>
    private static string OneLine(string message) => string.Concat(message.Select(static c => char.IsControl(c) ? ' ' : c));
}
