using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Telemetry;

/// <summary>A server that tells all it can, after a record has gone all the way: captured, logged, anchored, asked for as evidence, and some requests refused.</summary>
public sealed class TelemetryFixture(SharedStack stack) : IAsyncLifetime
{
    /// <summary>Words that only the content of an event holds.</summary>
    public const string Secret = "PLUCKED-BY-HAND-AT-DAWN";

    private Collector? _collector;
    private RunningServer? _server;
    private TestOrganisation? _company;
    private SigningKey? _key;

    internal RunningServer Server => _server ?? throw new InvalidOperationException("The server has not started.");

    internal Collector Collector => _collector ?? throw new InvalidOperationException("The collector has not started.");

    internal TestOrganisation Company => _company ?? throw new InvalidOperationException("There is no company yet.");

    internal SigningKey Key => _key ?? throw new InvalidOperationException("There is no key yet.");

    public async ValueTask InitializeAsync()
    {
        _collector = await Collector.StartAsync();
        _server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil, new Dictionary<string, string?>
        {
            ["Telemetry__OtlpEndpoint"] = _collector.BaseUrl,
            ["Telemetry__MetricsInterval"] = "00:00:01",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["Logging__Console__FormatterName"] = "json",
            ["Logging__Console__FormatterOptions__IncludeScopes"] = "true",
            ["Logging__LogLevel__TrustChain"] = "Debug",
        });
        _company = await _server.AddOrganisationAsync();
        _key = await _company.RegisterKeyAsync();
        await _server.GetCoveringCheckpointAsync();
        var item = _company.NewItem();
        (await _company.CaptureAsync(Events.Document(Describe(Events.Commissioning(item))))).Expect(202);
        (await _company.CaptureRootAsync(_key, Describe(Events.Observation(item)).ToJsonString())).Expect(202);
        (await _company.CaptureAsync("{\"type\":\"Nothing\",\"remark\":\"" + Secret + "\"}")).Expect(400);
        (await _company.CaptureRootAsync(SigningKey.Generate(SignatureAlgorithms.ES256), Describe(Events.Observation(item)).ToJsonString())).Expect(403);
        (await _server.GetAsync("/health/ready", "tc_" + Secret)).Expect(401);
        var checkpoint = await _server.GetCoveringCheckpointAsync();
        await _server.GetFinalAnchorAsync(checkpoint.Size);
        (await _server.GetAsync($"/evidence?item={Uri.EscapeDataString(item)}", _company.ApiKey)).Expect(200);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
        if (_collector is not null)
        {
            await _collector.DisposeAsync();
        }
    }

    private static System.Text.Json.Nodes.JsonObject Describe(System.Text.Json.Nodes.JsonObject e) => e.With("example:remark", $"\"{Secret}\"").With(
        "@context", $$"""["{{Events.Context}}",{"example":"https://example.org/"}]""");
}

/// <summary>One server for the classes of this folder.</summary>
[CollectionDefinition(Name)]
public sealed class TelemetryServer : ICollectionFixture<TelemetryFixture>
{
    public const string Name = "a server that tells all it can";
}
