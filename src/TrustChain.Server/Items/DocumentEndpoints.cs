using Microsoft.Net.Http.Headers;
using TrustChain.Core.Log;
using TrustChain.Postgres.Items;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Limits;

namespace TrustChain.Server.Items;

/// <summary>Documents: the bytes are kept here, their digest goes into events and certificates.</summary>
internal static class DocumentEndpoints
{
    private const int MaxBytes = 16 << 20;

    private static readonly string[] MediaTypes = ["application/pdf", "image/png", "image/jpeg", "image/webp", "text/plain", "text/csv", "application/json", "application/xml", "application/octet-stream"];

    /// <summary>What browsers show without running anything; the rest is saved.</summary>
    private static readonly string[] Shown = ["application/pdf", "image/png", "image/jpeg", "image/webp", "text/plain", "text/csv", "application/json"];

    public static void MapDocuments(this IEndpointRouteBuilder app)
    {
        var documents = app.MapGroup("/api/documents").WithTags("Documents");
        documents.MapPost("", AddAsync).RequireOrganisation().WithRequestTimeout(LimitsExtensions.Upload).WithSummary("Keeps a document (kind=…, name=…) and answers with its digest.");
        documents.MapGet("/{digest}", GetAsync).WithSummary("A document by the hexadecimal SHA-256 of its bytes.");
    }

    private static async Task<IResult> AddAsync(
        HttpRequest request, Caller caller, DocumentStore documents, TemplateCatalog templates, TimeProvider time, CancellationToken cancellationToken, string kind, string name)
    {
        if (kind.Length is 0 or > 100 || name.Length is 0 or > 200 || (kind + name).Any(char.IsControl))
        {
            return Problems.InvalidRequest("\"kind\" has 1 to 100 and \"name\" 1 to 200 characters, without control characters.");
        }
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !MediaTypes.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase))
        {
            return Problems.Create(415, ProblemCodes.UnsupportedMediaType, $"The Content-Type must be one of {string.Join(", ", MediaTypes)}.");
        }
        if (await RequestBody.ReadAsync(request, MaxBytes, cancellationToken) is not { } content)
        {
            return Problems.TooLarge(MaxBytes);
        }
        if (content.Length == 0)
        {
            return Problems.InvalidRequest("The document is empty.");
        }
        var organisation = caller.Organisation!; // The endpoint requires one.
        var isPublic = templates.Find(organisation.Template)?.IsPublicDocument(kind) ?? false;
        var document = new StoredDocument(Hash32.Compute(content), organisation.Id, kind, name, type.MediaType.Value!.ToLowerInvariant(), content.Length, isPublic, time.GetUtcNow());
        await documents.AddAsync(document, content, cancellationToken);
        var url = $"/api/documents/{document.Digest.ToHex()}";
        return Results.Created(url, new { digest = ToUri(document.Digest), url, kind, name, isPublic });
    }

    private static async Task<IResult> GetAsync(string digest, HttpContext context, Caller caller, DocumentStore documents, CancellationToken cancellationToken)
    {
        if (!Hash32.TryParseHex(digest, out var hash)
            || !(await documents.FindReadableAsync([hash], caller.Organisation?.Id, cancellationToken)).TryGetValue(hash, out var document)
            || await documents.FindContentAsync(hash, cancellationToken) is not { } content)
        {
            return Problems.NotFound("document");
        }
        // What somebody uploaded is shown as a document of its own, never as a page of this site.
        context.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        context.Response.Headers.CacheControl = document.IsPublic ? "public, max-age=31536000, immutable" : "private, no-store";
        context.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue(Shown.Contains(document.MediaType) ? "inline" : "attachment") { FileNameStar = document.Name }.ToString();
        return Results.Bytes(content, document.MediaType);
    }

    /// <summary>A digest as events carry it: <c>ni:///sha-256;</c> and 64 hexadecimal digits, as in the event hash.</summary>
    public static string ToUri(Hash32 digest) => $"ni:///sha-256;{digest.ToHex()}";

    /// <summary>Reads what <see cref="ToUri"/> writes.</summary>
    public static bool TryParseDigest(string uri, out Hash32 digest)
    {
        const string Prefix = "ni:///sha-256;";
        digest = default;
        return uri.StartsWith(Prefix, StringComparison.Ordinal) && Hash32.TryParseHex(uri.AsSpan(Prefix.Length), out digest);
    }
}
