using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Epcis;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Items;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Capture;
using TrustChain.Server.Devices;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Organisations;
using TrustChain.Server.Pages;
using TrustChain.Server.Signing;
using TrustChain.Server.Verification;

namespace TrustChain.Server.Items;

/// <summary>Everything about an item that a caller may know: the walk, its evidence, and the evidence's verification.</summary>
internal sealed record ItemStory(string Item, Gs1Identifier? Identifier, Walk Walk, VerificationReport? Report, ItemView View);

/// <summary>
/// Tells an item's story for the page. What the page calls checked was checked here, when it was asked for, by the same verifier that anybody can run on
/// the same evidence; the chain's part was confirmed by the anchor worker.
/// </summary>
internal sealed class ItemViewBuilder(
    ItemWalker walker,
    EvidenceBuilder evidence,
    EvidenceMetrics metrics,
    AnchoredTrees trees,
    ItemStatus status,
    BatchStore batches,
    DocumentStore documents,
    OrganisationDirectory organisations,
    KeyDirectory keys,
    VerifierCache cache,
    AnchorStore anchors,
    AuthorityCheck authority,
    TemplateCatalog templates,
    DeviceTestimony testimony,
    ChainIdentity chain,
    LogHead head,
    IOptions<ServerOptions> server,
    IOptions<AnchoringOptions> anchoring,
    TimeProvider time)
{
    private const int MaxAttribute = 200;

    private static readonly long MaxTicks = DateTimeOffset.MaxValue.UtcTicks;

    /// <summary>Null when there is no record of the item that the caller may read, and no batch registered.</summary>
    public async Task<ItemStory?> BuildAsync(string item, Gs1Identifier? identifier, Caller caller, PageLanguage language, CancellationToken cancellationToken)
    {
        var walk = await walker.WalkAsync(item, caller, cancellationToken);
        var known = (await batches.FindAsync([.. walk.Items], cancellationToken)).ToDictionary(static b => b.Item);
        var certificates = await status.ListCertificatesAsync(walk.Items, cancellationToken);
        var recalls = await status.ListRecallsAsync(walk.Items, cancellationToken);
        if (walk.Steps.Count == 0 && walk.WithoutContent.Count == 0 && known.Count == 0 && certificates.Count == 0)
        {
            return null;
        }
        var names = await organisations.GetAsync(
            [.. walk.Steps.Select(static s => s.Event.Stored.OrganisationId), .. certificates.Select(static c => c.OrganisationId), .. recalls.Select(static r => r.OrganisationId), .. known.Values.Select(static b => b.OrganisationId)],
            cancellationToken);
        var statusEntries = await status.ListEntriesAsync(certificates, recalls, cancellationToken);
        var bundle = await evidence.BuildAsync(
            trees.Primary, [.. walk.Steps.Select(static s => s.Event)], statusEntries, caller, item, null, cancellationToken);
        var report = bundle is null ? null : EvidenceVerifier.Verify(bundle, chain.Trust, ObserveAnchors(bundle), cache);
        if (report is not null)
        {
            metrics.Verified(report);
        }
        var checks = bundle is null || report is null ? [] : ChecksByLeaf(bundle, report);
        var files = await documents.FindReadableAsync([.. walk.Steps.SelectMany(static s => DocumentsOf(s.Event)).Concat(certificates.Select(DocumentOf).OfType<Hash32>()).Distinct()], caller.Organisation?.Id, cancellationToken);

        var places = PlaceNames(walk);
        var coverage = await anchors.FindEarliestFinalAsync([.. walk.Steps.Select(static s => s.Event.Stored.LeafIndex).OfType<long>().Distinct()], cancellationToken);
        var entries = statusEntries.ToDictionary(static e => e.Id, static e => e.LeafIndex);
        var context = new StepContext(names, checks, files, places, coverage, language, new TestimonyBudget());
        var steps = new List<StepView>();
        foreach (var group in walk.Steps.GroupBy(static s => (s.Event.Stored.Record.EventHash, s.Event.Stored.EventId, IsDeclaration: s.Event.Event!.ErrorDeclaration is not null))) // Steps have content.
        {
            steps.Add(await MakeStepAsync([.. group], walk, context, cancellationToken));
        }
        var product = walk.Items.Select(i => known.GetValueOrDefault(i)).FirstOrDefault(static b => b is not null);
        var (name, origin, variety) = places.TryGetValue(item, out var placeName) ? (new Phrase(placeName), null, null) : Describe(product, walk);
        var recallViews = recalls.OrderByDescending(static r => r.SetAt)
            .Select(r => new RecallView(r.SetAt, names[r.OrganisationId].Name, r.Reason, r.Instructions, r.LiftedAt, entries.GetValueOrDefault(r.SetEntryId))).ToList();
        var (verdict, remarks) = Judge(recallViews, steps, report);
        var view = new ItemView
        {
            Item = item,
            Labels = identifier is null ? [] : [new ItemLabel(identifier.PrimaryKey, identifier.Value), .. identifier.Qualifiers.Select(static q => new ItemLabel(q.Ai, q.Value))],
            Name = name,
            Producer = product is null ? null : new Phrase(names[product.OrganisationId].Name),
            Origin = origin,
            Variety = variety,
            Quantity = known.TryGetValue(item, out var own) ? QuantityOf(own) : null,
            Facts = await ListAttributesAsync(item, walk, language, cancellationToken),
            Verdict = verdict,
            Remarks = remarks,
            Recalls = recallViews,
            Steps = steps,
            TotalSteps = null,
            StepsInColdStorage = walk.WithoutContent.Count,
            MoreUrl = walk.IsComplete ? null : $"/epcis/epcs/{Uri.EscapeDataString(item)}/events",
            Certificates = [.. certificates.Select(c => MakeCertificate(c, names, files, entries.GetValueOrDefault(c.IssueEntryId), language))],
            Check = MakeCheck(item, bundle, isWhole: !walk.IsCutOff && FitsABundle(bundle)),
            JsonLdUrl = item.StartsWith(CanonicalDigitalLink.Domain, StringComparison.Ordinal) ? $"{item[CanonicalDigitalLink.Domain.Length..]}?linkType=all" : null,
        };
        return new ItemStory(item, identifier, walk, report, view);
    }

    private async Task<StepView> MakeStepAsync(
        List<WalkStep> group,
        Walk walk,
        StepContext context,
        CancellationToken cancellationToken)
    {
        var (names, checks, files, places, coverage, language, budget) = context;
        var step = group[0];
        var (stored, e) = (step.Event.Stored, step.Event.Event!); // Steps have content.
        using var document = JsonDocument.Parse(stored.Event);
        var json = document.RootElement;
        var extensions = new EventExtensions(json);
        var organisation = names[stored.OrganisationId];
        var claim = await authority.FindClaimAsync(stored.OrganisationId, step.Item, cancellationToken);
        var (readings, moreReadings) = extensions.Readings();
        var anchored = stored.LeafIndex is { } leaf && coverage.TryGetValue(leaf, out var covering) ? MakeAnchor(covering) : null;
        var notes = new List<StepNote>();
        foreach (var other in group.Skip(1).Select(g => names[g.Event.Stored.OrganisationId]).Where(o => o.Id != organisation.Id).DistinctBy(static o => o.Id))
        {
            notes.Add(new StepNote.CorroboratedBy(other.Name));
        }
        if (e.ErrorDeclaration is not null)
        {
            notes.Add(new StepNote.DeclaresWrong(stored.EffectiveEventId));
        }
        else if (walk.Steps.FirstOrDefault(s => s.Event.Event!.ErrorDeclaration is not null && s.Event.Event.EventHash == e.EventHash && s.Event.Stored.OrganisationId == stored.OrganisationId) is { } declared)
        {
            notes.Add(new StepNote.DeclaredWrong(declared.Event.Event!.ErrorDeclaration!.DeclarationTime, declared.Event.Event.ErrorDeclaration.Reason is { } why ? new Phrase(why) : null));
        }
        if (await keys.FindAsync(stored.Record.Kid, cancellationToken) is { Stored.RevokedAt: { } ended })
        {
            notes.Add(new StepNote.KeyEndedLater(ended));
        }
        var worst = stored.LeafIndex is { } index && checks.TryGetValue(index, out var mine) ? mine.FirstOrDefault(static c => c.Outcome == Outcome.Failed) : null;
        var title = (templates.Find(organisation.Template)?.FindStep(e.BizStep) ?? templates.All.Select(t => t.FindStep(e.BizStep)).FirstOrDefault(static s => s is not null))?.Title;
        var measured = await testimony.FindAsync(extensions, organisation, e.EventTime, language, budget, cancellationToken);
        return new StepView
        {
            EventType = e.EventType,
            Action = e.Action?.ToString().ToUpperInvariant(),
            BizStep = e.BizStep,
            Title = title is null ? null : In(title, language),
            EventId = stored.EffectiveEventId,
            Time = LocalTime(e),
            Place = extensions.Place() is { } place ? place with { Name = places.GetValueOrDefault(place.Id!, place.Name.Text) } : null, // A place has its identifier.
            Actor = organisation.Name,
            IsThirdParty = claim is null,
            IsSelfDeclared = stored.Record.Custody == Custody.Imported,
            Custody = stored.Record.Custody,
            Kid = stored.Record.Kid,
            EventHash = stored.Record.EventHash,
            LogIndex = stored.LeafIndex,
            Anchor = anchored,
            Outcome = worst is null ? Outcome.Passed : Outcome.Failed,
            Problem = worst is null ? null : Verdict.Of(worst),
            EvidenceUrl = stored.LeafIndex is null ? null : $"/evidence?event={Uri.EscapeDataString(stored.EffectiveEventId)}",
            Readings = readings,
            MoreReadings = moreReadings,
            MeasuredBy = measured.Devices,
            MoreMeasuredBy = measured.More,
            Documents = [.. extensions.Documents().Where(files.ContainsKey).Select(d => MakeDocument(files[d]))],
            Quantities = extensions.Quantities(),
            Related = [.. Related(e, step.Item)],
            Facts = extensions.Text("note") is { } note ? [new FactView(language == PageLanguage.Chinese ? new Phrase("备注", "zh-CN") : new Phrase("Note", "en"), note)] : [],
            Notes = notes,
        };
    }

    private static DateTimeOffset LocalTime(EpcisEvent e) =>
        TimeSpan.TryParse(e.EventTimeZoneOffset.TrimStart('+'), System.Globalization.CultureInfo.InvariantCulture, out var offset) && Math.Abs(offset.TotalHours) <= 14
            && (e.EventTime.UtcTicks + offset.Ticks) is var ticks && ticks >= 0 && ticks <= MaxTicks // An offset may lead out of the years that there are.
            ? e.EventTime.ToOffset(offset)
            : e.EventTime;

    private static IEnumerable<RelatedItemView> Related(EpcisEvent e, string item)
    {
        var own = e.Items.Where(i => ItemUris.Normalise(i.CanonicalUri) == item).Select(static i => i.Role).FirstOrDefault();
        foreach (var other in e.Items.Where(i => ItemUris.Normalise(i.CanonicalUri) != item).Take(12))
        {
            RelatedRole? role = (own, other.Role) switch
            {
                (ItemRole.OutputEpc or ItemRole.OutputClass, ItemRole.InputEpc or ItemRole.InputClass) => RelatedRole.MadeFrom,
                (ItemRole.InputEpc or ItemRole.InputClass, ItemRole.OutputEpc or ItemRole.OutputClass) => RelatedRole.MadeInto,
                (ItemRole.ChildEpc or ItemRole.ChildClass, ItemRole.ParentId) => e.Action == EpcisAction.Delete ? RelatedRole.TakenOutOf : RelatedRole.PackedIn,
                (ItemRole.ParentId, ItemRole.ChildEpc or ItemRole.ChildClass) => RelatedRole.Contains,
                _ => null,
            };
            if (role is not null)
            {
                var local = other.CanonicalUri.StartsWith(CanonicalDigitalLink.Domain, StringComparison.Ordinal) ? other.CanonicalUri[CanonicalDigitalLink.Domain.Length..] : null;
                yield return new RelatedItemView(Gs1Identifier.TryParse(other.CanonicalUri, out var id, out _) ? id.ElementString : other.CanonicalUri, local, role.Value);
            }
        }
    }

    private static (Verdict Verdict, IReadOnlyList<Verdict> Remarks) Judge(List<RecallView> recalls, List<StepView> steps, VerificationReport? report)
    {
        var remarks = new List<Verdict>();
        var failed = report?.Checks.FirstOrDefault(static c => c.Outcome == Outcome.Failed);
        Verdict verdict = steps.Count == 0 || report is null || steps.Any(static s => s.Anchor is null)
            ? new Verdict.AnchorPending()
            : new Verdict.AllPassed(steps.Max(static s => s.Anchor!.Time)); // None is null here.
        if (failed is not null && Verdict.Of(failed) is { } bad)
        {
            verdict = bad;
        }
        if (recalls.FirstOrDefault(static r => r.LiftedAt is null) is { } recall)
        {
            remarks.Add(verdict);
            verdict = new Verdict.Recalled(recall);
        }
        if (steps.Any(static s => s.Custody == Custody.Custodial))
        {
            remarks.Add(new Verdict.Custodial());
        }
        if (steps.Any(static s => s.IsSelfDeclared))
        {
            remarks.Add(new Verdict.SelfDeclared());
        }
        return (verdict, remarks);
    }

    /// <summary>The chain as the anchor worker found it: it confirmed this anchor's transaction, block and depth before calling it final.</summary>
    private ChainObservation ObserveAnchors(EvidenceBundle bundle) => chain.Trust is not { } trust
        ? new ChainObservation { Unavailable = "the chain has not been reached since the server started" }
        : new ChainObservation
        {
            ChainId = trust.ChainId,
            Genesis = trust.Genesis,
            Anchors = [.. bundle.Anchors.Select(a => new AnchorObservation
            {
                HasCode = true,
                OriginHash = Hash32.Compute(System.Text.Encoding.UTF8.GetBytes(trust.Origin)),
                RootAt = a.Root,
                Transaction = new TransactionObservation(true, a.Registry, a.Block, a.BlockHash, a.Time),
            })],
        };

    private static Dictionary<long, List<Check>> ChecksByLeaf(EvidenceBundle bundle, VerificationReport report)
    {
        var byLeaf = new Dictionary<long, List<Check>>();
        for (var i = 0; i < bundle.Records.Count; i++)
        {
            var subject = $"records[{i}]";
            byLeaf[bundle.Records[i].Index] = [.. report.Checks.Where(c => c.Subject == subject)];
        }
        return byLeaf;
    }

    private static (Phrase? Name, Phrase? Origin, Phrase? Variety) Describe(StoredBatch? batch, Walk walk)
    {
        if (batch is not null)
        {
            using var details = JsonDocument.Parse(batch.Details);
            return (batch.Name, Text(details.RootElement, "origin"), Text(details.RootElement, "variety"));
        }
        // The item's own master data before that of what went into it. Steps have content.
        foreach (var step in walk.Steps.Where(static s => s.Event.Event!.HasIlmd).OrderBy(static s => s.Depth))
        {
            using var json = JsonDocument.Parse(step.Event.Stored.Event);
            var extensions = new EventExtensions(json.RootElement);
            if (extensions.Text("name") is { } name)
            {
                return (name, Phrase(extensions.Text("origin")), Phrase(extensions.Text("variety")));
            }
        }
        return (null, null, null);

        static Phrase? Text(JsonElement json, string member) => json.TryGetProperty(member, out var value) ? Phrase(value.ValueKind == JsonValueKind.String ? value.GetString() : null) : null;
        static Phrase? Phrase(string? text) => text is null ? null : new Phrase(text);
    }

    /// <summary>The first event that brought the item into being, by somebody with the claim over its key and not declared wrong since.</summary>
    private async Task<WalkStep?> FindMakingAsync(string item, Walk walk, CancellationToken cancellationToken)
    {
        var wrong = walk.Steps.Where(static s => s.Event.Event!.ErrorDeclaration is not null).Select(static s => (s.Event.Event!.EventHash, s.Event.Stored.OrganisationId)).ToHashSet(); // Steps have content.
        foreach (var step in walk.Steps.Where(static s => s.Depth == 0))
        {
            if (step.Event.Event is { HasIlmd: true, ErrorDeclaration: null } e && AuthorityCheck.Creates(e, item)
                && !wrong.Contains((e.EventHash, step.Event.Stored.OrganisationId))
                && await authority.FindClaimAsync(step.Event.Stored.OrganisationId, item, cancellationToken) is not null)
            {
                return step;
            }
        }
        return null;
    }

    /// <summary>What was stated of the item itself when it was made, and a template of this deployment has a name for.</summary>
    private async Task<List<FactView>> ListAttributesAsync(string item, Walk walk, PageLanguage language, CancellationToken cancellationToken)
    {
        var attributes = templates.All.SelectMany(static t => t.Attributes ?? []).DistinctBy(static a => a.Name).ToList();
        if (attributes.Count == 0 || await FindMakingAsync(item, walk, cancellationToken) is not { } made)
        {
            return [];
        }
        using var json = JsonDocument.Parse(made.Event.Stored.Event);
        var extensions = new EventExtensions(json.RootElement);
        return [.. attributes
            .Select(a => (Attribute: a, Value: extensions.Attribute(a.Name)))
            .Where(static f => f.Value is { Length: > 0 and <= MaxAttribute })
            .Select(f => new FactView(In(f.Attribute.Title, language), new Phrase(f.Attribute.Unit is { } unit ? $"{f.Value} {unit}" : f.Value!)))]; // Filtered.
    }

    private static QuantityView? QuantityOf(StoredBatch batch)
    {
        using var details = JsonDocument.Parse(batch.Details);
        return details.RootElement.TryGetProperty("quantity", out var quantity) && quantity.ValueKind == JsonValueKind.Number
            ? new QuantityView(quantity.GetRawText(), details.RootElement.TryGetProperty("unit", out var unit) ? unit.GetString() : null)
            : null;
    }

    private CertificateView MakeCertificate(StoredCertificate c, IReadOnlyDictionary<int, Organisation> names, IReadOnlyDictionary<Hash32, StoredDocument> files, long? logIndex, PageLanguage language)
    {
        using var details = JsonDocument.Parse(c.Details);
        var now = time.GetUtcNow();
        var type = details.RootElement.GetProperty("type").GetString()!; // Required when it was issued.
        var kind = templates.All.SelectMany(static t => t.Certificates).FirstOrDefault(k => k.Kind == type);
        return new CertificateView
        {
            Name = details.RootElement.GetProperty("name").GetString()!, // Required when it was issued.
            Type = kind is null ? type : In(kind.Title, language),
            Number = details.RootElement.TryGetProperty("number", out var number) ? number.GetString() : null,
            Issuer = names[c.OrganisationId].Name,
            // As the issuer wrote them: with their own offset, so that a day stays the same day.
            ValidFrom = AsWritten(details.RootElement, "validFrom", c.ValidFrom),
            ValidTo = AsWritten(details.RootElement, "validUntil", c.ValidUntil),
            LogIndex = logIndex,
            State = c.RevokedAt is not null ? CertificateState.Revoked : now > c.ValidUntil ? CertificateState.Expired : now < c.ValidFrom ? CertificateState.NotYetValid : CertificateState.Valid,
            RevokedAt = c.RevokedAt,
            RevocationReason = c.RevokeReason is null ? null : new Phrase(c.RevokeReason),
            Document = DocumentOf(c) is { } digest && files.TryGetValue(digest, out var file) ? MakeDocument(file) : null,
        };
    }

    private static DateTimeOffset AsWritten(JsonElement details, string member, DateTimeOffset stored) =>
        details.TryGetProperty(member, out var text) && DateTimeOffset.TryParse(text.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var time) ? time : stored;

    /// <summary>What steps are told with.</summary>
    private sealed record StepContext(
        IReadOnlyDictionary<int, Organisation> Names,
        Dictionary<long, List<Check>> Checks,
        IReadOnlyDictionary<Hash32, StoredDocument> Files,
        Dictionary<string, string> Places,
        IReadOnlyDictionary<long, StoredAnchor> Coverage,
        PageLanguage Language,
        TestimonyBudget Budget);

    /// <summary>Names that the events of the walk give to places, for those events that only have the identifier.</summary>
    private static Dictionary<string, string> PlaceNames(Walk walk)
    {
        var names = new Dictionary<string, string>();
        foreach (var step in walk.Steps)
        {
            using var json = JsonDocument.Parse(step.Event.Stored.Event); // Steps have content.
            if (new EventExtensions(json.RootElement).Place() is { Id: { } id } place && !place.Name.Text.StartsWith("GLN ", StringComparison.Ordinal) && place.Name.Text != id)
            {
                names.TryAdd(id, place.Name.Text);
            }
        }
        return names;
    }

    private static Phrase In(LocalText text, PageLanguage language) => new(text.In(language.Code()), language.Tag());

    private static Hash32? DocumentOf(StoredCertificate c)
    {
        using var details = JsonDocument.Parse(c.Details);
        return details.RootElement.TryGetProperty("document", out var document) && DocumentEndpoints.TryParseDigest(document.GetString() ?? "", out var digest) ? digest : null;
    }

    private static IReadOnlyList<Hash32> DocumentsOf(VisibleEvent visible)
    {
        using var json = JsonDocument.Parse(visible.Stored.Event);
        return new EventExtensions(json.RootElement).Documents();
    }

    private static DocumentView MakeDocument(StoredDocument file) =>
        new(file.Name, $"/api/documents/{file.Digest.ToHex()}", file.MediaType, file.SizeBytes, DocumentEndpoints.ToUri(file.Digest));

    /// <summary>Whether verifiers read what the page was made from. Written out only where its contents come near the limit, so that pages of ordinary items do not pay for it.</summary>
    private static bool FitsABundle(EvidenceBundle? bundle) => bundle is null
        || bundle.Statements.Sum(static s => (long)s.Length) + (2 * bundle.Records.Sum(static r => (long)r.Record.Length + (r.Event?.Length ?? 0))) < EvidenceBundle.MaxBytes / 2
        || bundle.ToUtf8().Length <= EvidenceBundle.MaxBytes;

    /// <param name="item">The item.</param>
    /// <param name="bundle">Its evidence with that of all that went into it, as far as it is under a checkpoint.</param>
    /// <param name="isWhole">Whether one bundle can hold all of that; if not, the link is to the item's own records, in pages.</param>
    private CheckView MakeCheck(string item, EvidenceBundle? bundle, bool isWhole)
    {
        var path = $"/evidence?item={Uri.EscapeDataString(item)}{(isWhole ? "&trace=true" : "")}";
        var rpc = anchoring.Value.RpcUrlForVisitors;
        return new CheckView
        {
            EvidenceUrl = path,
            RpcUrl = rpc,
            CommandLine = $"trustchain verify \"{server.Value.PublicUrl.TrimEnd('/')}{path}\" --trust trust.json --rpc {rpc ?? AnchoringOptions.AnyNode}",
            QrUrl = $"/api/qr?uri={Uri.EscapeDataString(item)}&format=svg",
            Anchors = bundle is null || head.Anchored is not { } a ? [] : [MakeAnchor(a.Anchor)],
        };
    }

    // A final anchor has its block.
    private static AnchorView MakeAnchor(StoredAnchor a) => new(a.ChainId, a.Registry, a.Transaction, a.Block!.Value, a.BlockTime!.Value, a.Size);
}
