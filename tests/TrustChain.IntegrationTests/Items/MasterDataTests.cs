using System.Text.Json.Nodes;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Items;

/// <summary>What a template names of an item's master data stands on its page: as the producer stated it, and nobody else.</summary>
public sealed class MasterDataTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Battery_ShowsThePublicDataOfItsPassport()
    {
        var (maker, stranger) = (await Server.AddOrganisationAsync("battery"), await Server.AddOrganisationAsync("battery", claims: false));
        var item = maker.NewItem();
        (await CaptureAsync(stranger, item, "inspecting", """{"tc:ratedCapacity": 99, "tc:chemistry": "stranger"}""")).Expect(201); // ADD with a step that needs no claim.
        (await CaptureAsync(maker, item, "commissioning", """{"tc:name": "Battery 36 V", "tc:ratedCapacity": 14, "tc:chemistry": "NMC <811>", "tc:carbonFootprint": 71.5, "tc:weight": {"kg": 3}, "tc:unheard": "of"}""")).Expect(201);

        var english = await ReadAsync(item, "en");

        Assert.Contains("Battery 36 V", english, StringComparison.Ordinal);
        Assert.Matches("Chemistry.*NMC &lt;811&gt;.*Rated capacity.*14 Ah.*Carbon footprint.*71.5 kg", english.ReplaceLineEndings(" ")); // in the template's order
        foreach (var absent in (string[])["99 Ah", "stranger", ">Weight<", "unheard"])
        {
            Assert.DoesNotContain(absent, english, StringComparison.Ordinal);
        }
        Assert.Contains("额定容量", await ReadAsync(item, "zh"), StringComparison.Ordinal);
        // A second event of the maker's does not change what was said first.
        (await CaptureAsync(maker, item, "commissioning", """{"tc:ratedCapacity": 20}""")).Expect(201);
        Assert.DoesNotContain("20 Ah", await ReadAsync(item, "en"), StringComparison.Ordinal);
    }

    private static Task<Answer> CaptureAsync(TestOrganisation company, string item, string step, string ilmd)
    {
        var e = Events.Commissioning(item).With("bizStep", $"\"{step}\"").With("ilmd", ilmd);
        e["@context"] = new JsonArray(Events.Context, new JsonObject { ["tc"] = "urn:trustchain:ns:" });
        return company.CaptureAsync(e.ToJsonString(), "/epcis/events");
    }

    private async Task<string> ReadAsync(string item, string language)
    {
        await Server.GetCoveringCheckpointAsync();
        var path = new Uri(item).AbsolutePath + "?lang=" + language;
        return (await Server.GetAsync(path, null, "text/html")).Expect(200).Body;
    }
}
