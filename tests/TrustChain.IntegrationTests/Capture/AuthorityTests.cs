using System.Text.Json.Nodes;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Capture;

/// <summary>Who may bring which items into being.</summary>
public sealed class AuthorityTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Creation_UnderOwnCompanyPrefix_IsAccepted()
    {
        var company = await Server.AddOrganisationAsync(verified: false); // Self-declared is enough to create.

        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202);
    }

    [Fact]
    public async Task Creation_WithoutAnyClaim_IsRefusedUntilThereIsOne()
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        var item = company.NewItem();
        var document = Events.Document(Events.Commissioning(item));

        var problem = (await company.CaptureAsync(document)).ExpectProblem(403, "no-authority");
        Assert.Contains("event 0", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains(item, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);

        (await Server.PostAsync("/api/claims", new { kind = "gcp", value = company.Prefix }, company.ApiKey)).Expect(201);
        (await company.CaptureAsync(document)).Expect(202);
    }

    [Fact]
    public async Task Creation_UnderAClaimedSingleKey_IsAcceptedForThatKeyAlone()
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        var (own, other) = (RunningServer.Gtin(company.Prefix, 7), RunningServer.Gtin(company.Prefix, 8));
        (await Server.PostAsync("/api/claims", new { kind = "key", value = $"https://id.gs1.org/01/{own}" }, company.ApiKey)).Expect(201);

        (await company.CaptureAsync(Events.Document(Events.Commissioning($"https://id.gs1.org/01/{own}/10/A")))).Expect(202);
        (await company.CaptureAsync(Events.Document(Events.Commissioning($"https://id.gs1.org/01/{other}/10/A")))).ExpectProblem(403, "no-authority");
    }

    [Fact]
    public async Task Creation_UnderAClaimedNamespace_IsAcceptedForThatNamespaceAlone()
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        (await Server.PostAsync("/api/claims", new { kind = "namespace", value = "https://workshop.example/items/" }, company.ApiKey)).Expect(201);

        (await company.CaptureAsync(Events.Document(Serial("https://workshop.example/items/17", "ADD")))).Expect(202);
        (await company.CaptureAsync(Events.Document(Serial("https://workshop.example/other/17", "ADD")))).ExpectProblem(403, "no-authority");
    }

    [Theory]
    [InlineData("gcp", "9990001", "gcp", "9990001")]
    [InlineData("gcp", "9990002", "gcp", "999000")]
    [InlineData("gcp", "9990003", "gcp", "99900031")]
    [InlineData("key", "https://id.gs1.org/01/09994441000013", "key", "(01)09994441000013")]
    [InlineData("namespace", "https://a.example/x/", "namespace", "https://a.example/x/y/")]
    [InlineData("namespace", "https://b.example/x/y/", "namespace", "https://b.example/x/")]
    [InlineData("gcp", "9994442", "key", "https://id.gs1.org/01/09994442000012")]
    [InlineData("key", "https://id.gs1.org/01/09994443000011", "gcp", "9994443")]
    public async Task Claim_OverlappingAnotherOrganisations_IsRefused(string firstKind, string first, string secondKind, string second)
    {
        var (holder, intruder) = (await Server.AddOrganisationAsync(claims: false), await Server.AddOrganisationAsync(claims: false));
        (await Server.PostAsync("/api/claims", new { kind = firstKind, value = first }, holder.ApiKey)).Expect(201);

        (await Server.PostAsync("/api/claims", new { kind = secondKind, value = second }, intruder.ApiKey)).ExpectProblem(409, "claim-overlaps");

        var claims = (await Server.GetAsync("/api/claims", intruder.ApiKey)).Expect(200).Json.GetProperty("claims");
        Assert.Equal(0, claims.GetArrayLength());
    }

    [Fact]
    public async Task Claim_RepeatedByItsHolder_IsTheSameClaim()
    {
        var company = await Server.AddOrganisationAsync(claims: false);

        var first = (await Server.PostAsync("/api/claims", new { kind = "gcp", value = company.Prefix }, company.ApiKey)).Expect(201);
        var second = (await Server.PostAsync("/api/claims", new { kind = "gcp", value = company.Prefix }, company.ApiKey)).Expect(201);

        Assert.Equal(first.Body, second.Body);
        Assert.Equal("self-declared", first.Text("status"));
    }

    [Fact]
    public async Task Claim_VerifiedByItsHolder_IsRefused()
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        var claim = (await Server.PostAsync("/api/claims", new { kind = "gcp", value = company.Prefix }, company.ApiKey)).Expect(201);

        (await Server.PostAsync($"/api/claims/{claim.Json.GetProperty("id").GetInt32()}/verify", new { }, company.ApiKey)).ExpectProblem(403, "not-allowed");
    }

    [Fact]
    public async Task Aggregation_UnderANewParentOfSomebodyElse_IsRefused()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var before = await Server.CountAsync();

        (await company.CaptureAsync(Events.Document(Events.Aggregation(Serial(other), company.NewItem())))).ExpectProblem(403, "no-authority");

        Assert.Equal(before, await Server.CountAsync());
    }

    [Fact]
    public async Task Aggregation_UnderAnExistingParentOfSomebodyElse_IsAccepted()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var pallet = Serial(other);
        (await other.CaptureAsync(Events.Document(Serial(pallet, "ADD")))).Expect(202);

        (await company.CaptureAsync(Events.Document(Events.Aggregation(pallet, company.NewItem())))).Expect(202);
    }

    [Fact]
    public async Task Aggregation_UnderANewParentOfOnesOwn_IsAccepted()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());

        (await company.CaptureAsync(Events.Document(Events.Aggregation(Serial(company), other.NewItem())))).Expect(202);
    }

    [Fact]
    public async Task Disaggregation_FromSomebodyElsesParent_IsAccepted()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());

        (await company.CaptureAsync(Events.Document(Events.Aggregation(Serial(other), other.NewItem(), "DELETE")))).Expect(202);
    }

    [Fact]
    public async Task Transformation_IntoSomebodyElsesItem_IsRefused()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());

        (await company.CaptureAsync(Events.Document(Events.Transformation(company.NewItem(), other.NewItem())))).ExpectProblem(403, "no-authority");
        (await company.CaptureAsync(Events.Document(Events.Transformation(other.NewItem(), company.NewItem())))).Expect(202);
    }

    [Theory]
    [InlineData("OBSERVE", "inspecting")]
    [InlineData("ADD", "packing")]
    [InlineData("DELETE", "decommissioning")]
    public async Task ThirdPartyEvent_ThatCreatesNothing_IsAccepted(string action, string step)
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());

        (await company.CaptureAsync(Events.Document(Serial(Serial(other), action).With("bizStep", $"\"{step}\"")))).Expect(202);
    }

    [Fact]
    public async Task Creation_SignedByKey_NeedsTheSameAuthority()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        using var key = await company.RegisterKeyAsync();

        (await company.CaptureDocumentAsync(key, Events.Document(Events.Commissioning(other.NewItem())))).ExpectProblem(403, "no-authority");
        (await company.CaptureRootAsync(key, Events.Commissioning(other.NewItem()).ToJsonString())).ExpectProblem(403, "no-authority");
    }

    [Fact]
    public async Task Recall_WithoutAClaimOverTheItem_IsRefused()
    {
        var (company, other) = (await Server.AddOrganisationAsync(), await Server.AddOrganisationAsync());
        var item = other.NewItem();
        (await other.CaptureAsync(Events.Document(Events.Commissioning(item)))).Expect(202);

        (await Server.PostAsync("/api/recalls", new { item, reason = "to harm", instructions = "return it" }, company.ApiKey)).ExpectProblem(403, "no-authority");
        (await Server.PostAsync("/api/recalls", new { item, reason = "mould", instructions = "return it" }, other.ApiKey)).Expect(201);
    }

    private static string Serial(TestOrganisation company) => $"https://id.gs1.org/01/{company.Gtin}/21/{Guid.NewGuid().ToString("N")[..12]}";

    private static JsonObject Serial(string epc, string action) => new()
    {
        ["@context"] = new JsonArray(Events.Context),
        ["type"] = "ObjectEvent",
        ["eventTime"] = "2026-04-05T08:00:00.000+08:00",
        ["eventTimeZoneOffset"] = "+08:00",
        ["epcList"] = new JsonArray(epc),
        ["action"] = action,
        ["bizStep"] = "commissioning",
    };
}
