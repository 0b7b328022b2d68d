using Microsoft.AspNetCore.Http.Extensions;

namespace TrustChain.Server.Pages;

/// <summary>What every page needs beside its own view: language, order, address and time of the request, and who runs the service.</summary>
public sealed record PageContext
{
    /// <summary>Name of the query parameter for the order of steps: <c>newest</c> or <c>oldest</c>.</summary>
    public const string OrderParameter = "order";

    /// <summary>Language of the page.</summary>
    public required PageLanguage Language { get; init; }

    /// <summary>Path and query of the request without the language and order parameters, percent-encoded.</summary>
    public required string Address { get; init; }

    /// <summary>True for the newest step first. The default is oldest first.</summary>
    public bool NewestFirst { get; init; }

    /// <summary>Time from which relative words are counted.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Name of the organisation that runs this service.</summary>
    public required Phrase Operator { get; init; }

    /// <summary>Words of the page's language.</summary>
    public Texts Texts => Texts.Of(Language);

    /// <summary>Reads language and order from a request.</summary>
    /// <param name="request">The request; its query and <c>Accept-Language</c> are read leniently.</param>
    /// <param name="operatorName">Who runs this service.</param>
    /// <param name="now">The server's time.</param>
    /// <param name="onlyParameter">The only parameter that the page's address keeps, so that foreign ones make no pages of their own; empty for none, null for all.</param>
    public static PageContext For(HttpRequest request, Phrase operatorName, DateTimeOffset now, string? onlyParameter = null)
    {
        var query = new QueryBuilder();
        foreach (var (name, values) in request.Query)
        {
            if (name is not (PageLanguages.Parameter or OrderParameter) && (onlyParameter is null || name.Equals(onlyParameter, StringComparison.OrdinalIgnoreCase)))
            {
                query.Add(name, values.Select(static v => v ?? ""));
            }
        }
        return new PageContext
        {
            Language = PageLanguages.Choose(request.Query[PageLanguages.Parameter], request.GetTypedHeaders().AcceptLanguage),
            Address = request.PathBase.ToUriComponent() + request.Path.ToUriComponent() + query.ToQueryString().ToUriComponent(),
            NewestFirst = request.Query[OrderParameter] == "newest",
            Now = now,
            Operator = operatorName,
        };
    }

    /// <summary>Address of this page in another language or order.</summary>
    public string Link(PageLanguage language, bool newestFirst)
    {
        var link = $"{Address}{(Address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{PageLanguages.Parameter}={language.Code()}";
        return newestFirst ? $"{link}&{OrderParameter}=newest" : link;
    }

    /// <summary>Address of another page of this site, in this page's language.</summary>
    public string To(string path) => $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{PageLanguages.Parameter}={Language.Code()}";

    /// <summary>An address fit for a link: <c>http</c>, <c>https</c>, or a path on this site; null for anything else, such as <c>javascript:</c>.</summary>
    public static string? SafeLink(string? url) =>
        IsLocal(url) || (Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)) ? url : null;

    private const int MaxReturn = 2_000;

    /// <summary>True for a path on this site. Backslashes are refused because browsers read them as slashes, and so <c>/\host</c> as another site.</summary>
    public static bool IsLocal(string? url) =>
        url is ['/', ..] && url is not ['/', '/' or '\\', ..] && !url.AsSpan().ContainsAny(['\\', '\t', '\n', '\r']);

    /// <summary>Where a form may lead back to: a path on this site as a header can carry it, of printable ASCII and not longer than a browser's address.</summary>
    public static bool IsReturn(string? url) => IsLocal(url) && url!.Length <= MaxReturn && !url.AsSpan().ContainsAnyExceptInRange('!', '~');
}
