using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Limits;

/// <summary>Every answer tells browsers what it may do.</summary>
public sealed class SecurityHeaderTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task EveryAnswer_HasThem()
    {
        using var sender = new Sender(fixture.Server, 30);
        foreach (var (path, apiKey) in (IReadOnlyList<(string, string?)>)[
            ("/", null), ("/anchors", null), ("/01/09520123456788/10/L1", null), ("/item?uri=urn:a:b", null), ("/site.css", null), ("/verify.js", null), ("/icon.svg", null), ("/log/checkpoint", null), ("/epcis/events", null),
            ("/epcis/queries", null), ("/epcis/soap", null), ("/health/live", null), ("/metrics", null), ("/openapi/v1.json", null), ("/api/keys", null), ("/api/keys", "wrong"), ("/api/qr?uri=urn:a:b", null), ("/nowhere", null), ("/evidence", null)])
        {
            var (answer, response) = await sender.SendAsync(HttpMethod.Get, path, apiKey);
            using (response)
            {
                string Header(string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
                var policy = Header("Content-Security-Policy");
                Assert.True(policy.StartsWith("default-src 'none'; ", StringComparison.Ordinal) && policy.Contains("frame-ancestors 'none'", StringComparison.Ordinal), $"{answer.Status} {path}: {policy}");
                Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
                Assert.Equal(("nosniff", "no-referrer"), (Header("X-Content-Type-Options"), Header("Referrer-Policy")));
                Assert.Contains("geolocation=()", Header("Permissions-Policy"), StringComparison.Ordinal);
                Assert.Empty(Header("Strict-Transport-Security") + Header("Cross-Origin-Opener-Policy")); // never over http
                if (answer.MediaType == "text/html")
                {
                    Assert.Contains($"connect-src 'self'{(path == "/anchors" ? ";" : " " + fixture.Server.RpcUrl.TrimEnd('/') + ";")}", policy, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public async Task Document_OfAnybody_CannotRunHere()
    {
        var company = await fixture.Server.AddOrganisationAsync("tea");
        using var sender = new Sender(fixture.Server, 31);
        foreach (var (type, disposition) in (IReadOnlyList<(string, string)>)[("text/plain", "inline"), ("application/xml", "attachment"), ("application/octet-stream", "attachment")])
        {
            var content = TestOrganisation.Content(type, System.Text.Encoding.UTF8.GetBytes($"<html xmlns=\"http://www.w3.org/1999/xhtml\"><script>alert('{type}')</script></html>"));
            var url = (await fixture.Server.SendAsync(HttpMethod.Post, "/api/documents?kind=contract&name=%3Cscript%3E.html", company.ApiKey, content)).Expect(201).Text("url");
            var (answer, response) = await sender.SendAsync(HttpMethod.Get, url, company.ApiKey);
            using (response)
            {
                Assert.Equal(type, answer.MediaType);
                Assert.StartsWith("sandbox; default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
                Assert.Equal(disposition, response.Content.Headers.ContentDisposition?.DispositionType);
                Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
                Assert.True(response.Headers.CacheControl?.NoStore);
            }
        }
        var html = TestOrganisation.Content("text/html", "<script>alert(1)</script>"u8.ToArray());
        (await fixture.Server.SendAsync(HttpMethod.Post, "/api/documents?kind=contract&name=a", company.ApiKey, html)).Expect(415);
    }
}
