using System.Net;
using System.Text.Json;
using TrustChain.Cli.Fsck;
using TrustChain.Cli.Http;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.Cli.Monitor;

/// <summary>
/// Checks that the log kept what a receipt promises: records of the statement, with the promised time, in a tree that is the monitor's own.
/// </summary>
/// <param name="audit">The log.</param>
/// <param name="client">Asks for evidence; with an API key where records are not public.</param>
/// <param name="history">The checkpoint accepted in this round.</param>
internal sealed class ReceiptCheck(LogAudit audit, ServerClient client, TreeHistory history)
{
    private TreeHistory _history = history;

    /// <summary>Questions asked of the server so far.</summary>
    public int Questions { get; private set; }

    /// <summary>Checks one receipt.</summary>
    /// <exception cref="LogFaultException">A bundle's checkpoint contradicts the log (fork or rollback).</exception>
    /// <exception cref="CliException">The server does not answer, or this machine cannot check signatures.</exception>
    public async Task<ReceiptVerdict> RunAsync(ReceiptFile receipt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        switch (Receipt.Verify(receipt.Compact, audit.Verifier.Key, out var promise))
        {
            case SignatureCheck.CouldNotCheck:
                throw new CliException("This machine cannot check Ed25519 signatures.");
            case SignatureCheck.Invalid:
                return new ReceiptVerdict.Unusable("it is not signed by this log.");
        }
        if (promise is null || promise.Origin != audit.Trust.Origin)
        {
            return new ReceiptVerdict.Unusable("it is of another log.");
        }
        if (receipt.Bundle is { } bundle && Compare(receipt.Compact, bundle, now).Outcome == Outcome.Passed && await FindFaultAsync(bundle, cancellationToken) is null)
        {
            return new ReceiptVerdict.Kept();
        }
        if (now <= promise.MustAppearBy)
        {
            return new ReceiptVerdict.NotDue();
        }
        if (receipt.EventHashes.Count == 0)
        {
            return new ReceiptVerdict.Unusable("neither a bundle that shows its records nor the answer of the capture is beside it, so the log cannot be asked for its events.");
        }
        return await AskAsync(receipt, promise, now, cancellationToken);
    }

    /// <summary>
    /// Every event must have evidence, and at least one a record of the statement: an event that was stated before keeps its first record, of another statement.
    /// </summary>
    private async Task<ReceiptVerdict> AskAsync(ReceiptFile receipt, Receipt promise, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var due = $"the log promised the records of statement {promise.Statement.ToHex()} by {Record.FormatTime(promise.MustAppearBy)}";
        var isShown = false;
        foreach (var hash in receipt.EventHashes)
        {
            Questions++;
            var answer = await client.GetAsync($"evidence?event={Uri.EscapeDataString(hash)}", "application/json", cancellationToken);
            if (!answer.IsSuccess)
            {
                return answer.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Conflict
                    ? new ReceiptVerdict.Broken($"{due}, and answers {(int)answer.Status} when asked for the evidence of {hash}.")
                    : throw new CliException($"{answer.Address} answered {(int)answer.Status}; the evidence of {hash} could not be asked for.");
            }
            if (!EvidenceBundle.TryParse(answer.Body, out var bundle, out var error))
            {
                return new ReceiptVerdict.Broken($"{due}, and its evidence of {hash} is no bundle: {error}");
            }
            var promised = Compare(receipt.Compact, bundle, now);
            var fault = promised.Outcome != Outcome.Passed && HoldsStatement(bundle, promise.Statement) ? promised.Message : await FindFaultAsync(bundle, cancellationToken);
            if (fault is not null)
            {
                return new ReceiptVerdict.Broken($"{due}, and its evidence of {hash} does not show them: {fault}");
            }
            isShown |= promised.Outcome == Outcome.Passed;
        }
        return isShown ? new ReceiptVerdict.Kept() : new ReceiptVerdict.Broken($"{due}, and the evidence of none of its events has a record of that statement.");
    }

    private Check Compare(string receipt, EvidenceBundle bundle, DateTimeOffset now) => ReceiptVerifier.Verify(receipt, bundle, audit.Trust, now);

    private static bool HoldsStatement(EvidenceBundle bundle, Hash32 statement) => bundle.Records.Any(bundled =>
    {
        using var document = JsonDocument.Parse(bundled.Record);
        return Record.TryParse(document.RootElement, out var record) && record.Statement == statement;
    });

    /// <summary>Why a bundle's records are not shown to be in the log; null when they are. Who signed them, and whether that key still stands, is another question.</summary>
    private async Task<string?> FindFaultAsync(EvidenceBundle bundle, CancellationToken cancellationToken)
    {
        // The chain is not asked here: that the tree is the anchored one is checked for the whole log.
        var checks = EvidenceVerifier.Verify(bundle, audit.Trust, null).Checks;
        var decisive = checks.Where(static c => c.Name is CheckNames.Identity or CheckNames.Checkpoint or CheckNames.Inclusion or CheckNames.Record && c.Outcome != Outcome.Passed).ToList();
        if ((decisive.Find(static c => c.Outcome == Outcome.Failed) ?? decisive.FirstOrDefault()) is { } open)
        {
            return open.Outcome == Outcome.Failed
                ? $"{open.Name} {open.Subject}: {open.Message}"
                : throw new CliException($"A bundle could not be checked: {open.Message}");
        }
        await RequireSameTreeAsync(SignedCheckpoint.Read(bundle.Checkpoint, audit.Verifier), cancellationToken);
        return null;
    }

    /// <summary>The bundle's checkpoint is of the tree that the monitor follows.</summary>
    private async Task RequireSameTreeAsync(SignedCheckpoint bundled, CancellationToken cancellationToken)
    {
        if (bundled.Size > _history.Later.Size)
        {
            // The log went on since the round began.
            _history = await audit.ContinueAsync([_history.Later], await audit.GetCheckpointAsync(bundled.Size, cancellationToken), cancellationToken);
        }
        if (bundled.Size > _history.Later.Size)
        {
            throw new LogFaultException(
                FaultCodes.Rollback,
                "bundle",
                $"rollback: a bundle has a signed checkpoint of {bundled.Size} entries, and the one that the log shows now covers {_history.Later.Size}.")
            {
                Evidence = new FaultEvidence { Checkpoints = [bundled.Note, _history.Later.Note] },
            };
        }
        var (root, subtrees) = await _history.GetRootAtAsync(bundled.Size, cancellationToken);
        if (root != bundled.Root)
        {
            throw new LogFaultException(
                FaultCodes.Fork,
                "bundle",
                $"fork: a bundle has a signed checkpoint of {bundled.Size} entries with the root {bundled.Root.ToBase64Url()}, and in the tree of {_history.Later.Size} entries that the log shows they have {root.ToBase64Url()}.")
            {
                Evidence = new FaultEvidence { Checkpoints = [bundled.Note, _history.Later.Note], Subtrees = subtrees },
            };
        }
    }
}

/// <summary>What is known of a receipt's promise.</summary>
internal abstract record ReceiptVerdict
{
    private ReceiptVerdict()
    {
    }

    /// <summary>The records are in the log. That stays so.</summary>
    public sealed record Kept : ReceiptVerdict;

    /// <summary>The log still has time.</summary>
    public sealed record NotDue : ReceiptVerdict;

    /// <summary>It fell due and the log does not show the records.</summary>
    public sealed record Broken(string Reason) : ReceiptVerdict;

    /// <summary>Nothing can be said by this file.</summary>
    public sealed record Unusable(string Reason) : ReceiptVerdict;
}
