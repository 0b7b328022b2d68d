using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Query;

/// <summary>Who may see what, on every list and resource. On a server of its own: what everybody may see would show in the answers of other tests.</summary>
public sealed class ReaderTests(QueryFixture fixture) : IClassFixture<QueryFixture>
{
    [Fact]
    public async Task Everything_ShowsEachReaderWhatTheRuleAllows()
    {
        var (owner, partner, pretender, stranger) = (await fixture.Server.AddOrganisationAsync("tea"), await fixture.Server.AddOrganisationAsync(), await fixture.Server.AddOrganisationAsync(verified: false), await fixture.Server.AddOrganisationAsync());
        foreach (var (mark, step) in new[] { ("open", Events.PublicStep), ("secret", Events.PrivateStep) })
        {
            var e = Events.Observation($"urn:{owner.Id}:class:{mark}", step).WithId($"urn:{owner.Id}:event:{mark}")
                .With("epcList", $"[\"urn:{owner.Id}:item:{mark}\"]").With("readPoint", $"{{\"id\":\"urn:{owner.Id}:gate:{mark}\"}}").With("bizLocation", $"{{\"id\":\"urn:{owner.Id}:hall:{mark}\"}}").With("disposition", $"\"urn:{owner.Id}:disp:{mark}\"")
                .With("destinationList", $"[{{\"type\":\"owning_party\",\"destination\":\"{Party(partner)}\"}},{{\"type\":\"possessing_party\",\"destination\":\"{Party(pretender)}\"}}]");
            (await owner.CaptureAsync(Events.Document(e))).Expect(202);
        }
        (string Reader, string? Key, bool SeesSecret)[] readers =
            [("owner", owner.ApiKey, true), ("partner", partner.ApiKey, true), ("pretender", pretender.ApiKey, false), ("stranger", stranger.ApiKey, false), ("anonymous", null, false)];
        (string Collection, string Value)[] resources = [("epcs", "item"), ("epcs", "class"), ("readPoints", "gate"), ("bizLocations", "hall"), ("dispositions", "disp")];
        var faults = new List<string>();
        foreach (var (reader, key, seesSecret) in readers)
        {
            foreach (var (mark, sees) in new[] { ("open", true), ("secret", seesSecret) })
            {
                await ExpectAsync($"/epcis/events/{Uri.EscapeDataString($"urn:{owner.Id}:event:{mark}")}", 404);
                await ExpectAsync($"/epcis/events?EQ_eventID=urn:{owner.Id}:event:{mark}", 200);
                await ExpectAsync($"/epcis/events?EQ_bizStep={(mark == "open" ? Events.PublicStep : Events.PrivateStep)}&MATCH_epc=urn:{owner.Id}:item:{mark}&orderBy=eventTime", 200);
                await ExpectAsync($"/epcis/events?MATCH_anyEPCClass=urn:{owner.Id}:class:{mark}&EXISTS_none:x=false", 400, always: true);
                foreach (var (collection, value) in resources)
                {
                    var uri = $"urn:{owner.Id}:{value}:{mark}";
                    await ExpectAsync($"/epcis/{collection}/{Uri.EscapeDataString(uri)}/events", 200);
                    await ExpectAsync($"/epcis/{collection}/{Uri.EscapeDataString(uri)}", 404, content: "\"events\"");
                    if (value != "class")
                    {
                        var listed = (await fixture.PagesAsync($"/epcis/{collection}?perPage=1000", key)).SelectMany(static p => p.Members).Contains(uri);
                        if (listed != sees)
                        {
                            faults.Add($"{reader} finds {uri} in /epcis/{collection}: {listed}");
                        }
                    }
                }

                async Task ExpectAsync(string path, int statusOfNothing, string? content = null, bool always = false)
                {
                    var answer = await fixture.SendAsync(HttpMethod.Get, path, key);
                    var isShown = answer.Status == 200 && answer.Answer.Body.Contains(content ?? $"urn:{owner.Id}:event:{mark}", StringComparison.Ordinal);
                    if (isShown != (sees && !always) || (!isShown && answer.Status != statusOfNothing))
                    {
                        faults.Add($"{reader} at {path}: {answer.Status}, shown: {isShown}");
                    }
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static string Party(TestOrganisation organisation)
    {
        var digits = organisation.Prefix + "20001";
        return $"https://id.gs1.org/417/{digits}{Core.Identifiers.CheckDigit.Compute(digits)}";
    }
}
