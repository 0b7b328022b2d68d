using System.Net;
using System.Text.RegularExpressions;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>What a reader sees of a page as the server sends it, without script.</summary>
internal sealed partial class PageText
{
    private readonly string _html;

    private PageText(string html) => _html = html;

    /// <summary>All words of the page.</summary>
    public string Words => Strip(_html);

    /// <summary>The one word of the answer.</summary>
    public string Answer => Answers().Match(_html) is { Success: true } found ? Strip(found.Groups[1].Value) : "";

    /// <summary>Titles of the steps, oldest first.</summary>
    public IReadOnlyList<string> Steps => [.. StepTitles().Matches(_html).Select(static m => Strip(m.Groups[1].Value))];

    /// <summary>Titles and words of the cards: recalls and certificates.</summary>
    public IReadOnlyList<string> Cards => [.. AllCards().Matches(_html).Select(static m => Strip(m.Groups[1].Value))];

    /// <summary>Fetches an item's page.</summary>
    /// <param name="client">Asks.</param>
    /// <param name="item">The item.</param>
    /// <param name="language"><c>zh</c> or <c>en</c>.</param>
    /// <param name="apiKey">Who asks; null for anybody.</param>
    /// <param name="cancellationToken">Breaks it off.</param>
    public static async Task<PageText> GetAsync(DemoClient client, string item, string language, string? apiKey, CancellationToken cancellationToken)
    {
        var answer = await client.GetPageAsync($"{TeaItems.PathOf(item)}?lang={language}", apiKey, cancellationToken);
        return answer.IsSuccess ? new PageText(answer.Text) : throw new DevnetException($"The page of {item} answered {(int)answer.Status}.");
    }

    private static string Strip(string html) => Blanks().Replace(WebUtility.HtmlDecode(Tags().Replace(html, " ")), " ").Trim();

    [GeneratedRegex("<p class=\"word\">.*?<strong>(.*?)</strong>", RegexOptions.Singleline)]
    private static partial Regex Answers();

    [GeneratedRegex("<li class=\"step\">\\s*<h3>(.*?)</h3>", RegexOptions.Singleline)]
    private static partial Regex StepTitles();

    [GeneratedRegex("<li class=\"card\">(.*?)</li>", RegexOptions.Singleline)]
    private static partial Regex AllCards();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex("\\s+")]
    private static partial Regex Blanks();
}
