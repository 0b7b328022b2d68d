using System.Text;
using TrustChain.Core.Log;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Items;

public sealed class DocumentTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Upload_Private_IsReadableByItsOwnerUnderItsDigest()
    {
        var company = await Server.AddOrganisationAsync("tea");
        var content = Encoding.UTF8.GetBytes("a contract of " + company.Id);

        var answer = (await UploadAsync(company, "contract", content)).Expect(201);

        Assert.Equal($"ni:///sha-256;{Hash32.Compute(content).ToHex()}", answer.Text("digest"));
        Assert.Equal(content, (await Server.GetAsync(answer.Text("url"), company.ApiKey)).Expect(200).Bytes);
        Assert.Equal(404, (await Server.GetAsync(answer.Text("url"))).Status);
    }

    [Fact]
    public async Task Upload_OfBytesAnotherOrganisationKeepsAlready_IsReadableByBoth()
    {
        var (first, second) = (await Server.AddOrganisationAsync("tea"), await Server.AddOrganisationAsync("tea"));
        var content = Encoding.UTF8.GetBytes("a contract of two parties");
        (await UploadAsync(first, "contract", content)).Expect(201);

        var answer = (await UploadAsync(second, "contract", content)).Expect(201);

        Assert.Equal(content, (await Server.GetAsync(answer.Text("url"), second.ApiKey)).Expect(200).Bytes);
        Assert.Equal(content, (await Server.GetAsync(answer.Text("url"), first.ApiKey)).Expect(200).Bytes);
    }

    private Task<Answer> UploadAsync(TestOrganisation company, string kind, byte[] content) =>
        Server.SendAsync(HttpMethod.Post, $"/api/documents?kind={kind}&name=contract.txt", company.ApiKey, TestOrganisation.Content("text/plain", content));
}
