using System.Runtime.CompilerServices;
using Npgsql;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Organisations;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Log;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Capture;

/// <summary>Wakes the worker when a job was added on this server.</summary>
internal sealed class CaptureJobSignal : LogSignal;

/// <summary>
/// Works at staged captures, one at a time. A job that rejects everything on an error is checked whole and then written in one transaction; one that
/// proceeds is written batch by batch, which may be repeated after a crash because an equal record is not written twice.
/// </summary>
internal sealed partial class CaptureJobWorker(
    CaptureJobStore jobs,
    CaptureService capture,
    CaptureWriter writer,
    AuthorityCheck authority,
    OrganisationStore organisations,
    MasterDataStore masterData,
    CaptureJobSignal signal,
    LogSignal log,
    CaptureMetrics metrics,
    LogHead head,
    TimeProvider time,
    ILogger<CaptureJobWorker> logger)
    : BackgroundService
{
    private const int Attempts = 3;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5); // for jobs that another server left

    private readonly Guid _owner = Guid.NewGuid();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (head.Stopped is not null || await jobs.TakeAsync(_owner, time.GetUtcNow(), Lease, stoppingToken) is not { } job)
                {
                    await signal.WaitAsync(Interval, time, stoppingToken);
                    continue;
                }
                await RunAsync(job, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (Failures.IsDatabaseAway(exception))
            {
                // The lease runs out, and some server takes the job again.
                Log.DatabaseAway(logger, exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
            catch (Exception exception)
            {
                Log.WorkerFailed(logger, exception);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
        }
    }

    private async Task RunAsync(CaptureJob job, CancellationToken cancellationToken)
    {
        var errors = new CaptureErrors();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                job = await RunAsync(job, errors, cancellationToken);
                break;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation && attempt < Attempts)
            {
                // Another capture wrote an equal record meanwhile; looked up again, it is known.
            }
            catch (CustodialKeyClosedException exception)
            {
                Log.JobFailed(logger, job.Id, exception);
                errors.Add(Problems.CustodialKeyClosed());
                job = job with { EventsDone = 0 };
                break;
            }
            catch (Exception exception) when (!Failures.IsDatabaseAway(exception) && exception is not OperationCanceledException)
            {
                Log.JobFailed(logger, job.Id, exception);
                errors.Add(Problems.Create(500, ProblemCodes.Internal, $"Something went wrong on our side while capturing; job {job.Id}.", "ImplementationException"));
                job = job with { EventsDone = 0 };
                break;
            }
        }
        if (job.IsRunning)
        {
            await jobs.FinishAsync(job with { IsSuccess = errors.Count == 0, Errors = errors.ToJson() }, _owner, time.GetUtcNow(), cancellationToken);
        }
        log.Raise();
        metrics.JobDone(errors.Count == 0);
        Log.Finished(logger, job.Id, job.EventsDone, errors.Count);
    }

    /// <summary>The job as it is when done; it is still running when its end has not been written.</summary>
    private async Task<CaptureJob> RunAsync(CaptureJob job, CaptureErrors errors, CancellationToken cancellationToken)
    {
        var organisation = await organisations.FindAsync(job.OrganisationId, cancellationToken) ?? throw new InvalidOperationException("The organisation is gone.");
        var upload = job.UploadId ?? throw new InvalidOperationException("The body is gone.");
        var document = new StagedDocument(() => jobs.OpenUpload(upload), CaptureRequest.IsXmlType(job.MediaType), capture.ReadOptions);
        var (elements, faults) = await Task.Run(document.ReadEnvelope, cancellationToken);
        if (faults.Count > 0)
        {
            errors.Add(Problems.InvalidEvents(faults));
            return job;
        }
        var masterDataElements = CaptureService.ToElements(elements);
        if (!job.Proceeds && elements.Count > 0 && !await masterData.HasRoomAsync(organisation.Id, masterDataElements, cancellationToken))
        {
            errors.Add(CaptureService.TooManyElements());
            return job;
        }
        job = job.Proceeds
            ? await ProceedAsync(job, organisation, document, errors, cancellationToken)
            : await RollbackAsync(job, organisation, document, errors, cancellationToken);
        if (job.EventsTotal == 0 && elements.Count == 0 && errors.Count == 0)
        {
            errors.Add(Problems.Create(400, ProblemCodes.InvalidEvents, "The document holds neither events nor master data.", "ValidationException"));
        }
        if (elements.Count > 0 && (job.Proceeds || errors.Count == 0) && !await masterData.PutAsync(organisation.Id, masterDataElements, time.GetUtcNow(), cancellationToken))
        {
            errors.Add(CaptureService.TooManyElements());
        }
        return job;
    }

    private async Task<CaptureJob> RollbackAsync(CaptureJob job, Organisation organisation, StagedDocument document, CaptureErrors errors, CancellationToken cancellationToken)
    {
        // First everything is checked, so that the transaction is short and rarely called off.
        var total = 0;
        await foreach (var batch in document.ReadBatchesAsync(cancellationToken))
        {
            total += batch.Count;
            await CheckAsync(organisation, batch, errors, cancellationToken);
            await TellAsync(job with { IsSuccess = errors.Count == 0 }, errors, cancellationToken);
            if (errors.IsFull)
            {
                break;
            }
        }
        job = job with { EventsTotal = total };
        if (errors.Count > 0 || total == 0)
        {
            return job;
        }
        var done = job with { EventsDone = total, IsSuccess = true };
        if (await jobs.WriteAllAsync(done, _owner, MakeStatementsAsync(job, organisation, document, errors, cancellationToken), time.GetUtcNow(), cancellationToken) is { } refused)
        {
            errors.Add(StatementWriter.Refusal(refused));
            return job;
        }
        metrics.Captured(total, Core.Log.Custody.Custodial);
        return done with { IsRunning = false };
    }

    private async IAsyncEnumerable<(int FirstEvent, NewStatement Statement)> MakeStatementsAsync(
        CaptureJob job, Organisation organisation, StagedDocument document, CaptureErrors errors, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var done = 0;
        await foreach (var batch in document.ReadBatchesAsync(cancellationToken))
        {
            yield return (done, await capture.MakeCustodialAsync(organisation, [.. batch.Select(static s => s.Event!)], job.Id, cancellationToken)); // All were valid when checked.
            done += batch.Count;
            await TellAsync(job with { EventsDone = done }, errors, cancellationToken);
        }
    }

    private async Task<CaptureJob> ProceedAsync(CaptureJob job, Organisation organisation, StagedDocument document, CaptureErrors errors, CancellationToken cancellationToken)
    {
        var total = 0;
        var captured = 0;
        await foreach (var batch in document.ReadBatchesAsync(cancellationToken))
        {
            total += batch.Count;
            var accepted = await CheckAsync(organisation, batch, errors, cancellationToken);
            while (accepted.Count > 0)
            {
                var statement = await capture.MakeCustodialAsync(organisation, [.. accepted.Select(static s => s.Event!)], job.Id, cancellationToken); // Accepted ones are valid.
                var result = await writer.WriteAsync(statement);
                if (result is CaptureResult.Stored stored)
                {
                    captured += accepted.Count;
                    metrics.Captured(accepted.Count, Core.Log.Custody.Custodial);
                    metrics.Recorded(stored);
                    break;
                }
                var refused = (CaptureResult.Refused)result; // There is no third.
                errors.Add(StatementWriter.Refusal(refused with { Position = accepted[refused.Position].Position }));
                accepted.RemoveAt(refused.Position);
            }
            log.Raise();
            await TellAsync(job with { IsSuccess = errors.Count == 0, EventsDone = captured }, errors, cancellationToken);
        }
        return job with { EventsTotal = total, EventsDone = captured };
    }

    /// <summary>Those of a batch that may be captured; the others are among the errors.</summary>
    private async Task<List<StagedEvent>> CheckAsync(Organisation organisation, IReadOnlyList<StagedEvent> batch, CaptureErrors errors, CancellationToken cancellationToken)
    {
        var accepted = new List<StagedEvent>(batch.Count);
        foreach (var staged in batch)
        {
            if (staged.Event is null)
            {
                errors.Add(Problems.InvalidEvents(staged.Faults, staged.Position));
            }
            else
            {
                accepted.Add(staged);
            }
        }
        var refusals = await authority.ListRefusalsAsync(organisation, [.. accepted.Select(static s => s.Event!)], firstOnly: false, cancellationToken); // Kept above only with an event.
        foreach (var (number, uri) in refusals)
        {
            errors.Add(AuthorityCheck.Refusal(accepted[number].Position, uri));
        }
        var refused = refusals.Select(static r => r.Event).ToHashSet();
        return [.. accepted.Where((_, number) => !refused.Contains(number))];
    }

    private async Task TellAsync(CaptureJob job, CaptureErrors errors, CancellationToken cancellationToken)
    {
        if (!await jobs.ProgressAsync(job with { Errors = errors.ToJson() }, _owner, time.GetUtcNow() + Lease, cancellationToken))
        {
            throw new InvalidOperationException($"The lease on the capture job {job.Id} was lost.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2000, LogLevel.Information, "Capture job {Job} is done: {Events} events, {Errors} errors")]
        public static partial void Finished(ILogger logger, string job, int events, int errors);

        [LoggerMessage(2001, LogLevel.Warning, "Capture jobs wait for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(2002, LogLevel.Error, "Capture job {Job} failed")]
        public static partial void JobFailed(ILogger logger, string job, Exception exception);

        [LoggerMessage(2003, LogLevel.Error, "Capture jobs cannot be worked at")]
        public static partial void WorkerFailed(ILogger logger, Exception exception);
    }
}
