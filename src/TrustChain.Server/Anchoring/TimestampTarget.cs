using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Anchoring;
using TrustChain.Postgres.Database;
using TrustChain.Server.Log;
using TrustChain.Server.Telemetry;

namespace TrustChain.Server.Anchoring;

/// <summary>What a timestamp target works with.</summary>
internal sealed record TimestampTargetParts(AnchorStore Anchors, AnchorTargetStore Targets, LogHead Head, AnchorMetrics Metrics, TimeProvider Time, ILogger Logger);

/// <summary>
/// Has a timestamp authority (RFC 3161) stamp checkpoints. An anchor is prepared, then asked for until the answer verifies, and is final with it. An answer
/// that was lost is asked for again; while the authority fails, a larger checkpoint takes the place of the one that waits.
/// </summary>
internal sealed partial class TimestampTarget(
    string name, AnchorTargetOptions options, string origin, X509Certificate2 trusted, Func<HttpClient> http, TimestampTargetParts parts) : IAnchorTarget
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private DateTimeOffset _notBefore = DateTimeOffset.MinValue;
    private TimeSpan _pause;

    public string Name => name;

    public AnchorTargetOptions Options => options;

    public Task RegisterAsync(CancellationToken cancellationToken) => parts.Targets.SetTimestampAuthorityAsync(name, cancellationToken);

    public async Task<long> GetCoveredSizeAsync(bool final, CancellationToken cancellationToken) =>
        (await parts.Targets.FindLatestFinalTimestampAsync(name, cancellationToken))?.Size ?? 0;

    public async Task RunAsync(AnchorLease lease, AnchorRound round, CancellationToken cancellationToken)
    {
        var now = parts.Time.GetUtcNow();
        if (parts.Head.Checkpoint is not { } checkpoint || parts.Head.Halted is not null)
        {
            return;
        }
        if (now < _notBefore)
        {
            round.IsWhole = false; // What failed before still does, for all we know.
            return;
        }
        var prepared = await parts.Targets.FindPreparedTimestampAsync(name, cancellationToken);
        if (prepared is null ? await IsDueAsync(checkpoint.Size, now, cancellationToken) : checkpoint.Size > prepared.Size)
        {
            CrashPoint.Pass("timestamp.before-prepared");
            var id = await lease.AddTimestampAsync(checkpoint.Size, checkpoint.Root, now, cancellationToken);
            CrashPoint.Pass("timestamp.prepared");
            prepared = new StoredTimestamp { Id = id, Target = name, Size = checkpoint.Size, Root = checkpoint.Root, State = AnchorState.Prepared, PreparedAt = now };
        }
        if (prepared is not null)
        {
            await StampAsync(lease, round, prepared, cancellationToken);
        }
    }

    private async Task StampAsync(AnchorLease lease, AnchorRound round, StoredTimestamp prepared, CancellationToken cancellationToken)
    {
        using var span = Tracing.StartAnchor("anchor", name, prepared.Size);
        var text = new Checkpoint(origin, prepared.Size, prepared.Root).ToText();
        _pause = _pause == TimeSpan.Zero ? options.PollInterval : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        _notBefore = parts.Time.GetUtcNow() + _pause; // Unless it goes well.
        var token = await AskAsync(text, cancellationToken);
        CrashPoint.Pass("timestamp.after-answer");
        var check = TimestampToken.Verify(token, text, trusted);
        if (check is not { Signature: SignatureCheck.Valid, Time: { } time })
        {
            throw new AnchorFaultException(AnchorAlarm.AuthorityUntrusted, $"{check.Detail} ({Where})");
        }
        await lease.SetTimestampAsync(prepared.Id, token, time, parts.Time.GetUtcNow(), CancellationToken.None);
        CrashPoint.Pass("timestamp.final");
        round.BecameFinal = true;
        (_pause, _notBefore) = (TimeSpan.Zero, DateTimeOffset.MinValue);
        parts.Metrics.BecameFinal(name);
        LogText.Stamped(parts.Logger, name, prepared.Size, time);
    }

    /// <summary>One request and its answer (RFC 3161 sections 2.4 and 3.4).</summary>
    private async Task<byte[]> AskAsync(string text, CancellationToken cancellationToken)
    {
        var request = Rfc3161TimestampRequest.CreateFromData(
            Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, nonce: RandomNumberGenerator.GetBytes(8), requestSignerCertificates: true);
        parts.Metrics.Prepared(name);
        byte[] body;
        try
        {
            using var client = http();
            using var content = new ByteArrayContent(request.Encode());
            content.Headers.ContentType = new MediaTypeHeaderValue("application/timestamp-query");
            using var answer = await client.PostAsync(new Uri(options.Url), content, cancellationToken);
            if ((int)answer.StatusCode is >= 400 and < 500)
            {
                throw new AnchorFaultException(AnchorAlarm.AuthorityRefused, $"It answers with HTTP status {(int)answer.StatusCode} ({Where}).");
            }
            answer.EnsureSuccessStatusCode();
            body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new AnchorFaultException(AnchorAlarm.AuthorityAway, $"{exception.Message} ({Where})");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AnchorFaultException(AnchorAlarm.AuthorityAway, $"There was no answer in time ({Where}).");
        }
        try
        {
            return request.ProcessResponse(body, out _).AsSignedCms().Encode();
        }
        catch (CryptographicException exception)
        {
            throw new AnchorFaultException(AnchorAlarm.AuthorityRefused, $"{exception.Message} ({Where})");
        }
    }

    private async Task<bool> IsDueAsync(long size, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var covered = await GetCoveredSizeAsync(final: true, cancellationToken);
        var due = AnchorPace.FindDue(new PaceFacts
        {
            Size = size,
            Covered = covered,
            WaitingSince = await parts.Anchors.FindWaitingSinceAsync(covered, cancellationToken),
            LastPrepared = await parts.Targets.FindLastPreparedTimestampAsync(name, cancellationToken),
            TimeToBlock = null,
            Interval = options.Interval,
            Latency = options.EffectiveLatency,
        });
        return due <= now;
    }

    /// <summary>The authority without its path and query, which may carry an access key.</summary>
    private string Where => new Uri(options.Url).GetLeftPart(UriPartial.Authority);

    private static partial class LogText
    {
        [LoggerMessage(4040, LogLevel.Information, "Anchor in {Target} of {Size} entries is stamped with {Time}")]
        public static partial void Stamped(ILogger logger, string target, long size, DateTimeOffset time);
    }
}
