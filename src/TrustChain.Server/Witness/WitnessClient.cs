using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Server.Witness;

/// <summary>What a witness answered.</summary>
internal abstract record WitnessAnswer
{
    private WitnessAnswer()
    {
    }

    /// <summary>A cosignature that verifies.</summary>
    public sealed record Cosigned(string Line, DateTimeOffset Time) : WitnessAnswer;

    /// <summary>409: it cosigned this size last.</summary>
    public sealed record OtherSize(long Size) : WitnessAnswer;

    /// <summary>422: in its eyes the checkpoint does not continue the one it cosigned last.</summary>
    public sealed record Inconsistent : WitnessAnswer;

    /// <summary>It did not cosign, for whatever other reason.</summary>
    public sealed record Refused(string Reason) : WitnessAnswer;

    /// <summary>It says that it cosigned, but what it sent is not its cosignature of this checkpoint.</summary>
    public sealed record Forged(string Reason) : WitnessAnswer;

    /// <summary>No answer in time.</summary>
    public sealed record Away(string Reason) : WitnessAnswer;
}

/// <summary>Sends checkpoints to witnesses (C2SP tlog-witness). Believes nothing that does not verify, and reads little.</summary>
internal sealed class WitnessClient : IDisposable
{
    private const int MaxAnswerBytes = 64 << 10;

    /// <summary>How far a witness's clock may be off.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromHours(1);

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        AutomaticDecompression = DecompressionMethods.None,
        MaxResponseDrainSize = 16 << 10,
        MaxResponseHeadersLength = 16,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, // Each call has its own.
    };

    private readonly WitnessOptions _options;
    private readonly TimeProvider _time;

    public WitnessClient(IOptions<WitnessOptions> options, TimeProvider time) => (_options, _time) = (options.Value, time);

    /// <summary>Asks for a cosignature.</summary>
    /// <param name="witness">Whom.</param>
    /// <param name="request">The checkpoint, as a note that its text can be read from, with the proof.</param>
    /// <param name="signedAt">When the log signed the checkpoint.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    public async Task<WitnessAnswer> AskAsync(ConfiguredWitness witness, AddCheckpointRequest request, DateTimeOffset signedAt, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(_options.Timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        using var message = new HttpRequestMessage(HttpMethod.Post, witness.Address)
        {
            Content = new ByteArrayContent(request.ToUtf8()) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") { CharSet = "utf-8" } } },
        };
        try
        {
            using var response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, both.Token);
            var body = await ReadAsync(response, both.Token);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => Judge(witness, request, body, signedAt),
                HttpStatusCode.Conflict when response.Content.Headers.ContentType?.MediaType == AddCheckpointRequest.SizeMediaType && AddCheckpointRequest.TryParseConflict(body ?? "", out var size) =>
                    new WitnessAnswer.OtherSize(size),
                HttpStatusCode.UnprocessableEntity => new WitnessAnswer.Inconsistent(),
                _ => new WitnessAnswer.Refused($"status {(int)response.StatusCode}"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new WitnessAnswer.Away($"no answer within {_options.Timeout.TotalSeconds:0.#} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new WitnessAnswer.Away(exception.Message);
        }
    }

    public void Dispose() => _client.Dispose();

    private WitnessAnswer Judge(ConfiguredWitness witness, AddCheckpointRequest request, string? body, DateTimeOffset signedAt)
    {
        if (!SignedNote.TryParse(request.Checkpoint, out var sent) || !SignedNote.TryParse($"{sent.Text}\n{body}", out var answered) || answered.Text != sent.Text)
        {
            return new WitnessAnswer.Forged("the answer is not a list of signature lines");
        }
        var check = answered.VerifyCosignature(witness.Key);
        if (check.Time is not { } cosignedAt)
        {
            return new WitnessAnswer.Forged(check.IsPresent ? "the cosignature does not verify" : "there is no cosignature by the configured key");
        }
        if (cosignedAt > _time.GetUtcNow() + ClockTolerance || cosignedAt < signedAt - ClockTolerance)
        {
            return new WitnessAnswer.Forged($"the cosignature is of {cosignedAt:u}");
        }
        return new WitnessAnswer.Cosigned(answered.Signatures.First(s => s.Name == witness.Name && s.KeyId == witness.Key.KeyId).ToLine(), cosignedAt);
    }

    /// <summary>The body; null when it is too long or not UTF-8.</summary>
    private static async Task<string?> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxAnswerBytes + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        var bytes = buffer.AsSpan(0, length);
        return length <= MaxAnswerBytes && System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
    }
}
