using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Query;
using TrustChain.Postgres.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>Whether a document was taken.</summary>
/// <param name="Status">What the receiver answered; null: nothing.</param>
/// <param name="Error">Why it counts as not delivered; null: it was delivered.</param>
internal sealed record SendResult(int? Status, string? Error);

/// <summary>
/// Calls receivers. Only an answer of 2xx means delivered; redirects are not followed, nothing is read of the answer's body, and neither proxy, cookies nor
/// credentials are used. <see cref="GuardedConnection"/> decides where a host's name may lead.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private readonly SubscriptionSecrets _secrets;
    private readonly SubscriptionOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    public WebhookSender(SubscriptionSecrets secrets, IOptions<SubscriptionOptions> options, TimeProvider time)
    {
        (_secrets, _options, _time) = (secrets, options.Value, time);
        var handler = GuardedConnection.CreateHandler(_options.AllowPrivateAddresses);
        handler.MaxConnectionsPerServer = _options.MaxConcurrency;
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }; // Each call has its own.
    }

    public Task<SendResult> SendAsync(Subscription subscription, byte[] body, CancellationToken cancellationToken) => SendAsync(subscription.Destination, body, headers =>
    {
        headers.Add("GS1-EPCIS-Version", EpcisVersions.Epcis);
        headers.Add("GS1-CBV-Version", EpcisVersions.Cbv);
        headers.Add("GS1-EPC-Format", subscription.EpcFormat);
        headers.Add("GS1-Query-Min-Record-Time", Record.FormatTime(subscription.MinRecordTime));
        if (subscription.SignatureToken is { } token)
        {
            headers.Add("GS1-Signature", _secrets.Sign(subscription.Id, token, body));
        }
    }, cancellationToken);

    /// <summary>Sends JSON to a receiver.</summary>
    /// <param name="destination">Its URL, which was checked when it was given.</param>
    /// <param name="body">JSON in UTF-8.</param>
    /// <param name="addHeaders">Adds what belongs to it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<SendResult> SendAsync(string destination, byte[] body, Action<HttpRequestHeaders> addHeaders, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(_options.Timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, destination)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.UserAgent.ParseAdd(EpcisGroup.VendorVersion.Replace(' ', '/'));
        try
        {
            addHeaders(request.Headers);
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            var status = (int)response.StatusCode;
            return new SendResult(status, status switch
            {
                >= 200 and < 300 => null,
                >= 300 and < 400 => $"The receiver answered {status}; redirects are not followed.",
                _ => $"The receiver answered {status}.",
            });
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested)
        {
            return new SendResult(null, $"The receiver did not answer within {_options.Timeout.TotalSeconds:0.#} s.");
        }
        catch (HttpRequestException exception)
        {
            return new SendResult(null, Explain(exception));
        }
        catch (CryptographicException)
        {
            return new SendResult(null, "The signature token does not open any more, since the operator replaced a key: make this anew, with a token.");
        }
    }

    public void Dispose() => _client.Dispose();

    private static string Explain(HttpRequestException exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is DestinationRefusedException)
            {
                return "The host has no address that results may be sent to.";
            }
        }
        return exception.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError => "No secure connection came about; the receiver's certificate must be valid for its name.",
            HttpRequestError.ConnectionError => "The receiver could not be reached.",
            HttpRequestError.ConfigurationLimitExceeded => "The receiver's answer has too large a header.",
            _ => "The connection broke, or the answer was not HTTP.",
        };
    }
}
