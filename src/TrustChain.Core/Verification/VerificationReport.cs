namespace TrustChain.Core.Verification;

/// <summary>The three answers of a check.</summary>
public enum Outcome
{
    /// <summary>Checked, and right.</summary>
    Passed,

    /// <summary>Checked, and wrong.</summary>
    Failed,

    /// <summary>Not checked: something needed for it is missing, unreachable, or failed its own check.</summary>
    CouldNotCheck,
}

/// <summary>One check of one thing.</summary>
/// <param name="Name">One of <see cref="CheckNames"/>.</param>
/// <param name="Subject">What it was about: <c>bundle</c>, <c>anchors[0]</c>, <c>keys[1]</c>, <c>records[0]</c>, <c>status[0]</c>.</param>
/// <param name="Outcome">The answer.</param>
/// <param name="Code">One of <see cref="ReasonCodes"/> when the answer is not <see cref="Outcome.Passed"/>; else null, or what a reader must be told although it passed.</param>
/// <param name="Message">One sentence in English.</param>
public sealed record Check(string Name, string Subject, Outcome Outcome, string? Code, string Message);

/// <summary>All checks of a bundle in their fixed order.</summary>
public sealed class VerificationReport
{
    internal VerificationReport(IReadOnlyList<Check> checks) => Checks = checks;

    /// <summary>The checks.</summary>
    public IReadOnlyList<Check> Checks { get; }

    /// <summary>Failed if any check failed, else could-not-check if any could not be done, else passed.</summary>
    public Outcome Outcome =>
        Checks.Any(static c => c.Outcome == Outcome.Failed) ? Outcome.Failed
        : Checks.Any(static c => c.Outcome == Outcome.CouldNotCheck) ? Outcome.CouldNotCheck
        : Outcome.Passed;
}

/// <summary>Names of the checks, in the order in which they are done.</summary>
public static class CheckNames
{
    /// <summary>The file is a well-formed bundle.</summary>
    public const string Bundle = "bundle";

    /// <summary>The bundle is of the log, chain and contract that the trust file names.</summary>
    public const string Identity = "identity";

    /// <summary>The checkpoint is signed by the log.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>Enough of the trusted witnesses cosigned the checkpoint.</summary>
    public const string Witness = "witness";

    /// <summary>The registry holds the anchored root, and the checkpoint's tree continues it.</summary>
    public const string Anchor = "anchor";

    /// <summary>A trusted timestamp authority signed the root, and the checkpoint's tree continues it.</summary>
    public const string Timestamp = "timestamp";

    /// <summary>All leaf hashes together lead to the checkpoint's root.</summary>
    public const string Inclusion = "inclusion";

    /// <summary>A key entry has the leaf hash it claims and is one of the known acts.</summary>
    public const string Key = "key";

    /// <summary>All key entries of the organisation up to this one are there and follow the rules.</summary>
    public const string KeyHistory = "keyHistory";

    /// <summary>A record has the leaf hash it claims.</summary>
    public const string Record = "record";

    /// <summary>The statement is the one the record names, and its signature is the key's.</summary>
    public const string Signature = "signature";

    /// <summary>The event is the one the statement signs at the record's position.</summary>
    public const string Event = "event";

    /// <summary>The event's CBV hash is the record's.</summary>
    public const string EventHash = "eventHash";

    /// <summary>A telemetry statement is about the device under whose pseudonym its key was admitted.</summary>
    public const string Device = "device";

    /// <summary>The key was not revoked for this record.</summary>
    public const string KeyStatus = "keyStatus";

    /// <summary>The record lies below an anchored size.</summary>
    public const string Anchored = "anchored";

    /// <summary>A certificate, recall or device entry has the leaf hash it claims and a valid signature.</summary>
    public const string Status = "status";

    /// <summary>All entries of the device up to this one are there and follow the rules.</summary>
    public const string DeviceHistory = "deviceHistory";

    /// <summary>A receipt is signed by the log and was kept.</summary>
    public const string Receipt = "receipt";
}

/// <summary>Reason codes of checks that did not pass. Fixed; see <c>docs/evidence-format.md</c>.</summary>
public static class ReasonCodes
{
#pragma warning disable CS1591 // Each code is explained once, in docs/evidence-format.md.
    public const string BundleMalformed = "bundle-malformed";
    public const string NoTrustFile = "no-trust-file";
    public const string ForeignLog = "foreign-log";
    public const string CheckpointMalformed = "checkpoint-malformed";
    public const string CheckpointSignatureInvalid = "checkpoint-signature-invalid";
    public const string AlgorithmNotAvailable = "algorithm-not-available";
    public const string WitnessMissing = "witness-missing";
    public const string WitnessSignatureInvalid = "witness-signature-invalid";
    public const string AnchorPending = "anchor-pending";
    public const string ChainUnreachable = "chain-unreachable";
    public const string ChainMismatch = "chain-mismatch";
    public const string RegistryMissing = "registry-missing";
    public const string RegistryOriginMismatch = "registry-origin-mismatch";
    public const string AnchorNotFound = "anchor-not-found";
    public const string AnchorRootMismatch = "anchor-root-mismatch";
    public const string AnchorTransactionMismatch = "anchor-transaction-mismatch";
    public const string AnchorTransactionNotFound = "anchor-transaction-not-found";
    public const string AnchorInconsistent = "anchor-inconsistent";
    public const string NoTimestampAuthority = "no-timestamp-authority";
    public const string TimestampInvalid = "timestamp-invalid";
    public const string TimestampInconsistent = "timestamp-inconsistent";
    public const string InclusionProofInvalid = "inclusion-proof-invalid";
    public const string KeyAltered = "key-altered";
    public const string KeyMalformed = "key-malformed";
    public const string KeyHistoryMissing = "key-history-missing";
    public const string KeyUnauthorised = "key-unauthorised";
    public const string KeyRecovered = "key-recovered";
    public const string KeyMissing = "key-missing";
    public const string KeyMismatch = "key-mismatch";
    public const string KeyRevoked = "key-revoked";
    public const string KeyCompromised = "key-compromised";
    public const string RecordAltered = "record-altered";
    public const string RecordMalformed = "record-malformed";
    public const string StatementMissing = "statement-missing";
    public const string StatementAltered = "statement-altered";
    public const string StatementMalformed = "statement-malformed";
    public const string SignatureInvalid = "signature-invalid";
    public const string AudienceMismatch = "audience-mismatch";
    public const string EventAltered = "event-altered";
    public const string EventMissing = "event-missing";
    public const string EventHashMismatch = "event-hash-mismatch";
    public const string Erased = "erased";
    public const string KindUnknown = "kind-unknown";
    public const string StatusAltered = "status-altered";
    public const string StatusSignatureInvalid = "status-signature-invalid";
    public const string DeviceMalformed = "device-malformed";
    public const string DeviceProofInvalid = "device-proof-invalid";
    public const string DeviceMismatch = "device-mismatch";
    public const string DeviceSaltMissing = "device-salt-missing";
    public const string ReceiptInvalid = "receipt-invalid";
    public const string ReceiptBroken = "receipt-broken";
    public const string DependsOn = "depends-on-failed-check";
#pragma warning restore CS1591
}
