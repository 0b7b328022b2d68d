using System.Globalization;
using Microsoft.Net.Http.Headers;
using TrustChain.Core.Epcis.Xml;
using TrustChain.Core.Query;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Query;

/// <summary>The forms in which events are answered.</summary>
internal enum EventMedia
{
    /// <summary>JSON under the media type <c>application/json</c>.</summary>
    Json,

    /// <summary>The same under <c>application/ld+json</c>.</summary>
    JsonLd,

    /// <summary>XML of EPCIS 2.0.</summary>
    Xml,

    /// <summary>XML of EPCIS 1.2, for clients that can read no later version.</summary>
    Xml12,
}

/// <summary>What a request to the query interface says about its answer.</summary>
internal sealed record EpcisRequest
{
    /// <summary>Events a page has where the client does not say.</summary>
    public const int DefaultPerPage = 30;

    /// <summary>Most events a page may have.</summary>
    public const int MaxPerPage = 1000;

    /// <summary>Longest path with query.</summary>
    public const int MaxTarget = 32_768;

    public required EventMedia Media { get; init; }

    public required EpcFormat EpcFormat { get; init; }

    /// <summary>How XML spells standard vocabulary (<c>GS1-CBV-XML-Format</c>).</summary>
    public required EpcisXmlCbvFormat CbvXmlFormat { get; init; }

    /// <summary>Prefixes of the header <c>GS1-Extensions</c>.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Prefixes { get; init; }

    public required int PerPage { get; init; }

    public required string? NextPageToken { get; init; }

    /// <summary>The parameters of the URL but for those of the page.</summary>
    public required IReadOnlyList<QueryParameter> Parameters { get; init; }

    public bool IsXml => Media is EventMedia.Xml or EventMedia.Xml12;

    public string ContentType => Media switch { EventMedia.Json => "application/json", EventMedia.JsonLd => "application/ld+json", _ => "application/xml" };

    /// <summary>Reads a request, or the problem to answer with.</summary>
    /// <param name="http">The request.</param>
    /// <param name="offersXml">Whether this resource has an XML form.</param>
    public static (EpcisRequest? Request, IResult? Problem) Read(HttpRequest http, bool offersXml)
    {
        if (ReadMedia(http, offersXml) is not { } media)
        {
            return (null, NotAcceptable(offersXml ? "The answer can be application/json, application/ld+json or application/xml." : "The answer can be application/json or application/ld+json."));
        }
        if (CheckVersions(http.Headers, ref media) is { } versions)
        {
            return (null, versions);
        }
        if (ReadFormat(http.Headers["GS1-EPC-Format"].ToString()) is not { } format)
        {
            return (null, NotAcceptable("GS1-EPC-Format is No_Preference, Always_GS1_Digital_Link, Always_EPC_URN or Never_Translates."));
        }
        if (ReadCbvFormat(http.Headers["GS1-CBV-XML-Format"].ToString()) is not { } cbv)
        {
            return (null, NotAcceptable("GS1-CBV-XML-Format is No_Preference, Always_Web_URI, Always_URN or Never_Translates."));
        }
        var perPage = DefaultPerPage;
        if (http.Query["perPage"] is { Count: > 0 } given
            && (given.Count > 1 || !int.TryParse(given[0], NumberStyles.None, CultureInfo.InvariantCulture, out perPage) || perPage < 1))
        {
            return (null, Parameter("perPage", "is a whole number from 1; more than 1000 are never given at once."));
        }
        if (http.Query["nextPageToken"].Count > 1)
        {
            return (null, Parameter("nextPageToken", "is given more than once."));
        }
        return (new EpcisRequest
        {
            Media = media,
            // A client of EPCIS 1.2 knows EPCs as URNs.
            EpcFormat = media == EventMedia.Xml12 && http.Headers["GS1-EPC-Format"].Count == 0 ? EpcFormat.AlwaysUrn : format,
            CbvXmlFormat = cbv,
            Prefixes = ReadPrefixes(http.Headers["GS1-Extensions"]),
            PerPage = Math.Min(perPage, MaxPerPage),
            NextPageToken = http.Query["nextPageToken"].FirstOrDefault(),
            Parameters =
            [
                .. http.Query.Where(static q => q.Key is not ("perPage" or "nextPageToken"))
                    .Select(static q => new QueryParameter(q.Key, [.. q.Value.Select(static v => v ?? "")], ParameterForm.Url)),
            ],
        }, null);
    }

    /// <summary>The problem of query parameters, with one line for each.</summary>
    public static IResult Problem(IReadOnlyList<QueryFault> faults) => Problems.Create(
        400,
        ProblemCodes.InvalidQuery,
        faults[0].ToString(),
        faults[0].Kind == QueryFaultKind.Parameter ? "QueryParameterException" : "QueryValidationException",
        faults.Take(50).Select(static f => (object)new { parameter = f.Parameter, detail = f.Message }));

