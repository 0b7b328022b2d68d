using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Witness;

/// <summary>The HTTP side of a witness: <c>POST /add-checkpoint</c> of C2SP tlog-witness, and nothing else.</summary>
internal sealed class WitnessServer(Shell shell, WitnessState state, string name, SigningKey key, TimeProvider time)
{
    private const string PlainText = "text/plain; charset=utf-8";
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);

    private readonly TextWriter _log = TextWriter.Synchronized(shell.Error);

    /// <summary>Serves until it is told to stop.</summary>
    /// <param name="address">Where to listen; port 0 means any free one.</param>
    /// <param name="listening">Called with the real address once connections are taken.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="IOException">The address is in use.</exception>
    public async Task RunAsync(Uri address, Action<string> listening, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = nameof(WitnessServer) });
        builder.WebHost.UseKestrelCore().UseUrls(address.GetLeftPart(UriPartial.Authority)).ConfigureKestrel(static kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = AddCheckpointRequest.MaxBytes;
            kestrel.Limits.MaxConcurrentConnections = 1000;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        await using var app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync(cancellationToken);
        listening(app.Urls.First());
        await app.WaitForShutdownAsync(cancellationToken);
        using var patience = new CancellationTokenSource(StopPatience);
        await app.StopAsync(patience.Token);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/add-checkpoint")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = HttpMethods.Post;
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }
        byte[] body;
        try
        {
            using var buffer = new MemoryStream();
            await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
            body = buffer.ToArray();
        }
        catch (BadHttpRequestException exception)
        {
            await WriteAsync(context, exception.StatusCode, exception.Message + "\n"); // 413 when it is too long.
            return;
        }
        try
        {
            await AddCheckpointAsync(context, body);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _log.WriteLine($"trustchain: the state cannot be stored, nothing is cosigned: {exception.Message}");
            await WriteAsync(context, StatusCodes.Status500InternalServerError, "The witness cannot store its state.\n");
        }
    }

    private async Task AddCheckpointAsync(HttpContext context, byte[] body)
    {
        if (!AddCheckpointRequest.TryParse(body, out var request) || WitnessRules.FindOrigin(request) is not { } origin)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, "The request is malformed; see https://c2sp.org/tlog-witness.\n");
            return;
        }
        if (state.Find(origin) is not { } log)
        {
            await WriteAsync(context, StatusCodes.Status404NotFound, "This witness does not know the log.\n");
            return;
        }
        var decision = await log.DecideAsync(request, context.RequestAborted);
        if (decision.IsSuspicious)
        {
            _log.WriteLine($"trustchain: {log.Origin} signed a tree that does not continue the {log.Latest?.Size ?? 0} entries cosigned before; the request is kept in the state.");
        }
        await (decision switch
        {
            WitnessDecision.Cosign cosign => CosignAsync(context, cosign),
            WitnessDecision.Conflict conflict => WriteAsync(
                context, StatusCodes.Status409Conflict, string.Create(CultureInfo.InvariantCulture, $"{conflict.LatestSize}\n"), AddCheckpointRequest.SizeMediaType),
            WitnessDecision.Malformed malformed => WriteAsync(context, StatusCodes.Status400BadRequest, malformed.Reason + "\n"),
            WitnessDecision.NotSigned => WriteAsync(context, StatusCodes.Status403Forbidden, "The checkpoint is not signed by the log's key.\n"),
            WitnessDecision.UnknownLog => WriteAsync(context, StatusCodes.Status404NotFound, "This witness does not know the log.\n"),
            WitnessDecision.Inconsistent => WriteAsync(context, StatusCodes.Status422UnprocessableEntity, "The consistency proof does not verify.\n"),
            _ => throw new System.Diagnostics.UnreachableException(),
        });
    }

    private Task CosignAsync(HttpContext context, WitnessDecision.Cosign cosign)
    {
        _log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cosigned {cosign.Checkpoint.Size} entries of {cosign.Checkpoint.Origin}"));
        return WriteAsync(context, StatusCodes.Status200OK, Cosignature.Sign(cosign.Text, name, key, time.GetUtcNow()));
    }

    private static Task WriteAsync(HttpContext context, int status, string body, string mediaType = PlainText)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = mediaType;
        return context.Response.WriteAsync(body, context.RequestAborted);
    }
}
