using System.Globalization;
using System.Text;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.FaultTests.Stage;

/// <summary>A real nginx with <c>deploy/nginx.conf</c>, of which only addresses, folders and times are others, and TLS is left out.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _temporary;
    private readonly ChildProcess _child;

    private NginxProcess(TemporaryFolder temporary, ChildProcess child, string baseUrl) => (_temporary, _child, BaseUrl) = (temporary, child, baseUrl);

    /// <summary>Without a slash at the end.</summary>
    public string BaseUrl { get; }

    /// <summary>Where nginx is: what <c>NGINX_PROGRAM</c> names, or the system's; null: there is none.</summary>
    public static string? Find() => Environment.GetEnvironmentVariable("NGINX_PROGRAM") is { Length: > 0 } named ? named
        : Tools.FindOnPath("nginx") ?? (File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : null);

    /// <summary>Starts it in front of all servers of a site.</summary>
    /// <param name="program">From <see cref="Find"/>.</param>
    /// <param name="site">The servers.</param>
    /// <param name="keepAlive">How long it keeps an idle connection to a server.</param>
    public static async Task<NginxProcess> StartAsync(string program, Site site, TimeSpan keepAlive)
    {
        var temporary = new TemporaryFolder();
        var port = LocalPort.FindFree();
        File.WriteAllText(temporary.PathOf("nginx.conf"), Adapt(File.ReadAllText(Repository.PathOf("deploy/nginx.conf")), temporary.Path, site, port, keepAlive));
        foreach (var folder in (string[])["cache", "logs"])
        {
            Directory.CreateDirectory(temporary.PathOf(folder));
        }
        var child = await ChildProcess.StartAsync(
            new ChildCommand
            {
                Name = "nginx",
                Program = program,
                Arguments = ["-e", temporary.PathOf("logs/start.log"), "-p", temporary.Path, "-c", temporary.PathOf("nginx.conf"), "-g", "daemon off;"],
                LogFile = temporary.PathOf("nginx.log"),
                StopSignals = [Signal.Quit, Signal.Terminate],
            },
            Site.Cancel);
        var nginx = new NginxProcess(temporary, child, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        try
        {
            await Eventually.TrueAsync("answer through nginx", async () =>
            {
                Assert.False(child.HasExited, $"nginx ended: {(child.HasExited ? child.ReadReason("emerg") : "")}");
                return await site.GetStatusAsync(nginx.BaseUrl + "/health/live") == 200;
            });
            return nginx;
        }
        catch
        {
            await nginx.DisposeAsync();
            throw;
        }
    }

    /// <summary>What nginx itself had to say about servers that it did not reach.</summary>
    public string ReadErrors() => File.ReadAllText(_temporary.PathOf("logs/trustchain-error.log"));

    public async ValueTask DisposeAsync()
    {
        await _child.DisposeAsync();
        _temporary.Dispose();
    }

    private static string Adapt(string text, string folder, Site site, int port, TimeSpan keepAlive)
    {
        var servers = string.Concat(Enumerable.Range(0, site.ServerCount).Select(i => $"server {site.BaseUrl(i)["http://".Length..]} max_fails=3 fail_timeout=2s;\n"));
        text = Replace(text, "server 127.0.0.1:8080 max_fails=3 fail_timeout=2s;", servers);
        text = Replace(text, "keepalive_timeout 5s;", string.Create(CultureInfo.InvariantCulture, $"keepalive_timeout {keepAlive.TotalMilliseconds:0}ms;"));
        text = Replace(text, "listen 443 ssl http2;", string.Create(CultureInfo.InvariantCulture, $"listen 127.0.0.1:{port};"));
        text = Replace(text, "listen 80;", "listen unix:" + Path.Combine(folder, "redirect.sock") + ";");
        text = Replace(text, "/var/log/nginx/", Path.Combine(folder, "logs") + "/");
        text = Replace(text, "/run/nginx-trustchain.pid", Path.Combine(folder, "nginx.pid"));
        text = Replace(text, "/var/cache/nginx/trustchain", Path.Combine(folder, "cache"));
        var lines = text.Split('\n').Where(static l => !l.Contains("listen [::]", StringComparison.Ordinal) && !l.TrimStart().StartsWith("ssl_", StringComparison.Ordinal)).ToList();
        var adapted = new StringBuilder();
        if (Environment.UserName == "root")
        {
            adapted.Append("user root;\n"); // The folder is this user's alone.
        }
        foreach (var line in lines)
        {
            adapted.Append(line).Append('\n');
            if (line.Trim() == "http {")
            {
                foreach (var part in (string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
                {
                    adapted.Append(CultureInfo.InvariantCulture, $"{part}_temp_path {Path.Combine(folder, part)};\n");
                }
            }
        }
        return adapted.ToString();
    }

    private static string Replace(string text, string old, string with)
    {
        Assert.Contains(old, text, StringComparison.Ordinal);
        return text.Replace(old, with, StringComparison.Ordinal);
    }
}
