using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace TrustChain.Evm.Rpc;

/// <summary>
/// JSON-RPC 2.0 over HTTP POST. Only requests that may safely arrive twice belong here, because a request that fails in transport (not reached, timed
/// out, HTTP 429 or 5xx) is sent again. Safe for use by several threads.
/// </summary>
public sealed class JsonRpcClient
{
    private readonly HttpClient _http;
    private readonly Uri _endpoint;
    private readonly JsonRpcOptions _options;
    private readonly TimeProvider _time;
    private readonly string _displayName;
    private long _lastId;

    /// <summary>Creates a client for one node. The caller keeps and disposes the HTTP client, whose own timeout should not be below the options'.</summary>
    /// <exception cref="ArgumentException">The endpoint is not an absolute http or https URI, or an option is out of range.</exception>
    public JsonRpcClient(HttpClient http, Uri endpoint, JsonRpcOptions options, TimeProvider time)
    {
        if (!endpoint.IsAbsoluteUri || (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException("An RPC endpoint is an absolute http or https URI.", nameof(endpoint));
        }
        if (options.Attempts < 1 || options.MaxResponseBytes < 1 || options.RequestTimeout <= TimeSpan.Zero
            || options.FirstDelay < TimeSpan.Zero || options.MaxDelay < options.FirstDelay)
        {
            throw new ArgumentException("RPC options need at least one attempt, positive bounds and a longest pause not below the first.", nameof(options));
        }
        (_http, _endpoint, _options, _time) = (http, endpoint, options, time);
        _displayName = endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
    }

    /// <summary>
    /// Sends one request and reads its result.
    /// </summary>
    /// <param name="method">The method's name.</param>
    /// <param name="writeParameters">Writes the elements of the parameter array.</param>
    /// <param name="read">Reads the result member, which is JSON null where the node said null. False means the result does not have the expected shape.</param>
    /// <param name="cancellationToken">Ends waiting; reported as cancellation, never as an unavailable node.</param>
    /// <exception cref="RpcUnavailableException">No usable answer after all attempts, or a malformed one.</exception>
    /// <exception cref="RpcErrorException">The node answered with an error.</exception>
    public async Task<T> CallAsync<T>(string method, Action<Utf8JsonWriter> writeParameters, RpcReader<T> read, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _lastId);
        var request = Write(id, method, writeParameters);
        var delay = _options.FirstDelay;
        for (var attempt = 1; ; attempt++)
        {
            var exchange = await TryExchangeAsync(request, cancellationToken);
            if (exchange.Body is { } body)
            {
                return JsonRpcAnswer.Read(body, exchange.Status, id, method, _displayName, read);
            }
            if (attempt >= _options.Attempts || !exchange.MayRetry)
            {
                throw new RpcUnavailableException($"{method} at {_displayName}: {exchange.Fault} ({attempt} attempt(s)).", exchange.Cause);
            }
            await Task.Delay(delay, _time, cancellationToken);
            delay = delay * 2 < _options.MaxDelay ? delay * 2 : _options.MaxDelay;
        }
    }

    private static ReadOnlyMemory<byte> Write(long id, string method, Action<Utf8JsonWriter> writeParameters)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("jsonrpc"u8, "2.0"u8);
        json.WriteNumber("id"u8, id);
        json.WriteString("method"u8, method);
        json.WriteStartArray("params"u8);
        writeParameters(json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>One attempt. Failures in transport are outcomes here, for the loop above to judge; everything else is thrown.</summary>
    private async Task<Exchange> TryExchangeAsync(ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = new ReadOnlyMemoryContent(request) };
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, both.Token);
            var status = response.StatusCode;
            if ((int)status >= 500 || status == HttpStatusCode.TooManyRequests)
            {
                return new Exchange(null, status, $"HTTP status {(int)status}", true, null);
            }
            var body = await ReadBoundedAsync(response.Content, both.Token);
            return body is null
                ? new Exchange(null, status, $"an answer of more than {_options.MaxResponseBytes} bytes", false, null)
                : new Exchange(body, status, null, false, null);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new Exchange(null, default, $"no answer within {_options.RequestTimeout.TotalSeconds} s", true, exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or InvalidDataException)
        {
            return new Exchange(null, default, "no connection", true, exception);
        }
    }

    /// <summary>The body, or null when it is longer than allowed, whatever its headers said.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadBoundedAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > _options.MaxResponseBytes)
        {
            return null;
        }
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new ArrayBufferWriter<byte>(4096);
        int read;
        while ((read = await stream.ReadAsync(buffer.GetMemory(4096), cancellationToken)) > 0)
        {
            buffer.Advance(read);
            if (buffer.WrittenCount > _options.MaxResponseBytes)
            {
                return null;
            }
        }
        return buffer.WrittenMemory;
    }

    private readonly record struct Exchange(ReadOnlyMemory<byte>? Body, HttpStatusCode Status, string? Fault, bool MayRetry, Exception? Cause);
}

/// <summary>Reads the result of a request; false when it does not have the expected shape.</summary>
public delegate bool RpcReader<T>(JsonElement result, out T value);
