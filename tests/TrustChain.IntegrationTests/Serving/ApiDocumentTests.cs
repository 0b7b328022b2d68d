using System.Text.Json;
using TrustChain.Devnet;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>The API document that is checked in is the one the server gives; TRUSTCHAIN_WRITE_VECTORS=1 writes it anew.</summary>
public sealed class ApiDocumentTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Verifying a claim, resuming a subscription, shutting and opening an account, saying no to a request.
    private static readonly string[] NeedNoBody = ["/verify", "/resume", "/disable", "/enable", "/codes-off", "/refuse"];

    [Fact]
    public async Task ApiDocument_CheckedIn_IsTheServers()
    {
        var served = (await fixture.Server.GetAsync("/openapi/v1.json")).Expect(200).Json;
        var text = JsonSerializer.Serialize(served, Readable).ReplaceLineEndings("\n") + "\n";
        var path = Repository.PathOf("docs/api/openapi.json");
        if (Environment.GetEnvironmentVariable("TRUSTCHAIN_WRITE_VECTORS") == "1")
        {
            await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        }
        Assert.True(File.Exists(path), "docs/api/openapi.json is missing; run this test once with TRUSTCHAIN_WRITE_VECTORS=1.");
        Assert.Equal(text, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ApiDocument_EveryBodyThatIsTaken_HasAnExample()
    {
        var served = (await fixture.Server.GetAsync("/openapi/v1.json")).Expect(200).Json;
        foreach (var path in served.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject().Where(static o => o.Name == "post" && !o.Value.TryGetProperty("requestBody", out _)))
            {
                Assert.True(NeedNoBody.Any(end => path.Name.EndsWith(end, StringComparison.Ordinal)), $"{operation.Name} {path.Name} has no example of its body.");
            }
        }
    }
}
