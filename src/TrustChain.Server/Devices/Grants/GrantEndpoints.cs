using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Devices;
using TrustChain.Postgres.Organisations;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Items;

namespace TrustChain.Server.Devices.Grants;

/// <summary>Parts that the endpoints of grants share.</summary>
internal sealed record GrantParts(GrantStore Grants, DeviceStore Devices, DeviceAccess Access, OrganisationStore Organisations, PublicStatements Statements, TimeProvider Time);

/// <summary>Grants: an organisation asks, the owner answers, gives unasked and revokes (<c>docs/devices.md</c> section 8).</summary>
internal static class GrantEndpoints
{
    private const int PageSize = 100;
    private const int MaxOpenRequests = 1000;
    private const int MaxInForce = 1000;
    private const string Signed = "plain JSON that the service signs for the organisation, or a signed statement (application/jose, typ grant+jws)";

    public static void MapGrants(this IEndpointRouteBuilder app)
    {
        var own = app.MapGroup("/api/grants").WithTags("Grants");
        own.MapPost("", RequestAsync).RefuseWhenHalted().WithSummary($"Asks the owner of a device for access: {Signed}. Answered with 202 whether or not there is such a device.");
        own.MapGet("", ListOwnAsync).RequireOrganisation().WithSummary("One's own requests and the grants one has, 100 at a time.");
        own.MapGet("/{grant}", GetOwnAsync).RequireOrganisation().WithSummary("One grant that one has or asked for, with its entries of the log and what opens them.");
        var given = app.MapGroup("/api/devices/{id}").WithTags("Grants");
        given.MapPost("/grants", OfferAsync).RefuseWhenHalted().WithSummary($"The owner gives access unasked: {Signed}.");
        given.MapGet("/grants", ListAsync).RequireOrganisation().WithSummary("Requests and grants of one's device, 100 at a time.");
        given.MapGet("/grants/{grant}", GetAsync).RequireOrganisation().WithSummary("One of them, with its entries of the log and what opens them.");
        given.MapPost("/grants/{grant}/approve", ApproveAsync).RefuseWhenHalted().WithSummary($"The owner gives what was asked for, or less of it (terms): {Signed}.");
        given.MapPost("/grants/{grant}/refuse", RefuseAsync).RequireOrganisation().Audited("grant-refused").WithSummary("The owner says no. Who asked is not told.");
        given.MapPost("/grants/{grant}/revoke", RevokeAsync).RefuseWhenHalted().WithSummary($"The owner ends a grant: {Signed}. Days up to today stay readable, for their keys have been handed over; later ones do not.");
        given.MapGet("/accesses", ListAccessesAsync).RequireOrganisation().WithSummary("Every read of one's device under a grant or by an auditor of the deployment (without a grant), the newest first, each with its entry of the log and what opens it.");
    }

    /// <summary>Takes a request for access: 202, or the problem.</summary>
    public static async Task<IResult> RequestAsync(HttpRequest request, Caller caller, GrantParts parts, CancellationToken cancellationToken)
    {
        var (statement, act, problem) = await ReceiveAsync(request, caller, parts, GrantActKind.Request, (fields, organisation) =>
        {
            var device = fields.Text("device", max: TelemetryHeader.MaxDeviceChars);
            return (device is null ? null : ItemUri.Read(device, fields, "device"), GrantAct.NewId(), organisation.Code, ReadTerms(fields, isRequired: true), null);
        }, cancellationToken);
        if (act is null)
        {
            return problem!; // One of the two is set.
        }
        var terms = act.Terms!; // A request has terms.
        var now = statement!.Entry.ReceivedAt; // Set with the act.
        if (Grant.FindTermsFault(terms, now) is { } fault)
        {
            return Refused(fault);
        }
        // No entry of the log, and the same work for any URI: who asks shall not see whether there is such a device.
        return await parts.Grants.AddRequestAsync(
            act.Grant, act.Device, statement.Organisation.Id, terms, statement.Entry.Jws!, now, MaxOpenRequests, now - Grant.RequestLifetime, cancellationToken) // A received statement has one.
            ? Results.Json(
                Answer(new StoredGrant(act.Grant, act.Device, null, null, act.Grantee, statement.Organisation.Id, null, Grant.Request(terms, now)), now, forGrantee: true),
                statusCode: StatusCodes.Status202Accepted)
            : Refused($"its id is taken, or {MaxOpenRequests} requests of yours wait for an answer");
    }

