using System.Text.Json.Nodes;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Capture;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Items;

/// <summary>A history that is larger than a bundle is never given as if it were whole.</summary>
public sealed class TraceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Item_WithMoreEventsThanATraceHolds_IsRefusedAsAWhole_AndGivenInPages()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var item = company.NewItem();
        (await other.CaptureAsync(LargeDocument.Write(item, 300))).Expect(202); // What others say of it, and nobody else may see, takes no room.
        (await company.CaptureAsync(LargeDocument.Write(item, 200))).Expect(202);
        await Server.GetCoveringCheckpointAsync();
        var trace = $"/evidence?item={Uri.EscapeDataString(item)}&trace=true";
        Assert.Equal(200, (await Server.GetAsync(trace, company.ApiKey)).Expect(200).Json.GetProperty("records").GetArrayLength());

        (await company.CaptureAsync(Events.Document(Events.Observation(item)))).Expect(202);
        await Server.GetCoveringCheckpointAsync();

        (await Server.GetAsync(trace, company.ApiKey)).ExpectProblem(422, "trace-too-large");
        var story = JsonNode.Parse((await Server.GetAsync(new Uri(item).AbsolutePath, company.ApiKey, "application/ld+json")).Expect(200).Body)!;
        Assert.False(story["tc:complete"]!.GetValue<bool>());
        var records = 0;
        for (var path = story["tc:evidence"]!.GetValue<string>(); path is not null;)
        {
            Assert.True(EvidenceBundle.TryParse((await Server.GetAsync(path, company.ApiKey)).Expect(200).Bytes, out var bundle, out var error), error);
            Assert.DoesNotContain(EvidenceVerifier.Verify(bundle, Server.Registry.Trust, null).Checks, static c => c.Outcome == Outcome.Failed);
            records += bundle.Records.Count;
            path = bundle.Next;
        }
        Assert.Equal(201, records);
    }

    [Theory]
    [InlineData(24, 2, 3)] // More than a walk reads of an item, and than a page of evidence.
    [InlineData(48, 4, 5)]
    public async Task Item_WhoseEvidenceIsLongerThanABundle_IsGivenInShorterPages_AndItsPageLinksThose(int documents, int fewestPages, int mostPages)
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var item = company.NewItem();
        var text = new string('x', 700_000);
        for (var i = 0; i < documents; i++)
        {
            var observation = Events.Observation(item, $"urn:test:step:{i}").With("ex:text", $"\"{text}\"");
            observation["@context"] = new JsonArray(Events.Context, new JsonObject { ["ex"] = "https://example.org/" });
            (await company.CaptureDocumentAsync(key, Events.Document(i == 0 ? Events.Commissioning(item) : observation))).Expect(202);
        }
        await Server.GetCoveringCheckpointAsync();

        (await Server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}&trace=true", company.ApiKey)).ExpectProblem(422, "trace-too-large");
        var page = System.Net.WebUtility.HtmlDecode((await Server.GetAsync(new Uri(item).AbsolutePath, company.ApiKey, "text/html")).Expect(200).Body);
        var link = $"/evidence?item={Uri.EscapeDataString(item)}";
        Assert.Contains($"\"{link}\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("trace=true", page, StringComparison.Ordinal);
        var story = (await Server.GetAsync(new Uri(item).AbsolutePath, company.ApiKey, "application/ld+json")).Expect(200).Json;
        Assert.False(story.GetProperty("tc:complete").GetBoolean());
        Assert.InRange(story.GetProperty("tc:events").GetArrayLength(), 1, documents - 1);
        var (seen, pages) = await ReadAsync(link, company);
        Assert.Equal(documents, seen.Distinct().Count());
        Assert.Equal(documents, seen.Count); // None twice.
        Assert.InRange(pages, fewestPages, mostPages); // Halved, and not down to single records.
    }

    [Fact]
    public async Task Event_InManyLargeStatements_HasEvidenceInPages_WithoutLosingAny()
    {
        const int Documents = 24;
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var item = company.NewItem();
        var text = new string('x', 700_000);
        var hash = "";
        for (var i = 0; i < Documents; i++)
        {
            // One event under ever other ids, each time beside a large one.
            var filler = Events.Observation(company.NewItem()).With("ex:text", $"\"{text}\"");
            filler["@context"] = new JsonArray(Events.Context, new JsonObject { ["ex"] = "https://example.org/" });
            var answer = (await company.CaptureDocumentAsync(key, Events.Document(Events.Observation(item).WithId($"urn:test:copy:{i}"), filler))).Expect(202);
            hash = answer.Json.GetProperty("events")[0].GetProperty("eventHash").GetString()!;
        }
        await Server.GetCoveringCheckpointAsync();

        var (seen, pages) = await ReadAsync($"/evidence?event={Uri.EscapeDataString(hash)}", company);

        Assert.Equal(Documents, seen.Distinct().Count());
        Assert.Equal(Documents, seen.Count);
        Assert.InRange(pages, 2, 4);
    }

    [Fact]
    public async Task Item_OfWhichOthersSayMuchInPrivate_HasAWholePageAllTheSame()
    {
        var (company, other) = (await Server.AddOrganisationAsync("tea"), await Server.AddOrganisationAsync());
        using var key = await other.RegisterKeyAsync();
        var item = company.NewItem();
        var text = new string('x', 700_000);
        for (var i = 0; i < 24; i++)
        {
            var observation = Events.Observation(item, $"urn:test:step:{i}").With("ex:text", $"\"{text}\"");
            observation["@context"] = new JsonArray(Events.Context, new JsonObject { ["ex"] = "https://example.org/" });
            (await other.CaptureDocumentAsync(key, Events.Document(observation))).Expect(202);
        }
        (await company.CaptureAsync(Events.Document(Events.Observation(item, Events.PublicStep)))).Expect(202);
        await Server.GetCoveringCheckpointAsync();

        foreach (var reader in (string?[])[null, company.ApiKey])
        {
            var story = (await Server.GetAsync(new Uri(item).AbsolutePath, reader, "application/ld+json")).Expect(200).Json;
            Assert.True(story.GetProperty("tc:complete").GetBoolean());
            Assert.Single(story.GetProperty("tc:events").EnumerateArray());
            var evidence = (await Server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", reader)).Expect(200).Json;
            Assert.Single(evidence.GetProperty("records").EnumerateArray());
            Assert.False(evidence.TryGetProperty("next", out _));
        }
    }

    [Fact]
    public async Task Item_MadeOfMoreThanAWalkVisits_IsCutOff_AndSaysSo()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        var made = Events.Transformation(company.NewItem(), item);
        made.Remove("inputQuantityList");
        made["inputEPCList"] = new JsonArray([.. Enumerable.Range(0, 19_000).Select(static n => (JsonNode)$"urn:test:part:{n}")]);
        (await company.CaptureAsync(Events.Document(made))).Expect(202);
        foreach (var n in (int[])[5, 15_000])
        {
            var seen = Events.Observation("urn:test:unused", $"urn:test:step:{n}");
            seen.Remove("quantityList");
            seen["epcList"] = new JsonArray($"urn:test:part:{n}");
            (await company.CaptureAsync(Events.Document(seen))).Expect(202);
        }
        await Server.GetCoveringCheckpointAsync();

        var story = (await Server.GetAsync(new Uri(item).AbsolutePath, company.ApiKey, "application/ld+json")).Expect(200);

        Assert.False(story.Json.GetProperty("tc:complete").GetBoolean());
        Assert.Equal(2, story.Json.GetProperty("tc:events").GetArrayLength());
        Assert.Contains("urn:test:step:5\"", story.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("urn:test:step:15000", story.Body, StringComparison.Ordinal);
        (await Server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}&trace=true", company.ApiKey)).ExpectProblem(422, "trace-too-large");
    }

    [Fact]
    public async Task Item_OfManyParts_ThatShareLargeEvents_IsComplete()
    {
        var company = await Server.AddOrganisationAsync();
        var item = company.NewItem();
        var parts = Enumerable.Range(0, 800).Select(static n => $"urn:test:shared-part:{n}").ToList();
        var made = Events.Transformation(company.NewItem(), item);
        made.Remove("inputQuantityList");
        made["inputEPCList"] = new JsonArray([.. parts.Select(static part => (JsonNode)part)]);
        (await company.CaptureAsync(Events.Document(made))).Expect(202);
        var seen = Events.Observation("urn:test:unused").With("ex:text", $"\"{new string('x', 100_000)}\""); // 80 MB, were it read or counted for each part
        seen["@context"] = new JsonArray(Events.Context, new JsonObject { ["ex"] = "https://example.org/" });
        seen.Remove("quantityList");
        seen["epcList"] = new JsonArray([.. parts.Select(static part => (JsonNode)part)]);
        (await company.CaptureAsync(Events.Document(seen))).Expect(202);
        await Server.GetCoveringCheckpointAsync();

        var story = (await Server.GetAsync(new Uri(item).AbsolutePath, company.ApiKey, "application/ld+json")).Expect(200).Json;

        Assert.True(story.GetProperty("tc:complete").GetBoolean());
        Assert.Equal(2, story.GetProperty("tc:events").GetArrayLength());
        var whole = (await Server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}&trace=true", company.ApiKey)).Expect(200).Json;
        Assert.Equal(2, whole.GetProperty("records").GetArrayLength());
    }

    [Fact]
    public async Task Pallet_OfManyItemsOfOneLargeStatement_IsComplete()
    {
        var company = await Server.AddOrganisationAsync();
        using var key = await company.RegisterKeyAsync();
        var pallet = company.NewItem();
        var children = Enumerable.Range(0, 150).Select(static n => $"urn:test:child-{Guid.NewGuid():N}-{n}").ToList();
        var seen = children.Select(child =>
        {
            var e = Events.Observation("urn:test:unused").With("ex:text", $"\"{new string('x', 4_000)}\""); // A statement of 800 KB: 120 MB, were it counted for each child.
            e["@context"] = new JsonArray(Events.Context, new JsonObject { ["ex"] = "https://example.org/" });
            e.Remove("quantityList");
            e["epcList"] = new JsonArray(child);
            return e;
        });
        (await company.CaptureDocumentAsync(key, Events.Document([.. seen]))).Expect(202);
        var packed = Events.Transformation(company.NewItem(), pallet);
        packed.Remove("inputQuantityList");
        packed["inputEPCList"] = new JsonArray([.. children.Select(static child => (JsonNode)child)]);
        (await company.CaptureAsync(Events.Document(packed))).Expect(202);
        await Server.GetCoveringCheckpointAsync();

        var story = (await Server.GetAsync(new Uri(pallet).AbsolutePath, company.ApiKey, "application/ld+json")).Expect(200).Json;

        Assert.True(story.GetProperty("tc:complete").GetBoolean());
        Assert.Equal(151, story.GetProperty("tc:events").GetArrayLength());
    }

    /// <summary>All pages of evidence, each of which verifies and is as long as a verifier reads.</summary>
    private async Task<(List<long> Seen, int Pages)> ReadAsync(string link, TestOrganisation company)
    {
        var seen = new List<long>();
        var pages = 0;
        for (var path = link; path is not null; pages++)
        {
            var bytes = (await Server.GetAsync(path, company.ApiKey)).Expect(200).Bytes;
            Assert.InRange(bytes.Length, 1, EvidenceBundle.MaxBytes);
            Assert.True(EvidenceBundle.TryParse(bytes, out var bundle, out var error), error);
            Assert.DoesNotContain(EvidenceVerifier.Verify(bundle, Server.Registry.Trust, null).Checks, static c => c.Outcome == Outcome.Failed);
            seen.AddRange(bundle.Records.Select(static r => r.Index));
            path = bundle.Next;
        }
        return (seen, pages);
    }
}
