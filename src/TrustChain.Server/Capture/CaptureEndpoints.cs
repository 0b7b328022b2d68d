using Microsoft.Net.Http.Headers;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Hosting;
using TrustChain.Server.Limits;
using TrustChain.Server.Query;
using TrustChain.Server.Standby;

namespace TrustChain.Server.Capture;

/// <summary>The capture interface of EPCIS 2.0 (REST bindings).</summary>
internal static class CaptureEndpoints
{
    private static readonly string[] MediaTypes =
        ["application/json", "application/ld+json", "application/xml", "text/xml", CaptureRequest.JoseMediaType, CaptureRequest.CoseMediaType, CaptureRequest.StatementMediaType];

    private static readonly (string, string)[] Limits =
    [
        ("GS1-EPCIS-Capture-Limit", StagedDocument.MaxEvents.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ("GS1-EPCIS-Capture-File-Size-Limit", CaptureUploads.MaxBytes.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ("GS1-Capture-Error-Behaviour", "all"),
    ];

    public static void MapCapture(this IEndpointRouteBuilder app)
    {
        var epcis = app.MapEpcis();
        epcis.MapPost("/capture", CaptureAsync).CountCaptures().RefuseWhenHalted().TellsPosition().WithRequestTimeout(LimitsExtensions.Upload).WithName("Capture").WithSummary("Captures a document: plain EPCIS with an API key, or a signed statement.");
        epcis.MapGet("/capture", ListJobsAsync).WithName("ListCaptureJobs").WithSummary("The caller's captures, newest first.");
        epcis.MapGet("/capture/{captureID}", GetJobAsync).WithName("GetCaptureJob").WithSummary("The state of a capture.");
        epcis.MapPost("/events", PostEventAsync).CountCaptures().RefuseWhenHalted().TellsPosition().WithRequestTimeout(LimitsExtensions.Upload).WithName("CaptureEvent").WithSummary("Captures one event.");
        epcis.MapDiscovery("/capture", "OPTIONS, POST, GET", Limits);
        epcis.MapDiscovery("/capture/{captureID}", "OPTIONS, GET");
    }

    private static async Task<IResult> CaptureAsync(HttpContext context, Caller caller, CaptureService capture, CaptureUploads uploads, CancellationToken cancellationToken)
    {
        if (ReadType(context.Request, out var mediaType) is { } wrong)
        {
            return wrong;
        }
        var behaviour = context.Request.Headers["GS1-Capture-Error-Behaviour"].ToString();
        if (behaviour is not ("" or "rollback" or "proceed"))
        {
            return Problems.Create(400, ProblemCodes.InvalidRequest, "GS1-Capture-Error-Behaviour is rollback or proceed.", "ValidationException");
        }
        var proceeds = behaviour == "proceed";
        var isPlain = mediaType is not (CaptureRequest.JoseMediaType or CaptureRequest.CoseMediaType or CaptureRequest.StatementMediaType);
        if (isPlain && caller.Organisation is null)
        {
            return Problems.NotAuthenticated(); // before anything is read
        }
        if (isPlain && proceeds)
        {
            return await StageAsync(context, uploads, context.Request, [], caller.Organisation!, mediaType, proceeds, cancellationToken);
        }
        var (body, isWhole) = await RequestBody.ReadStartAsync(context.Request, Statement.MaxBytes, cancellationToken);
        if (!isWhole)
        {
            return isPlain ? await StageAsync(context, uploads, context.Request, body, caller.Organisation!, mediaType, proceeds, cancellationToken) : TooLarge(context, Statement.MaxBytes);
        }
        switch (await capture.CaptureAsync(CaptureRequest.Read(body, mediaType), caller, singleEvent: false, proceeds, cancellationToken))
        {
            case CaptureOutcome.Accepted { Receipt: var receipt }:
                context.Response.Headers.Location = $"/epcis/capture/{receipt.Statement.ToHex()}";
                return Results.Json(CaptureAnswer.From(receipt), statusCode: StatusCodes.Status202Accepted);
            case CaptureOutcome.Proceeded proceeded:
                context.Response.Headers.Location = $"/epcis/capture/{proceeded.Statement.ToHex()}";
                return proceeded.Receipt is null
                    ? Results.Json(new { captureID = proceeded.Statement.ToHex() }, statusCode: StatusCodes.Status202Accepted)
                    : Results.Json(CaptureAnswer.From(proceeded.Receipt), statusCode: StatusCodes.Status202Accepted);
            case CaptureOutcome.TooMany when isPlain:
                return await StageAsync(context, uploads, null, body, caller.Organisation!, mediaType, proceeds, cancellationToken);
            case CaptureOutcome.MasterDataOnly:
                return JobAnswer(context, await uploads.AddFinishedAsync(body, caller.Organisation!, mediaType, cancellationToken));
            case CaptureOutcome.Refused refused:
                return refused.Problem;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static async Task<IResult> PostEventAsync(HttpContext context, Caller caller, CaptureService capture, CancellationToken cancellationToken)
    {
        if (ReadType(context.Request, out var mediaType) is { } wrong)
        {
            return wrong;
        }
        if (await RequestBody.ReadAsync(context.Request, Statement.MaxBytes, cancellationToken) is not { } body)
        {
            return TooLarge(context, Statement.MaxBytes);
        }
        switch (await capture.CaptureAsync(CaptureRequest.Read(body, mediaType), caller, singleEvent: true, proceeds: false, cancellationToken))
        {
            case CaptureOutcome.Accepted { Receipt: var receipt }:
                context.Response.Headers.Location = $"/epcis/events/{Uri.EscapeDataString(receipt.Events[0].EventId)}";
                return Results.Json(CaptureAnswer.From(receipt), statusCode: StatusCodes.Status201Created);
            case CaptureOutcome.Refused refused:
                return refused.Problem;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>The media type in lower case, or the problem: an unknown one, a compressed body, a version that is not spoken here.</summary>
    private static IResult? ReadType(HttpRequest request, out string mediaType)
    {
        mediaType = MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? type.MediaType.Value?.ToLowerInvariant() ?? "" : "";
        if (!MediaTypes.Contains(mediaType) || (mediaType == CaptureRequest.CoseMediaType && !CaptureRequest.IsCose(request)))
        {
            return Problems.Create(
                415, ProblemCodes.UnsupportedMediaType, $"The Content-Type must be one of {string.Join(", ", MediaTypes)}.", "UnsupportedMediaTypeException");
        }
        if (request.Headers.ContentEncoding.Count > 0)
        {
            return Problems.Create(415, ProblemCodes.UnsupportedMediaType, "Compressed bodies are not taken.", "UnsupportedMediaTypeException");
        }
        var lowest = CaptureRequest.IsXmlType(mediaType) ? new Version(1, 0, 0) : new Version(2, 0, 0);
        foreach (var name in (string[])["GS1-EPCIS-Version", "GS1-CBV-Version"])
        {
            var text = request.Headers[name].ToString();
            if (text.Length > 0 && (!EpcisVersions.TryParse(text, out var version) || version < lowest || version.Major > 2))
            {
                return EpcisRequest.NotAcceptable($"{name} \"{text}\" is not taken here: {(lowest.Major == 1 ? "1.0 to 2.0" : "2.0 in JSON, 1.0 to 2.0 in XML")}.");
            }
        }
        return null;
    }

    private static IResult TooLarge(HttpContext context, long limitBytes)
    {
        foreach (var (name, value) in Limits)
        {
            context.Response.Headers[name] = value;
        }
        return Problems.TooLarge(limitBytes);
    }

    private static async Task<IResult> StageAsync(
        HttpContext context, CaptureUploads uploads, HttpRequest? request, byte[] start, Organisation organisation, string mediaType, bool proceeds, CancellationToken cancellationToken)
    {
        if (await uploads.HasTooManyAsync(organisation, cancellationToken))
        {
            context.Response.Headers.RetryAfter = "60";
            return Problems.Create(429, ProblemCodes.TooManyJobs, $"{CaptureUploads.MaxJobs} captures of this organisation wait already; send more when some of them are done.", "ImplementationException");
        }
        return JobAnswer(context, await uploads.StageAsync(request, start, organisation, mediaType, proceeds, cancellationToken));
    }

    private static IResult JobAnswer(HttpContext context, CaptureJob? job)
    {
        if (job is null)
        {
            return TooLarge(context, CaptureUploads.MaxBytes);
        }
        context.Response.Headers.Location = $"/epcis/capture/{job.Id}";
        return Results.Json(new { captureID = job.Id }, statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ListJobsAsync(
        HttpContext context, Caller caller, CaptureJobStore jobs, PageTokens tokens, Microsoft.Extensions.Options.IOptions<ServerOptions> server, CancellationToken cancellationToken)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: false);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        if (caller.Organisation is not { } organisation)
        {
            return Problems.NotAuthenticated(caller);
        }
        if (request.Parameters.Count > 0)
        {
            return EpcisRequest.Parameter(request.Parameters[0].Name, "is not taken here.");
        }
        var fingerprint = Core.Query.EventQuery.ComputeFingerprint([EventAnswers.PathOf(context)]);
        QueryCursor? cursor = null;
        if (request.NextPageToken is { } token)
        {
            cursor = await tokens.OpenAsync(token, organisation.Id, fingerprint, cancellationToken);
            if (cursor is null)
            {
                return EventAnswers.BadToken();
            }
        }
        var before = cursor is null ? ((DateTimeOffset, string)?)null : (cursor.Time, cursor.Text ?? "");
        var found = await jobs.ListAsync(organisation.Id, before, request.PerPage + 1, cancellationToken);
        if (found.Count > request.PerPage)
        {
            var last = found[request.PerPage - 1];
            EventAnswers.SetLink(context, server.Value.PublicUrl, tokens.Make(organisation.Id, fingerprint, new QueryCursor(last.CreatedAt, 0, null, last.Id, 0)));
        }
        return Results.Json(found.Take(request.PerPage).Select(static job => CaptureJobAnswer.From(job, null)), contentType: request.ContentType);
    }

    private static async Task<IResult> GetJobAsync(
        string captureID, HttpContext context, Caller caller, CaptureJobStore jobs, StatementWriter writer, CancellationToken cancellationToken)
    {
        var (request, problem) = EpcisRequest.Read(context.Request, offersXml: true);
        if (request is null)
        {
            return problem!; // One of the two is set.
        }
        // Only the sender may see a job, and learns that there is one; nothing is looked up for others.
        if (caller.Organisation is not { } organisation || await FindJobAsync(captureID, organisation.Id, jobs, cancellationToken) is not { } job)
        {
            return Problems.NotFound("capture job", epcis: true);
        }
        if (request.IsXml)
        {
            return Results.Text(CaptureJobXml.Write(job), "application/xml");
        }
        var statements = job.IsRunning ? [] : await jobs.ListStatementsAsync(job.Id, StagedDocument.MaxEvents / StagedDocument.BatchSize, cancellationToken);
        return Results.Json(
            CaptureJobAnswer.From(job, statements.Count == 0 ? null : [.. statements.Select(s => new CaptureJobAnswer.StatementLine(s.Digest.ToHex(), writer.CanMakeReceipts ? writer.MakeReceipt(s.Digest, s.ReceivedAt) : null))]),
            contentType: request.ContentType);
    }

    private static async Task<CaptureJob?> FindJobAsync(string id, int organisationId, CaptureJobStore jobs, CancellationToken cancellationToken)
    {
        if (!Hash32.TryParseHex(id, out var digest))
        {
            return null;
        }
        // A job with a body of its own goes before a statement of the same digest, even where it is another organisation's.
        return await jobs.FindAsync(digest.ToHex(), cancellationToken) is { } job
            ? job.OrganisationId == organisationId ? job : null
            : await jobs.FindOfStatementAsync(digest, organisationId, cancellationToken);
    }
}

/// <summary>Wire form of a capture's answer.</summary>
internal sealed record CaptureAnswer(string CaptureID, string Statement, string ReceivedAt, string Receipt, IReadOnlyList<CaptureAnswer.Line> Events)
{
    internal sealed record Line(string EventID, string EventHash);

    public static CaptureAnswer From(CaptureReceipt receipt) => new(
        receipt.Statement.ToHex(), receipt.Statement.ToHex(), Record.FormatTime(receipt.ReceivedAt), receipt.Receipt, [.. receipt.Events.Select(static e => new Line(e.EventId, e.EventHash))]);
}