    public static async Task<IResult> OfferAsync(string id, HttpRequest request, Caller caller, GrantParts parts, CancellationToken cancellationToken)
    {
        var device = await FindOwnAsync(id, request, caller, parts, cancellationToken);
        if (device is null && caller.Organisation is not null)
        {
            return DeviceEndpoints.NotFound();
        }
        var (statement, act, problem) = await ReceiveAsync(
            request, caller, parts, GrantActKind.Grant, (fields, _) => (device?.Uri, GrantAct.NewId(), fields.Text("grantee", max: 63), ReadTerms(fields, isRequired: true), null), cancellationToken);
        if (act is null)
        {
            return problem!; // One of the two is set.
        }
        if (device is null || device.OrganisationId != statement!.Organisation.Id || act.Device != device.Uri) // Set with the act.
        {
            return DeviceEndpoints.NotFound();
        }
        if (await parts.Organisations.FindAsync(act.Grantee, cancellationToken) is not { } grantee || act.Request is not null)
        {
            return Problems.InvalidRequest($"\"grantee\": there is no organisation \"{act.Grantee}\"; and what was not asked for names no request.");
        }
        var terms = act.Terms!; // A grant has terms.
        var entry = Hide(statement.Entry);
        if (Grant.FindTermsFault(terms, entry.ReceivedAt) is { } fault)
        {
            return Refused(fault);
        }
        if (FindFault(await parts.Grants.AddOfferAsync(device, act.Grant, grantee.Id, terms, entry, MaxInForce, cancellationToken)) is { } notGiven)
        {
            return notGiven;
        }
        parts.Statements.Published();
        return Results.Json(
            Answer(new StoredGrant(act.Grant, device.Uri, device.Id, device.OrganisationId, grantee.Code, grantee.Id, null, Grant.Offer(terms, entry.ReceivedAt)), entry.ReceivedAt, forGrantee: false),
            statusCode: StatusCodes.Status201Created);
    }

    public static async Task<IResult> ApproveAsync(string id, string grant, HttpRequest request, Caller caller, GrantParts parts, CancellationToken cancellationToken)
    {
        var (device, stored) = await FindOwnGrantAsync(id, grant, request, caller, parts, cancellationToken);
        if (stored is null && caller.Organisation is not null)
        {
            return NotFound();
        }
        var (statement, act, problem) = await ReceiveAsync(
            request,
            caller,
            parts,
            GrantActKind.Grant,
            (fields, _) => (device?.Uri, grant, stored?.Grantee, ReadTerms(fields, isRequired: false) ?? stored?.Grant.Terms, stored is null ? null : DigestOf(stored)),
            cancellationToken);
        if (act is null)
        {
            return problem!; // One of the two is set.
        }
        if (device is null || stored is null || device.OrganisationId != statement!.Organisation.Id || act.Device != device.Uri || act.Grant != stored.Id || act.Grantee != stored.Grantee) // Set with the act.
        {
            return NotFound();
        }
        if (act.Request != DigestOf(stored))
        {
            return Refused("it does not name the request that it answers");
        }
        var entry = Hide(statement.Entry);
        if (stored.Grant.FindApprovalFault(act.Terms!, entry.ReceivedAt) is { } fault) // A grant has terms.
        {
            return Refused(fault);
        }
        if (FindFault(await parts.Grants.ApproveAsync(stored, device, act.Terms!, entry, MaxInForce, cancellationToken)) is { } notGiven)
        {
            return notGiven;
        }
        parts.Statements.Published();
        return Results.Json(Answer(stored with { OwnerId = device.OrganisationId, Grant = stored.Grant.Approve(act.Terms!, entry.ReceivedAt) }, entry.ReceivedAt, forGrantee: false));
    }

