using Microsoft.Extensions.Options;
using TrustChain.Postgres.Capture;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Pages;
using TrustChain.Server.Witness;

namespace TrustChain.Server.Telemetry;

/// <summary>Puts together what the page about the service's state shows, from what this server holds in memory: a view costs no query.</summary>
internal sealed class StatusViews(
    ServerState state, LogHead head, WitnessMetrics witnesses, CaptureWriter writer, IOptions<WitnessOptions> witnessing, IOptions<ServerOptions> server, TimeProvider time)
{
    private static readonly TimeSpan WitnessPatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan BusyAfter = TimeSpan.FromSeconds(0.5);

    public StatusView Make()
    {
        var seen = state.Seen;
        var names = WitnessWorker.List(witnessing.Value).Select(MakeWitness).ToList();
        return new StatusView
        {
            StartedAt = state.StartedAt,
            SeenAt = seen.Log is null ? null : seen.At,
            LogSize = seen.Log?.Size ?? 0,
            Growth = state.Grown is { } grown && grown.Period >= TimeSpan.FromMinutes(1) ? (grown.Entries, grown.Period) : null,
            Waiting = seen.Log?.Queued ?? 0,
            CheckpointTime = head.Checkpoint?.SignedAt,
            CheckpointSize = head.Checkpoint?.Size ?? 0,
            LastAnchor = head.Anchored is { } a ? new AnchorView(a.Anchor.ChainId, a.Anchor.Registry, a.Anchor.Transaction, a.Anchor.Block!.Value, a.Anchor.BlockTime!.Value, a.Anchor.Size) : null, // A final anchor has its block.
            Witnesses = names,
            Limits = [.. ListLimits(seen, names).OrderBy(static l => l.Kind)],
        };
    }

    private IEnumerable<StatusLimit> ListLimits(StateSeen seen, IReadOnlyList<WitnessView> witnessViews)
    {
        if (head.Halted is not null)
        {
            yield return new StatusLimit(LimitKind.ReadOnly);
        }
        else if (head.ReadOnly is not null)
        {
            yield return new StatusLimit(LimitKind.Closed);
        }
        if (seen.DatabaseAwaySince is { } away)
        {
            yield return new StatusLimit(LimitKind.DatabaseAway, away);
        }
        else if (seen.Log is { IsReadOnly: true })
        {
            yield return new StatusLimit(LimitKind.DatabaseReadOnly);
        }
        else if (state.QueueAge > server.Value.ReceiptPromise)
        {
            yield return new StatusLimit(LimitKind.SequencingLate, time.GetUtcNow() - state.QueueAge);
        }
        if (seen.Log is { Size: var size } && head.Checkpoint is { } checkpoint && checkpoint.Size < size && time.GetUtcNow() - checkpoint.SignedAt > server.Value.ReceiptPromise)
        {
            yield return new StatusLimit(LimitKind.CheckpointLate, checkpoint.SignedAt);
        }
        if (seen.Alarms.Count > 0)
        {
            var late = seen.Alarms.FirstOrDefault(static a => a.Code == AnchorAlarm.Late);
            yield return late is null ? new StatusLimit(LimitKind.AnchoringFails, seen.Alarms.Min(static a => a.BeganAt)) : new StatusLimit(LimitKind.AnchoringLate, late.BeganAt);
        }
        if (writer.OldestAge > BusyAfter)
        {
            yield return new StatusLimit(LimitKind.Busy);
        }
        if (witnessViews.Any(static w => w.State == WitnessState.Contradicts))
        {
            yield return new StatusLimit(LimitKind.WitnessContradicts);
        }
        if (witnessViews.Any(static w => w.State == WitnessState.Behind))
        {
            yield return new StatusLimit(LimitKind.WitnessBehind);
        }
    }

    private WitnessView MakeWitness(ConfiguredWitness witness)
    {
        var progress = witnesses.Progress.GetValueOrDefault(witness.Name);
        var isBehind = head.Checkpoint is { } newest && progress.Size < newest.Size
            && time.GetUtcNow() - (progress.Time ?? state.StartedAt) > WitnessPatience && time.GetUtcNow() - newest.SignedAt > witnessing.Value.Interval * 2;
        return new WitnessView(witness.Name, progress.Alarm ? WitnessState.Contradicts : isBehind ? WitnessState.Behind : WitnessState.Current, progress.Time);
    }
}
