using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Organisations;

/// <summary>The key verbs of the command line against a server.</summary>
public sealed class CliKeyTests(KeyFixture fixture) : IClassFixture<KeyFixture>, IDisposable
{
    private readonly AuditCli _cli = new();

    private RunningServer Server => fixture.Server;

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Rotate_PutsTheNewKeyInThePlaceOfTheOld()
    {
        var company = await AddCompanyAsync();
        var first = await NewKeyAsync("first.json");
        var second = await NewKeyAsync("second.json", "EdDSA");
        (await RunAsync("keys", "register", _cli.PathOf("first.json"), "--api-key-file", _cli.PathOf("api.key"))).Expect(0);

        Assert.Contains("authorization", (await RunAsync("keys", "register", _cli.PathOf("second.json"), "--api-key-file", _cli.PathOf("api.key"))).Expect(1).Errors, StringComparison.OrdinalIgnoreCase);
        var rotated = (await RunAsync("keys", "rotate", _cli.PathOf("second.json"), "--from", _cli.PathOf("first.json"), "--api-key-file", _cli.PathOf("api.key"), "--json")).Expect(0);

        Assert.Equal(second, rotated.Json.GetProperty("kid").GetString());
        Write("event.json", Events.Document(Events.Commissioning(company.NewItem())));
        Assert.Contains("key", (await RunAsync("capture", _cli.PathOf("event.json"), "--key", _cli.PathOf("first.json"))).Expect(1).Errors, StringComparison.Ordinal);
        (await RunAsync("capture", _cli.PathOf("event.json"), "--key", _cli.PathOf("second.json"))).Expect(0);
        var history = (await RunAsync("keys", "history", company.Id)).Expect(0).Output.Split('\n');
        Assert.Equal(3, history.Length);
        Assert.Contains($"admits {first} (self), vouched for by operator", history[0], StringComparison.Ordinal);
        Assert.Contains($"admits {second} (self), vouched for by operator, agreed to by {first}", history[1], StringComparison.Ordinal);
        Assert.Contains($"ends {first}, by the organisation", history[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rotate_KeepingTheOld_LeavesBothInForce()
    {
        var company = await AddCompanyAsync();
        await NewKeyAsync("first.json");
        await NewKeyAsync("second.json", "ES256K");
        (await RunAsync("keys", "register", _cli.PathOf("first.json"), "--api-key-file", _cli.PathOf("api.key"))).Expect(0);

        (await RunAsync("keys", "rotate", _cli.PathOf("second.json"), "--from", _cli.PathOf("first.json"), "--keep-old", "--api-key-file", _cli.PathOf("api.key"))).Expect(0);

        foreach (var key in (string[])["first.json", "second.json"])
        {
            Write("event.json", Events.Document(Events.Commissioning(company.NewItem())));
            (await RunAsync("capture", _cli.PathOf("event.json"), "--key", _cli.PathOf(key))).Expect(0);
        }
    }

    [Fact]
    public async Task Revoke_NamesSinceWhenTheKeyMustNotBeBelieved()
    {
        var company = await AddCompanyAsync();
        var kid = await NewKeyAsync("stolen.json");
        (await RunAsync("keys", "register", _cli.PathOf("stolen.json"), "--api-key-file", _cli.PathOf("api.key"))).Expect(0);
        var since = (await Server.GetCoveringCheckpointAsync()).Size;

        (await RunAsync("keys", "revoke", kid, "--compromised-since", $"{since}", "--api-key-file", _cli.PathOf("api.key"))).Expect(1); // Nobody of the organisation signed.
        var revoked = (await RunAsync(
            "keys", "revoke", kid, "--sign-with", _cli.PathOf("stolen.json"), "--compromised-since", $"{since}", "--api-key-file", _cli.PathOf("api.key"), "--json")).Expect(0);

        Assert.Equal(since, revoked.Json.GetProperty("compromisedSince").GetInt64());
        Assert.Contains($"ends {kid}, compromised since entry {since}, by the organisation", (await HistoryAsync(company, 2))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoke_ByTheOperator_NeedsNoKeyOfTheOrganisation()
    {
        var company = await AddCompanyAsync();
        var kid = await NewKeyAsync("key.json");
        (await RunAsync("keys", "register", _cli.PathOf("key.json"), "--api-key-file", _cli.PathOf("api.key"))).Expect(0);

        (await RunAsync("keys", "revoke", kid, "--organisation", company.Id, "--api-key-file", _cli.PathOf("api.key"))).Expect(1);
        Assert.Contains("is retired", (await RunAsync("keys", "revoke", kid, "--organisation", company.Id, "--api-key-file", _cli.PathOf("admin.key"))).Expect(0).Output, StringComparison.Ordinal);

        Assert.Contains($"ends {kid}, by the operator", (await HistoryAsync(company, 2))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recover_AnnouncesAndAdmits_AndTheHistorySaysSo()
    {
        var company = await AddCompanyAsync();
        await NewKeyAsync("lost.json");
        (await RunAsync("keys", "register", _cli.PathOf("lost.json"), "--api-key-file", _cli.PathOf("api.key"))).Expect(0);
        var kid = await NewKeyAsync("new.json");
        string[] recover = ["keys", "recover", _cli.PathOf("new.json"), "--organisation", company.Id, "--api-key-file", _cli.PathOf("admin.key")];

        Assert.Contains("--reason", (await RunAsync(recover)).Expect(2).Errors, StringComparison.Ordinal);
        Assert.Contains($"{kid} is announced for {company.Id}", (await RunAsync([.. recover, "--reason", "The disk died."])).Expect(0).Output, StringComparison.Ordinal);
        var announcement = await AnnouncementAsync(company);
        await Eventually.TrueAsync("the end of the delay", async () => (await RunAsync([.. recover, "--complete", $"{announcement}"])).ExitCode == 0);

        var history = await HistoryAsync(company, 3);
        Assert.Contains($"announces the recovery with {kid}: The disk died.", history[1], StringComparison.Ordinal);
        Assert.Contains($"admits {kid} (self), recovered as announced by entry {announcement}", history[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Object_StopsARecovery()
    {
        var company = await AddCompanyAsync();
        await NewKeyAsync("own.json");
        (await RunAsync("keys", "register", _cli.PathOf("own.json"), "--api-key-file", _cli.PathOf("api.key"))).Expect(0);
        await NewKeyAsync("foreign.json");
        string[] recover = ["keys", "recover", _cli.PathOf("foreign.json"), "--organisation", company.Id, "--api-key-file", _cli.PathOf("admin.key")];
        (await RunAsync([.. recover, "--reason", "Somebody called."])).Expect(0);
        var announcement = await AnnouncementAsync(company);

        var stopped = (await RunAsync("keys", "object", $"{announcement}", "--sign-with", _cli.PathOf("own.json"), "--api-key-file", _cli.PathOf("api.key"), "--json")).Expect(0);

        Assert.Equal(announcement, stopped.Json.GetProperty("recovery").GetInt64());
        Assert.Contains($"objects to the recovery announced by entry {announcement}", (await HistoryAsync(company, 3))[2], StringComparison.Ordinal);
        (await RunAsync([.. recover, "--complete", $"{announcement}"])).Expect(1);
    }

    private async Task<TestOrganisation> AddCompanyAsync()
    {
        var company = await Server.AddOrganisationAsync();
        Write("api.key", company.ApiKey);
        Write("admin.key", Server.AdminKey);
        return company;
    }

    private void Write(string file, string text) => File.WriteAllText(_cli.PathOf(file), text);

    private async Task<string> NewKeyAsync(string file, string algorithm = "ES256") =>
        (await _cli.RunAsync("keys", "new", "--alg", algorithm, "--out", _cli.PathOf(file))).Expect(0).Output;

    private Task<CliResult> RunAsync(params string[] arguments) => _cli.RunAsync([.. arguments, "--server", Server.BaseUrl]);

    /// <summary>The lines of the history, once all are in the log.</summary>
    private async Task<string[]> HistoryAsync(TestOrganisation company, int entries) => await Eventually.GetAsync(
        $"{entries} key entries of {company.Id}",
        async () => (await RunAsync("keys", "history", company.Id)).Expect(0).Output.Split('\n') is { } lines && lines.Length >= entries ? lines : null);

    private async Task<long> AnnouncementAsync(TestOrganisation company)
    {
        await HistoryAsync(company, 2);
        return (await Server.GetAsync("/api/keys", company.ApiKey)).Json.GetProperty("recoveries")[0].GetProperty("index").GetInt64();
    }
}
