using System.Net;
using System.Text.Json;
using TrustChain.DeviceClient;
using TrustChain.UnitTests.Evm;

namespace TrustChain.UnitTests.Devices;

public sealed class DeviceQueueTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Device_StoresAndSends_KeepsReceiptAndEmptiesTheQueue()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 1);
        Assert.Single(folder.Files("out"));

        Assert.Equal(new SendReport(1, 0, 0, TimeSpan.Zero, null), await device.SendAsync(Token));
        Assert.Empty(folder.Files("out"));
        Assert.Equal("r.1.s", File.ReadAllText(Path.Combine(folder.Path, "receipts", Assert.Single(folder.Files("receipts")))));
        Assert.Equal("POST /epcis/events", folder.Service.Requests[^1]);
    }

    [Fact]
    public async Task Device_WasOfflineForDays_SendsOldestFirstInBatches()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 201);

        Assert.Equal(201, (await device.SendAsync(Token)).Sent);
        Assert.Equal(["POST /api/devices/statements", "POST /api/devices/statements", "POST /epcis/events"], folder.Service.Requests[^3..]);
        Assert.Equal(Enumerable.Range(1, 201).Select(static n => (long)n), folder.Service.Taken.Select(static t => t.Sequence));
        Assert.Equal(201, folder.Service.RequireWhole().Count);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.RequestTimeout)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.Found)]
    public async Task Service_CannotNow_StatementIsKeptForAsLongAsItAsks(HttpStatusCode status)
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 1);
        folder.Service.Prepare(status, retryAfter: TimeSpan.FromSeconds(77));

        var report = await device.SendAsync(Token);
        Assert.Equal((0, 0, 1, TimeSpan.FromSeconds(77)), (report.Sent, report.Refused, report.Left, report.Wait));
        Assert.Contains(((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture), report.Reason, StringComparison.Ordinal);
        Assert.Equal(1, (await device.SendAsync(Token)).Sent);
    }

    [Theory]
    [InlineData("""{"statement":"x"}""")]
    [InlineData("""{"receipt":""}""")]
    [InlineData("""["receipt"]""")]
    [InlineData("<html>")]
    public async Task Service_AcceptsWithoutReceipt_StatementIsKept(string body)
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 1);
        folder.Service.Prepare(HttpStatusCode.Created, body);

        Assert.Equal(1, (await device.SendAsync(Token)).Left);
        Assert.Equal(1, (await device.SendAsync(Token)).Sent);
    }

    [Fact]
    public async Task Service_DoesNotAnswer_WaitsLongerEachTime()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 1);
        var waits = new List<double>();
        for (var i = 0; i < 14; i++)
        {
            folder.Service.Prepare(static _ => throw new HttpRequestException("unreachable"));
            waits.Add((await device.SendAsync(Token)).Wait.TotalSeconds);
        }
        for (var i = 0; i < waits.Count; i++)
        {
            var expected = Math.Min(900, Math.Pow(2, i));
            Assert.InRange(waits[i], expected * 0.8, expected * 1.2);
        }
        Assert.Equal(1, (await device.SendAsync(Token)).Sent);
    }

    [Fact]
    public async Task SendAll_WaitsAsAskedAndSends()
    {
        var clock = new ManualTime { FiresWithin = TimeSpan.FromMinutes(10) };
        using var folder = new DeviceFolder { Clock = clock };
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 2);
        folder.Service.Prepare(HttpStatusCode.ServiceUnavailable, retryAfter: TimeSpan.FromMinutes(5));

        await device.SendAllAsync(Token);
        Assert.Equal([TimeSpan.FromMinutes(5)], clock.Fired);
        Assert.Equal(2, folder.Service.RequireWhole().Count);
    }

    [Fact]
    public async Task Service_RefusesOneForGood_ItIsSetAsideWithTheProblemAndTheOthersGoOn()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 3);
        folder.Service.Prepare(HttpStatusCode.OK, """{"results":[{"status":201,"capture":{"receipt":"a.b.c"}},{"status":400,"problem":{"code":"invalid","detail":"not so"}},{"status":201,"capture":{"receipt":"d.e.f"}}]}""");

        var report = await device.SendAsync(Token);
        Assert.Equal((2, 1, 0), (report.Sent, report.Refused, report.Left));
        Assert.Equal(2, folder.Files("receipts").Length);
        var refused = folder.Files("refused");
        Assert.Equal([refused[0], refused[0] + ".problem.json"], refused);
        using var problem = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "refused", refused[1])));
        Assert.Equal("not so", problem.RootElement.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Service_RefusesTheWholeBatch_EachIsSentAlone()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 3);
        folder.Service.Prepare(HttpStatusCode.RequestEntityTooLarge);

        Assert.Equal(3, (await device.SendAsync(Token)).Sent);
        Assert.Empty(folder.Files("refused"));
        Assert.Equal(["POST /epcis/events", "POST /epcis/events", "POST /epcis/events"], folder.Service.Requests[^3..]);
    }

    [Theory]
    [InlineData("""{"results":[{"status":201,"capture":{"receipt":"a.b.c"}}]}""", 1)]
    [InlineData("""{"results":[{"status":201,"capture":{"receipt":"a.b.c"}},{"status":503,"problem":{}}]}""", 1)]
    [InlineData("""{"results":[{"status":409,"problem":{"code":"key-not-yet-logged"}}]}""", 0)]
    [InlineData("""{"results":7}""", 0)]
    [InlineData("""{"results":[7]}""", 0)]
    [InlineData("[]", 0)]
    [InlineData("", 0)]
    public async Task Service_AnswersForFewer_TheRestIsKept(string body, int sent)
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 3);
        folder.Service.Prepare(HttpStatusCode.OK, body);

        var report = await device.SendAsync(Token);
        Assert.Equal((sent, 0, 3 - sent), (report.Sent, report.Refused, report.Left));
        Assert.Equal(3 - sent, (await device.SendAsync(Token)).Sent);
    }

    [Fact]
    public async Task Service_TookItAndTheAnswerWasLost_SameStatementIsSentAgain()
    {
        using var folder = new DeviceFolder();
        using var device = await folder.ClaimAsync();
        DeviceFolder.Store(device, 0, 1);
        folder.Service.Prepare(static _ => null);

        Assert.Equal(1, (await device.SendAsync(Token)).Left);
        Assert.Equal(1, (await device.SendAsync(Token)).Sent);
        Assert.Equal(2, folder.Service.Taken.Count);
        Assert.Equal(folder.Service.Taken[0], folder.Service.Taken[1]);
    }

    [Fact]
    public async Task Disk_FailsInFlush_NothingIsSignedUntilTheFolderIsOpenedAgain()
    {
        using var folder = new DeviceFolder();
        var device = await folder.ClaimAsync();
        device.Dispose();
        folder.Step = static step =>
        {
            if (step.StartsWith("flush", StringComparison.Ordinal) && step.EndsWith(".jws", StringComparison.Ordinal))
            {
                throw new IOException("full");
            }
        };
        using (device = folder.Open())
        {
            device.Add(DeviceFolder.Reading(1));
            Assert.Throws<IOException>(device.Flush);
            Assert.Throws<DeviceException>(device.Flush);
            Assert.Equal(0, (await device.SendAsync(Token)).Sent); // It may be there, but its number is not counted yet.
        }
        folder.Step = null;
        using (device = folder.Open())
        {
            Assert.Equal(1, device.Sequence);
            DeviceFolder.Store(device, 2, 1);
            await device.SendAsync(Token);
        }
        Assert.Equal(2, folder.Service.RequireWhole().Count);
    }

    [Fact]
    public async Task Folder_IsOpen_ASecondProcessIsKeptOut()
    {
        using var folder = new DeviceFolder();
        using (await folder.ClaimAsync())
        {
            Assert.Throws<DeviceException>(folder.Open);
        }
        folder.Open().Dispose();
    }

    [Fact]
    public async Task Folder_StateIsDamagedOrMissing_NumberingDoesNotStartAnew()
    {
        using var folder = new DeviceFolder();
        (await folder.ClaimAsync()).Dispose();
        var state = Path.Combine(folder.Path, "state.json");
        File.WriteAllText(state, "{\"Sequence\":");
        Assert.Throws<DeviceException>(folder.Open);
        File.Delete(state);
        Assert.Throws<DeviceException>(folder.Open);
    }
}
