using System.Text.Json;
using Microsoft.Extensions.Options;
using TrustChain.Core.Devices;
using TrustChain.Core.Query;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Accounts;
using TrustChain.Server.Hosting;
using TrustChain.Server.Subscriptions;

namespace TrustChain.Server.Devices;

/// <summary>Alarms about devices: a list, and hooks that are told of each.</summary>
internal static class DeviceAlarmEndpoints
{
    private const int PageSize = 100;
    private const int MaxHooks = 20;

    public static void MapDeviceAlarms(this IEndpointRouteBuilder app)
    {
        var alarms = app.MapGroup("/api/device-alarms").WithTags("Devices").RequireOrganisation();
        alarms.MapGet("", ListAsync).WithSummary("New findings about own devices, newest first, 100 at a time.");
        alarms.MapGet("/hooks", ListHooksAsync).WithSummary("Where the organisation is told of them.");
        alarms.MapPost("/hooks", AddHookAsync).NeedsRole(OrganisationRole.Operator).Audited("hook-made").WithSummary("Adds a place to be told at: an https URL, a key for signatures, the least severity, and the codes.");
        alarms.MapDelete("/hooks/{id}", RemoveHookAsync).NeedsRole(OrganisationRole.Operator).Audited("hook-removed").WithSummary("Takes one away.");
    }

    private static async Task<IResult> ListAsync(Caller caller, DeviceAlarmStore alarms, CancellationToken cancellationToken, long? before = null)
    {
        var list = await alarms.ListAsync(caller.Organisation!.Id, before, PageSize, cancellationToken); // The group requires one.
        return Results.Json(new { alarms = list.Select(ToJson), next = list.Count == PageSize ? list[^1].Id : (long?)null });
    }

    /// <summary>An alarm as it is listed and sent.</summary>
    public static object ToJson(DeviceAlarm a) => new
    {
        id = a.Id,
        device = a.Device,
        name = a.Name,
        code = a.Finding.Code,
        title = RefusalCodes.Title(a.Finding.Code, "en"),
        severity = a.Finding.Severity.ToString().ToLowerInvariant(),
        from = a.Finding.From,
        until = a.Finding.Until,
        measure = a.Finding.Measure,
        detail = a.Finding.Detail,
        raisedAt = a.RaisedAt,
        verdicts = $"/api/devices/{a.Pseudonym.ToBase64Url()}/verdicts",
    };

    private static async Task<IResult> ListHooksAsync(Caller caller, DeviceAlarmStore alarms, CancellationToken cancellationToken) =>
        Results.Json(new { hooks = (await alarms.ListHooksAsync(caller.Organisation!.Id, cancellationToken)).Select(ToJson) }); // The group requires one.

    private static async Task<IResult> AddHookAsync(
        HttpRequest request, Caller caller, DeviceAlarmStore alarms, SubscriptionSecrets secrets, IOptions<SubscriptionOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var (json, problem) = await RequestBody.ReadJsonAsync(request, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }
        var fields = new JsonFields(json);
        var (destination, token, severityText) = (fields.Text("dest", max: 2048), fields.Text("signatureToken", required: false, max: 1000), fields.Text("severity", required: false, max: 10) ?? "alarm");
        var codes = fields.Texts("codes");
        FindingSeverity? severity = severityText switch { "notice" => FindingSeverity.Notice, "alarm" => FindingSeverity.Alarm, _ => null };
        if (severity is null)
        {
            fields.Fault("severity", "is notice or alarm.");
        }
        if (codes.FirstOrDefault(static c => !FindingTexts.Titles.ContainsKey(c) && c is not (RefusalCodes.Refused or RefusalCodes.EndedKey or RefusalCodes.ForeignDevice or RefusalCodes.Impersonated)) is { } unknown)
        {
            fields.Fault("codes", $"has no code \"{unknown}\"; docs/devices.md section 7 lists them.");
        }
        if (fields.Problem() is { } faults)
        {
            return faults;
        }
        if (!DestinationRules.TryParse(destination!, options.Value.AllowPrivateAddresses, out _, out var fault)) // Without faults it is set.
        {
            return Problems.Create(400, ProblemCodes.InvalidDestination, $"dest: {fault}");
        }
        request.HttpContext.Concerning(new Uri(destination!).Host); // Parsed above. Paths and queries may hold secrets.
        var id = Guid.CreateVersion7();
        var hook = new DeviceHook(
            id, caller.Organisation!.Id, destination!, token is null ? null : secrets.Seal(id, token), severity!.Value, codes.Count == 0 ? null : codes, time.GetUtcNow(), 0, null, null); // As above; the group requires one.
        return await alarms.AddHookAsync(hook, MaxHooks, cancellationToken)
            ? Results.Json(ToJson(hook), statusCode: StatusCodes.Status201Created)
            : Problems.Create(409, ProblemCodes.AlreadyExists, $"An organisation has at most {MaxHooks} hooks.");
    }

