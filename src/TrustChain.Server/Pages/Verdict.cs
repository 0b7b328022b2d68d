using TrustChain.Core.Verification;

namespace TrustChain.Server.Pages;

/// <summary>The states a page can report, one for each row of the table of words. A closed set: <see cref="Texts.Answer"/> has the sentence of each.</summary>
public abstract record Verdict
{
    private Verdict()
    {
    }

    /// <summary>Every check passed and every record shown is anchored.</summary>
    /// <param name="Since">Block time of the anchor that covers the latest record; null when not to be named.</param>
    public sealed record AllPassed(DateTimeOffset? Since = null) : Verdict;

    /// <summary>Signed and in the log; no anchor covers the latest record yet.</summary>
    public sealed record AnchorPending : Verdict;

    /// <summary>Checked; at least one statement was signed with a key that this service holds.</summary>
    public sealed record Custodial : Verdict;

    /// <summary>Stated or imported, with no measurement behind it.</summary>
    public sealed record SelfDeclared : Verdict;

    /// <summary>A check failed.</summary>
    /// <param name="What">What does not match.</param>
    /// <param name="Against">What it was compared with.</param>
    public sealed record CheckFailed(Checked What, Checked Against) : Verdict;

    /// <summary>A check could not be done.</summary>
    public sealed record CouldNotCheck(Checked What, Obstacle Why) : Verdict;

    /// <summary>A recall is in force.</summary>
    public sealed record Recalled(RecallView Recall) : Verdict;

    /// <summary>A certificate ran out. Used beside the certificate.</summary>
    public sealed record CertificateExpired(DateTimeOffset On) : Verdict;

    /// <summary>A certificate was withdrawn. Used beside the certificate.</summary>
    public sealed record CertificateRevoked(Phrase Issuer) : Verdict;

    /// <summary>Nobody has registered the item.</summary>
    public sealed record Unknown : Verdict;

    /// <summary>The label was scanned conspicuously often or far apart.</summary>
    /// <param name="Scans">Scans counted.</param>
    /// <param name="Places">Distinct places among them.</param>
    public sealed record ScannedOften(int Scans, int Places) : Verdict;

    /// <summary>Content was erased.</summary>
    public sealed record Erased(DateTimeOffset On, Phrase AtRequestOf) : Verdict;

    /// <summary>How a verdict is shown, always with an icon and a word beside the colour.</summary>
    public VerdictTone Tone => this switch
    {
        AllPassed => VerdictTone.Good,
        AnchorPending => VerdictTone.Pending,
        Custodial or SelfDeclared or Erased => VerdictTone.Notice,
        CouldNotCheck => VerdictTone.Unsure,
        ScannedOften or CertificateExpired or Unknown => VerdictTone.Warning,
        _ => VerdictTone.Bad,
    };

    /// <summary>The verdict on one check of the verifier; null when it passed.</summary>
    public static Verdict? Of(Check check) => check.Outcome switch
    {
        Outcome.Passed => null,
        Outcome.CouldNotCheck when check.Code == ReasonCodes.AnchorPending => new AnchorPending(),
        Outcome.CouldNotCheck => new CouldNotCheck(Subject(check.Name), Reason(check.Code)),
        _ => Failure(check),
    };

    private static CheckFailed Failure(Check check)
    {
        var (what, against) = check.Code switch
        {
            ReasonCodes.ForeignLog => (Checked.Evidence, Checked.Log),
            ReasonCodes.CheckpointMalformed or ReasonCodes.CheckpointSignatureInvalid => (Checked.LogSignature, Checked.Log),
            ReasonCodes.ChainMismatch or ReasonCodes.RegistryMissing or ReasonCodes.RegistryOriginMismatch => (Checked.Anchor, Checked.Chain),
            ReasonCodes.AnchorNotFound or ReasonCodes.AnchorRootMismatch or ReasonCodes.AnchorTransactionMismatch or ReasonCodes.AnchorInconsistent => (Checked.Log, Checked.Chain),
            ReasonCodes.KeyAltered or ReasonCodes.KeyMalformed => (Checked.Key, Checked.Log),
            ReasonCodes.KeyMissing or ReasonCodes.KeyMismatch or ReasonCodes.KeyRevoked or ReasonCodes.KeyCompromised => (Checked.Signature, Checked.ValidKey),
            ReasonCodes.StatementAltered or ReasonCodes.StatementMalformed or ReasonCodes.AudienceMismatch => (Checked.Statement, Checked.Record),
            ReasonCodes.SignatureInvalid => (Checked.Signature, Checked.Statement),
            ReasonCodes.EventAltered or ReasonCodes.EventMissing => (Checked.Content, Checked.Statement),
            ReasonCodes.EventHashMismatch => (Checked.Content, Checked.Record),
            ReasonCodes.StatusAltered => (Checked.Notice, Checked.Log),
            ReasonCodes.StatusSignatureInvalid or ReasonCodes.DeviceProofInvalid => (Checked.Notice, Checked.Signature),
            ReasonCodes.DeviceMismatch => (Checked.Content, Checked.Signature),
            ReasonCodes.ReceiptInvalid or ReasonCodes.ReceiptBroken => (Checked.Receipt, Checked.Log),
            _ => (Checked.Record, Checked.Log),
        };
        return new CheckFailed(what, against);
    }