    public static async Task<IResult> RefuseAsync(string id, string grant, Caller caller, GrantParts parts, CancellationToken cancellationToken)
    {
        if (await parts.Access.FindAsync(id, caller, cancellationToken) is not { Device: var device } || await FindAsync(device, grant, parts, cancellationToken) is not { } stored)
        {
            return NotFound();
        }
        var now = parts.Time.GetUtcNow();
        return stored.Grant.FindRefusalFault(now) is { } fault ? Refused(fault)
            : await parts.Grants.RefuseAsync(stored, now, cancellationToken) ? Results.Json(Answer(stored with { Grant = stored.Grant.Refuse(now) }, now, forGrantee: false))
            : Moved();
    }

    public static async Task<IResult> RevokeAsync(string id, string grant, HttpRequest request, Caller caller, GrantParts parts, CancellationToken cancellationToken)
    {
        var (device, stored) = await FindOwnGrantAsync(id, grant, request, caller, parts, cancellationToken);
        if (stored is null && caller.Organisation is not null)
        {
            return NotFound();
        }
        var (statement, act, problem) = await ReceiveAsync(request, caller, parts, GrantActKind.Revoke, (_, _) => (device?.Uri, grant, stored?.Grantee, null, null), cancellationToken);
        if (act is null)
        {
            return problem!; // One of the two is set.
        }
        if (device is null || stored is null || device.OrganisationId != statement!.Organisation.Id || act.Device != device.Uri || act.Grant != stored.Id || act.Grantee != stored.Grantee) // Set with the act.
        {
            return NotFound();
        }
        var entry = Hide(statement.Entry);
        if (stored.Grant.FindRevocationFault(entry.ReceivedAt) is { } fault)
        {
            return Refused(fault);
        }
        if (!await parts.Grants.RevokeAsync(stored, entry, cancellationToken))
        {
            return Moved();
        }
        parts.Statements.Published();
        return Results.Json(Answer(stored with { Grant = stored.Grant.Revoke(entry.ReceivedAt) }, entry.ReceivedAt, forGrantee: false));
    }

    private static async Task<IResult> ListAsync(string id, Caller caller, GrantParts parts, CancellationToken cancellationToken, string after = "")
    {
        if (await parts.Access.FindAsync(id, caller, cancellationToken) is not { Device: var device })
        {
            return DeviceEndpoints.NotFound();
        }
        return List(await parts.Grants.ListOfDeviceAsync(device.Id, Cursor(after), PageSize, cancellationToken), parts, forGrantee: false);
    }

    private static async Task<IResult> GetAsync(string id, string grant, Caller caller, GrantParts parts, CancellationToken cancellationToken)
    {
        return await parts.Access.FindAsync(id, caller, cancellationToken) is { Device: var device } && await FindAsync(device, grant, parts, cancellationToken) is { } stored
            ? await ShowAsync(stored, parts, forGrantee: false, cancellationToken)
            : NotFound();
    }

    private static async Task<IResult> ListOwnAsync(Caller caller, GrantParts parts, CancellationToken cancellationToken, string after = "") =>
        List(await parts.Grants.ListOfGranteeAsync(caller.Organisation!.Id, Cursor(after), PageSize, cancellationToken), parts, forGrantee: true); // The route requires one.

    private static async Task<IResult> GetOwnAsync(string grant, Caller caller, GrantParts parts, CancellationToken cancellationToken) =>
        GrantAct.IsId(grant) && await parts.Grants.FindAsync(grant, cancellationToken) is { } stored && stored.GranteeId == caller.Organisation!.Id // The route requires one.
            ? await ShowAsync(stored, parts, forGrantee: true, cancellationToken)
            : NotFound();

