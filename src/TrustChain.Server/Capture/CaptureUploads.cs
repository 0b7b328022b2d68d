using System.Security.Cryptography;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Server.Capture;

/// <summary>Takes large bodies in: streamed into the database part by part, so that any server can work at them and none holds them.</summary>
internal sealed class CaptureUploads(CaptureJobStore jobs, CaptureJobSignal signal, TimeProvider time)
{
    /// <summary>Largest body.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Most jobs of an organisation that wait or are worked at; what uploads going on at the same moment add comes on top.</summary>
    public const int MaxJobs = 100;

    private const int PartBytes = 1 << 20;

    /// <summary>Whether so much of the organisation waits that no more is taken in. Ask before anything is read.</summary>
    public async Task<bool> HasTooManyAsync(Organisation organisation, CancellationToken cancellationToken) => await jobs.CountRunningAsync(organisation.Id, cancellationToken) >= MaxJobs;

    /// <summary>
    /// Keeps a body and makes a job of it. The job's id comes from the sender, the body and the error behaviour, so the same sent again is the same job.
    /// </summary>
    /// <param name="request">What is left of it is read; null: nothing is.</param>
    /// <param name="start">What was read already.</param>
    /// <param name="organisation">Whose it is.</param>
    /// <param name="mediaType">JSON or XML.</param>
    /// <param name="proceeds">The error behaviour.</param>
    /// <param name="cancellationToken">Cancels; what was kept by then is forgotten.</param>
    /// <returns>Null when the body is larger than <see cref="MaxBytes"/>.</returns>
    public async Task<CaptureJob?> StageAsync(HttpRequest? request, byte[] start, Organisation organisation, string mediaType, bool proceeds, CancellationToken cancellationToken)
    {
        if (request?.ContentLength > MaxBytes)
        {
            return null;
        }
        var upload = await jobs.BeginUploadAsync(cancellationToken);
        var kept = false;
        try
        {
            using var hash = BeginHash(organisation, mediaType, proceeds);
            var part = 0;
            var total = (long)start.Length;
            if (start.Length > 0)
            {
                hash.AppendData(start);
                await jobs.AddPartAsync(upload, part++, start, time.GetUtcNow(), cancellationToken);
            }
            var buffer = new byte[PartBytes];
            while (request is not null)
            {
                var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
                if (length == 0)
                {
                    break;
                }
                total += length;
                if (total > MaxBytes)
                {
                    return null;
                }
                hash.AppendData(buffer, 0, length);
                await jobs.AddPartAsync(upload, part++, buffer.AsMemory(0, length), time.GetUtcNow(), cancellationToken);
            }
            var (job, usesUpload) = await jobs.AddAsync(NewJob(hash, organisation, mediaType, proceeds) with { UploadId = upload, IsRunning = true }, cancellationToken);
            kept = usesUpload;
            signal.Raise();
            return job;
        }
        finally
        {
            if (!kept)
            {
                await jobs.DropUploadAsync(upload, time.GetUtcNow(), CancellationToken.None);
            }
        }
    }

    /// <summary>The job of a capture that is done already and left no statement.</summary>
    public async Task<CaptureJob> AddFinishedAsync(byte[] body, Organisation organisation, string mediaType, CancellationToken cancellationToken)
    {
        using var hash = BeginHash(organisation, mediaType, proceeds: false);
        hash.AppendData(body);
        return (await jobs.AddAsync(NewJob(hash, organisation, mediaType, proceeds: false) with { EventsTotal = 0, FinishedAt = time.GetUtcNow() }, cancellationToken)).Job;
    }

    private CaptureJob NewJob(IncrementalHash hash, Organisation organisation, string mediaType, bool proceeds) => new()
    {
        Id = new Hash32(hash.GetHashAndReset()).ToHex(),
        OrganisationId = organisation.Id,
        MediaType = mediaType,
        Proceeds = proceeds,
        IsRunning = false,
        IsSuccess = true,
        CreatedAt = time.GetUtcNow(),
    };

    private static IncrementalHash BeginHash(Organisation organisation, string mediaType, bool proceeds)
    {
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"trustchain capture job\n{organisation.Id}\n{mediaType}\n{(proceeds ? "proceed" : "rollback")}\n"));
        return hash;
    }
}
