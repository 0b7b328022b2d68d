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
}
