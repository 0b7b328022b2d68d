using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Imports;
using TrustChain.Postgres.Accounts;
using TrustChain.Postgres.Devices;
using TrustChain.Server.Capture;
using TrustChain.Server.Hosting;
using TrustChain.Server.Limits;

namespace TrustChain.Server.Devices;

/// <summary>Readings from other platforms (<c>docs/devices.md</c> section 10): CSV, and the telematics feeds of ISO 15143-3.</summary>
internal static class ImportEndpoints
{
    private const int MaxBytes = 16 << 20;
    private const int MaxListed = 100;

    public static void MapImports(this IEndpointRouteBuilder app)
    {
        var imports = app.MapGroup("/api/devices");
        imports.WithTags("Devices").NeedsRole(OrganisationRole.Operator).RequireOrganisation().CountCaptures().RefuseWhenHalted().WithRequestTimeout(LimitsExtensions.Upload);
        imports.MapPost("/{id}/imports", ImportAsync).WithSummary("Imports readings of a device from another platform: CSV, or a telematics feed of ISO 15143-3 in XML or JSON. The service signs them, and they are marked imported.");
        imports.MapPost("/imports", ImportFleetAsync).WithSummary("Imports a fleet's telematics feed of ISO 15143-3 in XML or JSON: each machine goes to the own device with its serial number or URI.");
    }

    private static async Task<IResult> ImportAsync(string id, HttpRequest request, Caller caller, DeviceAccess access, TelemetryImport import, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await access.FindAsync(id, caller, cancellationToken) is not { IsOwner: true, Device: var device })
        {
            return DeviceEndpoints.NotFound();
        }
        var form = FormOf(request);
        if (form is null)
        {
            return Problems.Create(415, ProblemCodes.UnsupportedMediaType, "The Content-Type must be text/csv, application/xml or application/json, not compressed.");
        }
        if (await RequestBody.ReadAsync(request, MaxBytes, cancellationToken) is not { } body)
        {
            return Problems.TooLarge(MaxBytes);
        }
        var template = import.TemplateOf(device);
        var others = 0;
        ImportResult read;
        if (form == "csv")
        {
            read = CsvImport.Read(body, template, time.GetUtcNow());
        }
        else
        {
            var (equipment, fault) = ReadFeed(form, body);
            if (fault is not null)
            {
                return Refused([fault], 0);
            }
            // A time series does not say whose it is: its address at the provider did.
            var own = equipment.Where(e => !e.Names.Any() || e.Names.Any(n => IsNameOf(n, device))).ToList();
            others = equipment.Count - own.Count;
            read = TelematicsMapping.Read(own.SelectMany(static e => e.Points), template, time.GetUtcNow());
        }
        if (read.Readings is not { } readings)
        {
            return Refused(read.Faults, read.MoreFaults);
        }
        var outcome = await import.ImportAsync(caller.Organisation!, device, readings, form, cancellationToken); // The route requires one.
        return outcome.Refused ?? Results.Json(Answer(device, outcome, read, others), statusCode: outcome.New > 0 ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<IResult> ImportFleetAsync(HttpRequest request, Caller caller, DeviceStore devices, TelemetryImport import, TimeProvider time, CancellationToken cancellationToken)
    {
        var form = FormOf(request);
        if (form is null or "csv")
        {
            return Problems.Create(415, ProblemCodes.UnsupportedMediaType, "The Content-Type must be application/xml or application/json, not compressed.");
        }
        if (await RequestBody.ReadAsync(request, MaxBytes, cancellationToken) is not { } body)
        {
            return Problems.TooLarge(MaxBytes);
        }
        var (equipment, fault) = ReadFeed(form, body);
        if (fault is not null)
        {
            return Refused([fault], 0);
        }
        var owner = caller.Organisation!; // The route requires one.
        var known = await devices.ListByNamesAsync(owner.Id, [.. equipment.SelectMany(static e => e.Names).Distinct()], cancellationToken);
        var byName = known.SelectMany(static d => NamesOf(d).Select(n => (Name: n, Device: d))).ToLookup(static n => n.Name, static n => n.Device, StringComparer.OrdinalIgnoreCase);
        var unknown = new List<object>();
        var results = new List<object>();
        var (points, unknownCount, added) = (new Dictionary<int, (StoredDevice Device, List<TelematicsPoint> Points)>(), 0, 0);
        foreach (var machine in equipment)
        {
            var matches = machine.Names.SelectMany(n => byName[n]).DistinctBy(static d => d.Id).ToList();
            if (matches.Count == 1)
            {
                points.TryAdd(matches[0].Id, (matches[0], []));
                points[matches[0].Id].Points.AddRange(machine.Points);
            }
            else if (++unknownCount <= MaxListed)
            {
                unknown.Add(new { equipmentId = machine.EquipmentId, serialNumber = machine.SerialNumber, pin = machine.Pin, reason = matches.Count == 0 ? "no-device" : "several-devices" });
            }
        }
        foreach (var (device, own) in points.Values)
        {
            var read = TelematicsMapping.Read(own, import.TemplateOf(device), time.GetUtcNow());
            var outcome = await import.ImportAsync(owner, device, read.Readings!, form, cancellationToken); // A feed always has readings, though perhaps none.
            if (outcome.Refused is { } refused)
            {
                return refused;
            }
            added += outcome.New;
            results.Add(Answer(device, outcome, read, 0));
        }
        return Results.Json(new { devices = results, unknown, unknownCount }, statusCode: added > 0 ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static (IReadOnlyList<TelematicsEquipment> Equipment, ImportFault? Fault) ReadFeed(string form, byte[] body) => form == "xml" ? TelematicsFeed.ReadXml(body) : TelematicsFeed.ReadJson(body);

    private static string? FormOf(HttpRequest request) =>
        request.Headers.ContentEncoding.Count > 0 || !Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            ? null
            : type.MediaType.Value?.ToLowerInvariant() switch
            {
                "text/csv" => "csv",
                "application/xml" or "text/xml" => "xml",
                "application/json" => "json",
                _ => null,
            };

    private static IEnumerable<string> NamesOf(StoredDevice device) => device.Serial is { } serial ? [device.Uri, serial] : [device.Uri];

    private static bool IsNameOf(string name, StoredDevice device) => name == device.Uri || string.Equals(name, device.Serial, StringComparison.OrdinalIgnoreCase);

    private static object Answer(StoredDevice device, ImportOutcome outcome, ImportResult read, int others) => new
    {
        device = device.Uri,
        id = device.Pseudonym.ToBase64Url(),
        statements = outcome.Statements,
        @new = outcome.New,
        readings = outcome.Readings,
        repeatedValues = read.Readings?.Repeated ?? 0,
        otherEquipment = others,
        notMapped = read.NotMapped.Select(static n => new { name = n.Name, reason = n.Reason }),
        leftOut = read.Faults.Select(ToJson),
        moreLeftOut = read.MoreFaults,
        captures = outcome.Captures.Select(CaptureAnswer.From),
    };

    private static IResult Refused(IReadOnlyList<ImportFault> faults, int more) => Problems.Create(
        400,
        ProblemCodes.InvalidImport,
        $"{(faults[0].Place.Length > 0 ? $"{faults[0].Place}: " : "")}{faults[0].Detail}{(faults.Count + more > 1 ? $" And {faults.Count + more - 1} more." : "")} Nothing was imported.",
        errors: faults.Select(ToJson));

    private static object ToJson(ImportFault fault) => new { place = fault.Place, rule = fault.Code, detail = fault.Detail };
}