    public static IResult Parameter(string name, string message) => Problem([new QueryFault(name, message)]);

    public static IResult NotAcceptable(string detail) => Problems.Create(406, ProblemCodes.NotAcceptable, detail, "NotAcceptableException");

    /// <summary>What the caller reads best among what there is; null when there is nothing they accept.</summary>
    private static EventMedia? ReadMedia(HttpRequest http, bool offersXml)
    {
        if (http.Headers.Accept.Count == 0)
        {
            return EventMedia.Json;
        }
        if (!MediaTypeHeaderValue.TryParseList(http.Headers.Accept, out var accepted))
        {
            return null;
        }
        foreach (var type in accepted.Where(static a => a.Quality is not 0).OrderByDescending(static a => a.Quality ?? 1))
        {
            switch (type.MediaType.Value?.ToLowerInvariant())
            {
                case "application/json" or "*/*" or "application/*":
                    return EventMedia.Json;
                case "application/ld+json":
                    return EventMedia.JsonLd;
                case "application/xml" or "text/xml" or "text/*" when offersXml:
                    return EventMedia.Xml;
            }
        }
        return null;
    }

    private static IResult? CheckVersions(IHeaderDictionary headers, ref EventMedia media)
    {
        var version = EpcisVersions.Json;
        switch (EpcisVersions.IsWithin(headers, "EPCIS", version))
        {
            case null:
                return NotAcceptable("GS1-EPCIS-Min and GS1-EPCIS-Max are versions such as 2.0.0.");
            case false when media == EventMedia.Xml && EpcisVersions.IsWithin(headers, "EPCIS", EpcisVersions.Xml12) == true:
                media = EventMedia.Xml12;
                break;
            case false:
                return NotAcceptable($"The answer would be EPCIS {EpcisVersions.Epcis}, outside of GS1-EPCIS-Min and GS1-EPCIS-Max; XML there also is of EPCIS 1.2.");
        }
        return EpcisVersions.IsWithin(headers, "CBV", media == EventMedia.Xml12 ? EpcisVersions.Xml12 : EpcisVersions.Json) switch
        {
            null => NotAcceptable("GS1-CBV-Min and GS1-CBV-Max are versions such as 2.0.0."),
            false => NotAcceptable($"The answer would use CBV {EpcisVersions.Cbv}, outside of GS1-CBV-Min and GS1-CBV-Max."),
            true => null,
        };
    }

    /// <summary>The format of a header's value; null when it is none.</summary>
    public static EpcFormat? ReadFormat(string text) => text switch
    {
        "" or "Always_GS1_Digital_Link" => EpcFormat.AlwaysDigitalLink,
        "Always_EPC_URN" => EpcFormat.AlwaysUrn,
        "Never_Translates" => EpcFormat.NeverTranslates,
        "No_Preference" => EpcFormat.NoPreference,
        _ => null,
    };

    /// <summary>The vocabulary's spelling that a header's value asks for; null when it is none.</summary>
    public static EpcisXmlCbvFormat? ReadCbvFormat(string text) => text switch
    {
        "" or "No_Preference" => EpcisXmlCbvFormat.NoPreference,
        "Always_Web_URI" => EpcisXmlCbvFormat.AlwaysWebUri,
        "Always_URN" => EpcisXmlCbvFormat.AlwaysUrn,
        "Never_Translates" => EpcisXmlCbvFormat.NeverTranslates,
        _ => null,
    };

    /// <summary>The header's value of a format.</summary>
    public static string NameOf(EpcFormat format) => format switch
    {
        EpcFormat.AlwaysDigitalLink => "Always_GS1_Digital_Link",
        EpcFormat.AlwaysUrn => "Always_EPC_URN",
        EpcFormat.NeverTranslates => "Never_Translates",
        _ => "No_Preference",
    };

    /// <summary><c>prefix=namespace</c>, separated by commas; what has another form is left aside, as the standard lets servers do.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> ReadPrefixes(Microsoft.Extensions.Primitives.StringValues header)
    {
        var prefixes = new List<KeyValuePair<string, string>>();
        foreach (var part in header.SelectMany(static h => (h ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Take(100))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && equals < part.Length - 1 && part.Length <= 512 && part.AsSpan(0, equals).IndexOfAny(':', '/', ' ') < 0)
            {
                prefixes.Add(KeyValuePair.Create(part[..equals], part[(equals + 1)..].Trim('"')));
            }
        }
        return prefixes;
    }
}
