using System.Text.Json;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Core.Verification;

public sealed partial class EvidenceVerifier
{
    /// <summary>Steps 6.1 to 6.7 of the specification, for one record.</summary>
    private void VerifyRecord(int i)
    {
        var bundled = _bundle.Records[i];
        var subject = $"records[{i}]";
        Record? record;
        using (var document = JsonDocument.Parse(bundled.Record))
        {
            _ = Record.TryParse(document.RootElement, out record);
        }
        var intact = MerkleTree.HashLeaf(LogEntry.ForEvent(bundled.Salt.ToArray(), bundled.Record.Span)) == bundled.Leaf;
        if (!intact)
        {
            Fail(CheckNames.Record, subject, ReasonCodes.RecordAltered, $"The record is not what entry {bundled.Index} of the log commits to.");
        }
        else if (record is null)
        {
            Fail(CheckNames.Record, subject, ReasonCodes.RecordMalformed, "The record's members are not those of a record.");
        }
        else
        {
            Pass(CheckNames.Record, subject, $"The record is what entry {bundled.Index} of the log commits to.");
        }
        if (record is null)
        {
            Depends(CheckNames.Signature, subject, CheckNames.Record);
            return;
        }
        var statement = VerifySignature(bundled, record, subject, intact, out var signatureSound);
        VerifyEvent(bundled, record, subject, intact, statement, signatureSound);
        VerifyKeyStatus(bundled, record, subject);
        if (bundled.Index < _anchoredSize)
        {
            Pass(CheckNames.Anchored, subject, "The record lies below an anchored size.");
        }
        else if (_bundle.Anchors.Any(a => bundled.Index < a.Size))
        {
            Depends(CheckNames.Anchored, subject, CheckNames.Anchor);
        }
        else
        {
            Unknown(CheckNames.Anchored, subject, ReasonCodes.AnchorPending, "No anchor covers this record yet.");
        }
    }

    /// <summary>Steps 6.2 and 6.3: the key is admitted, the statement is the named one, and its signature is valid.</summary>
    private Statement? VerifySignature(BundleRecord bundled, Record record, string subject, bool recordSound, out bool sound)
    {
        sound = false;
        if (bundled.Statement is not { } place)
        {
            if (bundled.ErasedAt is null)
            {
                Unknown(CheckNames.Signature, subject, ReasonCodes.StatementMissing, "The statement is not in the bundle: it may show more than the asker may see.");
            }
            else
            {
                Unknown(CheckNames.Signature, subject, ReasonCodes.Erased, $"The statement was erased{On(bundled.ErasedAt)}.");
            }
            return null;
        }
        var isThere = _keys.TryGetValue(record.KeyEntry, out var known);
        if (isThere && known.Change is null)
        {
            Depends(CheckNames.Signature, subject, CheckNames.Key);
            return null;
        }
        if (known.Change is not KeyEntry entry)
        {
            BlameRecord(ReasonCodes.KeyMissing, $"The bundle has no key entry {record.KeyEntry} that admits a key.");
            return null;
        }
        var key = (Entry: entry, known.Sound);
        if (key.Entry.Key.Kid != record.Kid || key.Entry.Custody != record.Custody || record.KeyEntry >= bundled.Index)
        {
            BlameRecord(ReasonCodes.KeyMismatch, "The record names another key, another custody, or a key admitted after it.");
            return null;
        }
        if (!_statements.TryGetValue(place, out var read))
        {
            _ = Statement.TryParse(_bundle.Statements[place], out var parsed, out var error);
            _statements.Add(place, read = (parsed, error));
        }
        if (read.Statement is not { } statement)
        {
            Fail(CheckNames.Signature, subject, ReasonCodes.StatementMalformed, read.Error!); // Set whenever there is no statement.
            return null;
        }
        if (statement.Digest != record.Statement)
        {
            BlameRecord(ReasonCodes.StatementAltered, "The statement is not the one that the record names.");
            return statement;
        }
        if (statement.Jws.Kid != record.Kid || (statement.Form == StatementForm.Root && statement.Count != record.Count))
        {
            BlameRecord(ReasonCodes.KeyMismatch, "The statement names another key or another number of events than the record.");
            return statement;
        }
        if (statement.Jws.Audience is { } audience ? audience != _bundle.Log.Origin : record.Custody == Custody.Self)
        {
            Fail(CheckNames.Signature, subject, ReasonCodes.AudienceMismatch, "The statement was not made for this log.");
            return statement;
        }
        if (!_signatures.TryGetValue((place, record.KeyEntry), out var signature))
        {
            _signatures.Add((place, record.KeyEntry), signature = VerifyOnce(statement.Jws, statement.Digest, key.Entry.Key));
        }
        switch (signature)
        {
            case SignatureCheck.Valid:
                sound = true;
                Pass(CheckNames.Signature, subject, $"Signed by {(key.Sound ? key.Entry.Name : $"key {record.Kid}")} with {(record.Custody == Custody.Self ? "a key of its own" : "a key held by the service")}.");
                break;
            case SignatureCheck.CouldNotCheck:
                Unknown(CheckNames.Signature, subject, ReasonCodes.AlgorithmNotAvailable, $"This machine cannot check {key.Entry.Key.Algorithm} signatures.");
                break;
            default:
                if (key.Sound)
                {
                    Fail(CheckNames.Signature, subject, ReasonCodes.SignatureInvalid, "The statement's signature is not that of the key.");
                }
                else
                {
                    Depends(CheckNames.Signature, subject, CheckNames.Key);
                }
                break;
        }
        return statement;

        void BlameRecord(string code, string message)
        {
            if (recordSound && (!isThere || known.Sound))
            {
                Fail(CheckNames.Signature, subject, code, message);
            }
            else
            {
                Depends(CheckNames.Signature, subject, recordSound ? CheckNames.Key : CheckNames.Record);
            }
        }
    }

