using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Organisations;
using TrustChain.Postgres.Query;
using TrustChain.Server.Devices;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;
using TrustChain.Server.Telemetry;
using TrustChain.Server.Verification;

namespace TrustChain.Server.Capture;

/// <summary>What became of a capture.</summary>
internal abstract record CaptureOutcome
{
    private CaptureOutcome()
    {
    }

    /// <summary>Durable, and promised to the log.</summary>
    public sealed record Accepted(CaptureReceipt Receipt) : CaptureOutcome;

    /// <summary>Nothing was stored.</summary>
    public sealed record Refused(IResult Problem) : CaptureOutcome
    {
        /// <summary>The event whose eventID is in use, if that is why.</summary>
        public int? Position { get; init; }
    }

    /// <summary>Of a signed statement, the events that could be accepted are durable; the receipt is null when there was none.</summary>
    public sealed record Proceeded(Hash32 Statement, CaptureReceipt? Receipt) : CaptureOutcome;

    /// <summary>More events than one statement may have: the document has to be a job.</summary>
    public sealed record TooMany : CaptureOutcome;

    /// <summary>The document held master data alone, which were taken.</summary>
    public sealed record MasterDataOnly : CaptureOutcome;
}

/// <summary>What the sender is told.</summary>
/// <param name="Statement">SHA-256 of the statement; names the capture.</param>
/// <param name="ReceivedAt">When the statement that holds the records was received.</param>
/// <param name="Receipt">The log's signed promise.</param>
/// <param name="Events">One line per event.</param>
internal sealed record CaptureReceipt(Hash32 Statement, DateTimeOffset ReceivedAt, string Receipt, IReadOnlyList<CapturedEvent> Events);

internal sealed record CapturedEvent(string EventId, string EventHash);

