using Microsoft.Net.Http.Headers;

namespace TrustChain.Server.Pages;

/// <summary>The languages in which pages are written.</summary>
public enum PageLanguage
{
    /// <summary>English, tag <c>en</c>.</summary>
    English,

    /// <summary>Simplified Chinese, tag <c>zh-CN</c>.</summary>
    Chinese,
}

/// <summary>Chooses and names page languages.</summary>
public static class PageLanguages
{
    /// <summary>Name of the query parameter that overrides the browser's wish: <c>zh</c> or <c>en</c>.</summary>
    public const string Parameter = "lang";

    /// <summary>Value of the query parameter.</summary>
    public static string Code(this PageLanguage language) => language == PageLanguage.Chinese ? "zh" : "en";

    /// <summary>BCP 47 tag for the <c>lang</c> attribute and the <c>Content-Language</c> header.</summary>
    public static string Tag(this PageLanguage language) => language == PageLanguage.Chinese ? "zh-CN" : "en";

    /// <summary>The query parameter if it names a language, else the most wanted of the accepted ones (RFC 9110 section 12.5.4), else English.</summary>
    /// <param name="parameter">Value of <c>?lang=</c>, or null.</param>
    /// <param name="accepted">The <c>Accept-Language</c> values as parsed; none when absent or malformed.</param>
    public static PageLanguage Choose(string? parameter, IEnumerable<StringWithQualityHeaderValue> accepted)
    {
        if (Match(parameter) is { } asked)
        {
            return asked;
        }
        // OrderByDescending is stable: of equal wishes the first counts.
        foreach (var value in accepted.Where(static v => v.Quality != 0).OrderByDescending(static v => v.Quality ?? 1))
        {
            if (Match(value.Value.Value) is { } wanted)
            {
                return wanted;
            }
        }
        return PageLanguage.English;
    }

    private static PageLanguage? Match(string? tag) => tag?.Split('-', 2)[0].ToLowerInvariant() switch
    {
        "zh" => PageLanguage.Chinese,
        "en" => PageLanguage.English,
        _ => null,
    };
}