    /// <summary>Steps 6.4 and 6.5: the event is the one signed at the record's position, and hashes as the record says.</summary>
    private void VerifyEvent(BundleRecord bundled, Record record, string subject, bool recordSound, Statement? statement, bool signatureSound)
    {
        if (statement is null)
        {
            Depends(CheckNames.Event, subject, CheckNames.Signature);
            Depends(CheckNames.EventHash, subject, CheckNames.Signature);
            return;
        }
        Hash32? computed = null;
        var eventSound = false;
        if (statement.Form == StatementForm.Document)
        {
            // A record in document form has its statement's place: VerifySignature found the statement there.
            if (!_documents.TryGetValue(bundled.Statement!.Value, out var hashes))
            {
                hashes = [.. EpcisReader.Read(statement.Jws.Payload, VerifierOptions).Events.Select(static e => e.EventHash)];
                _documents.Add(bundled.Statement.Value, hashes);
            }
            if (hashes.Length == record.Count)
            {
                computed = hashes[record.Position];
                eventSound = true;
                Pass(CheckNames.Event, subject, $"The event stands at position {record.Position} of the signed document.");
            }
            else
            {
                Blame(ReasonCodes.EventMissing, $"The signed document does not hold {record.Count} events.");
            }
        }
        else if (bundled.Event is not { } body || bundled.EventSalt is not { } salt)
        {
            Unknown(CheckNames.Event, subject, bundled.ErasedAt is null ? ReasonCodes.EventMissing : ReasonCodes.Erased, bundled.ErasedAt is null ? "The content is not in the bundle." : $"The content was erased{On(bundled.ErasedAt)}.");
        }
        else
        {
            var leaf = Statement.ComputeLeaf(salt.ToArray(), body.Span);
            eventSound = MerkleTree.VerifyInclusion(leaf, record.Position, record.Count, bundled.EventProof, statement.Root);
            if (eventSound)
            {
                Pass(CheckNames.Event, subject, $"The event stands at position {record.Position} of {record.Count} under the signed root.");
            }
            else
            {
                Blame(ReasonCodes.EventAltered, "The event is not the one that was signed.");
            }
            computed = EpcisReader.Read(body, VerifierOptions).Events is [var single] ? single.EventHash : null;
        }
        if (computed is null && !eventSound)
        {
            Depends(CheckNames.EventHash, subject, CheckNames.Event);
        }
        else if (computed is { } hash && Record.TryParseEventHash(record.EventHash, out var stated) && hash == stated)
        {
            Pass(CheckNames.EventHash, subject, $"The event's CBV hash is {record.EventHash}.");
        }
        else if (!eventSound || !recordSound)
        {
            Depends(CheckNames.EventHash, subject, recordSound ? CheckNames.Event : CheckNames.Record);
        }
        else if (statement.Form == StatementForm.Document && !signatureSound)
        {
            Depends(CheckNames.EventHash, subject, CheckNames.Signature); // The event was taken from this very statement.
        }
        else
        {
            Fail(CheckNames.EventHash, subject, ReasonCodes.EventHashMismatch, "The event's CBV hash is not the record's.");
        }

        void Blame(string code, string message)
        {
            if (signatureSound && recordSound)
            {
                Fail(CheckNames.Event, subject, code, message);
            }
            else
            {
                Depends(CheckNames.Event, subject, recordSound ? CheckNames.Signature : CheckNames.Record);
            }
        }
    }

