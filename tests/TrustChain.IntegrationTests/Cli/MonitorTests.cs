using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>A monitor of a real server, whose operator shows it something else than before.</summary>
public sealed class MonitorTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly string[] ForkAndBack = ["raised fork", "ended fork"];

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task Monitor_OfASoundLog_StaysGoodWhileItGrows()
    {
        await using var stand = await StartAsync();
        var first = await SizeAsync(stand);
        await GrowAsync(300);
        (await stand.RoundAsync()).Expect(0);
        Assert.True(await SizeAsync(stand) >= first + 300);
        Assert.Equal(0, Status(stand).GetProperty("lag").GetInt64());
        Assert.Empty(stand.Alarms);
    }

    [Theory]
    [InlineData(0)] // As large as the last one seen.
    [InlineData(400)] // Larger.
    public async Task Monitor_Fork_AlarmsOnceWithAProofAndTellsTheEnd(int more)
    {
        await GrowAsync(3);
        await using var stand = await StartAsync();
        var size = (int)await SizeAsync(stand);
        stand.Show(await stand.ForgeAsync(size - 2, 2 + more));

        var alarmed = (await stand.RoundAsync()).Expect(1);
        Assert.Contains("alarm fork", alarmed.Errors, StringComparison.Ordinal);
        var again = (await stand.RoundAsync()).Expect(1);
        Assert.DoesNotContain("alarm fork", again.Errors, StringComparison.Ordinal);
        Assert.Single(stand.Told, static t => t == "raised fork");
        var raised = stand.Alarms.First(static a => a.GetProperty("code").GetString() == "fork");
        AuditCli.RequireProvesFork(stand.StateFile(raised.GetProperty("evidence").GetString()!), Server.Keys.LogVerifier);

        stand.ShowServer();
        (await stand.RoundAsync()).Expect(0);
        Assert.Equal(ForkAndBack, stand.Told.Where(static t => t.EndsWith("fork", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Monitor_Rollback_Alarms()
    {
        await GrowAsync(3);
        await using var stand = await StartAsync();
        var older = await stand.CopyAsync();
        await GrowAsync(3);
        (await stand.RoundAsync()).Expect(0);
        stand.Show(older);

        (await stand.RoundAsync()).Expect(1);

        Assert.Contains("raised rollback", stand.Told);
        stand.ShowServer();
        (await stand.RoundAsync()).Expect(0);
        Assert.Contains("ended rollback", stand.Told);
    }

    [Theory]
    [InlineData("/log/tile/entries/")]
    [InlineData("/log/tile/0/")]
    public async Task Monitor_TileAltered_AlarmsUntilItIsRight(string prefix)
    {
        await using var stand = await StartAsync();
        await GrowAsync(5);
        stand.Web.Alter = (request, answer) => request.Path.StartsWith(prefix, StringComparison.Ordinal) && answer.Status == 200 ? answer.Damaged(^1) : answer;

        (await stand.RoundAsync()).Expect(1);
        (await stand.RoundAsync()).Expect(1);
        Assert.Equal(["raised bad-entry"], stand.Told.Where(static t => t.Contains("bad-entry", StringComparison.Ordinal)));

        stand.Web.Alter = static (_, answer) => answer;
        (await stand.RoundAsync()).Expect(0);
        Assert.Equal(0, Status(stand).GetProperty("lag").GetInt64());
    }

    [Fact]
    public async Task Monitor_CheckpointOfAnotherKey_Alarms()
    {
        await using var stand = await StartAsync();
        stand.Web.Alter = static (request, answer) => request.Path == "/log/checkpoint" ? answer.Damaged(5) : answer;
        (await stand.RoundAsync()).Expect(1);
        Assert.Equal(["raised bad-checkpoint"], stand.Told);
        stand.Web.Alter = static (_, answer) => answer;
        (await stand.RoundAsync()).Expect(0);
    }

    [Fact]
    public async Task Monitor_ServerOrNodeGone_CannotCheckAndAccusesNobody()
    {
        await using var stand = await StartAsync();
        stand.Web.Instead = static _ => Task.FromResult<ProxyAnswer?>(new ProxyAnswer(502, []));
        Assert.Contains("warning unreachable", (await stand.RoundAsync()).Expect(2).Errors, StringComparison.Ordinal);
        stand.ShowServer();
        (await stand.RoundAsync()).Expect(0);
        stand.Node.Instead = static _ => Task.FromResult<ProxyAnswer?>(new ProxyAnswer(502, []));
        (await stand.RoundAsync()).Expect(2);
        Assert.Equal(["raised unreachable", "ended unreachable", "raised unreachable"], stand.Told);
        Assert.All(stand.Alarms, static a => Assert.Equal("warning", a.GetProperty("severity").GetString()));
    }

    [Fact]
    public async Task Monitor_AnchorThatDoesNotCome_AlarmsAfterTheGivenTime()
    {
        await using var stand = await StartAsync();
        // A node that stands still is what a chain without our anchors looks like.
        ProxyAnswer? frozen = null;
        stand.Node.Alter = (request, answer) => !Encoding.UTF8.GetString(request.Body).Contains("eth_blockNumber", StringComparison.Ordinal) ? answer
            : frozen is null ? frozen = answer
            : answer with { Body = WithResultOf(answer.Body, frozen.Body) };
        (await stand.RoundAsync()).Expect(0);
        await GrowAsync(2);
        (await stand.RoundAsync()).Expect(0); // Seen now for the first time.
        stand.Clock.Offset = TimeSpan.FromMinutes(14);
        (await stand.RoundAsync()).Expect(0);
        stand.Clock.Offset = TimeSpan.FromMinutes(16);
        (await stand.RoundAsync()).Expect(1);
        Assert.Equal(["raised late-anchor"], stand.Told);
        Assert.True(Status(stand).GetProperty("unanchoredSeconds").GetInt64() > 15 * 60);

        stand.Node.Alter = static (_, answer) => answer;
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        (await stand.RoundAsync()).Expect(0);
        Assert.Equal(["raised late-anchor", "ended late-anchor"], stand.Told);
    }

    [Fact]
    public async Task Monitor_WithoutANode_JudgesLatenessByTheServersList()
    {
        await using var stand = await StartAsync();
        stand.AsksNode = false;
        ProxyAnswer? frozen = null;
        stand.Web.Alter = (request, answer) => request.Path == "/log/anchors" ? frozen ??= answer : answer;
        (await stand.RoundAsync()).Expect(0);
        await GrowAsync(2);
        (await stand.RoundAsync()).Expect(0);
        stand.Clock.Offset = TimeSpan.FromMinutes(16);
        (await stand.RoundAsync()).Expect(1);
        Assert.Equal(["raised late-anchor"], stand.Told);
    }

    [Fact]
    public async Task Monitor_ListedAnchorOfAnotherRoot_AlarmsAlsoForOldSizes()
    {
        await using var stand = await StartAsync();
        stand.Web.Alter = static (request, answer) => request.Path != "/log/anchors" ? answer
            : answer with { Body = Encoding.UTF8.GetBytes(System.Text.RegularExpressions.Regex.Replace(Encoding.UTF8.GetString(answer.Body), "\"root\":\"......", "\"root\":\"AAAAAA")) };
        (await stand.RoundAsync()).Expect(1);
        Assert.Contains("raised anchor-mismatch", stand.Told);
        stand.Web.Alter = static (_, answer) => answer;
        (await stand.RoundAsync()).Expect(0);
        Assert.Contains("ended anchor-mismatch", stand.Told);
    }

    [Theory]
    [InlineData(59, false)]
    [InlineData(70, true)]
    public async Task Monitor_RecoveryOfAKey_IsAnnounced_AndMustTakeItsDelay(int minutes, bool inTime)
    {
        using var lost = SigningKey.Generate(SignatureAlgorithms.ES256);
        using var next = SigningKey.Generate(SignatureAlgorithms.ES256);
        await using var stand = await StartAsync();
        var size = await SizeAsync(stand);
        var log = await stand.ForgeAsync((int)size, 0, Key(Admit(lost, null)), Key(new KeyRecovery("forged", next.PublicKey, 3600, "lost", size)), Key(Admit(next, size + 1) with { Recovery = size + 1 }));
        stand.Show(log);
        log.Size = size + 1;
        (await stand.RoundAsync()).Expect(0);

        stand.Clock.Offset = TimeSpan.FromMinutes(5);
        log.Size = size + 2;
        (await stand.RoundAsync()).Expect(2);
        Assert.Equal(["raised recovery-announced"], stand.Told);

        stand.Clock.Offset = TimeSpan.FromMinutes(minutes - 5); // After the last look at a log without it.
        log.Size = size + 3;
        await stand.RoundAsync();
        stand.Clock.Offset = TimeSpan.FromDays(1);
        await stand.RoundAsync();

        Assert.Contains("ended recovery-announced", stand.Told);
        Assert.Equal(inTime ? 0 : 1, stand.Told.Count(static t => t == "raised bad-key-change"));
        Assert.DoesNotContain("ended bad-key-change", stand.Told);
    }

    [Theory]
    [InlineData(0L, true)] // No time at all.
    [InlineData(1L << 50, false)] // Longer than any calendar.
    [InlineData(3600L, false)] // Came and went while nobody looked, for longer than that.
    public async Task Monitor_RecoveryBetweenTwoLooks_IsToldAllTheSame(long delay, bool isAlarm)
    {
        using var lost = SigningKey.Generate(SignatureAlgorithms.ES256);
        using var next = SigningKey.Generate(SignatureAlgorithms.ES256);
        await using var stand = await StartAsync();
        var size = await SizeAsync(stand);
        var log = await stand.ForgeAsync((int)size, 0, Key(Admit(lost, null)), Key(new KeyRecovery("forged", next.PublicKey, delay, "lost", size)), Key(Admit(next, size + 1) with { Recovery = size + 1 }));
        stand.Show(log);
        log.Size = delay > 3600 ? size + 2 : size + 3;
        stand.Clock.Offset = TimeSpan.FromHours(2);

        await stand.RoundAsync();
        await stand.RoundAsync();

        Assert.Contains("raised recovery-announced", stand.Told);
        Assert.Equal(isAlarm, stand.Told.Contains("raised bad-key-change"));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1, 1)] // A second before the block that holds the anchor.
    public async Task KeyInWrongHands_SinceAMoment_IsNotBelievedFromAnAnchorOfThenOn(int seconds, int exitCode)
    {
        using var stolen = SigningKey.Generate(SignatureAlgorithms.ES256);
        await using var stand = await StartAsync();
        var anchor = await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var moment = Core.Log.Record.FormatTime(anchor.GetProperty("time").GetDateTimeOffset().AddSeconds(seconds));
        var size = await SizeAsync(stand);
        var end = new KeyRevocation("forged", stolen.PublicKey.Kid, size, KeyRevocation.ByOrganisation, anchor.GetProperty("size").GetInt64(), size, null, moment);
        var log = await stand.ForgeAsync((int)size, 0, Key(Admit(stolen, null)), Key(end with { Authorization = Jws.Sign(stolen, KeyChange.AuthorizationType, Server.Registry.Trust.Origin, end.ToAuthorizationPayload()) }));
        stand.Show(log);
        using var cli = new AuditCli();
        await File.WriteAllBytesAsync(cli.TrustFile, Server.Registry.Trust.ToUtf8(), TestContext.Current.CancellationToken);

        (await stand.RoundAsync()).Expect(exitCode);
        var audited = (await cli.FsckAsync(stand.Web.BaseUrl, null, "--rpc", Server.RpcUrl)).Expect(exitCode).Json;

        Assert.Equal(exitCode == 0 ? [] : ["raised bad-key-change"], stand.Told);
        Assert.Equal(exitCode == 0 ? null : "bad-key-change", audited.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    private static byte[] Key(KeyChange change) => LogEntry.ForPublic(EntryKind.Key, change.ToJcs());

    private static KeyEntry Admit(SigningKey key, long? previous) =>
        new("forged", "Forged", key.PublicKey, Custody.Self, KeyEntry.StatementsPurpose, previous, KeyEntry.VouchedByOperator, null);

    [Fact]
    public async Task Monitor_WebhookThatFails_IsToldInTheNextRound()
    {
        await using var stand = await StartAsync();
        await using var receiver = await TamperingProxy.StartAsync();
        var got = new List<string>();
        var status = 500;
        receiver.Instead = request =>
        {
            if (status == 200)
            {
                got.Add(JsonDocument.Parse(request.Body).RootElement.GetProperty("what").GetString()!);
            }
            return Task.FromResult<ProxyAnswer?>(new ProxyAnswer(status, []));
        };
        stand.Webhook = new Uri(receiver.BaseUrl + "/alarms");
        stand.Web.Instead = static _ => Task.FromResult<ProxyAnswer?>(new ProxyAnswer(502, []));
        Assert.Contains("not delivered", (await stand.RoundAsync()).Expect(2).Errors, StringComparison.Ordinal);
        stand.ShowServer();
        Assert.Contains("2 alarms are not delivered", (await stand.RoundAsync()).Expect(0).Errors, StringComparison.Ordinal);
        status = 200;
        (await stand.RoundAsync()).Expect(0);
        Assert.Equal(["raised", "ended"], got);
        (await stand.RoundAsync()).Expect(0);
        Assert.Equal(2, got.Count);
    }

    [Fact]
    public async Task Monitor_Command_GetsTheAlarmOnItsInput()
    {
        await using var stand = await StartAsync();
        stand.Command = $"cat >> '{stand.PathOf("got.jsonl")}'";
        stand.Web.Instead = static _ => Task.FromResult<ProxyAnswer?>(new ProxyAnswer(502, []));
        (await stand.RoundAsync()).Expect(2);
        Assert.Equal("unreachable", JsonDocument.Parse(File.ReadAllText(stand.PathOf("got.jsonl"))).RootElement.GetProperty("code").GetString());
        stand.Command = "exit 3";
        stand.ShowServer();
        Assert.Contains("ended with 3", (await stand.RoundAsync()).Expect(0).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Monitor_AfterACrashBetweenAnyTwoWrites_GoesOn()
    {
        await using var stand = await StartAsync();
        await GrowAsync(2);
        // What a crash leaves: temporary files cut short, an alarm written in part, evidence of an alarm that was never listed.
        File.WriteAllText(stand.StateFile("walk.json.new"), "{\"type\":");
        File.WriteAllText(stand.StateFile("monitor.json.new"), "");
        File.WriteAllText(stand.StateFile("alarms.jsonl"), "{\"type\":\"alarm\",\"wh");
        File.WriteAllText(stand.StateFile("evidence/20260101T000000Z-0001-fork.json.new"), "{");
        (await stand.RoundAsync()).Expect(0);

        stand.Web.Instead = static _ => Task.FromResult<ProxyAnswer?>(new ProxyAnswer(502, []));
        (await stand.RoundAsync()).Expect(2);
        var lines = File.ReadAllLines(stand.StateFile("alarms.jsonl"));
        Assert.Equal(2, lines.Length);
        Assert.Equal("unreachable", JsonDocument.Parse(lines[1]).RootElement.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Monitor_OfAQuietLog_AsksForLittle()
    {
        await using var stand = await StartAsync();
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        (await stand.RoundAsync()).Expect(0);
        var requests = new System.Collections.Concurrent.ConcurrentBag<string>();
        stand.Web.Instead = request =>
        {
            requests.Add(request.Path);
            return Task.FromResult<ProxyAnswer?>(null);
        };
        (await stand.RoundAsync()).Expect(0);
        // The list, the checkpoint, the last bundle and its tile, one tile a level above, and those that the listed anchors need.
        Assert.True(requests.Count <= 15, string.Join(' ', requests));
    }

    [Fact]
    public async Task Monitor_AsAProcess_RunsUntilItIsStopped()
    {
        using var cli = new CliProcess();
        cli.Write("trust.json", Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));
        await AnchorAsync();
        string[] monitor = ["monitor", "--server", Server.BaseUrl, "--trust", "trust.json", "--rpc", Server.RpcUrl, "--state", "state", "--interval", "1s", "--status-file", "status.json"];
        using (var process = CliProcess.Start(cli.PathOf("."), monitor))
        {
            await Eventually.TrueAsync("second round", () => Task.FromResult(
                File.Exists(cli.PathOf("status.json")) && JsonDocument.Parse(cli.Read("status.json")).RootElement.GetProperty("rounds").GetInt64() >= 2));
            Assert.Contains("in use", (await cli.RunAsync([.. monitor, "--once"])).Expect(2).Errors, StringComparison.Ordinal); // One monitor a folder.
            TrustChain.Devnet.LinuxProcess.Send(process.Id, TrustChain.Devnet.Signal.Terminate);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, process.ExitCode);
        }
        var once = (await cli.RunAsync([.. monitor, "--once", "--json"])).Expect(0).Json;
        Assert.Equal("good", once.GetProperty("result").GetString());
        (await cli.RunAsync([.. monitor, "--webhook", "http://127.0.0.1:9", "--exec", "true"])).Expect(2);
        (await cli.RunAsync([.. monitor, "--max-anchor-age", "soon"])).Expect(2);
    }

    [Fact]
    public async Task Monitor_KilledAtAnyTime_FindsItsMemoryWhole()
    {
        using var cli = new CliProcess();
        cli.Write("trust.json", Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));
        await AnchorAsync();
        string[] monitor = ["monitor", "--server", Server.BaseUrl, "--trust", "trust.json", "--rpc", Server.RpcUrl, "--state", "state", "--interval", "1s"];
        var random = new Random(7);
        for (var i = 0; i < 6; i++)
        {
            await GrowAsync(20);
            using var process = CliProcess.Start(cli.PathOf("."), monitor);
            await Task.Delay(random.Next(300, 2500), TestContext.Current.CancellationToken); // Where it is then does not matter.
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        await AnchorAsync();
        (await cli.RunAsync([.. monitor, "--once"])).Expect(0);
        Assert.False(File.Exists(cli.PathOf("state/alarms.jsonl")), "There was nothing to alarm about.");
    }

    /// <summary>A stand whose monitor has seen the log, all of it anchored.</summary>
    private async Task<MonitorStand> StartAsync()
    {
        await AnchorAsync();
        var stand = await MonitorStand.StartAsync(Server);
        (await stand.RoundAsync()).Expect(0);
        return stand;
    }

    private async Task AnchorAsync()
    {
        await GrowAsync(1);
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
    }

    private async Task GrowAsync(int events)
    {
        var company = await Server.AddOrganisationAsync();
        (await company.CaptureAsync(Events.Document([.. Enumerable.Range(0, events).Select(_ => Events.Observation(company.NewItem()))]))).Expect(202);
        await Server.GetCoveringCheckpointAsync();
    }

    private static JsonElement Status(MonitorStand stand) => JsonDocument.Parse(File.ReadAllText(stand.PathOf("status.json"))).RootElement;

    private static Task<long> SizeAsync(MonitorStand stand) => Task.FromResult(Status(stand).GetProperty("size").GetInt64());

    private static byte[] WithResultOf(byte[] answer, byte[] old)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(answer)!.AsObject();
        json["result"] = System.Text.Json.Nodes.JsonNode.Parse(old)!["result"]!.DeepClone();
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }
}