/// <summary>
/// The way of a statement from its bytes to the group commit: read, find the key, check audience and signature, read the events, check authority, make
/// records, write. What is cheap to refuse is refused first. A capture is all or nothing.
/// </summary>
internal sealed class CaptureService(
    KeyDirectory keys,
    CustodialSigner custodial,
    AuthorityCheck authority,
    TemplateCatalog templates,
    StatementWriter writer,
    TelemetryCapture telemetry,
    CaptureJobStore jobs,
    MasterDataStore masterData,
    EvidenceMetrics verification,
    IOptions<ServerOptions> server,
    IOptions<CaptureOptions> options,
    TimeProvider time)
{
    /// <summary>A statement whose signature was checked, or made here. Count: the events it signs.</summary>
    private sealed record Signed(Organisation Organisation, string Kid, long KeyEntry, Custody Custody, Statement Statement, Hash32[]? Leaves, int Count);

    /// <summary>One of its events, by its position in it.</summary>
    private readonly record struct Content(int Position, EpcisEvent Event, ReadOnlyMemory<byte> Utf8, byte[]? Salt);

    /// <summary>Captures what one request holds.</summary>
    /// <param name="request">Its body.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="singleEvent">Whether only one event may be there.</param>
    /// <param name="proceeds">Of a signed statement: goes on with the events that can be accepted. What else is plain and proceeds is a job.</param>
    /// <param name="cancellationToken">Honoured until the write.</param>
    public async Task<CaptureOutcome> CaptureAsync(CaptureRequest request, Caller caller, bool singleEvent, bool proceeds, CancellationToken cancellationToken)
    {
        using var span = Tracing.Start("capture");
        return request switch
        {
            CaptureRequest.Malformed malformed => Refuse(400, ProblemCodes.InvalidStatement, malformed.Detail),
            CaptureRequest.Plain plain => await CapturePlainAsync(plain, caller, singleEvent, cancellationToken),
            CaptureRequest.Document document => await CaptureSignedAsync(document.Statement, null, caller, singleEvent, proceeds, cancellationToken),
            CaptureRequest.Telemetry statement => await telemetry.CaptureAsync(statement.Statement, caller, cancellationToken),
            CaptureRequest.Root root => await CaptureSignedAsync(root.Statement, root.Events, caller, singleEvent, proceeds, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>How events are read here.</summary>
    public EpcisReadOptions ReadOptions => options.Value.CheckDigits == CheckDigitPolicy.Refuse ? EpcisReadOptions.Default : Lenient;

    private static readonly EpcisReadOptions Lenient = new() { CheckDigits = CheckDigitPolicy.Warn };

    private async Task<CaptureOutcome> CapturePlainAsync(CaptureRequest.Plain plain, Caller caller, bool singleEvent, CancellationToken cancellationToken)
    {
        if (caller.Organisation is not { } organisation)
        {
            return new CaptureOutcome.Refused(Problems.NotAuthenticated());
        }
        var (read, faults) = Read(plain);
        if (read is null)
        {
            return !singleEvent && faults[0].Rule == EpcisRules.TooManyEvents
                ? new CaptureOutcome.TooMany()
                : new CaptureOutcome.Refused(Problems.InvalidEvents(faults));
        }
        if (!singleEvent && read is { Events.Count: 0, MasterData.Count: > 0 })
        {
            return await masterData.PutAsync(organisation.Id, ToElements(read.MasterData), time.GetUtcNow(), cancellationToken)
                ? new CaptureOutcome.MasterDataOnly()
                : new CaptureOutcome.Refused(TooManyElements());
        }
        if (CheckShape(read, singleEvent) is { } wrongShape)
        {
            return wrongShape;
        }
        if (await authority.ListRefusalsAsync(organisation, read.Events, firstOnly: true, cancellationToken) is [var (number, uri), ..])
        {
            return new CaptureOutcome.Refused(AuthorityCheck.Refusal(number, uri));
        }
        var elements = ToElements(read.MasterData);
        if (elements.Count > 0 && !await masterData.HasRoomAsync(organisation.Id, elements, cancellationToken))
        {
            return new CaptureOutcome.Refused(TooManyElements());
        }
        var (signed, contents) = await SignAsync(organisation, read.Events, cancellationToken);
        var outcome = await WriteAsync(signed, contents, cancellationToken);
        // Another capture may have taken the room meanwhile: then the events are durable, and sending them again is safe.
        return outcome is CaptureOutcome.Accepted && elements.Count > 0 && !await masterData.PutAsync(organisation.Id, elements, time.GetUtcNow(), cancellationToken)
            ? new CaptureOutcome.Refused(TooManyElements())
            : outcome;
    }

    /// <summary>The organisation has as much master data as it may.</summary>
    public static IResult TooManyElements() => Problems.Create(
        409, ProblemCodes.TooManyElements, $"An organisation has at most {MasterDataStore.MaxElements} elements of master data and as many entries of children; its master data were not taken.", "ImplementationException");

    private (EpcisReadResult? Read, IReadOnlyList<EpcisFault> Faults) Read(CaptureRequest.Plain plain)
    {
        using var span = Tracing.Start("parse");
        return plain.Read(ReadOptions);
    }

    /// <summary>A statement that the service signs for an organisation, ready to be written.</summary>
    /// <param name="organisation">Whose key signs.</param>
    /// <param name="events">At most 1,000 valid events whose authority was checked.</param>
    /// <param name="jobId">The capture job it is part of.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<NewStatement> MakeCustodialAsync(Organisation organisation, IReadOnlyList<EpcisEvent> events, string? jobId, CancellationToken cancellationToken)
    {
        var (signed, contents) = await SignAsync(organisation, events, cancellationToken);
        return MakeStatement(signed, contents, jobId);
    }

    private async Task<(Signed Signed, Content[] Contents)> SignAsync(Organisation organisation, IReadOnlyList<EpcisEvent> events, CancellationToken cancellationToken)
    {
        var contents = new Content[events.Count];
        var leaves = new Hash32[contents.Length];
        for (var i = 0; i < contents.Length; i++)
        {
            var salt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);
            contents[i] = new Content(i, events[i], events[i].ToStandaloneUtf8(), salt);
            leaves[i] = Statement.ComputeLeaf(salt, contents[i].Utf8.Span);
        }
        var key = await custodial.GetAsync(organisation, cancellationToken);
        var compact = custodial.Sign(key, Statement.RootType, Statement.RootPayload(contents.Length, MerkleTree.ComputeRoot(leaves)));
        return Statement.TryParse(compact, out var statement, out var error)
            ? (new Signed(organisation, key.Key.PublicKey.Kid, key.KeyEntry, Custody.Custodial, statement, leaves, contents.Length), contents)
            : throw new InvalidOperationException($"The statement made here cannot be read: {error}");
    }

    /// <summary>Elements of a document as they are stored.</summary>
    public static IReadOnlyList<MasterDataElement> ToElements(IEnumerable<VocabularyElement> elements) =>
        [.. elements.Select(static e => new MasterDataElement(e.Vocabulary, e.Id, e.AttributesJson, e.Attributes, e.Children))];

    private async Task<CaptureOutcome> CaptureSignedAsync(
        Statement statement, IReadOnlyList<(byte[] Salt, byte[] Event)>? events, Caller caller, bool singleEvent, bool proceeds, CancellationToken cancellationToken)
    {
        var key = await keys.FindAsync(statement.Message.Kid!, cancellationToken); // A statement has a kid.
        if (key is null || (caller.Organisation is { } organisation && organisation.Id != key.Organisation.Id))
        {
            // The same answer for an unknown key and another organisation's: whose keys exist is nobody else's business.
            return RefuseStatement(403, CheckNames.Key, ProblemCodes.KeyUnknown, "The kid is not a key registered for you.", "SecurityException");
        }
        if (key.Stored.RevokedAt is not null)
        {
            return RefuseStatement(403, CheckNames.Key, ProblemCodes.KeyRevoked, "The key has been revoked.", "SecurityException");
        }
        if (key.Stored.EntryIndex is not { } keyEntry)
        {
            return Refuse(409, ProblemCodes.KeyNotYetLogged, "The key is registered but not in the log yet; try again in a second.", "ImplementationException");
        }
        if (key.Stored.Custody != Custody.Self)
        {
            return RefuseStatement(403, CheckNames.Key, ProblemCodes.KeyUnknown, "The kid is not a key registered for you.", "SecurityException");
        }
        if (statement.Message.Audience != server.Value.Origin)
        {
            return RefuseStatement(400, CheckNames.Signature, ProblemCodes.AudienceMismatch, $"The header parameter \"aud\" must be \"{server.Value.Origin}\".", "ValidationException");
        }
        switch (Verify(statement, key))
        {
            case SignatureCheck.CouldNotCheck:
                return Refuse(503, ProblemCodes.Unavailable, $"This server cannot check {key.PublicKey.Algorithm} signatures.", "ImplementationException");
            case SignatureCheck.Invalid:
                return RefuseStatement(403, CheckNames.Signature, ProblemCodes.SignatureInvalid, "The signature is not that of the registered key.", "SecurityException");
        }
        Hash32[]? leaves = events is null ? null : [.. events.Select(static e => Statement.ComputeLeaf(e.Salt, e.Event))];
        var errors = proceeds ? new CaptureErrors() : null;
        var (contents, count, refused) = ReadSigned(statement, events, leaves, singleEvent, errors);
        if (refused is not null)
        {
            return refused;
        }
        var refusals = await authority.ListRefusalsAsync(key.Organisation, [.. contents.Select(static c => c.Event)], firstOnly: errors is null, cancellationToken);
        foreach (var (number, uri) in refusals)
        {
            var problem = AuthorityCheck.Refusal(contents[number].Position, uri);
            if (errors is null)
            {
                return new CaptureOutcome.Refused(problem);
            }
            errors.Add(problem);
        }
        if (refusals.Count > 0)
        {
            var refusedNumbers = refusals.Select(static r => r.Event).ToHashSet();
            contents = [.. contents.Where((_, number) => !refusedNumbers.Contains(number))];
        }
        var signed = new Signed(key.Organisation, key.Stored.Kid, keyEntry, Custody.Self, statement, leaves, count);
        return errors is null ? await WriteAsync(signed, contents, cancellationToken) : await WriteAcceptedAsync(signed, contents, errors, cancellationToken);
    }

    private static SignatureCheck Verify(Statement statement, KnownKey key)
    {
        using var span = Tracing.Start("verify");
        return statement.Message.Verify(key.PublicKey);
    }

    private (Content[] Contents, int Count, CaptureOutcome? Refused) ReadSigned(
        Statement statement, IReadOnlyList<(byte[] Salt, byte[] Event)>? events, Hash32[]? leaves, bool singleEvent, CaptureErrors? errors)
    {
        using var span = Tracing.Start("parse");
        return events is null ? ReadDocument(statement, singleEvent) : ReadRoot(statement, events, leaves!, singleEvent, errors); // Both or neither.
    }

    /// <summary>
    /// Writes what can be written: an event whose eventID stands for another content is left out and the rest written. The job that tells of it has the
    /// statement's digest.
    /// </summary>
    private async Task<CaptureOutcome> WriteAcceptedAsync(Signed signed, Content[] contents, CaptureErrors errors, CancellationToken cancellationToken)
    {
        var outcome = (CaptureOutcome?)null;
        while (contents.Length > 0)
        {
            outcome = await WriteAsync(signed, contents, cancellationToken);
            if (outcome is not CaptureOutcome.Refused { Position: { } position } refused)
            {
                break;
            }
            errors.Add(refused.Problem);
            contents = [.. contents.Where(c => c.Position != position)];
            outcome = null;
        }
        var receipt = (outcome as CaptureOutcome.Accepted)?.Receipt;
        if (errors.Count > 0 || receipt is null)
        {
            var now = time.GetUtcNow();
            await jobs.AddAsync(
                new CaptureJob
                {
                    Id = signed.Statement.Digest.ToHex(),
                    OrganisationId = signed.Organisation.Id,
                    Proceeds = true,
                    IsRunning = false,
                    IsSuccess = errors.Count == 0,
                    EventsTotal = signed.Count,
                    EventsDone = contents.Length,
                    Errors = errors.ToJson(),
                    CreatedAt = now,
                    FinishedAt = now,
                },
                cancellationToken);
        }
        return new CaptureOutcome.Proceeded(signed.Statement.Digest, receipt);
    }

    private (Content[] Contents, int Count, CaptureOutcome? Refused) ReadDocument(Statement statement, bool singleEvent)
    {
        // Evidence of one event of a document shows all of it, so an invalid one spoils the others too, whatever the error behaviour.
        var read = EpcisReader.Read(statement.Message.Payload, ReadOptions);
        if (!read.IsValid)
        {
            return ([], 0, new CaptureOutcome.Refused(Problems.InvalidEvents(read.Faults)));
        }
        return CheckShape(read, singleEvent) is { } wrongShape
            ? ([], 0, wrongShape)
            : ([.. read.Events.Select(static (e, position) => new Content(position, e, e.ToStandaloneUtf8(), null))], read.Events.Count, null);
    }

    private (Content[] Contents, int Count, CaptureOutcome? Refused) ReadRoot(
        Statement statement, IReadOnlyList<(byte[] Salt, byte[] Event)> events, Hash32[] leaves, bool singleEvent, CaptureErrors? errors)
    {
        if (MerkleTree.ComputeRoot(leaves) != statement.Root)
        {
            return ([], 0, Refuse(400, ProblemCodes.InvalidStatement, "The salts and events do not lead to the signed root.", "ValidationException"));
        }
        if (singleEvent && events.Count != 1)
        {
            return ([], 0, Refuse(400, ProblemCodes.InvalidEvents, "This address takes one event.", "ValidationException"));
        }
        var contents = new List<Content>(events.Count);
        for (var i = 0; i < events.Count; i++)
        {
            var read = EpcisReader.Read(events[i].Event, ReadOptions);
            var problem = !read.IsValid ? Problems.InvalidEvents(read.Faults, i)
                : read.Kind != EpcisDocumentKind.Event
                    ? Problems.Create(400, ProblemCodes.InvalidEvents, $"event {i}: in root form each part is one event, not a document.", "ValidationException")
                    : null;
            if (problem is null)
            {
                contents.Add(new Content(i, read.Events[0], events[i].Event, events[i].Salt));
            }
            else if (errors is null)
            {
                return ([], 0, new CaptureOutcome.Refused(problem));
            }
            else
            {
                errors.Add(problem);
            }
        }
        return ([.. contents], events.Count, null);
    }

    private static CaptureOutcome? CheckShape(EpcisReadResult read, bool singleEvent) => (singleEvent, read.Kind) switch
    {
        (true, not EpcisDocumentKind.Event) => Refuse(400, ProblemCodes.InvalidEvents, "This address takes one event, not a document.", "ValidationException"),
        _ when read.Events.Count == 0 => Refuse(400, ProblemCodes.InvalidEvents, "The document holds no event.", "ValidationException"),
        _ => null,
    };

    private NewStatement MakeStatement(Signed signed, Content[] contents, string? jobId)
    {
        var now = time.GetUtcNow();
        var receivedAt = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
        var template = templates.Find(signed.Organisation.Template);
        return new NewStatement
        {
            OrganisationId = signed.Organisation.Id,
            Kid = signed.Kid,
            KeyEntry = signed.KeyEntry,
            Custody = signed.Custody,
            Form = signed.Statement.Form,
            Count = signed.Count,
            Digest = signed.Statement.Digest,
            Jws = signed.Statement.Message.ToBytes(),
            Leaves = signed.Leaves is { Length: > 1 } leaves ? [.. leaves.SelectMany(static l => l.ToArray())] : null,
            ReceivedAt = receivedAt,
            JobId = jobId,
            Records = [.. contents.Select(content => MakeRecord(signed, content, receivedAt, template))],
        };
    }

    private async Task<CaptureOutcome> WriteAsync(Signed signed, Content[] contents, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // Afterwards the write goes on even if the sender leaves.
        return await writer.WriteAsync(MakeStatement(signed, contents, jobId: null), [.. contents.Select(static c => new CapturedEvent(c.Event.EventId ?? c.Event.EventHashUri, c.Event.EventHashUri))]);
    }

    private static NewRecord MakeRecord(Signed signed, Content content, DateTimeOffset receivedAt, Template? template)
    {
        var e = content.Event;
        var salt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);
        var record = new Record(signed.Count, signed.Custody, e.EventHashUri, signed.KeyEntry, signed.Kid, content.Position, receivedAt, signed.Statement.Digest);
        // An eventID that is the event's own hash adds nothing: both spellings are one record.
        var eventId = e.EventId == e.EventHashUri ? null : e.EventId;
        return new NewRecord
        {
            Position = content.Position,
            Identity = NewRecord.ComputeIdentity(signed.Organisation.Id, e.EventHash, eventId, e.ErrorDeclaration is { } declaration ? declaration.Utf8.Span : []),
            EventHash = e.EventHash,
            EventId = eventId,
            EventTime = e.EventTime,
            IsPublic = template?.IsPublicStep(e.BizStep) ?? false,
            IsDeclaration = e.ErrorDeclaration is not null,
            Salt = salt,
            Entry = LogEntry.ForEvent(salt, record.ToJcs()),
            Event = content.Utf8,
            EventSalt = content.Salt,
            Index = RecordIndex.Of(e),
        };
    }

    /// <summary>A statement whose signer or signature is not what it has to be.</summary>
    private CaptureOutcome RefuseStatement(int status, string check, string code, string detail, string epcisException)
    {
        verification.StatementFailed(check, code);
        return Refuse(status, code, detail, epcisException);
    }

    private static CaptureOutcome Refuse(int status, string code, string detail, string epcisException = "ValidationException") =>
        new CaptureOutcome.Refused(Problems.Create(status, code, detail, epcisException));
}
