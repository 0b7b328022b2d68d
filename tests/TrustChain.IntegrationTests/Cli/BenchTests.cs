using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>The benchmarks, so short that their figures say nothing: what they check of the server while they measure must hold.</summary>
public sealed class BenchTests(ServerFixture fixture) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly AuditCli _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Capture_SendsAndVerifiesItsSample()
    {
        var report = (await RunAsync("capture", "--events", "200", "--batch", "20", "--keys", "2", "--items", "60", "--sample", "20")).Json;

        Assert.Equal(200, report.GetProperty("events").GetInt32());
        Assert.Equal(20, report.GetProperty("verified").GetInt32());
    }

    [Fact]
    public async Task Overload_LosesNothingThatWasAcknowledged_AndJudgesTheTimeOfAnswers()
    {
        // No answer takes less than a millisecond, so the bound is exceeded: nothing else may be wrong.
        var report = (await RunAsync(1, "overload", "--seconds", "2", "--calm-seconds", "1", "--sample", "20", "--max-p99", "1")).Json;

        Assert.False(report.GetProperty("withinBound").GetBoolean());
        Assert.Equal(0, report.GetProperty("surplus").GetInt64());
        Assert.Equal(0, report.GetProperty("faults").GetArrayLength());
        Assert.True(report.GetProperty("acknowledged").GetInt32() > 0);
        Assert.Equal(10, report.GetProperty("tenths").GetArrayLength());
    }

    [Fact]
    public async Task QueryAndScan_Measure()
    {
        await RunAsync("query", "--events", "100", "--seconds", "1", "--clients", "2");
        await RunAsync("scan", "--items", "30", "--seconds", "1", "--clients", "2");
    }

    [Theory]
    [InlineData("e-bike", false)]
    [InlineData("aerial-platform", true)]
    public async Task Telemetry_IsTaken_WithAndWithoutEncryptedMeasures(string template, bool encrypted)
    {
        string[] options = encrypted ? ["--encrypted"] : [];
        var report = (await RunAsync(["telemetry", "--template", template, "--devices", "2", "--statements", "6", "--readings", "5", "--days", "1", "--seconds", "5", "--clients", "2", .. options])).Json;

        Assert.Equal((6, 0), (report.GetProperty("taken").GetInt32(), report.GetProperty("refused").GetInt32()));
    }

    private Task<CliResult> RunAsync(params string[] arguments) => RunAsync(0, arguments);

    private async Task<CliResult> RunAsync(int exitCode, params string[] arguments)
    {
        await File.WriteAllTextAsync(_cli.PathOf("admin.key"), fixture.Server.AdminKey, TestContext.Current.CancellationToken);
        return (await _cli.RunAsync(["bench", .. arguments, "--server", fixture.Server.BaseUrl, "--admin-key-file", _cli.PathOf("admin.key"), "--json"])).Expect(exitCode);
    }
}