    private static async Task<IResult> ListAccessesAsync(string id, Caller caller, GrantParts parts, CancellationToken cancellationToken, long before = long.MaxValue)
    {
        if (await parts.Access.FindAsync(id, caller, cancellationToken) is not { Device: var device })
        {
            return DeviceEndpoints.NotFound();
        }
        var list = await parts.Grants.ListAccessesAsync(device.Id, before, PageSize, cancellationToken);
        return Results.Json(new
        {
            device = device.Uri,
            accesses = list.Select(static a => new
            {
                grant = a.Access.Grant,
                grantee = a.Access.Grantee,
                kind = AccessEntry.Name(a.Access.Kind),
                hour = Record.FormatTime(a.Access.Hour),
                from = a.Access.Days.From,
                until = a.Access.Days.Until,
                entry = Answer(a.Entry),
            }),
            next = list.Count == PageSize ? list[^1].Id : (long?)null,
        });
    }

    private static IResult List(List<StoredGrant> list, GrantParts parts, bool forGrantee)
    {
        var now = parts.Time.GetUtcNow();
        return Results.Json(new { grants = list.Select(g => Answer(g, now, forGrantee)), next = list.Count == PageSize ? list[^1].Id : null });
    }

    private static async Task<IResult> ShowAsync(StoredGrant stored, GrantParts parts, bool forGrantee, CancellationToken cancellationToken)
    {
        var answer = Answer(stored, parts.Time.GetUtcNow(), forGrantee);
        answer["request"] = stored.Request;
        answer["entries"] = (await parts.Grants.ListEntriesAsync(stored.Id, cancellationToken)).Select(Answer);
        answer["deviceId"] = stored.Grant.GrantedAt is not null && stored.DeviceId is { } id && await parts.Devices.FindAsync(id, cancellationToken) is { } device ? device.Pseudonym.ToBase64Url() : null;
        return Results.Json(answer);
    }

    private static Dictionary<string, object?> Answer(StoredGrant g, DateTimeOffset now, bool forGrantee)
    {
        using var terms = JsonDocument.Parse(g.Grant.Terms.ToJcs());
        var days = g.Grant.DaysAt(now);
        return new Dictionary<string, object?>
        {
            ["grant"] = g.Id,
            ["device"] = g.Uri,
            ["grantee"] = g.Grantee,
            ["state"] = Grant.Show(forGrantee ? g.Grant.StateForGranteeAt(now) : g.Grant.StateAt(now)),
            ["terms"] = terms.RootElement.Clone(),
            ["requestedAt"] = g.Grant.RequestedAt,
            ["grantedAt"] = g.Grant.GrantedAt,
            ["revokedAt"] = g.Grant.RevokedAt,
            ["refusedAt"] = forGrantee ? null : g.Grant.RefusedAt,
            ["readable"] = days is { } range ? new { from = range.From, until = range.Until } : null,
            ["live"] = g.Grant.IsLiveAt(now),
        };
    }

    private static object Answer(HiddenEntry entry)
    {
        using var content = JsonDocument.Parse(entry.Content);
        return new
        {
            kind = (int)entry.Kind,
            leaf = entry.LeafIndex,
            salt = Base64UrlText.Encode(entry.Salt),
            content = content.RootElement.Clone(),
            statement = entry.Jws,
            at = entry.At,
        };
    }

