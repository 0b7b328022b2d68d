using System.Text.Json;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Items;

/// <summary>Pages of items with unusual stories.</summary>
public sealed class ItemPageTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    /// <summary>The place's own time of such an event is in no year that a calendar here knows.</summary>
    [Theory]
    [InlineData("0001-01-01T00:00:00Z", "-14:00", "1 January 0001")]
    [InlineData("9999-12-31T23:59:59.999Z", "+14:00", "31 December 9999")]
    public async Task Page_OfAnEventAtTheEdgeOfTime_IsShown(string time, string offset, string shown)
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        var made = Events.Commissioning(item).With("eventTime", JsonSerializer.Serialize(time)).With("eventTimeZoneOffset", JsonSerializer.Serialize(offset));
        (await company.CaptureAsync(Events.Document(made))).Expect(202);
        await Server.GetCoveringCheckpointAsync();

        var page = (await Server.GetAsync(new Uri(item).AbsolutePath, company.ApiKey, "text/html")).Expect(200);
        Assert.Contains(shown, page.Body, StringComparison.Ordinal);
        var story = (await Server.GetAsync(new Uri(item).AbsolutePath, company.ApiKey, "application/ld+json")).Expect(200).Json;
        Assert.Equal(time, Assert.Single(story.GetProperty("tc:events").EnumerateArray()).GetProperty("eventTime").GetString());
    }

    /// <summary>Else each such address would be a page of its own to keep, as long as strangers like.</summary>
    [Fact]
    public async Task Page_WithForeignParameters_IsTheSameAsWithout()
    {
        var company = await Server.AddOrganisationAsync("tea");
        var item = company.NewItem();
        (await company.CaptureAsync(Events.Document(Events.Observation(item, Events.PublicStep)))).Expect(202);
        await Server.GetCoveringCheckpointAsync();

        foreach (var path in (string[])[$"{new Uri(item).AbsolutePath}?lang=en", $"/item?uri={Uri.EscapeDataString(item)}&lang=en"])
        {
            var page = (await Server.GetAsync(path + (path.StartsWith("/item", StringComparison.Ordinal) ? "" : "&uri=foreign-value") + "&foreign=foreign-value&order=oldest", null, "text/html")).Expect(200).Body;

            Assert.DoesNotContain("foreign", page, StringComparison.Ordinal);
            Assert.Contains(System.Net.WebUtility.HtmlEncode(path.Replace("lang=en", "lang=zh", StringComparison.Ordinal)), page, StringComparison.OrdinalIgnoreCase); // The other language is the same item.
        }
    }
}
