using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Accounts;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Limits;

namespace TrustChain.Server.Devices;

/// <summary>Several telemetry statements in one request: for devices that catch up, and for gateways. One statement may go to the capture interface of EPCIS as well.</summary>
internal static class TelemetryEndpoints
{
    /// <summary>Media type of <c>{"statements":["…"]}</c>.</summary>
    public const string MediaType = "application/vnd.trustchain.telemetry+json";

    /// <summary>Longest body.</summary>
    public const int MaxBytes = 8 << 20;

    private const int MaxStatements = 100;

    public static void MapTelemetry(this IEndpointRouteBuilder app) => app.MapPost("/api/devices/statements", CaptureAsync)
        .WithTags("Devices").CountCaptures().NeedsRole(OrganisationRole.Operator).RefuseWhenHalted().WithRequestTimeout(LimitsExtensions.Upload)
        .WithSummary($"Captures up to {MaxStatements} telemetry statements of any devices; each is answered for itself, in order.");

    private static async Task<IResult> CaptureAsync(HttpContext context, Caller caller, TelemetryCapture capture, CancellationToken cancellationToken)
    {
        var isCose = CaptureRequest.IsCose(context.Request);
        if (!(isCose || (MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) && type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase))) || context.Request.Headers.ContentEncoding.Count > 0)
        {
            return Problems.Create(415, ProblemCodes.UnsupportedMediaType, $"The Content-Type must be {MediaType}, or {CaptureRequest.CoseMediaType} for one statement in CBOR, not compressed.");
        }
        if (await RequestBody.ReadAsync(context.Request, MaxBytes, cancellationToken) is not { } body)
        {
            return Problems.TooLarge(MaxBytes);
        }
        if ((isCose ? [Base64UrlText.Encode(body)] : Read(body)) is not { } statements)
        {
            return Problems.InvalidRequest($"The body must be {{\"statements\":[…]}} with 1 to {MaxStatements} compact JWS, or COSE_Sign1 in base64url.");
        }
        // Side by side, so that they share group commits; the order of arrival means nothing to telemetry.
        var results = await Task.WhenAll(statements.Select(s => CaptureOneAsync(s, caller, capture, cancellationToken)));
        return Results.Json(new { results });
    }

    private static async Task<object> CaptureOneAsync(string text, Caller caller, TelemetryCapture capture, CancellationToken cancellationToken)
    {
        if (text.Length > Statement.MaxBytes)
        {
            return Refusal(Problems.TooLarge(Statement.MaxBytes));
        }
        if (!Statement.TryParse(text, out var statement, out var error))
        {
            return Refusal(Problems.Create(400, ProblemCodes.InvalidStatement, error!)); // Set whenever the answer is false.
        }
        if (statement.Form != StatementForm.Telemetry)
        {
            return Refusal(Problems.Create(400, ProblemCodes.InvalidStatement, $"The header parameter \"typ\" must be \"{Statement.TelemetryType}\"."));
        }
        return await capture.CaptureAsync(statement, caller, cancellationToken) switch
        {
            CaptureOutcome.Accepted { Receipt: var receipt } => new { status = 201, capture = CaptureAnswer.From(receipt) },
            CaptureOutcome.Refused { Problem: var problem } => Refusal(problem),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static object Refusal(IResult problem) => problem is ProblemHttpResult { ProblemDetails: var details }
        ? new { status = details.Status, problem = new { type = details.Type, title = details.Title, detail = details.Detail, code = details.Extensions["code"], errors = details.Extensions.TryGetValue("errors", out var errors) ? errors : null } }
        : throw new InvalidOperationException("A problem is a problem.");

    private static List<string>? Read(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 3 });
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.EnumerateObject().Count() == 1
                && document.RootElement.TryGetProperty("statements", out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() is > 0 and <= MaxStatements
                && list.EnumerateArray().All(static s => s.ValueKind == JsonValueKind.String)
                    ? [.. list.EnumerateArray().Select(static s => s.GetString()!)] // Strings.
                    : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
