using System.Globalization;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Organisations;

namespace TrustChain.IntegrationTests.Organisations;

/// <summary>How many claims there may be, and how they are listed; <c>AuthorityTests</c> has what they are for.</summary>
public sealed class ClaimTests(ServerFixture fixture, SharedStack stack) : IClassFixture<ServerFixture>
{
    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Claims_MadeAtOnce_TakeOneConnectionEach()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var company = await server.AddOrganisationAsync(claims: false);
        await server.StopAsync();
        server.Environment["TrustChain__Database"] = server.ConnectionString + ";Maximum Pool Size=10";
        await server.StartAgainAsync();

        var answers = await Task.WhenAll(Enumerable.Range(1, 40).Select(n => server.PostAsync("/api/claims", Namespace(company, n), company.ApiKey)));

        Assert.All(answers, static a => a.Expect(201));
        Assert.Equal(40, (await server.ListAsync("/api/claims", "claims", company.ApiKey)).Count);
    }

    [Fact]
    public async Task Claims_BeyondTheMost_AreRefused()
    {
        var company = await Server.AddOrganisationAsync(claims: false);
        await AddAsync(company, OrganisationStore.MaxClaims - 4);

        var answers = await Task.WhenAll(Enumerable.Range(5001, 8).Select(n => Server.PostAsync("/api/claims", Namespace(company, n), company.ApiKey)));

        Assert.Equal(4, answers.Count(static a => a.Status == 201));
        Assert.All(answers.Where(static a => a.Status != 201), static a => a.ExpectProblem(409, "too-many-claims"));
        (await Server.PostAsync("/api/claims", Namespace(company, 1), company.ApiKey)).Expect(201); // One that is there already.
        var other = await Server.AddOrganisationAsync(claims: false);
        (await Server.PostAsync("/api/claims", Namespace(company, 1), other.ApiKey)).ExpectProblem(409, "claim-overlaps");
        (await Server.PostAsync("/api/claims", Namespace(other, 1), other.ApiKey)).Expect(201);
    }

    [Fact]
    public async Task Claims_AreListedAHundredAtATime()
    {
        var company = await Server.AddOrganisationAsync();
        await AddAsync(company, 230);

        var first = (await Server.GetAsync("/api/claims", company.ApiKey)).Expect(200).Json;
        Assert.Equal(100, first.GetProperty("claims").GetArrayLength());
        Assert.Equal(first.GetProperty("claims")[99].GetProperty("id").GetInt32(), first.GetProperty("next").GetInt32());
        var own = await Server.ListAsync("/api/claims", "claims", company.ApiKey);
        Assert.Equal(231, own.Select(static c => c.GetProperty("value").GetString()).Distinct().Count());
        Assert.Equal(231, own.Count);
        Assert.All(own, c => Assert.Equal(company.Id, c.GetProperty("organisation").GetString()));

        Assert.Equal(100, (await Server.GetAsync("/api/claims", Server.AdminKey)).Expect(200).Json.GetProperty("claims").GetArrayLength());
        var all = await Server.ListAsync("/api/claims", "claims", Server.AdminKey);
        Assert.Equal(231, all.Count(c => c.GetProperty("organisation").GetString() == company.Id));
        Assert.Equal(all.Count, all.Select(static c => c.GetProperty("id").GetInt32()).Distinct().Count());
    }

    [Fact]
    public async Task CompanyPrefixes_AreReadWithoutOtherClaims()
    {
        var company = await Server.AddOrganisationAsync();
        await AddAsync(company, 1);

        var prefixes = await new OrganisationStore(Server.Database, TimeProvider.System).ListCompanyPrefixesAsync(TestContext.Current.CancellationToken);

        Assert.Contains(company.Prefix, prefixes);
        Assert.All(prefixes, static p => Assert.All(p, static c => Assert.True(char.IsAsciiDigit(c))));
    }

    private static object Namespace(TestOrganisation company, int number) =>
        new { kind = "namespace", value = string.Create(CultureInfo.InvariantCulture, $"https://{company.Id}.example/{number}/") };

    private async Task AddAsync(TestOrganisation company, int count)
    {
        await using var command = Server.Database.CreateCommand("""
            insert into claim (organisation_id, kind, value, created_at)
            select (select id from organisation where code = $1), 'namespace', 'https://' || $1 || '.example/' || n || '/', now() from generate_series(1, $2) n
            """);
        command.Parameters.Add(new() { Value = company.Id });
        command.Parameters.Add(new() { Value = count });
        Assert.Equal(count, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }
}