    private static Checked Subject(string name) => name switch
    {
        CheckNames.Identity or CheckNames.Bundle => Checked.Evidence,
        CheckNames.Checkpoint => Checked.LogSignature,
        CheckNames.Anchor or CheckNames.Anchored => Checked.Anchor,
        CheckNames.Key or CheckNames.KeyStatus => Checked.Key,
        CheckNames.Signature => Checked.Signature,
        CheckNames.Event or CheckNames.EventHash => Checked.Content,
        CheckNames.Status => Checked.Notice,
        CheckNames.Receipt => Checked.Receipt,
        _ => Checked.Record,
    };

    private static Obstacle Reason(string? code) => code switch
    {
        ReasonCodes.ChainUnreachable or ReasonCodes.AnchorTransactionNotFound => Obstacle.ChainUnreachable,
        ReasonCodes.AlgorithmNotAvailable => Obstacle.AlgorithmNotAvailable,
        ReasonCodes.Erased => Obstacle.Erased,
        ReasonCodes.EventMissing => Obstacle.ContentMissing,
        ReasonCodes.NoTrustFile => Obstacle.NothingToCompare,
        _ => Obstacle.OtherCheckFailed,
    };
}

/// <summary>How a verdict is shown.</summary>
public enum VerdictTone
{
    /// <summary>Checked and right.</summary>
    Good,

    /// <summary>Right so far, more to come.</summary>
    Pending,

    /// <summary>Worth knowing, no fault.</summary>
    Notice,

    /// <summary>Not checked; says nothing against the product.</summary>
    Unsure,

    /// <summary>Take care.</summary>
    Warning,

    /// <summary>Do not rely on it.</summary>
    Bad,
}

/// <summary>Things that are checked, as named to the reader. <see cref="Texts.Name(Checked)"/> has the words.</summary>
public enum Checked
{
    /// <summary>The record.</summary>
    Record,

    /// <summary>The public log.</summary>
    Log,

    /// <summary>The log's own signature.</summary>
    LogSignature,

    /// <summary>The evidence file.</summary>
    Evidence,

    /// <summary>The anchor.</summary>
    Anchor,

    /// <summary>The public chain.</summary>
    Chain,

    /// <summary>A signing key.</summary>
    Key,

    /// <summary>A key that was valid at that time.</summary>
    ValidKey,

    /// <summary>A signature.</summary>
    Signature,

    /// <summary>What was signed.</summary>
    Statement,

    /// <summary>The content of a step.</summary>
    Content,

    /// <summary>A document.</summary>
    Document,

    /// <summary>A certificate or recall notice.</summary>
    Notice,

    /// <summary>A receipt.</summary>
    Receipt,
}

/// <summary>Why something could not be checked. <see cref="Texts.Name(Obstacle)"/> has the words.</summary>
public enum Obstacle
{
    /// <summary>No node of the chain answered, or it does not know the transaction.</summary>
    ChainUnreachable,

    /// <summary>The record is not under a signed checkpoint yet.</summary>
    NotYetLogged,

    /// <summary>The signature algorithm is not available here.</summary>
    AlgorithmNotAvailable,

    /// <summary>The content was erased.</summary>
    Erased,

    /// <summary>The content is not public or was not kept.</summary>
    ContentMissing,

    /// <summary>Nothing trusted to compare with.</summary>
    NothingToCompare,

    /// <summary>Another check it rests on did not pass.</summary>
    OtherCheckFailed,

    /// <summary>The service is busy.</summary>
    Busy,
}
