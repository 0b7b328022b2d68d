using System.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using TrustChain.Core.Epcis;
using TrustChain.Postgres.Partitions;

namespace TrustChain.Server.Hosting;

/// <summary>Stable codes of this service's own problems; each is explained in <c>docs/api/problems.md</c>.</summary>
public static class ProblemCodes
{
    public const string InvalidRequest = "invalid-request";
    public const string InvalidStatement = "invalid-statement";
    public const string InvalidEvents = "invalid-events";
    public const string SignatureInvalid = "signature-invalid";
    public const string KeyUnknown = "key-unknown";
    public const string KeyRevoked = "key-revoked";
    public const string KeyNotYetLogged = "key-not-yet-logged";
    public const string KeyHistoryMoved = "key-history-moved";
    public const string KeyChangeRefused = "key-change-refused";
    public const string ChangedMeanwhile = "changed-meanwhile";
    public const string NotVouchedFor = "not-vouched-for";
    public const string RecoveryNotDue = "recovery-not-due";
    public const string AudienceMismatch = "audience-mismatch";
    public const string NotAuthenticated = "not-authenticated";
    public const string NotAllowed = "not-allowed";
    public const string SecondFactorNeeded = "second-factor-needed";
    public const string NoAuthority = "no-authority";
    public const string NotFound = "not-found";
    public const string AlreadyExists = "already-exists";
    public const string ClaimOverlaps = "claim-overlaps";
    public const string TooManyClaims = "too-many-claims";
    public const string TooManyApiKeys = "too-many-api-keys";
    public const string EventIdInUse = "event-id-in-use";
    public const string ContentErased = "content-erased";
    public const string TooLarge = "too-large";
    public const string TooManyElements = "too-many-elements";
    public const string TraceTooLarge = "trace-too-large";
    public const string PeriodTooLarge = "period-too-large";
    public const string UnsupportedMediaType = "unsupported-media-type";
    public const string InvalidQuery = "invalid-query";
    public const string QueryTooLarge = "query-too-large";
    public const string QueryTooComplex = "query-too-complex";
    public const string InvalidSubscription = "invalid-subscription";
    public const string InvalidDestination = "invalid-destination";
    public const string NotAcceptable = "not-acceptable";
    public const string UriTooLong = "uri-too-long";
    public const string NotYetLogged = "not-yet-logged";
    public const string InColdStorage = "in-cold-storage";
    public const string DeviceActRefused = "device-act-refused";
    public const string TooManyActs = "too-many-acts";
    public const string DeviceMismatch = "device-mismatch";
    public const string GrantRefused = "grant-refused";
    public const string TooManyGrants = "too-many-grants";
    public const string InvalidTelemetry = "invalid-telemetry";
    public const string InvalidImport = "invalid-import";
    public const string ReadOnly = "read-only";
    public const string TooManyRequests = "too-many-requests";
    public const string TooManyJobs = "too-many-jobs";
    public const string Timeout = "timeout";
    public const string Busy = "busy";
    public const string CustodialKeyClosed = "custodial-key-closed";
    public const string Unavailable = "unavailable";
    public const string Internal = "internal-error";
}

/// <summary>Builds every problem (RFC 9457), so that one kind of failure has one wording.</summary>
public static class Problems
{
    private const string Documentation = "/docs/problems#";

    /// <summary>The service cannot sign for the organisation.</summary>
    public static IResult CustodialKeyClosed() => Create(
        503,
        ProblemCodes.CustodialKeyClosed,
        "The key that this service holds for your organisation does not open since the operator's custodial master key was replaced. Statements that you sign yourself are taken; the operator can end the key, then a new one is made.",
        "ImplementationException");

    /// <summary>A problem with its code; on EPCIS routes the type is the exception that the GS1 OpenAPI names.</summary>
    public static IResult Create(int status, string code, string detail, string? epcisException = null, IEnumerable<object>? errors = null, IEnumerable<object>? archives = null)
    {
        var problem = new ProblemDetails
        {
            Status = status,
            Type = epcisException is null ? Documentation + code : $"epcisException:{epcisException}",
            Title = TitleOf(status),
            Detail = detail,
            Extensions = { ["code"] = code },
        };
        if (status >= 500 && Activity.Current is { } activity)
        {
            problem.Extensions["traceId"] = activity.TraceId.ToString();
        }
        if (errors is not null)
        {
            problem.Extensions["errors"] = errors.ToArray();
        }
        if (archives is not null)
        {
            problem.Extensions["archives"] = archives.ToArray();
        }
        return Results.Problem(problem);
    }

    /// <summary>The content of a record is not in the database but in files that the operator keeps; its proofs are here.</summary>
    public static IResult InColdStorage(IReadOnlyList<ColdArchive> archives) => Create(
        409,
        ProblemCodes.InColdStorage,
        "The content is in cold storage; that it is in the log is still proven (/evidence with withoutContent=true). Ask the operator to bring back "
        + string.Join(", ", archives.Select(static a => $"archive {a.Partition} ({a.Location}, SHA-256 {a.Sha256})")) + ".",
        archives: archives.Select(static a => (object)new { partition = a.Partition, location = a.Location, sha256 = a.Sha256.ToHex(), since = a.DroppedAt }));

    public static IResult InvalidRequest(string detail) => Create(400, ProblemCodes.InvalidRequest, detail);

    public static IResult NotFound(string what, bool epcis = false) =>
        Create(404, ProblemCodes.NotFound, $"There is no {what} that you may see.", epcis ? "NoSuchResourceException" : null);

    /// <summary>What a caller is told who is nobody here: that they must say who they are, or that being signed in is not enough.</summary>
    public static IResult NotAuthenticated(Caller caller) => caller.LacksSecondFactor ? SecondFactorNeeded() : NotAuthenticated();

    public static IResult NotAuthenticated() =>
        Create(401, ProblemCodes.NotAuthenticated, "This needs a valid API key in the header \"Authorization: Bearer\".", "SecurityException");

    public static IResult NotAllowed(string detail) => Create(403, ProblemCodes.NotAllowed, detail, "SecurityException");

    /// <summary>A browser is signed in by a password alone, and its person needs a second factor.</summary>
    public static IResult SecondFactorNeeded() => Create(
        403, ProblemCodes.SecondFactorNeeded, "You signed in by a password alone; your account needs a second factor. Set up or show a passkey or one-time codes at /account/second-factor.", "SecurityException");

    public static IResult TooLarge(long limitBytes) =>
        Create(413, ProblemCodes.TooLarge, $"The body is larger than {limitBytes} bytes.", "CaptureLimitExceededException");

    /// <summary>Faults of an EPCIS document, each with its place and rule.</summary>
    public static IResult InvalidEvents(IReadOnlyList<EpcisFault> faults, int? eventNumber = null) => Create(
        400,
        ProblemCodes.InvalidEvents,
        eventNumber is null ? faults[0].ToString() : $"event {eventNumber}: {faults[0]}",
        "ValidationException",
        faults.Select(f => (object)new { @event = eventNumber, pointer = f.JsonPointer, line = f.Line, byteOffset = f.ByteOffset, rule = f.Rule, detail = f.Message }));

    private static string TitleOf(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        406 => "Not Acceptable",
        409 => "Conflict",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Internal Server Error",
    };
}
