using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Organisations;

/// <summary>What the operator may do with keys of others: end one, and, after a delay in which the organisation can object, admit one in place of lost ones.</summary>
internal static class KeyRecoveryEndpoints
{
    public static void MapKeyRecovery(this IEndpointRouteBuilder app)
    {
        var keys = app.MapGroup("/api/organisations/{id}/keys").WithTags("Keys").RequireAdmin();
        keys.MapPost("/{kid}/revoke", RevokeAsync).RefuseWhenHalted().WithSummary("Ends a key of an organisation as the operator.");
        keys.MapPost("/recoveries", AnnounceAsync).RefuseWhenHalted().WithSummary("Announces a new key for an organisation that has lost its own.");
        keys.MapPost("/recoveries/{index:long}/complete", CompleteAsync).RefuseWhenHalted().WithSummary("Admits the announced key, once the delay is over and nobody objected.");
    }

    private static async Task<IResult> RevokeAsync(
        string id, string kid, HttpRequest request, OrganisationStore organisations, KeyChanges changes, AuditStore audit, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        if (await organisations.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        var answer = await changes.RevokeAsync(organisation, kid, KeyRevocation.ByOperator, new JsonFields(json), cancellationToken);
        return await request.HttpContext.WriteDownAsync(audit, organisation, "key-ended", kid, answer);
    }

    private static async Task<IResult> AnnounceAsync(
        string id, HttpRequest request, OrganisationStore organisations, KeyChanges changes, AuditStore audit, IOptions<KeyOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var reason = fields.Text("reason", max: 500);
        var key = KeyEndpoints.ReadKey(fields);
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await organisations.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        if (await changes.FindSettledAsync(organisation, cancellationToken) is not { History: var history })
        {
            return KeyChanges.Moved();
        }
        var delay = options.Value.RecoveryDelay;
        var recovery = new KeyRecovery(organisation.Code, key!, (long)delay.TotalSeconds, reason!, history.Last); // Without faults both are set.
        var answer = await changes.AddAsync(
            organisation,
            history,
            recovery,
            () => Results.Json(new { kid = recovery.Key.Kid, organisation = organisation.Code, admittedFrom = time.GetUtcNow() + delay }, statusCode: StatusCodes.Status202Accepted),
            cancellationToken);
        return await request.HttpContext.WriteDownAsync(audit, organisation, "key-recovery-announced", recovery.Key.Kid, answer);
    }

    private static async Task<IResult> CompleteAsync(
        string id, long index, HttpRequest request, OrganisationStore organisations, KeyChanges changes, AuditStore audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var proof = fields.Text("proof", max: 4096);
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (await organisations.FindAsync(id, cancellationToken) is not { } organisation)
        {
            return Problems.NotFound("organisation");
        }
        if (await changes.FindSettledAsync(organisation, cancellationToken) is not { } known)
        {
            return KeyChanges.Moved();
        }
        if (known.History.OpenRecoveries.FirstOrDefault(r => r.Key == index) is not { Value: { } recovery })
        {
            return Problems.NotFound("open recovery");
        }
        var from = known.ReceivedAt(index).AddSeconds(recovery.DelaySeconds);
        if (time.GetUtcNow() < from)
        {
            return Problems.Create(409, ProblemCodes.RecoveryNotDue, $"The organisation can object until {Record.FormatTime(from.ToUniversalTime())}; the key can be admitted after that.");
        }
        var entry = new KeyEntry(
            organisation.Code, organisation.Name, recovery.Key, Custody.Self, KeyEntry.StatementsPurpose, known.History.Last, KeyEntry.VouchedByOperator, null, index);
        var answer = KeyEndpoints.FindProofFault(entry, proof!) ?? await changes.RegisterAsync(organisation, known.History, entry, null, cancellationToken); // Without faults it is set.
        return await request.HttpContext.WriteDownAsync(audit, organisation, "key-recovered", recovery.Key.Kid, answer);
    }
}
