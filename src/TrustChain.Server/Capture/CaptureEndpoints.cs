using System.Text.Json;
using Microsoft.Net.Http.Headers;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Capture;

/// <summary>The capture interface and the plainest queries of EPCIS 2.0 (REST bindings).</summary>
internal static class CaptureEndpoints
{
    private static readonly string[] MediaTypes = ["application/json", "application/ld+json", CaptureRequest.JoseMediaType, CaptureRequest.StatementMediaType];

    public static void MapCapture(this IEndpointRouteBuilder app)
    {
        var epcis = app.MapEpcis();
        epcis.MapPost("/capture", CaptureAsync).RefuseWhenHalted().WithName("Capture").WithSummary("Captures a document: plain EPCIS with an API key, or a signed statement.");
        epcis.MapGet("/capture/{captureId}", GetJobAsync).WithName("GetCaptureJob").WithSummary("The state of a capture.");
        epcis.MapPost("/events", PostEventAsync).RefuseWhenHalted().WithName("CaptureEvent").WithSummary("Captures one event.");
    }

    private static async Task<IResult> CaptureAsync(HttpContext context, Caller caller, CaptureService capture, CancellationToken cancellationToken)
    {
        var (outcome, problem) = await ReceiveAsync(context, caller, capture, singleEvent: false, cancellationToken);
        if (outcome is null)
        {
            return problem!; // One of the two is set.
        }
        context.Response.Headers.Location = $"/epcis/capture/{outcome.Statement.ToHex()}";
        return Results.Json(CaptureAnswer.From(outcome), statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> PostEventAsync(HttpContext context, Caller caller, CaptureService capture, CancellationToken cancellationToken)
    {
        var (outcome, problem) = await ReceiveAsync(context, caller, capture, singleEvent: true, cancellationToken);
        if (outcome is null)
        {
            return problem!; // One of the two is set.
        }
        context.Response.Headers.Location = $"/epcis/events/{Uri.EscapeDataString(outcome.Events[0].EventId)}";
        return Results.Json(CaptureAnswer.From(outcome), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<(CaptureReceipt? Receipt, IResult? Problem)> ReceiveAsync(
        HttpContext context, Caller caller, CaptureService capture, bool singleEvent, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || !MediaTypes.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase))
        {
            return (null, Problems.Create(
                415, ProblemCodes.UnsupportedMediaType, $"The Content-Type must be one of {string.Join(", ", MediaTypes)}.", "UnsupportedMediaTypeException"));
        }
        if (context.Request.Headers.ContentEncoding.Count > 0)
        {
            return (null, Problems.Create(415, ProblemCodes.UnsupportedMediaType, "Compressed bodies are not taken.", "UnsupportedMediaTypeException"));
        }
        if (await RequestBody.ReadAsync(context.Request, Statement.MaxBytes, cancellationToken) is not { } body)
        {
            return (null, Problems.TooLarge(Statement.MaxBytes));
        }
        var request = CaptureRequest.Read(body, type.MediaType.Value!.ToLowerInvariant()); // Present when it parsed.
        return await capture.CaptureAsync(request, caller, singleEvent, cancellationToken) switch
        {
            CaptureOutcome.Accepted accepted => (accepted.Receipt, null),
            CaptureOutcome.Refused refused => (null, refused.Problem),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static async Task<IResult> GetJobAsync(string captureId, Caller caller, RecordStore records, CancellationToken cancellationToken)
    {
        // A capture is done when it is answered, so its job is always finished. Only the sender may see it.
        var found = Hash32.TryParseHex(captureId, out var digest) ? await records.ListByStatementAsync(digest, cancellationToken) : [];
        return found.Count > 0 && caller.Organisation?.Id == found[0].OrganisationId
            ? Results.Json(new
            {
                captureID = captureId,
                createdAt = Record.FormatTime(found[0].Record.ReceivedAt),
                finishedAt = Record.FormatTime(found[0].Record.ReceivedAt),
                running = false,
                success = true,
                captureErrorBehaviour = "rollback",
                errors = Array.Empty<object>(),
            })
            : Problems.NotFound("capture job", epcis: true);
    }
}

/// <summary>Wire form of a capture's answer.</summary>
internal sealed record CaptureAnswer(string CaptureID, string Statement, string ReceivedAt, string Receipt, IReadOnlyList<CaptureAnswer.Line> Events)
{
    internal sealed record Line(string EventID, string EventHash);

    public static CaptureAnswer From(CaptureReceipt receipt) => new(
        receipt.Statement.ToHex(), receipt.Statement.ToHex(), Record.FormatTime(receipt.ReceivedAt), receipt.Receipt, [.. receipt.Events.Select(static e => new Line(e.EventId, e.EventHash))]);
}