    /// <summary>Step 7: a certificate or recall is what the log holds and is signed by its key.</summary>
    private void VerifyStatus(int i)
    {
        var status = _bundle.Status[i];
        var subject = $"status[{i}]";
        if (!IsPublicLeaf(status.Kind, status.Body, status.Leaf))
        {
            Fail(CheckNames.Status, subject, ReasonCodes.StatusAltered, $"The entry {status.Index} is not what the log holds.");
            return;
        }
        if (status.Kind == EntryKind.Key)
        {
            Pass(CheckNames.Status, subject, $"Entry {status.Index} of the log changes a key.");
            return;
        }
        if (status.Kind is not (EntryKind.Certificate or EntryKind.Recall))
        {
            Unknown(CheckNames.Status, subject, ReasonCodes.KindUnknown, $"Entry {status.Index} is of kind {(int)status.Kind}, which this verifier does not know.");
            return;
        }
        PublicEntry? entry;
        using (var document = JsonDocument.Parse(status.Body))
        {
            _ = PublicEntry.TryParse(document.RootElement, out entry);
        }
        if (entry is null || status.Statement is not { } place || !Jws.TryParse(_bundle.Statements[place], out var jws, out _)
            || jws.ComputeDigest() != entry.Statement || !jws.Payload.Span.SequenceEqual(entry.PayloadJcs.Span) || jws.Kid != entry.Kid)
        {
            Fail(CheckNames.Status, subject, ReasonCodes.StatementAltered, "The signed statement is not the one that the entry names.");
            return;
        }
        var expected = status.Kind == EntryKind.Certificate ? PublicEntry.CertificateType : PublicEntry.RecallType;
        var isThere = _keys.TryGetValue(entry.KeyEntry, out var known);
        var key = (Entry: known.Change as KeyEntry, known.Sound);
        if (key.Entry is null || key.Entry.Key.Kid != entry.Kid || key.Entry.Custody != entry.Custody || entry.KeyEntry >= status.Index)
        {
            if (isThere && !key.Sound)
            {
                Depends(CheckNames.Status, subject, CheckNames.Key);
                return;
            }
            Fail(CheckNames.Status, subject, ReasonCodes.KeyMissing, $"The bundle has no matching key entry {entry.KeyEntry}.");
            return;
        }
        var fits = jws.Type == expected && jws.HeaderNames.All(static name => name is "alg" or "aud" or "kid" or "typ")
            && (jws.Audience is { } audience ? audience == _bundle.Log.Origin : entry.Custody != Custody.Self);
        switch (fits ? VerifyOnce(jws, entry.Statement, key.Entry.Key) : SignatureCheck.Invalid)
        {
            case SignatureCheck.Valid:
                Pass(CheckNames.Status, subject, $"Signed by {(key.Sound ? key.Entry.Name : $"key {entry.Kid}")} and in the log as entry {status.Index}.");
                break;
            case SignatureCheck.CouldNotCheck:
                Unknown(CheckNames.Status, subject, ReasonCodes.AlgorithmNotAvailable, $"This machine cannot check {key.Entry.Key.Algorithm} signatures.");
                break;
            default:
                if (key.Sound)
                {
                    Fail(CheckNames.Status, subject, ReasonCodes.StatusSignatureInvalid, "The signature is not that of the key.");
                }
                else
                {
                    Depends(CheckNames.Status, subject, CheckNames.Key);
                }
                break;
        }
    }

    /// <summary>Verifies a JWS, unless its digest and this key were found to belong together before.</summary>
    private SignatureCheck VerifyOnce(Jws jws, Hash32 digest, PublicKey key)
    {
        if (_cache?.IsKnownValid(digest, key.Kid) == true)
        {
            return SignatureCheck.Valid;
        }
        var check = jws.Verify(key);
        if (check == SignatureCheck.Valid)
        {
            _cache?.KeepValid(digest, key.Kid);
        }
        return check;
    }

    // Records often share a statement: each is read and verified once.
    private readonly Dictionary<int, (Statement? Statement, string? Error)> _statements = [];
    private readonly Dictionary<(int Place, long KeyEntry), SignatureCheck> _signatures = [];
    private readonly Dictionary<int, Hash32[]> _documents = [];

    // What the log admitted was checked when it came in; a verifier only needs the same reading, whatever the deployment's policy on check digits.
    private static readonly EpcisReadOptions VerifierOptions = new() { CheckDigits = CheckDigitPolicy.Warn };

    private static string On(DateTimeOffset? time) => time is { } at ? $" on {Record.FormatTime(at)}" : "";
}
