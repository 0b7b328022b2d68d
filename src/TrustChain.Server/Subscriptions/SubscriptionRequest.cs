using System.Text.Json;
using TrustChain.Core.Query;
using TrustChain.Server.Hosting;
using TrustChain.Server.Query;

namespace TrustChain.Server.Subscriptions;

/// <summary>The body of a new subscription.</summary>
/// <param name="Destination">The URL as given.</param>
/// <param name="SignatureToken">Key of signatures; null: none wanted.</param>
/// <param name="Controls">When and how to tell.</param>
/// <param name="EpcFormat">How identifiers are written; null: as the header <c>GS1-EPC-Format</c> says.</param>
internal sealed record SubscriptionRequest(string Destination, string? SignatureToken, SubscriptionControls Controls, EpcFormat? EpcFormat)
{
    private const int MaxToken = 1000;

    /// <summary>Reads a body, or the problem to answer with.</summary>
    public static (SubscriptionRequest? Request, IResult? Problem) Read(byte[] body, bool allowsPrivateAddresses)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            return json.RootElement.ValueKind == JsonValueKind.Object ? Read(json.RootElement, allowsPrivateAddresses) : (null, Invalid([new QueryFault("", "The body is not a JSON object.")]));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return (null, Invalid([new QueryFault("", "The body is not JSON without repeated members and half characters.")]));
        }
    }

    /// <summary>The problem of controls that contradict each other or the standard.</summary>
    public static IResult ControlsProblem(IReadOnlyList<QueryFault> faults) => Problem(faults, "SubscriptionControlsException");

    /// <summary>The problem of a query whose results cannot be told bit by bit; null when it can be subscribed to.</summary>
    public static IResult? CheckQuery(EventQuery query) => query is { Order: null, EventCountLimit: null, MaxEventCount: null }
        ? null
        : ControlsProblem([new QueryFault("", "A query with orderBy, eventCountLimit or maxEventCount cannot be subscribed to: events are told in the order of the log, and all of them.")]);

    private static (SubscriptionRequest? Request, IResult? Problem) Read(JsonElement json, bool allowsPrivateAddresses)
    {
        var faults = new List<QueryFault>();
        Dictionary<string, string>? schedule = null;
        var texts = new Dictionary<string, string>();
        foreach (var member in json.EnumerateObject())
        {
            switch (member.Name)
            {
                case "dest" or "signatureToken" or "secret" or "initialRecordTime" or "epcFormat" when member.Value.ValueKind == JsonValueKind.String:
                    texts[member.Name] = member.Value.GetString()!; // It is a string.
                    break;
                case "stream" or "reportIfEmpty" when member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                    texts[member.Name] = member.Value.GetRawText();
                    break;
                case "schedule" when member.Value.ValueKind == JsonValueKind.Object:
                    schedule = ReadSchedule(member.Value, faults);
                    break;
                case "dest" or "signatureToken" or "secret" or "initialRecordTime" or "epcFormat" or "stream" or "reportIfEmpty" or "schedule":
                    faults.Add(new QueryFault(member.Name, "has the wrong type."));
                    break;
                default:
                    faults.Add(new QueryFault(member.Name, "is not known here."));
                    break;
            }
        }
        if (texts.ContainsKey("secret") && texts.ContainsKey("signatureToken"))
        {
            faults.Add(new QueryFault("secret", "is another name of signatureToken; give one of them."));
        }
        var token = texts.GetValueOrDefault("signatureToken") ?? texts.GetValueOrDefault("secret");
        if (token is { Length: 0 or > MaxToken })
        {
            faults.Add(new QueryFault("signatureToken", $"has 1 to {MaxToken} characters."));
        }
        var format = texts.TryGetValue("epcFormat", out var name) ? EpcisRequest.ReadFormat(name) : null;
        if (name is not null && (name.Length == 0 || format is null))
        {
            faults.Add(new QueryFault("epcFormat", "is No_Preference, Always_GS1_Digital_Link, Always_EPC_URN or Never_Translates."));
        }
        if (!texts.TryGetValue("dest", out var destination) && !faults.Exists(static f => f.Parameter == "dest"))
        {
            faults.Add(new QueryFault("dest", "is missing."));
        }
        if (faults.Count > 0)
        {
            return (null, Invalid(faults));
        }
        if (!DestinationRules.TryParse(destination!, allowsPrivateAddresses, out _, out var fault)) // Without faults it is there.
        {
            return (null, Problems.Create(400, ProblemCodes.InvalidDestination, $"dest: {fault}", "InvalidURIException"));
        }
        return SubscriptionControls.Parse(texts.GetValueOrDefault("stream"), schedule, texts.GetValueOrDefault("reportIfEmpty"), texts.GetValueOrDefault("initialRecordTime"), out var wrong) is { } controls
            ? (new SubscriptionRequest(destination!, token, controls, format), null) // As above.
            : (null, ControlsProblem(wrong));
    }

    private static Dictionary<string, string> ReadSchedule(JsonElement json, List<QueryFault> faults)
    {
        var fields = new Dictionary<string, string>();
        foreach (var field in json.EnumerateObject())
        {
            // The schema has texts, its examples have numbers.
            if (field.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            {
                fields[field.Name] = field.Value.ToString();
            }
            else
            {
                faults.Add(new QueryFault(field.Name, "is a text."));
            }
        }
        return fields;
    }

    private static IResult Invalid(IReadOnlyList<QueryFault> faults) => Problem(faults, "ValidationException");

    private static IResult Problem(IReadOnlyList<QueryFault> faults, string exception) => Problems.Create(
        400, ProblemCodes.InvalidSubscription, faults[0].ToString(), exception, faults.Take(50).Select(static f => (object)new { parameter = f.Parameter, detail = f.Message }));
}
