namespace TrustChain.Server.Pages;

/// <summary>
/// Everything an item page shows. Filled by the caller from what an anonymous reader may see; the page adds nothing and asks nobody. All text is
/// untrusted and is encoded when rendered; addresses that are not <c>http</c>, <c>https</c> or a path on this site are shown as text, not as links.
/// </summary>
public sealed record ItemView
{
    /// <summary>Canonical URI of the item: a GS1 Digital Link on <c>https://id.gs1.org/</c>, or any absolute URI.</summary>
    public required string Item { get; init; }

    /// <summary>Keys and qualifiers of the item in element string order; empty for a URI that is no GS1 identifier.</summary>
    public IReadOnlyList<ItemLabel> Labels { get; init; } = [];

    /// <summary>Name the producer gave it; null when none was given.</summary>
    public Phrase? Name { get; init; }

    /// <summary>Picture the producer gave. Shown only when it is a path on this site (<c>/…</c>): another site would learn of every reader.</summary>
    public string? PictureUrl { get; init; }

    /// <summary>Organisation that registered the item.</summary>
    public Phrase? Producer { get; init; }

    /// <summary>Where it comes from, as the producer says.</summary>
    public Phrase? Origin { get; init; }

    /// <summary>Variety or model, as the producer says.</summary>
    public Phrase? Variety { get; init; }

    /// <summary>Amount in the batch or pack.</summary>
    public QuantityView? Quantity { get; init; }

    /// <summary>Further facts of the producer, such as date of production; label and value.</summary>
    public IReadOnlyList<FactView> Facts { get; init; } = [];

    /// <summary>The answer in one sentence: the worst that is true.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>What is true beside it, most important first: custodial signatures, self-declared facts, frequent scans.</summary>
    public IReadOnlyList<Verdict> Remarks { get; init; } = [];

    /// <summary>Recalls, in force and lifted, newest first. One in force belongs in <see cref="Verdict"/> too.</summary>
    public IReadOnlyList<RecallView> Recalls { get; init; } = [];

    /// <summary>The steps of the journey, oldest first. The page reverses them when asked.</summary>
    public IReadOnlyList<StepView> Steps { get; init; } = [];

    /// <summary>Address of the page with the next steps when not all are shown; null when all are.</summary>
    public string? MoreUrl { get; init; }

    /// <summary>Number of steps in all, where known and more than shown.</summary>
    public int? TotalSteps { get; init; }

    /// <summary>Steps that are in the log but not here to be shown, because their content is in cold storage.</summary>
    public int StepsInColdStorage { get; init; }

    /// <summary>Certificates about the item or its producer.</summary>
    public IReadOnlyList<CertificateView> Certificates { get; init; } = [];

    /// <summary>Reports and documents about the whole item.</summary>
    public IReadOnlyList<DocumentView> Documents { get; init; } = [];

    /// <summary>How the reader can check it without trusting this page.</summary>
    public required CheckView Check { get; init; }

    /// <summary>Address of the same in JSON-LD for machines; null for none.</summary>
    public string? JsonLdUrl { get; init; }
}

/// <summary>One GS1 key or qualifier.</summary>
/// <param name="Ai">Application identifier: <c>01</c> GTIN, <c>10</c> batch or lot, <c>21</c> serial, <c>00</c> SSCC, <c>414</c> GLN, and so on.</param>
/// <param name="Value">Its value as in the Digital Link, not percent-encoded.</param>
public sealed record ItemLabel(string Ai, string Value);

/// <summary>A fact with the label the producer gave it.</summary>
/// <param name="Label">What it is about.</param>
/// <param name="Value">What is said.</param>
public sealed record FactView(Phrase Label, Phrase Value);

/// <summary>An amount.</summary>
/// <param name="Value">Decimal number as stated.</param>
/// <param name="Unit">UN/ECE Recommendation 20 code, spelled out by <see cref="Vocabulary.Unit"/>; null for pieces.</param>
/// <param name="Of">What is counted; null when it is the item itself.</param>
/// <param name="Role">Part it plays in the step.</param>
public sealed record QuantityView(string Value, string? Unit = null, Phrase? Of = null, QuantityRole Role = QuantityRole.Subject);

/// <summary>What an amount is in a step.</summary>
public enum QuantityRole
{
    /// <summary>What the step is about.</summary>
    Subject,

    /// <summary>Consumed by a transformation.</summary>
    Input,

    /// <summary>Made by a transformation.</summary>
    Output,

