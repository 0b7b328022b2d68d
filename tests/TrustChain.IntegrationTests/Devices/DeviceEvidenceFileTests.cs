using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using TrustChain.Core.Devices;
using TrustChain.IntegrationTests.Cli;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Devices;

/// <summary>The evidence of a device's period in the hands of somebody who has nothing but the file and a trust file.</summary>
public sealed partial class DeviceEvidenceFileTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly DateOnly Day = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-2);

    private RunningServer Server => fixture.Server;

    [Fact]
    public async Task File_IsVerifiedAndComputedAgain_AndWhatWasChangedIsFound()
    {
        using var device = await TestDevice.EnrolAsync(Server, await Server.AddOrganisationAsync());
        for (var hour = 8; hour < 11; hour++)
        {
            (await device.SendAsync(device.Event(Day.ToDateTime(new TimeOnly(hour, 0), DateTimeKind.Utc), 10, 500 + (60 * (hour - 8))))).Expect(201);
        }
        await Server.GetFinalAnchorAsync((await Server.GetCoveringCheckpointAsync()).Size);
        var period = Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var lines = (await Server.GetAsync($"{device.Path}/evidence?from={period}&to={period}", device.Owner.ApiKey)).Expect(200).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using var cli = new CliProcess();
        cli.Write("trust.json", Encoding.UTF8.GetString(Server.Registry.Trust.ToUtf8()));

        Assert.Equal((0, ""), await VerifyAsync(cli, lines));
        string[] prettier = [.. lines[..^1], ReceivedReadings().Replace(lines[^1], static m => $"\"receivedReadings\":{int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) + 1}", 1)];
        Assert.NotEqual(lines[^1], prettier[^1]);
        Assert.Equal((1, "summary-mismatch"), await VerifyAsync(cli, prettier)); // The service says more than the statements do.
        Assert.Equal((1, "summary-missing"), await VerifyAsync(cli, lines[..^1]));
        Assert.Equal((1, "summary-mismatch"), await VerifyAsync(cli, [lines[0], lines[^1]])); // A bundle was left out.
        // A file from before the rules changed: the statements verify, and nobody is called a liar for the summary.
        string[] earlier = [lines[0].Replace($"\"v\":{DeviceEvidenceHeader.CurrentVersion}", "\"v\":1", StringComparison.Ordinal), .. prettier[1..]];
        Assert.NotEqual(lines[0], earlier[0]);
        Assert.Equal((2, ""), await VerifyAsync(cli, earlier));
        Assert.Equal((0, ""), await VerifyAsync(cli, [earlier[0], .. lines[1..]])); // What comes out the same is the same.
        Assert.Equal((1, "bundle-malformed,summary-missing"), await VerifyAsync(cli, [lines[0], "{}", lines[^1]]));
    }

    private async Task<(int ExitCode, string Failed)> VerifyAsync(CliProcess cli, string[] lines)
    {
        cli.Write("evidence.ndjson", string.Join('\n', lines) + "\n");
        var result = await cli.RunAsync("verify", "evidence.ndjson", "--trust", "trust.json", "--rpc", Server.RpcUrl, "--json");
        var failed = result.Json.GetProperty("checks").EnumerateArray().Where(static c => c.GetProperty("outcome").GetString() == "failed").Select(static c => c.GetProperty("code").GetString());
        return (result.ExitCode, string.Join(',', failed));
    }

    [GeneratedRegex("\"receivedReadings\":([0-9]+)")]
    private static partial Regex ReceivedReadings();
}
