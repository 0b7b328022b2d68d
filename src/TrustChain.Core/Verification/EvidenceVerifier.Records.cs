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
        var eventSound = VerifyEvent(bundled, record, subject, intact, statement, signatureSound);
        if (statement?.Telemetry is { } telemetry)
        {
            VerifyDevice(bundled, record, telemetry, subject, eventSound, intact && signatureSound);
        }
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
        var key = FindOrganisationKey(record.KeyEntry) ?? FindDeviceKey(record.KeyEntry);
        if (key is { IsReadable: false })
        {
            Depends(CheckNames.Signature, subject, key.RestsOn);
            return null;
        }
        if (key?.Key is not { } publicKey)
        {
            BlameRecord(ReasonCodes.KeyMissing, $"The bundle has no entry {record.KeyEntry} that admits a key.");
            return null;
        }
        if (publicKey.Kid != record.Kid || key.Custody != record.Custody || record.KeyEntry >= bundled.Index)
        {
            BlameRecord(ReasonCodes.KeyMismatch, "The record names another key, another custody, or a key admitted after it.");
            return null;
        }
        if (!_statements.TryGetValue(place, out var read))
        {
            _ = Statement.TryParse(_bundle.Statements[place], out var parsed, out var error);
            if (parsed is { Form: StatementForm.Telemetry, Message: var message } && !IsBareEvent(message.Payload))
            {
                (parsed, error) = (null, message.PayloadFault ?? "The payload of a telemetry statement must be one ObjectEvent.");
            }
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
        if (statement.Message.Kid != record.Kid || (statement.Form != StatementForm.Document && statement.Count != record.Count))
        {
            BlameRecord(ReasonCodes.KeyMismatch, "The statement names another key or another number of events than the record.");
            return statement;
        }
        if (statement.Form == StatementForm.Telemetry != key.IsDevice)
        {
            BlameRecord(ReasonCodes.KeyMismatch, "A device's key signs telemetry statements and nothing else, and no other key does.");
            return statement;
        }
        if (statement.Message.Audience is { } audience ? audience != _bundle.Log.Origin : record.Custody == Custody.Self)
        {
            Fail(CheckNames.Signature, subject, ReasonCodes.AudienceMismatch, "The statement was not made for this log.");
            return statement;
        }
        if (!_signatures.TryGetValue((place, record.KeyEntry), out var signature))
        {
            _signatures.Add((place, record.KeyEntry), signature = VerifyOnce(statement.Message, statement.Digest, publicKey));
        }
        switch (signature)
        {
            case SignatureCheck.Valid:
                sound = true;
                Pass(CheckNames.Signature, subject, $"Signed by {(key.Sound ? key.Name : $"key {record.Kid}")} with {(record.Custody == Custody.Self ? "a key of its own" : "a key held by the service")}.");
                break;
            case SignatureCheck.CouldNotCheck:
                Unknown(CheckNames.Signature, subject, ReasonCodes.AlgorithmNotAvailable, $"This machine cannot check {publicKey.Algorithm} signatures.");
                break;
            default:
                if (key.Sound)
                {
                    Fail(CheckNames.Signature, subject, ReasonCodes.SignatureInvalid, "The statement's signature is not that of the key.");
                }
                else
                {
                    Depends(CheckNames.Signature, subject, key.RestsOn);
                }
                break;
        }
        return statement;

        void BlameRecord(string code, string message)
        {
            if (recordSound && key is not { Sound: false })
            {
                Fail(CheckNames.Signature, subject, code, message);
            }
            else
            {
                Depends(CheckNames.Signature, subject, recordSound ? key!.RestsOn : CheckNames.Record); // There is a key entry: it is not sound.
            }
        }
    }

    /// <summary>Steps 6.4 and 6.5: the event is the one signed at the record's position, and hashes as the record says. Answers whether the former holds.</summary>
    private bool VerifyEvent(BundleRecord bundled, Record record, string subject, bool recordSound, Statement? statement, bool signatureSound)
    {
        if (statement is null)
        {
            Depends(CheckNames.Event, subject, CheckNames.Signature);
            Depends(CheckNames.EventHash, subject, CheckNames.Signature);
            return false;
        }
        Hash32? computed = null;
        var eventSound = false;
        if (statement.Form != StatementForm.Root)
        {
            var hashes = ReadDocument(bundled, statement).Hashes;
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
        else if (statement.Form != StatementForm.Root && !signatureSound)
        {
            Depends(CheckNames.EventHash, subject, CheckNames.Signature); // The event was taken from this very statement.
        }
        else
        {
            Fail(CheckNames.EventHash, subject, ReasonCodes.EventHashMismatch, "The event's CBV hash is not the record's.");
        }
        return eventSound;

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

    /// <summary>The events of the statement that a record points at, which is not in root form.</summary>
    private ReadPayload ReadDocument(BundleRecord bundled, Statement statement)
    {
        var place = bundled.Statement!.Value; // VerifySignature found the statement there.
        if (!_documents.TryGetValue(place, out var read))
        {
            var events = EpcisReader.Read(statement.Message.Payload, VerifierOptions).Events;
            var epcs = statement.Form == StatementForm.Telemetry ? events.SelectMany(static e => e.Items).Where(static i => i.Role == ItemRole.Epc).Take(2).ToList() : [];
            _documents.Add(place, read = new ReadPayload([.. events.Select(static e => e.EventHash)], epcs is [var only] ? only.CanonicalUri : null));
        }
        return read;
    }

    /// <summary>Verifies a signature, unless its digest and this key were found to belong together before.</summary>
    private SignatureCheck VerifyOnce(SignedMessage message, Hash32 digest, PublicKey key)
    {
        if (_cache?.IsKnownValid(digest, key.Kid) == true)
        {
            return SignatureCheck.Valid;
        }
        var check = message.Verify(key);
        if (check == SignatureCheck.Valid)
        {
            _cache?.KeepValid(digest, key.Kid);
        }
        return check;
    }

    // Records often share a statement: each is read and verified once.
    private readonly Dictionary<int, (Statement? Statement, string? Error)> _statements = [];
    private readonly Dictionary<(int Place, long KeyEntry), SignatureCheck> _signatures = [];
    private readonly Dictionary<int, ReadPayload> _documents = [];

    /// <summary>What a payload with events holds.</summary>
    /// <param name="Hashes">Hash of each event.</param>
    /// <param name="OnlyEpc">In telemetry: the one item of the event's epcList; null where there is another number of them.</param>
    private sealed record ReadPayload(Hash32[] Hashes, string? OnlyEpc);

    // What the log admitted was checked when it came in; a verifier only needs the same reading, whatever the deployment's policy on check digits.
    private static readonly EpcisReadOptions VerifierOptions = new() { CheckDigits = CheckDigitPolicy.Warn };

    private static string On(DateTimeOffset? time) => time is { } at ? $" on {Record.FormatTime(at)}" : "";
}
