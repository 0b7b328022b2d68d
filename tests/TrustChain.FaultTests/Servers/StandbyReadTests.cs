using System.Net.Http.Headers;
using TrustChain.Devnet;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Servers;

/// <summary>Reading from a standby: strangers do, whoever has written sees it at once, and a standby that is behind or away costs nobody an answer.</summary>
public sealed class StandbyReadTests(SharedStack stack)
{
    private const string Position = "TrustChain-Position";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Standby_PausedThenAway_IsReadByStrangersOnly_AndFailsNobody()
    {
        await using var primary = await PrivatePostgres.StartAsync(new Dictionary<string, string> { ["wal_keep_size"] = "256MB" });
        await using var standby = await primary.AddStandbyAsync(isSynchronous: false);
        await using var trial = await Trial.StartAsync(
            primary.Process, stack.Anvil.RpcUrl, settings: new Dictionary<string, string?> { ["Standby__MaxLag"] = "00:01:00" }, standby: standby.Process);
        var (site, load) = (trial.Site, trial.Load);
        var maker = new CaptureMaker(1_000);
        await load.RememberAsync(maker.Plain(load.ApiKey, 1));
        await EventuallyReadAsync(site, maker.Item, 1);
        var before = await ReadCountAsync(site, "standby");
        Assert.Equal(1, await CountEventsAsync(site, maker.Item));
        Assert.True(await ReadCountAsync(site, "standby") > before, "A stranger was not answered by the standby.");

        // From here on the standby shows an old state, and by its settings it still may: who wrote must be told the new one all the same.
        await standby.ExecuteAsync("select pg_wal_replay_pause()");
        await load.RememberAsync(maker.Plain(load.ApiKey, 1));
        Assert.Equal(2, await CountEventsAsync(site, maker.Item, load.ApiKey));
        Assert.Equal(1, await CountEventsAsync(site, maker.Item)); // Who has not written is told what was there a moment ago.

        var unsigned = load.MakeOne();
        var position = await SendForPositionAsync(site, unsigned);
        load.Note(unsigned, position.Body);
        Assert.Equal(1, await CountEventsAsync(site, unsigned.Item, position: position.Position));
        Assert.Equal(0, await CountEventsAsync(site, unsigned.Item)); // A list has no name that could be missing.
        Assert.Equal(200, await GetStatusAsync(site, $"/epcis/events/{Uri.EscapeDataString(unsigned.EventHashes[0])}"));
        Assert.Equal(200, await GetStatusAsync(site, new Uri(unsigned.Item).AbsolutePath));
        await Eventually.TrueAsync("evidence of what a stranger was just given", async () => await GetStatusAsync(site, $"/evidence?event={Uri.EscapeDataString(unsigned.EventHashes[0])}") == 200);
        Assert.True(await ReadCountAsync(site, "missing") >= 3 && await ReadCountAsync(site, "behind") >= 1);
        await trial.Audit.ExpectSoundAsync(); // The whole log was read with a standby that lacks its end.

        await standby.ExecuteAsync("select pg_wal_replay_resume()");
        await EventuallyReadAsync(site, maker.Item, 2);
        await standby.StopAsync(Signal.Kill);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(2, await CountEventsAsync(site, maker.Item));
        }
        await Eventually.TrueAsync("standby that is known to be away", async () => await GaugeAsync(site, "trustchain_standby_up") == 0);
        await standby.StartAgainAsync();
        await Eventually.TrueAsync("standby that is read from again", async () => await GaugeAsync(site, "trustchain_standby_up") == 1);
    }

    [Fact]
    public async Task Standby_PausedForLongerThanItMayLag_IsNotReadFrom()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes long; TRUSTCHAIN_FAULTS=all runs it.");
        await using var primary = await PrivatePostgres.StartAsync(new Dictionary<string, string> { ["wal_keep_size"] = "256MB" });
        await using var standby = await primary.AddStandbyAsync(isSynchronous: false);
        await using var trial = await Trial.StartAsync(primary.Process, stack.Anvil.RpcUrl, standby: standby.Process);
        var maker = new CaptureMaker(1_000);
        await standby.ExecuteAsync("select pg_wal_replay_pause()");

        await trial.Load.RememberAsync(maker.Plain(trial.Load.ApiKey, 1));

        await EventuallyReadAsync(trial.Site, maker.Item, 1); // The default lets a stranger see what is a second old, and no more.
        Assert.Equal(0, await GaugeAsync(trial.Site, "trustchain_standby_up"));
        await standby.ExecuteAsync("select pg_wal_replay_resume()");
        await Eventually.TrueAsync("standby that is read from again", async () => await GaugeAsync(trial.Site, "trustchain_standby_up") == 1);
        Assert.Contains("1 of 2 hosts are standbys", await GetAsync(trial.Site, "/health/ready"), StringComparison.Ordinal);
    }

    private static Task EventuallyReadAsync(Site site, string item, int events) =>
        Eventually.TrueAsync($"list of {events} events for a stranger", async () => await CountEventsAsync(site, item) == events);

    private static async Task<int> CountEventsAsync(Site site, string item, string? apiKey = null, string? position = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{site.BaseUrl(0)}/epcis/epcs/{Uri.EscapeDataString(item)}/events");
        request.Headers.Authorization = apiKey is null ? null : new AuthenticationHeaderValue("Bearer", apiKey);
        if (position is not null)
        {
            request.Headers.Add(Position, position);
        }
        using var answer = await site.Client.SendAsync(request, Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, body);
        return body.Split("\"ObjectEvent\"").Length - 1;
    }

    private static async Task<(string Position, string Body)> SendForPositionAsync(Site site, Capture capture)
    {
        using var request = capture.ToRequest(site.BaseUrl(0));
        using var answer = await site.Client.SendAsync(request, Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, body);
        return (answer.Headers.GetValues(Position).Single(), body);
    }

    private static async Task<int?> GetStatusAsync(Site site, string path) => await site.GetStatusAsync(site.BaseUrl(0) + path);

    private static Task<string> GetAsync(Site site, string path) => site.Client.GetStringAsync(site.BaseUrl(0) + path, Cancel);

    private static async Task<double> ReadCountAsync(Site site, string outcome) => await SumAsync(site, $"trustchain_standby_reads_total{{outcome=\"{outcome}\"}} ");

    private static async Task<double> GaugeAsync(Site site, string name) => await SumAsync(site, name + "{");

    private static async Task<double> SumAsync(Site site, string start) => (await GetAsync(site, "/metrics")).Split('\n').Where(l => l.StartsWith(start, StringComparison.Ordinal))
        .Sum(static l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
}