    private static async Task<IResult> RemoveHookAsync(string id, Caller caller, DeviceAlarmStore alarms, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var hook) && await alarms.RemoveHookAsync(caller.Organisation!.Id, hook, cancellationToken) ? Results.NoContent() : Problems.NotFound("hook"); // The group requires one.

    private static object ToJson(DeviceHook h) => new
    {
        id = h.Id,
        dest = h.Destination,
        signed = h.Secret is not null,
        severity = h.Severity.ToString().ToLowerInvariant(),
        codes = h.Codes,
        createdAt = h.CreatedAt,
        failures = h.Failures,
        lastError = h.LastError,
        stoppedAt = h.StoppedAt,
    };
}

/// <summary>Tells hooks of alarms, each until it was taken or the hook is given up. Any number of servers may run it.</summary>
internal sealed partial class DeviceAlarmWorker(
    DeviceAlarmStore alarms, WebhookSender sender, SubscriptionSecrets secrets, IOptions<SubscriptionOptions> options, TimeProvider time, ILogger<DeviceAlarmWorker> logger)
    : BackgroundService
{
    private const int BatchSize = 16;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var now = time.GetUtcNow();
                var taken = await alarms.TakeAsync(now, now + (2 * options.Value.Timeout) + TimeSpan.FromSeconds(30), BatchSize, stoppingToken);
                await Task.WhenAll(taken.Select(DeliverAsync));
                if (taken.Count < BatchSize)
                {
                    await Task.Delay(Interval, time, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // What was taken and not recorded is due again when the lease has run out.
                if (Failures.IsDatabaseAway(exception))
                {
                    Log.DatabaseAway(logger, exception.Message);
                }
                else
                {
                    Log.Failed(logger, exception);
                }
                await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task DeliverAsync(AlarmDelivery delivery)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(DeviceAlarmEndpoints.ToJson(delivery.Alarm));
        // Begun is finished, so that what was told is recorded as told.
        var result = await sender.SendAsync(delivery.Hook.Destination, body, headers =>
        {
            headers.Add("TrustChain-Alarm", delivery.Alarm.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (delivery.Hook.Secret is { } secret)
            {
                headers.Add("TrustChain-Signature", secrets.Sign(delivery.Hook.Id, secret, body));
            }
        }, CancellationToken.None);
        if (result.Error is not { } error)
        {
            await alarms.DeliveredAsync(delivery, CancellationToken.None);
            return;
        }
        var now = time.GetUtcNow();
        var givesUp = delivery.Attempts + 1 >= options.Value.MaxAttempts;
        await alarms.FailedAsync(delivery, error, givesUp ? null : now + SubscriptionDelivery.PauseAfter(delivery.Attempts + 1, options.Value), now, CancellationToken.None);
        Log.NotDelivered(logger, delivery.Alarm.Id, delivery.Hook.Id, delivery.Attempts + 1, givesUp, error);
    }

    private static partial class Log
    {
        [LoggerMessage(5510, LogLevel.Warning, "Telling of alarms about devices waits for the database: {Reason}")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(5511, LogLevel.Error, "Telling of alarms about devices failed")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(5512, LogLevel.Information, "Alarm {Alarm} could not be told to hook {Hook}, attempt {Attempts}, given up: {GivesUp}. {Reason}")]
        public static partial void NotDelivered(ILogger logger, long alarm, Guid hook, int attempts, bool givesUp, string reason);
    }
}
