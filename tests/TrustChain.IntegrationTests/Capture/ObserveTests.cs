using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>A deployment that records the data of others.</summary>
public sealed class ObserveTests(SharedStack stack)
{
    [Fact]
    public async Task Settings_ObserveAndWarn_RecordWithoutRefusing()
    {
        await using var server = await RunningServer.StartAsync(
            stack.Postgres, stack.Anvil, new Dictionary<string, string?> { ["Capture__Authority"] = "observe", ["Capture__CheckDigits"] = "warn" });
        var (company, other) = (await server.AddOrganisationAsync(claims: false), await server.AddOrganisationAsync());
        using var key = await company.RegisterKeyAsync();
        var wrongCheckDigit = other.Gtin[..13] + (char)('0' + ((other.Gtin[13] - '0' + 1) % 10));

        (await company.CaptureAsync(Events.Document(Events.Commissioning(other.NewItem())))).Expect(202);
        (await company.CaptureRootAsync(key, Events.Aggregation(other.NewItem(), other.NewItem()).ToJsonString())).Expect(202);
        (await company.CaptureAsync(Events.Document(Events.Commissioning($"https://id.gs1.org/01/{wrongCheckDigit}/10/A")))).Expect(202);
        (await company.CaptureAsync(Events.Document(Events.Commissioning("not a URI")))).ExpectProblem(400, "invalid-events"); // Only what the settings name is let through.

        await server.GetCoveringCheckpointAsync();
    }
}
