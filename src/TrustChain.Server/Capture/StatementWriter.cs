using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Capture;

/// <summary>The last step of every capture: the group commit, and the log's promise for what is durable.</summary>
internal sealed class StatementWriter(CaptureWriter writer, KeyRing ring, LogSignal signal, CaptureMetrics metrics, IOptions<ServerOptions> server)
{
    /// <summary>Writes a statement.</summary>
    /// <param name="statement">What to write.</param>
    /// <param name="events">What the sender is told of each of its events.</param>
    public async Task<CaptureOutcome> WriteAsync(NewStatement statement, IReadOnlyList<CapturedEvent> events)
    {
        using var span = Tracing.Start("commit");
        span?.SetTag(Tracing.Entries, statement.Records.Count);
        switch (await writer.WriteAsync(statement))
        {
            case CaptureResult.Refused refused:
                return new CaptureOutcome.Refused(Refusal(refused)) { Position = refused.Position };
            case CaptureResult.Stored stored:
                metrics.Captured(statement.Records.Count, statement.Custody);
                metrics.Recorded(stored);
                signal.Raise();
                return new CaptureOutcome.Accepted(MakeReceipt(stored.Records, events));
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>The problem of what the store refused.</summary>
    public static IResult Refusal(CaptureResult.Refused refused) => refused switch
    {
        CaptureResult.EventIdInUse conflict => Problems.Create(
            409, ProblemCodes.EventIdInUse, $"event {conflict.Position}: the eventID {conflict.EventId} stands for another content of yours already.", "ResourceAlreadyExistsException"),
        CaptureResult.ContentErased => Problems.Create(
            409, ProblemCodes.ContentErased, $"event {refused.Position}: its content was erased, and a statement in document form would bring it back. Send the other events without it.", "ValidationException"),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Whether the log's key is here.</summary>
    public bool CanMakeReceipts => ring.CanSign;

    /// <summary>The log's promise for a statement.</summary>
    public string MakeReceipt(Hash32 statement, DateTimeOffset receivedAt) =>
        new Receipt(server.Value.Origin, statement, receivedAt.ToUniversalTime(), receivedAt.ToUniversalTime() + server.Value.ReceiptPromise).Sign(ring.LogKey);

    /// <summary>The receipt of the statement that holds the new records; for a mere repeat that of the first statement again, from which alone it follows.</summary>
    private CaptureReceipt MakeReceipt(IReadOnlyList<StoredRecord> records, IReadOnlyList<CapturedEvent> events)
    {
        var first = records.FirstOrDefault(static r => r.IsNew, records[0]);
        var receivedAt = first.ReceivedAt.ToUniversalTime();
        return new CaptureReceipt(first.Statement, receivedAt, MakeReceipt(first.Statement, receivedAt), events);
    }
}
