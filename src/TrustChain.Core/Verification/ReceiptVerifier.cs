using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Verification;

/// <summary>Compares a receipt with a bundle: was the promise signed by the log, and are the records there?</summary>
public static class ReceiptVerifier
{
    /// <summary>One check named <see cref="CheckNames.Receipt"/>.</summary>
    /// <param name="receipt">The receipt's compact JWS.</param>
    /// <param name="bundle">A bundle with a record of the same statement.</param>
    /// <param name="trust">The trusted log; without it the bundle's own key is used.</param>
    /// <param name="now">The asker's time: a promise can only be called broken after it fell due.</param>
    public static Check Verify(string receipt, EvidenceBundle bundle, TrustFile? trust, DateTimeOffset now)
    {
        if (!NoteVerifier.TryParse(trust?.LogKey ?? bundle.Log.Key, out var key))
        {
            return new Check(CheckNames.Receipt, "receipt", Outcome.Failed, ReasonCodes.ReceiptInvalid, "The log's key is malformed.");
        }
        switch (Receipt.Verify(receipt, key.Key, out var promise))
        {
            case SignatureCheck.CouldNotCheck:
                return new Check(CheckNames.Receipt, "receipt", Outcome.CouldNotCheck, ReasonCodes.AlgorithmNotAvailable, "This machine cannot check Ed25519 signatures.");
            case SignatureCheck.Invalid:
                return new Check(CheckNames.Receipt, "receipt", Outcome.Failed, ReasonCodes.ReceiptInvalid, "The receipt is not signed by this log.");
        }
        if (promise is null || promise.Origin != key.Name)
        {
            return new Check(CheckNames.Receipt, "receipt", Outcome.Failed, ReasonCodes.ReceiptInvalid, "The receipt is of another log.");
        }
        foreach (var bundled in bundle.Records)
        {
            using var document = JsonDocument.Parse(bundled.Record);
            if (Record.TryParse(document.RootElement, out var record) && record.Statement == promise.Statement)
            {
                return record.ReceivedAt == promise.ReceivedAt
                    ? new Check(CheckNames.Receipt, "receipt", Outcome.Passed, null, $"The promise of {Record.FormatTime(promise.ReceivedAt)} was kept: entry {bundled.Index}.")
                    : new Check(CheckNames.Receipt, "receipt", Outcome.Failed, ReasonCodes.ReceiptBroken, "The record bears another time than the receipt.");
            }
        }
        return now > promise.MustAppearBy
            ? new Check(CheckNames.Receipt, "receipt", Outcome.Failed, ReasonCodes.ReceiptBroken, "The bundle has no record of the receipt's statement, and the promise has fallen due.")
            : new Check(CheckNames.Receipt, "receipt", Outcome.CouldNotCheck, ReasonCodes.AnchorPending, $"The records are due by {Record.FormatTime(promise.MustAppearBy)}.");
    }
}
