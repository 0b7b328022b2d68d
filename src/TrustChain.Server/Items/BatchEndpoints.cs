using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json;
using TrustChain.Core.Batches;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Query;
using TrustChain.Postgres.Items;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Items;

/// <summary>Batches: the simplest way for a producer to bring a lot into being. Registering one makes its commissioning event.</summary>
internal static class BatchEndpoints
{
    public static void MapBatches(this IEndpointRouteBuilder app)
    {
        var batches = app.MapGroup("/api/batches").WithTags("Batches").RequireOrganisation();
        batches.MapPost("", RegisterAsync).RefuseWhenHalted().WithSummary("Registers a batch (GTIN, lot, template, name, origin, variety, quantity) and records its commissioning.");
        batches.MapGet("", ListAsync).WithSummary("Own batches, newest first.");
        app.MapGet("/api/templates", static (TemplateCatalog templates) => Results.Json(new { templates = templates.All })).WithTags("Batches").WithSummary("The templates of this deployment.");
    }

    private static async Task<IResult> RegisterAsync(
        HttpRequest request, Caller caller, BatchStore batches, CaptureService capture, TemplateCatalog templates, TimeProvider time, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var organisation = caller.Organisation!; // The group requires one.
        var fields = new JsonFields(json);
        var (gtin, lot, name) = (fields.Text("gtin", max: 14), fields.Text("lot", max: 20), fields.Text("name", max: 200));
        var template = fields.Text("template", required: false, max: 63) ?? organisation.Template;
        var (origin, variety, unit) = (fields.Text("origin", required: false, max: 200), fields.Text("variety", required: false, max: 200), fields.Text("unit", required: false, max: 3));
        var quantity = fields.Number("quantity", required: false);
        var producedAt = fields.Time("producedAt", required: false) ?? time.GetUtcNow();
        var (location, locationName) = (fields.Text("location", required: false, max: 500), fields.Text("locationName", required: false, max: 200));
        if (templates.Find(template) is null)
        {
            fields.Fault("template", $"must be one of {string.Join(", ", templates.All.Select(static t => t.Name))}.");
        }
        if (quantity <= 0)
        {
            fields.Fault("quantity", "must be positive.");
        }
        var item = "";
        if (gtin is not null && lot is not null)
        {
            if (gtin.Length is 8 or 12 or 13 or 14 && gtin.All(char.IsAsciiDigit) && !CheckDigit.IsValid(gtin))
            {
                fields.Fault("gtin", "has a wrong check digit.");
            }
            else if (Gs1Identifier.TryParse($"{CanonicalDigitalLink.Domain}/01/{gtin}/10/{Uri.EscapeDataString(lot)}", out var id, out var error))
            {
                item = ItemUris.Normalise(id.DigitalLink);
            }
            else
            {
                fields.Fault("gtin", $"and lot make no GS1 batch: {error}");
            }
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        var details = JsonSerializer.Serialize(new { origin, variety, quantity, unit });
        if (await batches.FindAsync(item, cancellationToken) is { } known)
        {
            return known.OrganisationId == organisation.Id && known.Name == name
                ? Results.Json(Answer(known)) // A repeat of the same request.
                : Problems.Create(409, ProblemCodes.AlreadyExists, ((BatchDecision.Refused)Batch.Decide(Enum.Parse<BatchState>(known.State), BatchCommand.Register)).Reason);
        }
        var utf8 = JsonSerializer.SerializeToUtf8Bytes(CommissioningEvent(item, name!, origin, variety, quantity, unit, location, locationName, producedAt)); // Without faults the name is set.
        switch (await capture.CaptureAsync(new CaptureRequest.Plain(utf8, IsXml: false), caller, singleEvent: true, proceeds: false, cancellationToken))
        {
            case CaptureOutcome.Refused refused:
                return refused.Problem;
            case CaptureOutcome.Accepted accepted:
                var batch = new StoredBatch(item, organisation.Id, template!, name!, nameof(BatchState.Registered), 1, details, time.GetUtcNow());
                await batches.AddAsync(batch, cancellationToken);
                return Results.Json(
                    new { item, name, template, state = "registered", capture = CaptureAnswer.From(accepted.Receipt), url = item[CanonicalDigitalLink.Domain.Length..] },
                    statusCode: StatusCodes.Status201Created);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>ObjectEvent, ADD, commissioning, with what the producer states as instance or lot master data.</summary>
    private static JsonObject CommissioningEvent(
        string item, string name, string? origin, string? variety, decimal? quantity, string? unit, string? location, string? locationName, DateTimeOffset producedAt)
    {
        var element = new JsonObject { ["epcClass"] = item };
        if (quantity is { } amount)
        {
            element["quantity"] = amount;
            if (unit is not null)
            {
                element["uom"] = unit;
            }
        }
        var ilmd = new JsonObject { ["tc:name"] = name };
        if (origin is not null)
        {
            ilmd["tc:origin"] = origin;
        }
        if (variety is not null)
        {
            ilmd["tc:variety"] = variety;
        }
        var e = new JsonObject
        {
            ["@context"] = new JsonArray("https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", new JsonObject { ["tc"] = EventExtensions.Namespace }),
            ["type"] = "ObjectEvent",
            ["eventTime"] = producedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture),
            ["eventTimeZoneOffset"] = producedAt.ToString("zzz", CultureInfo.InvariantCulture),
            ["action"] = "ADD",
            ["bizStep"] = "commissioning",
            ["disposition"] = "active",
            ["quantityList"] = new JsonArray(element),
            ["ilmd"] = ilmd,
        };
        if (location is not null)
        {
            e["readPoint"] = locationName is null ? new JsonObject { ["id"] = location } : new JsonObject { ["id"] = location, ["tc:name"] = locationName };
        }
        return e;
    }

    private static async Task<IResult> ListAsync(Caller caller, BatchStore batches, CancellationToken cancellationToken) =>
        Results.Json(new { batches = (await batches.ListAsync(caller.Organisation!.Id, 500, cancellationToken)).Select(Answer) }); // The group requires one.

    private static object Answer(StoredBatch batch)
    {
        using var details = JsonDocument.Parse(batch.Details);
        return new { item = batch.Item, name = batch.Name, template = batch.Template, state = batch.State.ToLowerInvariant(), details = details.RootElement.Clone(), createdAt = batch.CreatedAt };
    }
}
