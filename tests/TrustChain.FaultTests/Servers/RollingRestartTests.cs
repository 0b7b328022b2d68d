using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using TrustChain.FaultTests.Stage;
using TrustChain.IntegrationTests.Accounts;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Servers;

/// <summary>Servers behind a real nginx, restarted one after the other under load: nobody notices.</summary>
public sealed class RollingRestartTests(SharedStack stack)
{
    private const string NoNginx = "There is no nginx on PATH or in /usr/sbin, and NGINX_PROGRAM names none (Debian: apt install nginx).";

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(1); // of nginx to the servers; the drain is longer
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(8); // six more than nginx leaves a server out, for machines that stand still for seconds

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoServers_RestartedInTurn_FailNoRequest()
    {
        var program = NginxProcess.Find();
        Assert.SkipWhen(program is null, NoNginx);
        await using var trial = await Trial.StartAsync(stack.Postgres, stack.Anvil.RpcUrl, servers: 2, settings: Settings());
        await using var nginx = await NginxProcess.StartAsync(program!, trial.Site, KeepAlive); // Asked above.

        await RestartEachAsync(trial, nginx, clients: 2, readers: 1, companies: 1, rounds: 1, captures: 10);

        await trial.Audit.ExpectSoundAsync();
    }

    [Fact]
    public async Task ThreeServersWithAStandby_RestartedInTurnThreeTimes_FailNoRequest()
    {
        Assert.SkipUnless(Extent.IsFull, "Takes minutes; TRUSTCHAIN_FAULTS=all runs it.");
        var program = NginxProcess.Find();
        Assert.SkipWhen(program is null, NoNginx);
        await using var primary = await PrivatePostgres.StartAsync(new Dictionary<string, string> { ["wal_keep_size"] = "256MB", ["max_connections"] = "300" });
        await using var standby = await primary.AddStandbyAsync(isSynchronous: false);
        await using var trial = await Trial.StartAsync(primary.Process, stack.Anvil.RpcUrl, servers: 3, settings: Settings(), standby: standby.Process);
        await using var nginx = await NginxProcess.StartAsync(program!, trial.Site, KeepAlive); // Asked above.

        await ExpectOneSessionAsync(trial.Site);
        await ExpectOneLimitAsync(trial.Site, nginx);
        await RestartEachAsync(trial, nginx, clients: 6, readers: 6, companies: 2, rounds: 3, captures: 100);

        await trial.Audit.ExpectSoundAsync();
    }

    private static Dictionary<string, string?> Settings() => new()
    {
        ["Proxy__TrustedNetworks__0"] = "127.0.0.1",
        ["TrustChain__DrainTime"] = Drain.ToString(),
        // What is exhausted comes back so slowly that no test can be slow enough to see it back.
        ["Limits__FailedAuthentication__PerSecond"] = "0.002",
        ["Limits__FailedAuthentication__Burst"] = "30",
    };

    /// <summary>Restarts each server by SIGTERM under load, and says what that cost.</summary>
    private static async Task RestartEachAsync(Trial trial, NginxProcess nginx, int clients, int readers, int companies, int rounds, int captures)
    {
        var (site, load) = (trial.Site, trial.Load);
        site.Entrance = nginx.BaseUrl;
        load.RequestPatience = TimeSpan.FromSeconds(100);
        var shown = (await load.RememberAsync(load.MakeOne())).Capture.Item;
        await Eventually.TrueAsync("evidence of the item that all look at", async () => await site.GetStatusAsync($"{site.BaseUrl(0)}/evidence?item={Uri.EscapeDataString(shown)}") == 200);
        await using var visitors = new Visitors(site, await site.AddOrganisationAsync("company"), shown);
        var times = new ConcurrentQueue<TimeSpan>();
        load.Answered = visitors.Answered = time => times.Enqueue(time);
        load.Start(clients);
        visitors.Start(readers, companies);
        await load.WaitForAsync(captures); // The servers and their caches are warm.
        times.Clear();
        await load.WaitForAsync(4 * captures);
        var before = Take(times);
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                for (var server = 0; server < site.ServerCount; server++)
                {
                    await site.EndAsync(server);
                    await site.StartServerAsync(server);
                    await load.WaitForAsync(captures / 4);
                }
            }
        }
        finally
        {
            TestContext.Current.TestOutputHelper?.WriteLine(nginx.ReadErrors()); // says why, if a request failed
        }
        var during = Take(times);
        await visitors.LeaveAsync();
        await load.DrainAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{rounds * site.ServerCount} restarts: {before.Length} answers before, p99 {Quantile(before, 0.99):0} ms; {during.Length} during, p50 {Quantile(during, 0.5):0}, p99 {Quantile(during, 0.99):0}, most {Quantile(during, 1):0} ms; {visitors.Sent} other requests, {visitors.Failed.Count + load.Unanswered} failed"));

        Assert.Equal([], visitors.Failed);
        Assert.Equal(0, load.Unanswered);
    }

    /// <summary>A person who signs in at one server is signed in at all of them, and signed out at all of them.</summary>
    private static async Task ExpectOneSessionAsync(Site site)
    {
        var invitation = await site.PostAsAdminAsync("/api/organisations/load/invitations", new { note = "Li Hua", role = "viewer" });
        var link = new Uri(invitation.GetProperty("link").GetString()!); // An invitation is a link.
        using var browser = new Browser(site.BaseUrl(0));
        (await browser.GetAsync(link.PathAndQuery)).Expect(200, "/account/join");
        var token = link.Query[(link.Query.IndexOf("token=", StringComparison.Ordinal) + 6)..];
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Li Hua"), ("login", "lihua"), ("password", "correct horse battery"))).Expect(200, "/account");
        for (var server = 0; server < site.ServerCount; server++)
        {
            (await browser.GetAsync(site.BaseUrl(server) + "/account")).Expect(200, "/account").Saying("Li Hua");
        }
        (await browser.PostAsync("/account/sign-out")).Expect(200, "/account/sign-in");
        for (var server = 0; server < site.ServerCount; server++)
        {
            (await browser.GetAsync(site.BaseUrl(server) + "/account")).Expect(200, "/account/sign-in");
        }
    }

    /// <summary>Wrong keys from one address: as many are looked at as the limit says, not as many for each server.</summary>
    private static async Task ExpectOneLimitAsync(Site site, NginxProcess nginx)
    {
        for (var server = 0; server < site.ServerCount; server++)
        {
            await Eventually.TrueAsync("three servers that share the limits", async () =>
                (await site.Client.GetStringAsync(site.BaseUrl(server) + "/metrics", Cancel)).Contains("\ntrustchain_limits_servers 3\n", StringComparison.Ordinal));
        }
        var looked = 0;
        for (var i = 0; i < 120; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, nginx.BaseUrl + "/api/keys");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "tc_wrong");
            request.Headers.Add("X-Forwarded-For", "198.51.100.9");
            using var answer = await site.Client.SendAsync(request, Cancel);
            Assert.True((int)answer.StatusCode is 401 or 429);
            looked += (int)answer.StatusCode == 401 ? 1 : 0;
        }
        Assert.Equal(30, looked);
    }

    private static double[] Take(ConcurrentQueue<TimeSpan> times)
    {
        var taken = new List<double>();
        while (times.TryDequeue(out var time))
        {
            taken.Add(time.TotalMilliseconds);
        }
        taken.Sort();
        return [.. taken];
    }

    private static double Quantile(double[] sorted, double part) => sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))];
}
