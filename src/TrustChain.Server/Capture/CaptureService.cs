using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;

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
    public sealed record Refused(IResult Problem) : CaptureOutcome;
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
    CaptureWriter writer,
    KeyRing ring,
    LogSignal signal,
    CaptureMetrics metrics,
    IOptions<ServerOptions> server,
    IOptions<CaptureOptions> options,
    TimeProvider time)
{
    private sealed record Signed(Organisation Organisation, string Kid, long KeyEntry, Custody Custody, Statement Statement, Hash32[]? Leaves);

    private readonly record struct Content(EpcisEvent Event, ReadOnlyMemory<byte> Utf8, byte[]? Salt);

    public async Task<CaptureOutcome> CaptureAsync(CaptureRequest request, Caller caller, bool singleEvent, CancellationToken cancellationToken)
    {
        var outcome = request switch
        {
            CaptureRequest.Malformed malformed => Refuse(400, ProblemCodes.InvalidStatement, malformed.Detail),
            CaptureRequest.Plain plain => await CapturePlainAsync(plain.Utf8, caller, singleEvent, cancellationToken),
            CaptureRequest.Document document => await CaptureSignedAsync(document.Statement, null, caller, singleEvent, cancellationToken),
            CaptureRequest.Root root => await CaptureSignedAsync(root.Statement, root.Events, caller, singleEvent, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (outcome is CaptureOutcome.Refused)
        {
            metrics.Refused();
        }
        return outcome;
    }

    private EpcisReadOptions ReadOptions => options.Value.CheckDigits == CheckDigitPolicy.Refuse ? EpcisReadOptions.Default : Lenient;

    private static readonly EpcisReadOptions Lenient = new() { CheckDigits = CheckDigitPolicy.Warn };

    private async Task<CaptureOutcome> CapturePlainAsync(ReadOnlyMemory<byte> utf8, Caller caller, bool singleEvent, CancellationToken cancellationToken)
    {
        if (caller.Organisation is not { } organisation)
        {
            return new CaptureOutcome.Refused(Problems.NotAuthenticated());
        }
        var read = EpcisReader.Read(utf8, ReadOptions);
        if (!read.IsValid)
        {
            return new CaptureOutcome.Refused(Problems.InvalidEvents(read.Faults));
        }
        if (CheckShape(read, singleEvent) is { } wrongShape)
        {
            return wrongShape;
        }
        if (await authority.CheckAsync(organisation, read.Events, cancellationToken) is { } refused)
        {
            return new CaptureOutcome.Refused(refused);
        }
        var contents = new Content[read.Events.Count];
        var leaves = new Hash32[contents.Length];
        for (var i = 0; i < contents.Length; i++)
        {
            var salt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);
            contents[i] = new Content(read.Events[i], read.Events[i].ToStandaloneUtf8(), salt);
            leaves[i] = Statement.ComputeLeaf(salt, contents[i].Utf8.Span);
        }
        var key = await custodial.GetAsync(organisation, cancellationToken);
        var compact = custodial.Sign(key, Statement.RootType, Statement.RootPayload(contents.Length, MerkleTree.ComputeRoot(leaves)));
        return Statement.TryParse(compact, out var statement, out var error)
            ? await WriteAsync(new Signed(organisation, key.Key.PublicKey.Kid, key.KeyEntry, Custody.Custodial, statement, leaves), contents, cancellationToken)
            : throw new InvalidOperationException($"The statement made here cannot be read: {error}");
    }

    private async Task<CaptureOutcome> CaptureSignedAsync(
        Statement statement, IReadOnlyList<(byte[] Salt, byte[] Event)>? events, Caller caller, bool singleEvent, CancellationToken cancellationToken)
    {
        var key = await keys.FindAsync(statement.Jws.Kid!, cancellationToken); // A statement has a kid.
        if (key is null || (caller.Organisation is { } organisation && organisation.Id != key.Organisation.Id))
        {
            // The same answer for an unknown key and another organisation's: whose keys exist is nobody else's business.
            return Refuse(403, ProblemCodes.KeyUnknown, "The kid is not a key registered for you.", "SecurityException");
        }
        if (key.Stored.RevokedAt is not null)
        {
            return Refuse(403, ProblemCodes.KeyRevoked, "The key has been revoked.", "SecurityException");
        }
        if (key.Stored.EntryIndex is not { } keyEntry)
        {
            return Refuse(409, ProblemCodes.KeyNotYetLogged, "The key is registered but not in the log yet; try again in a second.", "ImplementationException");
        }
        if (key.Stored.Custody != Custody.Self)
        {
            return Refuse(403, ProblemCodes.KeyUnknown, "The kid is not a key registered for you.", "SecurityException");
        }
        if (statement.Jws.Audience != server.Value.Origin)
        {
            return Refuse(400, ProblemCodes.AudienceMismatch, $"The header parameter \"aud\" must be \"{server.Value.Origin}\".", "ValidationException");
        }
        switch (statement.Jws.Verify(key.PublicKey))
        {
            case SignatureCheck.CouldNotCheck:
                return Refuse(503, ProblemCodes.Unavailable, $"This server cannot check {key.PublicKey.Algorithm} signatures.", "ImplementationException");
            case SignatureCheck.Invalid:
                return Refuse(403, ProblemCodes.SignatureInvalid, "The signature is not that of the registered key.", "SecurityException");
        }
        Hash32[]? leaves = events is null ? null : [.. events.Select(static e => Statement.ComputeLeaf(e.Salt, e.Event))];
        var (contents, refused) = events is null ? ReadDocument(statement, singleEvent) : ReadRoot(statement, events, leaves!, singleEvent); // Both or neither.
        if (refused is not null)
        {
            return refused;
        }
        if (await authority.CheckAsync(key.Organisation, [.. contents.Select(static c => c.Event)], cancellationToken) is { } problem)
        {
            return new CaptureOutcome.Refused(problem);
        }
        return await WriteAsync(new Signed(key.Organisation, key.Stored.Kid, keyEntry, Custody.Self, statement, leaves), contents, cancellationToken);
    }

    private (Content[] Contents, CaptureOutcome? Refused) ReadDocument(Statement statement, bool singleEvent)
    {
        var read = EpcisReader.Read(statement.Jws.Payload, ReadOptions);
        if (!read.IsValid)
        {
            return ([], new CaptureOutcome.Refused(Problems.InvalidEvents(read.Faults)));
        }
        return CheckShape(read, singleEvent) is { } wrongShape ? ([], wrongShape) : ([.. read.Events.Select(static e => new Content(e, e.ToStandaloneUtf8(), null))], null);
    }

    private (Content[] Contents, CaptureOutcome? Refused) ReadRoot(
        Statement statement, IReadOnlyList<(byte[] Salt, byte[] Event)> events, Hash32[] leaves, bool singleEvent)
    {
        if (MerkleTree.ComputeRoot(leaves) != statement.Root)
        {
            return ([], Refuse(400, ProblemCodes.InvalidStatement, "The salts and events do not lead to the signed root.", "ValidationException"));
        }
        if (singleEvent && events.Count != 1)
        {
            return ([], Refuse(400, ProblemCodes.InvalidEvents, "This address takes one event.", "ValidationException"));
        }
        var contents = new Content[events.Count];
        for (var i = 0; i < contents.Length; i++)
        {
            var read = EpcisReader.Read(events[i].Event, ReadOptions);
            if (!read.IsValid)
            {
                return ([], new CaptureOutcome.Refused(Problems.InvalidEvents(read.Faults, i)));
            }
            if (read.Kind != EpcisDocumentKind.Event)
            {
                return ([], Refuse(400, ProblemCodes.InvalidEvents, $"event {i}: in root form each part is one event, not a document.", "ValidationException"));
            }
            contents[i] = new Content(read.Events[0], events[i].Event, events[i].Salt);
        }
        return (contents, null);
    }

    private static CaptureOutcome? CheckShape(EpcisReadResult read, bool singleEvent) => (singleEvent, read.Kind) switch
    {
        (true, not EpcisDocumentKind.Event) => Refuse(400, ProblemCodes.InvalidEvents, "This address takes one event, not a document.", "ValidationException"),
        (_, EpcisDocumentKind.QueryDocument) => Refuse(400, ProblemCodes.InvalidEvents, "A query document cannot be captured.", "ValidationException"),
        _ when read.Events.Count == 0 => Refuse(400, ProblemCodes.InvalidEvents, "The document holds no event.", "ValidationException"),
        _ => null,
    };

    private async Task<CaptureOutcome> WriteAsync(Signed signed, Content[] contents, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // Afterwards the write goes on even if the sender leaves.
        var now = time.GetUtcNow();
        var receivedAt = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
        var template = templates.Find(signed.Organisation.Template);
        var statement = new NewStatement
        {
            OrganisationId = signed.Organisation.Id,
            Kid = signed.Kid,
            KeyEntry = signed.KeyEntry,
            Custody = signed.Custody,
            Form = signed.Statement.Form,
            Count = contents.Length,
            Digest = signed.Statement.Digest,
            Jws = Encoding.ASCII.GetBytes(signed.Statement.Jws.Compact),
            Leaves = signed.Leaves is { Length: > 1 } leaves ? [.. leaves.SelectMany(static l => l.ToArray())] : null,
            ReceivedAt = receivedAt,
            Records = [.. contents.Select((content, position) => MakeRecord(signed, content, position, contents.Length, receivedAt, template))],
        };
        switch (await writer.WriteAsync(statement))
        {
            case CaptureResult.EventIdInUse conflict:
                return Refuse(
                    409, ProblemCodes.EventIdInUse, $"event {conflict.Position}: the eventID {conflict.EventId} stands for another content of yours already.", "ResourceAlreadyExistsException");
            case CaptureResult.Stored stored:
                metrics.Captured(contents.Length, signed.Custody);
                signal.Raise();
                return new CaptureOutcome.Accepted(MakeReceipt(stored.Records, contents));
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static NewRecord MakeRecord(Signed signed, Content content, int position, int count, DateTimeOffset receivedAt, Template? template)
    {
        var e = content.Event;
        var salt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);
        var record = new Record(count, signed.Custody, e.EventHashUri, signed.KeyEntry, signed.Kid, position, receivedAt, signed.Statement.Digest);
        // An eventID that is the event's own hash adds nothing: both spellings are one record.
        var eventId = e.EventId == e.EventHashUri ? null : e.EventId;
        return new NewRecord
        {
            Position = position,
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

    /// <summary>The receipt of the statement that holds the new records; for a mere repeat that of the first statement again, from which alone it follows.</summary>
    private CaptureReceipt MakeReceipt(IReadOnlyList<StoredRecord> records, Content[] contents)
    {
        var first = records.FirstOrDefault(static r => r.IsNew, records[0]);
        var receivedAt = first.ReceivedAt.ToUniversalTime();
        var receipt = new Receipt(server.Value.Origin, first.Statement, receivedAt, receivedAt + server.Value.ReceiptPromise);
        return new CaptureReceipt(
            first.Statement, receivedAt, receipt.Sign(ring.LogKey), [.. contents.Select(static c => new CapturedEvent(c.Event.EventId ?? c.Event.EventHashUri, c.Event.EventHashUri))]);
    }

    private static CaptureOutcome Refuse(int status, string code, string detail, string epcisException = "ValidationException") =>
        new CaptureOutcome.Refused(Problems.Create(status, code, detail, epcisException));
}