    /// <summary>Packed into or attached to a parent.</summary>
    Child,
}

/// <summary>A recall, in force or lifted.</summary>
/// <param name="Since">When it was set.</param>
/// <param name="By">Organisation that set it.</param>
/// <param name="Reason">Why, as that organisation wrote it.</param>
/// <param name="WhatToDo">What holders should do, as that organisation wrote it; null when it said nothing.</param>
/// <param name="LiftedAt">When it was lifted; null while in force.</param>
/// <param name="LogIndex">Leaf index of its entry; null while not in the log.</param>
/// <param name="NoticeUrl">The notice itself; null for none.</param>
public sealed record RecallView(
    DateTimeOffset Since, Phrase By, Phrase Reason, Phrase? WhatToDo = null, DateTimeOffset? LiftedAt = null, long? LogIndex = null, string? NoticeUrl = null);

/// <summary>A certificate with its state at the time of asking.</summary>
public sealed record CertificateView
{
    /// <summary>Its name, such as "Organic product certification".</summary>
    public required Phrase Name { get; init; }

    /// <summary>Kind of certificate, when it differs from the name.</summary>
    public Phrase? Type { get; init; }

    /// <summary>Number the issuer gave it.</summary>
    public string? Number { get; init; }

    /// <summary>Body that issued it.</summary>
    public required Phrase Issuer { get; init; }

    /// <summary>Organisation that registered it here, when that is not the issuer.</summary>
    public Phrase? StatedBy { get; init; }

    /// <summary>First moment of validity.</summary>
    public DateTimeOffset? ValidFrom { get; init; }

    /// <summary>Last moment of validity; null when unlimited.</summary>
    public DateTimeOffset? ValidTo { get; init; }

    /// <summary>State when the page was asked for.</summary>
    public required CertificateState State { get; init; }

    /// <summary>When it was withdrawn; only with <see cref="CertificateState.Revoked"/>.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Why it was withdrawn, if said.</summary>
    public Phrase? RevocationReason { get; init; }

    /// <summary>The certificate itself.</summary>
    public DocumentView? Document { get; init; }

    /// <summary>Leaf index of its entry; null while not in the log.</summary>
    public long? LogIndex { get; init; }
}

/// <summary>State of a certificate.</summary>
public enum CertificateState
{
    /// <summary>In force.</summary>
    Valid,

    /// <summary>Begins later.</summary>
    NotYetValid,

    /// <summary>Ran out.</summary>
    Expired,

    /// <summary>Withdrawn.</summary>
    Revoked,
}

/// <summary>A document that can be opened.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Url">Where it is: a path on this site, or another site's address.</param>
/// <param name="MediaType">Media type, such as <c>application/pdf</c>; null when unknown.</param>
/// <param name="SizeBytes">Length; null when unknown.</param>
/// <param name="Digest">Digest that was signed, as <c>ni:///sha-256;…</c>; null when the document is only linked, not signed.</param>
public sealed record DocumentView(Phrase Title, string Url, string? MediaType = null, long? SizeBytes = null, string? Digest = null);

/// <summary>An anchor of the log on a public chain.</summary>
/// <param name="ChainId">EIP-155 chain id.</param>
/// <param name="Registry">Contract address.</param>
/// <param name="Transaction">Transaction hash.</param>
/// <param name="Block">Block number.</param>
/// <param name="Time">The block's time.</param>
/// <param name="Size">Entries of the log under it.</param>
public sealed record AnchorView(long ChainId, string Registry, string Transaction, long Block, DateTimeOffset Time, long Size);

/// <summary>What a reader needs to check the item without trusting the page.</summary>
public sealed record CheckView
{
    /// <summary>Path of the evidence bundle on this site, with its query.</summary>
    public required string EvidenceUrl { get; init; }

    /// <summary>Path of the trust file on this site.</summary>
    public string TrustUrl { get; init; } = "/log/trust";

    /// <summary>JSON-RPC address of the chain that the browser is to ask; null when none is configured.</summary>
    public string? RpcUrl { get; init; }

    /// <summary>Command that downloads and verifies, one line.</summary>
    public required string CommandLine { get; init; }

    /// <summary>Path of the item's QR code on this site; null for none.</summary>
    public string? QrUrl { get; init; }

    /// <summary>Anchors that cover records of this page, newest first.</summary>
    public IReadOnlyList<AnchorView> Anchors { get; init; } = [];
}