    /// <summary>Reads a grant statement, or makes one of plain JSON.</summary>
    /// <param name="request">The request.</param>
    /// <param name="caller">Who sends it.</param>
    /// <param name="parts">What is needed.</param>
    /// <param name="kind">The act it must be.</param>
    /// <param name="complete">Of plain JSON: device, id, grantee, terms and request of the act.</param>
    /// <param name="cancellationToken">Cancels.</param>
    private static async Task<(PublicStatement? Statement, GrantAct? Act, IResult? Problem)> ReceiveAsync(
        HttpRequest request,
        Caller caller,
        GrantParts parts,
        GrantActKind kind,
        Func<JsonFields, Organisation, (string? Device, string Id, string? Grantee, GrantTerms? Terms, Hash32? Request)> complete,
        CancellationToken cancellationToken)
    {
        var (statement, problem) = await parts.Statements.ReceiveAsync(request, caller, GrantAct.Type, EntryKind.Grant, (json, organisation) =>
        {
            var fields = new JsonFields(json);
            var (device, id, grantee, terms, asked) = complete(fields, organisation);
            if (grantee == organisation.Code && kind != GrantActKind.Request)
            {
                fields.Fault("grantee", "is the owner, who needs no grant.");
            }
            if (fields.Problem() is { } faults)
            {
                return (null, faults);
            }
            // Without faults all are set.
            var act = new GrantAct { Act = kind, Grant = id, Device = device!, Grantee = grantee!, Organisation = organisation.Code, Terms = terms, Request = asked };
            using var document = JsonDocument.Parse(act.ToJcs());
            return (document.RootElement.Clone(), null);
        }, cancellationToken);
        if (statement is null)
        {
            return (null, null, problem);
        }
        return GrantAct.TryParse(statement.Payload, out var read) && read.Act == kind && read.Organisation == statement.Organisation.Code
            ? (statement, read, null)
            : (null, null, Problems.Create(400, ProblemCodes.InvalidStatement, $"The payload must be an act \"{GrantAct.Name(kind)}\" of your own organisation (docs/devices.md section 8)."));
    }

    private static GrantTerms? ReadTerms(JsonFields fields, bool isRequired)
    {
        if (fields.Object("terms", isRequired) is not { } json)
        {
            return null;
        }
        if (GrantTerms.TryParse(json, out var terms, out var error))
        {
            return terms;
        }
        fields.Fault("terms", $"are not understood. {error}");
        return null;
    }

    /// <summary>The device of the caller, or, where the request is signed and comes without an API key, of whoever turns out to have signed.</summary>
    private static async Task<StoredDevice?> FindOwnAsync(string id, HttpRequest request, Caller caller, GrantParts parts, CancellationToken cancellationToken) =>
        caller.Organisation is not null ? (await parts.Access.FindAsync(id, caller, cancellationToken))?.Device
        : request.ContentType is not null && Hash32.TryParseBase64Url(id, out var pseudonym) ? await parts.Devices.FindAsync(pseudonym, cancellationToken)
        : null;

    private static async Task<(StoredDevice? Device, StoredGrant? Grant)> FindOwnGrantAsync(
        string id, string grant, HttpRequest request, Caller caller, GrantParts parts, CancellationToken cancellationToken)
    {
        var device = await FindOwnAsync(id, request, caller, parts, cancellationToken);
        return (device, device is null ? null : await FindAsync(device, grant, parts, cancellationToken));
    }

    private static async Task<StoredGrant?> FindAsync(StoredDevice device, string grant, GrantParts parts, CancellationToken cancellationToken) =>
        GrantAct.IsId(grant) && await parts.Grants.FindAsync(grant, cancellationToken) is { } stored && stored.DeviceId == device.Id ? stored : null;

    private static Hash32? DigestOf(StoredGrant stored) =>
        stored.Request is { } compact && Jws.TryParse(compact, out var jws, out _) ? jws.ComputeDigest() : null;

    private static NewPublicEntry Hide(NewPublicEntry entry) => entry with { Salt = RandomNumberGenerator.GetBytes(LogEntry.SaltSize) };

    private static string Cursor(string after) => GrantAct.IsId(after) ? after : "";

    private static IResult NotFound() => Problems.NotFound("grant");

    private static IResult Refused(string fault) => Problems.Create(409, ProblemCodes.GrantRefused, $"The step may not be taken: {fault}.");

    private static IResult? FindFault(GrantOutcome outcome) => outcome switch
    {
        GrantOutcome.Given => null,
        GrantOutcome.Moved => Moved(),
        GrantOutcome.TooMany => Problems.Create(409, ProblemCodes.TooManyGrants, $"{MaxInForce} grants of this device are in force. Revoke one first."),
        _ => throw new UnreachableException(),
    };

    private static IResult Moved() => Problems.Create(409, ProblemCodes.ChangedMeanwhile, "The grant or the device was changed meanwhile; read it again.");
}
