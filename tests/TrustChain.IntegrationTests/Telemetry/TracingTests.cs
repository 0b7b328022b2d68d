using System.Text.Json;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Telemetry;

/// <summary>What leaves a server beside its answers: spans, metrics by OTLP, and lines of its log. None holds a secret or content.</summary>
[Collection(TelemetryServer.Name)]
public sealed class TracingTests(TelemetryFixture fixture)
{
    private static readonly string[] Spans =
        ["POST /epcis/capture", "capture", "parse", "verify", "commit", "sequence", "checkpoint", "anchor", "anchor final", "evidence", "postgresql"];

    [Fact]
    public async Task Record_FromCaptureToEvidence_LeavesItsSpansAndNoSecret()
    {
        foreach (var span in Spans)
        {
            // A string of protobuf has its length before it.
            await Eventually.TrueAsync($"span {span}", () => Task.FromResult(fixture.Collector.Has("/v1/traces", $"{(char)span.Length}{span}")));
        }
        await Eventually.TrueAsync("metrics", () => Task.FromResult(fixture.Collector.Has("/v1/metrics", "trustchain.log.queue.age")));
        Assert.True(fixture.Collector.Has("/v1/traces", "trustchain-server"));

        var log = await File.ReadAllTextAsync(fixture.Server.LogFile, TestContext.Current.CancellationToken);
        Assert.All(log.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => JsonDocument.Parse(line).Dispose());
        Assert.Contains("\"EventId\":4034", log, StringComparison.Ordinal);
        var passPhrase = (await File.ReadAllTextAsync(fixture.Server.Keys.PassPhraseFile, TestContext.Current.CancellationToken)).Trim();
        Assert.True(passPhrase.Length > 8);
        // The content of an event is in nothing that leaves, nor are keys, the pass phrase, SQL, or the query of an address.
        foreach (var secret in (string[])[TelemetryFixture.Secret, fixture.Company.ApiKey, passPhrase, "Bearer ", "insert into", "select ", "?item=", fixture.Company.Gtin, "Password="])
        {
            Assert.False(fixture.Collector.Received.Any(r => r.Body.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(secret)) >= 0), $"\"{secret}\" was sent.");
            Assert.False(log.Contains(secret, StringComparison.Ordinal), $"\"{secret}\" was logged.");
        }
    }
}
