using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TrustChain.Server.Proxy;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>Whose word counts for the address of a caller.</summary>
public sealed class TrustedProxyTests
{
    [Theory]
    [InlineData("", "203.0.113.7", "127.0.0.1 http")] // Nobody is trusted unless named.
    [InlineData("10.0.0.0/8", "203.0.113.7", "127.0.0.1 http")] // Somebody else is.
    [InlineData("127.0.0.1", "203.0.113.7", "203.0.113.7 https")]
    [InlineData("127.0.0.0/8 10.0.0.0/8", "203.0.113.7, 10.1.2.3", "203.0.113.7 https")] // Two proxies in a row.
    [InlineData("127.0.0.1", "203.0.113.7, 198.51.100.1", "198.51.100.1 https")] // What a caller itself put in front is not believed.
    public async Task Caller_BehindProxies_IsTheFirstThatIsNotTrusted(string trusted, string forwardedFor, string expected)
    {
        await using var app = await StartAsync(trusted);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, app.Urls.Single());
        request.Headers.Add("X-Forwarded-For", forwardedFor);
        request.Headers.Add("X-Forwarded-Proto", string.Join(", ", forwardedFor.Split(',').Select(static _ => "https")));
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(expected, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("10.0.0.0/33", "Proxy:TrustedNetworks holds \"10.0.0.0/33\"")]
    [InlineData("proxy.example", "Proxy:TrustedNetworks holds \"proxy.example\"")]
    public async Task Start_WithWhatIsNoNetwork_IsRefused(string trusted, string reason)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(trusted));

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithTheSwitchThatBelievesEverybody_IsRefused()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("", ("ForwardedHeaders_Enabled", "true")));

        Assert.Contains("Proxy:TrustedNetworks", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(string trusted, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(
            trusted.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static (n, i) => KeyValuePair.Create($"Proxy:TrustedNetworks:{i}", (string?)n))
                .Concat(settings.Select(static s => KeyValuePair.Create(s.Key, (string?)s.Value))));
        builder.Services.AddTrustedProxies();
        var app = builder.Build();
        app.UseTrustedProxies();
        app.MapGet("/", static (HttpContext context) => $"{context.Connection.RemoteIpAddress} {context.Request.Scheme}");
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
