using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Npgsql;
using TrustChain.Devnet;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Accounts;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>From published output and an empty database to a record that a stranger verifies, by the commands of docs/installation.md alone.</summary>
public sealed partial class InstallationTests(SharedStack stack)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Installation_FromPublishedOutput_VerifiesItsFirstRecord()
    {
        using var temporary = new TemporaryFolder();
        await InstallAsync(await Publication.MakeAsync(temporary.PathOf("opt")), temporary);
    }

    /// <summary>The same with no runtime and no <c>dotnet</c> to be found: the output brings its own.</summary>
    [Fact]
    public async Task Installation_FromSelfContainedOutput_NeedsNoRuntime()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("TRUSTCHAIN_FAULTS") == "all", "Builds server and command line anew and takes minutes; TRUSTCHAIN_FAULTS=all runs it.");
        using var temporary = new TemporaryFolder();
        var (published, reason) = await Publication.MakeSelfContainedAsync(temporary.PathOf("opt"));
        Assert.SkipWhen(published is null, $"The runtime cannot be restored here: {reason}");
        Assert.True(Publication.BringsRuntime(published.Server) && Publication.BringsRuntime(published.Cli));

        // A program that needs an installed runtime does not start so.
        var startInfo = new ProcessStartInfo(Path.ChangeExtension(ServerProcess.PathOf("TrustChain.Server", "trustchain-server"), null), ["--help"]) { RedirectStandardError = true, RedirectStandardOutput = true };
        Publication.HideRuntimes(startInfo);
        using (var bare = Process.Start(startInfo)!) // Never null: UseShellExecute is off.
        {
            Assert.Contains("must install .NET", await bare.StandardError.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
            await bare.WaitForExitAsync(Cancellation);
            Assert.NotEqual(0, bare.ExitCode);
        }

        await InstallAsync(published, temporary);
    }

    private async Task InstallAsync(Publication published, TemporaryFolder temporary)
    {
        var site = await PrepareSiteAsync(temporary);

        // Keys: made once, only for their owner to read, and not touched again.
        var keys = JsonDocument.Parse((await Publication.RunAsync(published.Server, "keys", "--json", "--config", site.Config)).Expect(0)).RootElement;
        Assert.Equal(4, keys.GetProperty("made").GetArrayLength());
        Assert.All(Directory.GetFiles(temporary.PathOf("keys")), static f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
        var publisher = keys.GetProperty("publisher").GetString()!; // The command says it.
        var logKey = keys.GetProperty("logKey").GetString()!; // As above.

        // Before the contract is there, serving is refused with the setting's name.
        var early = await Publication.RunAsync(published.Server, "serve", "--config", site.Config);
        Assert.Contains("Anchoring:Registry", early.Errors, StringComparison.Ordinal);
        early.Expect(2);

        await ChainClient.CallAsync(stack.Anvil.RpcUrl, "anvil_setBalance", [publisher, "0x3635c9adc5dea00000"], Cancellation);
        string[] deploy = ["contracts", "deploy", "--rpc", stack.Anvil.RpcUrl, "--key", temporary.PathOf("keys/publisher.json"), "--pass-phrase-file", temporary.PathOf("keys/pass-phrase"), "--origin", Site.Origin];
        (await Publication.RunAsync(published.Cli, [.. deploy, "--log-key", logKey.Replace("log.example.org", "other.example.org", StringComparison.Ordinal), "--trust-out", temporary.PathOf("trust.json")])).Expect(2);
        var contract = JsonDocument.Parse((await Publication.RunAsync(published.Cli, [.. deploy, "--log-key", logKey, "--trust-out", temporary.PathOf("trust.json"), "--json"])).Expect(0)).RootElement;
        Assert.Equal(publisher, contract.GetProperty("publisher").GetString());
        site.Change(root => root["Anchoring"]!["Registry"] = contract.GetProperty("registry").GetString()); // The example has the section.

        (await Publication.RunAsync(published.Server, "migrate", "--config", site.Config)).Expect(0);
        File.WriteAllText(temporary.PathOf("taken.key"), "of somebody");
        (await Publication.RunAsync(published.Server, "init", "--config", site.Config, "--admin", "operator", "--name", "Operator", "--key-out", temporary.PathOf("taken.key"))).Expect(1); // Nothing was made.
        var initialised = (await Publication.RunAsync(published.Server, "init", "--config", site.Config, "--admin", "operator", "--name", "Operator", "--key-out", temporary.PathOf("admin.key"))).Expect(0);
        Assert.Contains("/account/join?token=tci_", (await Publication.RunAsync(published.Server, "invite", "--config", site.Config, "--organisation", "operator", "--role", "admin")).Expect(0), StringComparison.Ordinal);
        var examination = (await Publication.RunAsync(published.Server, "doctor", "--config", site.Config, "--json")).Expect(0);
        Assert.True(JsonDocument.Parse(examination).RootElement.GetProperty("ok").GetBoolean(), examination);

        using var server = Publication.Start(published.Server, "serve", "--config", site.Config);
        var output = server.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = server.StandardError.ReadToEndAsync(Cancellation);
        try
        {
            await Eventually.GetAsync("server that is ready", async () =>
            {
                Assert.False(server.HasExited, server.HasExited ? $"{await output} {await errors}" : null);
                return await FindAsync($"{site.BaseUrl}/health/ready");
            }, Patience);
            (await Publication.RunAsync(published.Server, "health", site.BaseUrl)).Expect(0);
            await FollowAsync(site.BaseUrl, JoinLink().Match(initialised).Value);
            await CheckTlsAsync(site, temporary);
            await CaptureAsync(site.BaseUrl, File.ReadAllText(temporary.PathOf("admin.key")).Trim());
            var evidence = $"{site.BaseUrl}/evidence?item=https://id.gs1.org/01/09521321000018/10/SPRING-1";
            await Eventually.GetAsync("evidence under an anchor", async () => await FindAsync(evidence) is { } bundle && IsAnchored(bundle) ? bundle : null, Patience);
            (await Publication.RunAsync(published.Cli, "verify", evidence, "--trust", temporary.PathOf("trust.json"), "--rpc", stack.Anvil.RpcUrl)).Expect(0);

            LinuxProcess.Send(server.Id, Signal.Terminate);
            await server.WaitForExitAsync(Cancellation);
            Assert.True(server.ExitCode == 0, $"It ended with {server.ExitCode}: {await output} {await errors}");
        }
        finally
        {
            if (!server.HasExited)
            {
                server.Kill();
            }
        }
    }

    /// <summary>The first admin's way in: the link works once, and leads to a second factor before anything else.</summary>
    private static async Task FollowAsync(string baseUrl, string link)
    {
        using var browser = new Browser(baseUrl);
        (await browser.GetAsync(link)).Expect(200, "/account/join").Saying("You are invited as admin");
        (await browser.PostAsync("/account/join", ("token", link.Split('=')[1]), ("name", "First admin"), ("login", "first"), ("password", "correct horse battery"))).Expect(200, "/account/second-factor");
        (await browser.GetAsync("/account/members")).Expect(200, "/account/second-factor");
        using var second = new Browser(baseUrl);
        (await second.GetAsync(link)).Expect(404, "/account/join");
    }

    private static bool IsAnchored(string bundle)
    {
        var json = JsonDocument.Parse(bundle).RootElement;
        var last = json.GetProperty("records").EnumerateArray().Select(static r => r.GetProperty("index").GetInt64()).DefaultIfEmpty(long.MaxValue).Max();
        return json.GetProperty("anchors").EnumerateArray().Any(a => a.GetProperty("size").GetInt64() > last);
    }

    /// <summary>The body of a good answer; null while there is none.</summary>
    private static async Task<string?> FindAsync(string url)
    {
        using var client = new HttpClient();
        try
        {
            using var answer = await client.GetAsync(url, Cancellation);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(Cancellation) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>The configuration is the one in deploy/, with this machine's addresses in it, and a database that belongs to an ordinary role.</summary>
    private async Task<Site> PrepareSiteAsync(TemporaryFolder temporary)
    {
        var name = $"install_{Guid.NewGuid():N}";
        await DoctorStage.ExecuteAsync(stack.Postgres.ConnectionString, $"create role {name} login password 'a password with spaces'");
        await DoctorStage.ExecuteAsync(stack.Postgres.ConnectionString, $"create database {name} owner {name}");
        var connection = new NpgsqlConnectionStringBuilder(stack.Postgres.ConnectionStringTo(name)) { Username = name, Password = "a password with spaces", MaxPoolSize = 20 };
        File.WriteAllText(temporary.PathOf("database"), connection.ConnectionString + "\n");
        var site = new Site(temporary.PathOf("trustchain.json"), LocalPort.FindFree(), LocalPort.FindFree());
        site.MakeCertificate(temporary.PathOf("tls.pem"), temporary.PathOf("tls.key"));
        foreach (var secret in (string[])["database", "tls.key"])
        {
            File.SetUnixFileMode(temporary.PathOf(secret), UnixFileMode.UserRead | UnixFileMode.UserWrite); // As doctor wants it.
        }
        File.Copy(Repository.PathOf("deploy/trustchain.json"), site.Config);
        site.Change(root =>
        {
            var server = root["TrustChain"]!.AsObject(); // The example has every section that is changed here.
            server["DatabaseFile"] = temporary.PathOf("database");
            foreach (var key in new[] { "LogKeyFile", "CustodialKeyFile", "PassPhraseFile" })
            {
                server[key] = server[key]!.GetValue<string>().Replace("/etc/trustchain/", temporary.Path + "/", StringComparison.Ordinal);
            }
            server["CheckpointFile"] = temporary.PathOf("checkpoint");
            var anchoring = root["Anchoring"]!.AsObject();
            anchoring["RpcUrl"] = stack.Anvil.RpcUrl;
            anchoring["ChainId"] = AnvilProcess.ChainId;
            anchoring["Registry"] = "";
            anchoring["KeystoreFile"] = temporary.PathOf("keys/publisher.json");
            anchoring["PassPhraseFile"] = temporary.PathOf("keys/pass-phrase");
            anchoring["Finality"] = "Depth";
            anchoring["ConfirmationDepth"] = 1;
            anchoring["Interval"] = "00:00:01";
            anchoring["PollInterval"] = "00:00:00.2";
            root["Kestrel"]!["Endpoints"] = JsonNode.Parse($$"""
                { "Http": { "Url": "{{site.BaseUrl}}" },
                  "Https": { "Url": "https://127.0.0.1:{{site.TlsPort}}", "Certificate": { "Path": "{{temporary.PathOf("tls.pem")}}", "KeyPath": "{{temporary.PathOf("tls.key")}}" } } }
                """);
        });
        return site;
    }

    /// <summary>The certificate of the configuration file, HTTP/2 over it, and that browsers are to come back by it alone; a renewed file is taken up without a restart.</summary>
    private static async Task CheckTlsAsync(Site site, TemporaryFolder temporary)
    {
        using (var answer = await AskAsync(site))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(["max-age=31536000"], answer.Headers.GetValues("Strict-Transport-Security"));
        }
        Assert.Equal(site.CertificateHash, site.Seen);
        using (var client = new HttpClient())
        {
            using var plain = await client.GetAsync($"{site.BaseUrl}/health/live", Cancellation);
            Assert.False(plain.Headers.Contains("Strict-Transport-Security")); // Said in the clear it means nothing.
        }

        var before = site.CertificateHash;
        site.MakeCertificate(temporary.PathOf("tls-new.pem"), temporary.PathOf("tls-new.key"));
        Assert.NotEqual(before, site.CertificateHash);
        File.SetUnixFileMode(temporary.PathOf("tls-new.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(temporary.PathOf("tls-new.key"), temporary.PathOf("tls.key"), overwrite: true);
        File.Move(temporary.PathOf("tls-new.pem"), temporary.PathOf("tls.pem"), overwrite: true);
        await Eventually.TrueAsync("renewed certificate", async () =>
        {
            try
            {
                using var answer = await AskAsync(site);
                return site.Seen == site.CertificateHash;
            }
            catch (HttpRequestException)
            {
                return false; // The port is closed for the moment in which the endpoint is made anew.
            }
        });
    }

    private static async Task<HttpResponseMessage> AskAsync(Site site)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            site.Seen = certificate?.GetCertHashString(HashAlgorithmName.SHA256);
            return true;
        };
        using var client = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        return await client.GetAsync($"https://127.0.0.1:{site.TlsPort}/health/live", Cancellation);
    }

    private static async Task CaptureAsync(string baseUrl, string adminKey)
    {
        using var client = new HttpClient { BaseAddress = new Uri(baseUrl) };
        var organisation = await PostAsync("/api/organisations", adminKey, new { id = "my-garden", name = "My garden", roles = new[] { "producer" }, template = "tea" });
        var key = organisation.GetProperty("apiKey").GetString()!; // Shown this once.
        var claim = await PostAsync("/api/claims", key, new { kind = "gcp", value = "9521321" });
        await PostAsync($"/api/claims/{claim.GetProperty("id").GetInt32().ToString(CultureInfo.InvariantCulture)}/verify", adminKey, new { });
        await PostAsync("/api/batches", key, new
        {
            gtin = "09521321000018",
            lot = "SPRING-1",
            name = "Green tea",
            origin = "Hangzhou",
            variety = "Longjing 43",
            quantity = 12.5,
            unit = "KGM",
            producedAt = "2026-04-05T18:00:00+08:00",
        });

        async Task<JsonElement> PostAsync(string path, string apiKey, object body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
            using var answer = await client.SendAsync(request, Cancellation);
            var text = await answer.Content.ReadAsStringAsync(Cancellation);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {text}");
            return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
        }
    }

    /// <summary>One configuration file and what is in it.</summary>
    private sealed record Site(string Config, int Port, int TlsPort)
    {
        public const string Origin = "log.example.org/tea";

        public string BaseUrl => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

        public string CertificateHash { get; private set; } = "";

        /// <summary>What was served last.</summary>
        public string? Seen { get; set; }

        public void Change(Action<JsonNode> change)
        {
            var root = JsonNode.Parse(File.ReadAllText(Config))!; // The file is an object.
            change(root);
            File.WriteAllText(Config, root.ToJsonString());
        }

        public void MakeCertificate(string path, string keyPath)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            File.WriteAllText(path, certificate.ExportCertificatePem());
            File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
            CertificateHash = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        }
    }

    [GeneratedRegex("/account/join\\?token=tci_[0-9a-f]+")]
    private static partial Regex JoinLink();
}
