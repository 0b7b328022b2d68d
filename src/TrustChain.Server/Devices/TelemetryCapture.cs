using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using TrustChain.Core.Devices;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;
using TrustChain.Server.Telemetry;
using TrustChain.Server.Verification;

namespace TrustChain.Server.Devices;

/// <summary>Who signed a telemetry statement, and where it stands.</summary>
/// <param name="OrganisationId">The owner.</param>
/// <param name="Kid">Thumbprint of the key.</param>
/// <param name="KeyEntry">Leaf index of the entry that admitted it.</param>
/// <param name="Custody">Self for the device, imported for the service.</param>
/// <param name="DeviceId">The device.</param>
/// <param name="KeyNumber">Number of the device's key; <see cref="StatementFacts.ImportedKey"/> for an imported one.</param>
/// <param name="Header">Its numbering.</param>
internal sealed record TelemetrySigner(int OrganisationId, string Kid, long KeyEntry, Custody Custody, int DeviceId, int KeyNumber, TelemetryHeader Header);

/// <summary>
/// The way of a telemetry statement from its header to the group commit: find the device by its key, check signature, audience and device, read the event and its readings by
/// the device's template, summarise, write. What is refused though the device signed it is kept as a finding.
/// </summary>
internal sealed class TelemetryCapture(
    DeviceDirectory directory,
    KeyDirectory keys,
    DeviceTemplates templates,
    DeviceDayStore days,
    StatementWriter writer,
    DaySignal due,
    DeviceMetrics metrics,
    EvidenceMetrics verification,
    IOptions<ServerOptions> server,
    TimeProvider time)
{
    /// <summary>Without another impersonation of a device for so long, the next one is a new alarm.</summary>
    private static readonly TimeSpan ImpersonationPause = TimeSpan.FromDays(7);

    private static readonly EpcisReadOptions Options = EpcisReadOptions.Default;

    /// <summary>Captures one statement.</summary>
    /// <param name="statement">In telemetry form.</param>
    /// <param name="caller">Who sends it: nobody in particular, or the owner.</param>
    /// <param name="cancellationToken">Honoured until the write.</param>
    public async Task<CaptureOutcome> CaptureAsync(Statement statement, Caller caller, CancellationToken cancellationToken)
    {
        var header = statement.Telemetry ?? throw new ArgumentException("The statement is not telemetry.", nameof(statement));
        var found = await directory.FindAsync(statement.Message.Kid!, cancellationToken); // A statement has a kid.
        if (found is not { } known || (caller.Organisation is { } organisation && organisation.Id != known.Owner.Id))
        {
            var key = found?.PublicKey ?? (await keys.FindAsync(statement.Message.Kid!, cancellationToken))?.PublicKey; // As above.
            if (key is not null && header.Device != found?.Device.Uri && statement.Message.Audience == server.Value.Origin && Verify(statement, key) == SignatureCheck.Valid)
            {
                await TellImpersonatedAsync(header.Device, cancellationToken);
            }
            return RefuseStatement(403, CheckNames.Key, ProblemCodes.KeyUnknown, "The kid is not a key of a device of yours.", "SecurityException");
        }
        if (statement.Message.Audience != server.Value.Origin)
        {
            return RefuseStatement(400, CheckNames.Signature, ProblemCodes.AudienceMismatch, $"The header parameter \"aud\" must be \"{server.Value.Origin}\".", "ValidationException");
        }
        switch (Verify(statement, known.PublicKey))
        {
            case SignatureCheck.CouldNotCheck:
                return Refuse(503, ProblemCodes.Unavailable, $"This server cannot check {known.PublicKey.Algorithm} signatures.", "ImplementationException");
            case SignatureCheck.Invalid:
                return RefuseStatement(403, CheckNames.Signature, ProblemCodes.SignatureInvalid, "The signature is not that of the registered key.", "SecurityException");
        }
        if (known.Stored.EntryIndex is not { } keyEntry)
        {
            return Refuse(409, ProblemCodes.KeyNotYetLogged, "The device is enrolled but not in the log yet; try again in a second.", "ImplementationException");
        }
        // From here on it is the device's own word, and what is refused leaves a trace: with it, and with the device in whose name it speaks.
        if (header.Device != known.Device.Uri)
        {
            await TellImpersonatedAsync(header.Device, cancellationToken);
        }
        if (known.Stored.EndedAt is not null || known.Device.State == DeviceState.Retired)
        {
            await KeepRefusalAsync(known, RefusalCodes.EndedKey, $"A statement (number {header.Sequence}) came signed with key {known.Stored.Number + 1}, which had been ended.", cancellationToken);
            return RefuseStatement(403, CheckNames.Key, ProblemCodes.KeyRevoked, "The device's key has been ended.", "SecurityException");
        }
        if (header.Device != known.Device.Uri)
        {
            await KeepRefusalAsync(known, RefusalCodes.ForeignDevice, $"The key of this device signed a statement in the name of {header.Device}.", cancellationToken);
            return RefuseStatement(403, CheckNames.Key, ProblemCodes.DeviceMismatch, "The header parameter \"device\" names another device than the one whose key signed.", "SecurityException");
        }
        var template = templates.Find(known.Device.Template) ?? throw new InvalidOperationException($"There is no device template \"{known.Device.Template}\" any more.");
        if (Read(statement, known.Device.Uri, template, out var e, out var telemetry) is { } problem)
        {
            await KeepRefusalAsync(known, RefusalCodes.Refused, $"A statement (number {header.Sequence}) could not be taken: {problem.Detail}", cancellationToken);
            metrics.Refused(problem.Code);
            return new CaptureOutcome.Refused(problem.Result);
        }
        cancellationToken.ThrowIfCancellationRequested(); // Afterwards the write goes on even if the sender leaves.
        var outcome = await writer.WriteAsync(
            Make(statement, new TelemetrySigner(known.Owner.Id, known.Stored.Kid, keyEntry, Custody.Self, known.Device.Id, known.Stored.Number, header), e!, telemetry!, template),
             [new CapturedEvent(e!.EventHashUri, e.EventHashUri)]); // Read without a problem.
        if (outcome is CaptureOutcome.Accepted)
        {
            metrics.Captured(telemetry!.Count);
            due.Raise();
        }
        return outcome;
    }

    /// <summary>The statement with its record and what is kept for its day.</summary>
    public NewStatement Make(Statement statement, TelemetrySigner signer, EpcisEvent e, Core.Devices.Telemetry telemetry, DeviceTemplate template)
    {
        var now = time.GetUtcNow();
        var receivedAt = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
        var salt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize);
        var record = new Record(1, signer.Custody, e.EventHashUri, signer.KeyEntry, signer.Kid, 0, receivedAt, statement.Digest);
        return new NewStatement
        {
            OrganisationId = signer.OrganisationId,
            Kid = signer.Kid,
            KeyEntry = signer.KeyEntry,
            Custody = signer.Custody,
            Form = statement.Form,
            Count = 1,
            Digest = statement.Digest,
            Jws = statement.Message.ToBytes(),
            ReceivedAt = receivedAt,
            Telemetry = new NewTelemetry(
                signer.DeviceId,
                signer.KeyNumber,
                signer.Header,
                telemetry.Day,
                telemetry.First,
                telemetry.Last,
                telemetry.Count,
                TelemetrySummary.Of(telemetry, template).ToBytes(),
                LatestJson(telemetry, template))
            {
                Twin = signer.Custody == Custody.Imported ? null : statement.Message.ComputeTwinDigest(),
            },
            Records =
            [
                new NewRecord
                {
                    Position = 0,
                    // What was signed is part of what it is: two statements with one content are two, else a fork that says the same again would be lost. The signature is not:
                    // anybody can make a second ECDSA signature out of one, which must not look like a fork. An import that is repeated is the same, whatever was signed.
                    Identity = NewRecord.ComputeIdentity(signer.OrganisationId, e.EventHash, signer.Custody == Custody.Imported ? "imported" : $"statement:{statement.Message.ComputeSignedDigest().ToHex()}", []),
                    EventHash = e.EventHash,
                    EventId = null,
                    EventTime = e.EventTime,
                    IsPublic = false,
                    IsDeclaration = false,
                    Salt = salt,
                    Entry = LogEntry.ForEvent(salt, record.ToJcs()),
                    Event = e.ToStandaloneUtf8(),
                    Index = IndexOf(e),
                },
            ],
        };
    }

    /// <summary>Telemetry is found by its device. Each value in the index of values would cost more than the rest of the capture, and days are computed from summaries.</summary>
    private static RecordIndex IndexOf(EpcisEvent e) => new()
    {
        EventType = ItemKey.Compute(e.ExpandedEventType),
        BizStep = e.BizStep is null ? null : ItemKey.Compute(e.BizStep),
        Disposition = e.Disposition is null ? null : ItemKey.Compute(e.Disposition),
        Parties = null,
        Items = [(ItemKey.Compute(e.Items[0].CanonicalUri), (short)ItemRole.Epc)],
        Measures = [],
    };

    private sealed record Fault(IResult Result, string Code, string Detail);

    private Fault? Read(Statement statement, string device, DeviceTemplate template, out EpcisEvent? e, out Core.Devices.Telemetry? telemetry)
    {
        using var span = Tracing.Start("parse");
        (e, telemetry) = (null, null);
        if (statement.Message.PayloadFault is { } notJson)
        {
            return Wrong("", "malformed-cbor", notJson);
        }
        if (statement.Message.Payload.Length > Statement.MaxBytes)
        {
            return Wrong("", "too-long", $"the event has more than {Statement.MaxBytes} bytes as JSON");
        }
        var read = EpcisReader.Read(statement.Message.Payload, Options);
        if (!read.IsValid)
        {
            return new Fault(Problems.InvalidEvents(read.Faults), read.Faults[0].Rule, read.Faults[0].ToString());
        }
        if (read.Kind != EpcisDocumentKind.Event || read.Events[0] is not { ExpandedEventType: "ObjectEvent", Action: EpcisAction.Observe, ErrorDeclaration: null } found
            || found.Items is not [{ Role: ItemRole.Epc }] || ItemUris.Normalise(found.Items[0].CanonicalUri) != device || found.Sources.Count + found.Destinations.Count > 0)
        {
            return Wrong("", "telemetry-shape", "the event must be one bare ObjectEvent with action OBSERVE whose epcList is the device alone, without sources and destinations");
        }
        e = found;
        return Core.Devices.Telemetry.TryReadNew(statement.Message.Payload, device, template, time.GetUtcNow(), out telemetry, out var fault)
            ? null
            : Wrong(fault!.Path, fault.Code, fault.Detail); // One of the two is set.

        static Fault Wrong(string pointer, string rule, string detail) => new(
            Problems.Create(400, ProblemCodes.InvalidTelemetry, $"{pointer}: {detail}", "ValidationException", [new { pointer, rule, detail }]), rule, $"{pointer}: {detail}");
    }

    /// <summary>
    /// Alarms the owner of a device in whose name another key signed, if there is such a device: who signed is not told, and the signer is not told whether there is one. One alarm while
    /// it goes on, so that nobody is flooded.
    /// </summary>
    private Task TellImpersonatedAsync(string device, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return days.AddImpersonationAsync(
            device.Replace('\0', '\uFFFD'), // As no device is named: PostgreSQL has no NUL in texts.
            new Finding(RefusalCodes.Impersonated, FindingSeverity.Alarm, now, now, null, "A statement in the name of this device came signed with a key that is not one of its own. It was refused, and says nothing of the device.", []),
            now - ImpersonationPause,
            now,
            cancellationToken);
    }

    private Task KeepRefusalAsync(KnownDevice known, string code, string detail, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var day = DateOnly.FromDateTime(now.UtcDateTime);
        var severity = code == RefusalCodes.Refused ? FindingSeverity.Notice : FindingSeverity.Alarm;
        return days.AddRefusalAsync(new DayOfDevice(known.Device.Id, day), new Finding(code, severity, now, now, null, detail.Replace('\0', '\uFFFD'), []), now, cancellationToken); // It may quote a header, and PostgreSQL has no NUL in texts.
    }

    /// <summary>The values of the newest reading by measure; what is encrypted stays away.</summary>
    private static string LatestJson(Core.Devices.Telemetry telemetry, DeviceTemplate template)
    {
        var last = telemetry[telemetry.Count - 1];
        var output = new System.Buffers.ArrayBufferWriter<byte>(256);
        using (var json = new System.Text.Json.Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            for (var i = 0; i < template.Measures.Count; i++)
            {
                if (last.Number(i) is { } number)
                {
                    json.WriteNumber(template.Measures[i].Name, number);
                }
                else if (last.State(i) is { } state)
                {
                    json.WriteBoolean(template.Measures[i].Name, state);
                }
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static SignatureCheck Verify(Statement statement, PublicKey key)
    {
        using var span = Tracing.Start("verify");
        return statement.Message.Verify(key);
    }

    private CaptureOutcome RefuseStatement(int status, string check, string code, string detail, string epcisException)
    {
        verification.StatementFailed(check, code);
        return Refuse(status, code, detail, epcisException);
    }

    private static CaptureOutcome Refuse(int status, string code, string detail, string epcisException) =>
        new CaptureOutcome.Refused(Problems.Create(status, code, detail, epcisException));
}
