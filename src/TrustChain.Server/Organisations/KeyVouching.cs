using System.Net;
using System.Text.Json;
using DnsClient;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Organisations;

/// <summary>
/// Asks whoever is to vouch that a key belongs to an organisation: its did:web document (W3C CCG did:web, the key under <c>assertionMethod</c>), or a TXT
/// record <c>_trustchain.DOMAIN</c> with <c>trustchain-key=KID</c>. The answer holds for the moment of asking; the entry says who was asked.
/// </summary>
internal sealed class KeyVouching : IDisposable
{
    private const int MaxDocumentBytes = 64 << 10;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private readonly KeyOptions _options;
    private readonly HttpClient _client;
    private readonly LookupClient _dns;

    public KeyVouching(IOptions<KeyOptions> options)
    {
        _options = options.Value;
        _client = new HttpClient(GuardedConnection.CreateHandler(_options.AllowInsecureDidWeb)) { Timeout = Timeout, MaxResponseContentBufferSize = MaxDocumentBytes };
        var lookup = _options.DnsServer.Length > 0 ? new LookupClientOptions(IPEndPoint.Parse(_options.DnsServer)) : new LookupClientOptions();
        lookup.Timeout = TimeSpan.FromSeconds(3);
        lookup.Retries = 2;
        lookup.UseCache = false;
        _dns = new LookupClient(lookup);
    }

    /// <summary>Whether <paramref name="vouchedBy"/> vouches for the key.</summary>
    /// <returns>What is wrong, in one sentence; null when it does.</returns>
    public Task<string?> FindFaultAsync(string vouchedBy, PublicKey key, CancellationToken cancellationToken) =>
        vouchedBy == KeyEntry.VouchedByOperator ? Task.FromResult<string?>(null)
        : vouchedBy.StartsWith(KeyEntry.DidWebPrefix, StringComparison.Ordinal) ? AskDidWebAsync(vouchedBy, key, cancellationToken)
        : vouchedBy.StartsWith(KeyEntry.DnsPrefix, StringComparison.Ordinal) ? AskDnsAsync(vouchedBy[KeyEntry.DnsPrefix.Length..], key, cancellationToken)
        : Task.FromResult<string?>("must be \"operator\", a did:web identifier such as \"did:web:example.com\", or a domain such as \"dns:example.com\".");

    public void Dispose() => _client.Dispose();

    private async Task<string?> AskDidWebAsync(string did, PublicKey key, CancellationToken cancellationToken)
    {
        if (DidWeb.ToUrl(did, _options.AllowInsecureDidWeb ? Uri.UriSchemeHttp : Uri.UriSchemeHttps) is not { } url)
        {
            return "is not a did:web identifier: \"did:web:\", a domain, and perhaps path segments, each after a colon.";
        }
        byte[] bytes;
        try
        {
            using var response = await _client.GetAsync(url, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return $"does not vouch: {url} answered {(int)response.StatusCode}.";
            }
            bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"does not vouch: {url} could not be read within {Timeout.TotalSeconds} s, or is larger than {MaxDocumentBytes} bytes.";
        }
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            return DidWeb.Asserts(document.RootElement, did, key.Kid) ? null : $"does not vouch: {url} is not the document of {did} with this key under assertionMethod.";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for what is no text
        {
            return $"does not vouch: {url} is not well-formed JSON.";
        }
    }

    private async Task<string?> AskDnsAsync(string domain, PublicKey key, CancellationToken cancellationToken)
    {
        if (Uri.CheckHostName(domain) != UriHostNameType.Dns || !domain.Contains('.', StringComparison.Ordinal))
        {
            return "does not name a domain after \"dns:\".";
        }
        var name = $"_trustchain.{domain}";
        try
        {
            var answer = await _dns.QueryAsync(name, QueryType.TXT, cancellationToken: cancellationToken);
            return answer.Answers.TxtRecords().Any(r => string.Concat(r.Text) == $"trustchain-key={key.Kid}")
                ? null
                : $"does not vouch: {name} has no TXT record \"trustchain-key={key.Kid}\".";
        }
        catch (DnsResponseException exception)
        {
            return $"does not vouch: {name} could not be looked up ({exception.Code}).";
        }
    }
}
