using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Imports;
using TrustChain.Core.Epcis;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Capture;
using TrustChain.Server.Signing;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Devices;

/// <summary>What was imported for a device.</summary>
/// <param name="Statements">How many statements its readings make.</param>
/// <param name="New">How many of them were not there before.</param>
/// <param name="Readings">Readings in all statements.</param>
/// <param name="Captures">The first 100 new ones with the log's promise.</param>
/// <param name="Refused">What the capture answered when it did not take one; what came before it is durable.</param>
internal sealed record ImportOutcome(int Statements, int New, int Readings, IReadOnlyList<CaptureReceipt> Captures, IResult? Refused);

/// <summary>
/// The way of imported readings into the log: an event for each day, signed by the service with the key that it holds for what an organisation imports, and kept beside
/// what the device signed. A repeat makes nothing new.
/// </summary>
internal sealed class TelemetryImport(
    CustodialSigner signer, TelemetryCapture capture, StatementWriter writer, DeviceTemplates templates, DaySignal due, DeviceMetrics metrics, TimeProvider time)
{
    // Statements that go into one group commit; a whole import at once would hold it all in memory.
    private const int BatchSize = 32;
    private const int MaxCaptures = 100;

    /// <summary>The template of a device.</summary>
    /// <exception cref="InvalidOperationException">It is not on this deployment any more.</exception>
    public DeviceTemplate TemplateOf(StoredDevice device) => templates.Find(device.Template) ?? throw new InvalidOperationException($"There is no device template \"{device.Template}\" any more.");

    /// <summary>Imports readings. Durable statement by statement: who sends the same again goes on where it ended.</summary>
    /// <param name="owner">The device's owner.</param>
    /// <param name="device">The device.</param>
    /// <param name="readings">What to import.</param>
    /// <param name="form">For the metrics: <c>csv</c>, <c>xml</c> or <c>json</c>.</param>
    /// <param name="cancellationToken">Honoured between statements.</param>
    public async Task<ImportOutcome> ImportAsync(Organisation owner, StoredDevice device, ImportedReadings readings, string form, CancellationToken cancellationToken)
    {
        using var span = Tracing.Start("import");
        var template = TemplateOf(device);
        var (statements, added, count, captures) = (0, 0, 0, new List<CaptureReceipt>());
        if (readings.Count == 0)
        {
            return new ImportOutcome(0, 0, 0, captures, null);
        }
        var key = await signer.GetAsync(owner, Custody.Imported, cancellationToken);
        foreach (var events in readings.ToEvents(device.Uri).Chunk(BatchSize))
        {
            cancellationToken.ThrowIfCancellationRequested(); // Afterwards the write goes on even if the sender leaves.
            var outcomes = await Task.WhenAll(events.Select(e => WriteAsync(owner, device, template, key, e)));
            foreach (var (outcome, digest, number) in outcomes)
            {
                if (outcome is not CaptureOutcome.Accepted { Receipt: var receipt })
                {
                    due.Raise();
                    return new ImportOutcome(statements, added, count, captures, ((CaptureOutcome.Refused)outcome).Problem); // The writer knows no third.
                }
                statements++;
                count += number;
                if (receipt.Statement == digest)
                {
                    added++;
                    metrics.Imported(form, number);
                    if (captures.Count < MaxCaptures)
                    {
                        captures.Add(receipt);
                    }
                }
            }
            due.Raise();
        }
        return new ImportOutcome(statements, added, count, captures, null);
    }

    private async Task<(CaptureOutcome Outcome, Hash32 Digest, int Readings)> WriteAsync(Organisation owner, StoredDevice device, DeviceTemplate template, CustodialKey key, ImportedEvent imported)
    {
        var compact = signer.Sign(key, Statement.DocumentType, imported.Utf8);
        if (!Statement.TryParse(compact, out var statement, out var error) || EpcisReader.Read(statement.Message.Payload, EpcisReadOptions.Default) is not { IsValid: true, Events: [var e] }
            || !Core.Devices.Telemetry.TryRead(statement.Message.Payload, device.Uri, template, time.GetUtcNow(), out var telemetry, out var fault))
        {
            throw new InvalidOperationException("What was made of an import cannot be read."); // Its values were checked before.
        }
        var place = new TelemetrySigner(
            owner.Id, key.Key.PublicKey.Kid, key.KeyEntry, Custody.Imported, device.Id, StatementFacts.ImportedKey, StatementFacts.ImportedHeader(device.Uri, 1, time.GetUtcNow()));
        return (await writer.WriteAsync(capture.Make(statement, place, e, telemetry, template), [new CapturedEvent(e.EventHashUri, e.EventHashUri)]), statement.Digest, imported.Readings);
    }
}
