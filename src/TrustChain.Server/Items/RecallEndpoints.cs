using System.Text.Json;
using TrustChain.Core.Batches;
using TrustChain.Core.Identifiers;
using TrustChain.Core.Log;
using TrustChain.Postgres.Capture;
using TrustChain.Postgres.Items;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Organisations;

namespace TrustChain.Server.Items;

/// <summary>Recalls of items: set and lifted by signed statements, each an entry of the log.</summary>
internal static class RecallEndpoints
{
    public static void MapRecalls(this IEndpointRouteBuilder app)
    {
        var recalls = app.MapGroup("/api/recalls").WithTags("Recalls");
        recalls.MapPost("", SetAsync).RefuseWhenHalted().WithSummary("Sets a recall: plain JSON with an API key, or a signed statement (typ recall+jws).");
        recalls.MapGet("", ListAsync).WithSummary("Recalls of an item, or one's own.");
        recalls.MapPost("/{id}/lift", LiftAsync).RefuseWhenHalted().WithSummary("Lifts a recall of one's own.");
    }

    private static async Task<IResult> SetAsync(
        HttpRequest request,
        Caller caller,
        PublicStatements statements,
        StatusStore status,
        BatchStore batches,
        AuthorityCheck authority,
        ItemPageCache pages,
        CancellationToken cancellationToken)
    {
        var (statement, problem) = await statements.ReceiveAsync(request, caller, PublicEntry.RecallType, EntryKind.Recall, (json, organisation) =>
        {
            var plain = new JsonFields(json);
            var payload = new
            {
                act = "set",
                instructions = plain.Text("instructions"),
                item = plain.Text("item", max: 2048),
                organisation = organisation.Code,
                reason = plain.Text("reason"),
                recall = plain.Text("id", required: false, max: 100) ?? Guid.CreateVersion7().ToString(),
                v = 1,
            };
            return plain.Problem() is { } faults ? (null, faults) : (payload, null);
        }, cancellationToken);
        if (statement is null)
        {
            return problem!; // One of the two is set.
        }
        var fields = new JsonFields(statement.Payload);
        var (act, id, item, reason, instructions) = (fields.Text("act"), fields.Text("recall", max: 100), fields.Text("item", max: 2048), fields.Text("reason"), fields.Text("instructions"));
        if (fields.Text("organisation") is { } named && named != statement.Organisation.Code)
        {
            fields.Fault("organisation", "must be your own.");
        }
        if (act is not null && act != "set")
        {
            fields.Fault("act", "must be \"set\".");
        }
        if (fields.Number("v") is { } version && version != 1)
        {
            fields.Fault("v", "must be 1.");
        }
        item = item is null ? null : ItemUri.Read(item, fields);
        if (fields.Problem() is { } wrong)
        {
            return wrong;
        }
        // Without faults all are set. A recall hurts the producer, so only who may create the item may recall it.
        if (await authority.FindClaimAsync(statement.Organisation.Id, item!, cancellationToken) is null)
        {
            return Problems.Create(403, ProblemCodes.NoAuthority, $"Recalling {item} needs a claim over its key.");
        }
        var batch = await batches.FindAsync(item!, cancellationToken);
        if (batch is not null && Batch.Decide(Enum.Parse<BatchState>(batch.State), BatchCommand.Recall) is BatchDecision.Refused refused)
        {
            return Problems.Create(409, ProblemCodes.AlreadyExists, refused.Reason);
        }
        var recall = new StoredRecall
        {
            Id = id!,
            OrganisationId = statement.Organisation.Id,
            Item = item!,
            ItemKey = ItemKey.Compute(item!),
            Reason = reason!,
            Instructions = instructions!,
            SetAt = statement.Entry.ReceivedAt,
        };
        if (!await status.AddRecallAsync(recall, statement.Entry, cancellationToken))
        {
            return Problems.Create(409, ProblemCodes.AlreadyExists, $"There is a recall \"{id}\" already.");
        }
        if (batch is not null)
        {
            await batches.UpdateAsync(item!, nameof(BatchState.Recalled), batch.Version, cancellationToken);
        }
        statements.Published();
        pages.Clear();
        return Results.Json(Answer(recall, statement.Organisation.Code), statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> LiftAsync(
        string id, HttpRequest request, Caller caller, PublicStatements statements, StatusStore status, BatchStore batches, ItemPageCache pages, CancellationToken cancellationToken)
    {
        var (statement, problem) = await statements.ReceiveAsync(request, caller, PublicEntry.RecallType, EntryKind.Recall, (json, organisation) =>
        {
            var plain = new JsonFields(json);
            var why = plain.Text("reason");
            return plain.Problem() is { } faults ? (null, faults) : (new { act = "lift", organisation = organisation.Code, reason = why, recall = id, v = 1 }, null);
        }, cancellationToken);
        if (statement is null)
        {
            return problem!; // One of the two is set.
        }
        var fields = new JsonFields(statement.Payload);
        var (act, recall, organisation, reason, version) = (fields.Text("act"), fields.Text("recall"), fields.Text("organisation"), fields.Text("reason"), fields.Number("v"));
        if (fields.Problem() is { } wrong)
        {
            return wrong;
        }
        if (act != "lift" || recall != id || organisation != statement.Organisation.Code || version != 1)
        {
            return Problems.InvalidRequest("The statement must have act \"lift\", this recall, your organisation, and v 1.");
        }
        if (!await status.LiftRecallAsync(id, statement.Organisation.Id, reason!, statement.Entry, cancellationToken)) // Without faults it is set.
        {
            return Problems.NotFound("recall of yours in force");
        }
        var item = (await status.FindRecallAsync(id, cancellationToken))!.Item; // Just lifted.
        if (await batches.FindAsync(item, cancellationToken) is { } batch && Batch.Decide(Enum.Parse<BatchState>(batch.State), BatchCommand.LiftRecall) is BatchDecision.Happens)
        {
            await batches.UpdateAsync(item, nameof(BatchState.Registered), batch.Version, cancellationToken);
        }
        statements.Published();
        pages.Clear();
        return Results.Json(new { id, state = "lifted", liftedAt = statement.Entry.ReceivedAt, reason });
    }

    private static async Task<IResult> ListAsync(
        Caller caller, ItemStatus itemStatus, StatusStore status, OrganisationDirectory organisations, CancellationToken cancellationToken, string? item = null)
    {
        if (item is null && caller.Organisation is null)
        {
            return Problems.NotAuthenticated();
        }
        var uri = item is not null && Gs1Identifier.TryParse(item, out var id, out _) ? id.DigitalLink : item;
        // Without an item the caller is known.
        var list = uri is null ? await status.ListRecallsOfAsync(caller.Organisation!.Id, cancellationToken) : await itemStatus.ListRecallsAsync([uri], cancellationToken);
        var names = await organisations.GetAsync(list.Select(static r => r.OrganisationId), cancellationToken);
        return Results.Json(new { recalls = list.Select(r => Answer(r, names[r.OrganisationId].Code)) });
    }

    private static object Answer(StoredRecall r, string organisation) => new
    {
        id = r.Id,
        organisation,
        item = r.Item,
        reason = r.Reason,
        instructions = r.Instructions,
        setAt = r.SetAt,
        liftedAt = r.LiftedAt,
        liftReason = r.LiftReason,
    };
}
