using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using TrustChain.Devnet.Serving;
using TrustChain.IntegrationTests.Anchoring;
using TrustChain.IntegrationTests.Devnet;
using TrustChain.IntegrationTests.Log;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Server.Doctor;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>Doctor names what is wrong with an installation, and nothing else.</summary>
public sealed class DoctorTests(DoctorStage stage) : IClassFixture<DoctorStage>
{
    [Fact]
    public async Task SoundInstallation_HasNeitherFaultNorWarning()
    {
        var findings = await stage.ExamineAsync();

        // How full the test machine's disk is, how busy its PostgreSQL, and that nobody archives what tests write, is not the installation's doing.
        Assert.Empty(findings.Where(static f => f.Level != FindingLevel.Ok && f.Check is not ("disk" or "backup") && !f.Text.Contains("connections", StringComparison.Ordinal)).Select(static f => $"{f.Check}: {f.Text}"));
        string[] parts = ["configuration", "public address", "keys", "database", "clock", "schema", "log", "chain", "contract", "balance", "disk"];
        Assert.Empty(parts.Except(findings.Select(static f => f.Check)));
        Assert.Contains(findings, static f => f.Text.Contains("nothing is anchored yet", StringComparison.Ordinal));
        Assert.Contains(findings, static f => f is { Level: FindingLevel.Warning, Check: "backup" } && f.Text.StartsWith("archive_mode is off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SeveralHosts_AreEachNamedWithWhatTheyAre()
    {
        var settings = new Npgsql.NpgsqlConnectionStringBuilder(stage.Database);
        settings.Host = $"127.0.0.1:{settings.Port},127.0.0.1:9";

        var findings = (await stage.ExamineAsync(("TrustChain:Database", settings.ToString()))).Where(static f => f.Check == "standby").ToList();

        Assert.Equal([FindingLevel.Ok, FindingLevel.Warning], findings.Select(static f => f.Level));
        Assert.Equal($"127.0.0.1:{settings.Port} is the primary", findings[0].Text);
        Assert.StartsWith("127.0.0.1:9 does not answer or refuses", findings[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongSettings_AreEachAFaultOfTheirPart()
    {
        await ExpectAsync(
            [("Anchoring:ChainId", "999"), ("TrustChain:Origin", "other.example/log"), ("TrustChain:PublicUrl", "https://trace.example.org/shop"), ("Proxy:TrustedNetworks:0", "everybody")],
            ("chain", "the node serves chain 31337, but ChainId is 999"),
            ("log", "the database holds the log \"devnet.trustchain.example/log\", not \"other.example/log\""),
            ("public address", "https://trace.example.org/shop has more than scheme, host and port"),
            ("configuration", "Proxy:TrustedNetworks holds \"everybody\""));
        await ExpectAsync(
            [("Anchoring:Genesis", $"0x{new string('1', 64)}"), ("TrustChain:Database", "Host=127.0.0.1;Port=9;Username=nobody;Database=none"), ("TrustChain:CustodialKeyFile", "/nonexistent")],
            ("chain", "its first block is "),
            ("database", "127.0.0.1 does not answer or refuses"),
            ("keys", "/nonexistent cannot be read"));
        await ExpectAsync(
            [("Anchoring:Registry", $"0x{new string('1', 40)}"), ("TrustChain:DatabaseFile", "/nonexistent")],
            ("contract", $"There is no contract at 0x{new string('1', 40)}"),
            ("configuration", "TrustChain:Database and TrustChain:DatabaseFile exclude each other"));
        await ExpectAsync(
            [("Anchoring:RpcUrl", "http://127.0.0.1:9")],
            ("chain", "http://127.0.0.1:9"));
        await ExpectAsync(
            [("TrustChain:Origin", "other.example/log")],
            ("contract", "belongs to another log than \"other.example/log\""));
        await ExpectAsync(
            [("Anchoring:Interval", "soon")],
            ("configuration", "Anchoring:Interval"));

        async Task ExpectAsync((string Key, string? Value)[] changes, params (string Check, string Text)[] faults)
        {
            var findings = await stage.ExamineAsync(changes);
            foreach (var (check, text) in faults)
            {
                var fault = Assert.Single(findings, f => f.Level == FindingLevel.Fault && f.Check == check && f.Text.Contains(text, StringComparison.Ordinal));
                Assert.NotNull(fault.Mend);
            }
        }
    }

    [Fact]
    public async Task MisspeltSettings_AreWarnings()
    {
        var findings = await stage.ExamineAsync(
            ("Proxy:TrustedNetwork:0", "10.0.0.0/8"), ("Anchoring:Targets:spare:RpcUri", "http://127.0.0.1:9"), ("Anchoring:Targets:spare:Kind", "rfc3161"));

        Assert.Equal(
            ["Anchoring:Targets:spare:RpcUri is no setting of this program", "Proxy:TrustedNetwork is no setting of this program"],
            findings.Where(static f => f is { Level: FindingLevel.Warning, Check: "configuration" }).Select(static f => f.Text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Keys_OfAnotherPassPhraseOrOpenToOthers_AreFaults()
    {
        var open = stage.PathOf("open.json");
        File.Copy(stage.Keys.PublisherFile, open, overwrite: true);
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var other = stage.PathOf("other-pass-phrase");
        File.WriteAllText(other, "guessed");
        File.SetUnixFileMode(other, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        var findings = await stage.ExamineAsync(("TrustChain:PassPhraseFile", other), ("Anchoring:KeystoreFile", open));

        Assert.Contains(findings, f => f.Level == FindingLevel.Fault && f.Text.StartsWith($"{open} is open to other users", StringComparison.Ordinal));
        Assert.Contains(findings, f => f.Level == FindingLevel.Warning && f.Text.StartsWith($"{other} may be read by its group", StringComparison.Ordinal));
        Assert.Contains(findings, f => f.Level == FindingLevel.Fault && f.Text.StartsWith(stage.Keys.LogKeyFile, StringComparison.Ordinal));
        Assert.Contains(findings, f => f.Level == FindingLevel.Fault && f.Text.StartsWith(stage.Keys.CustodialKeyFile, StringComparison.Ordinal));
        Assert.DoesNotContain(findings, static f => f.Text.Contains("guessed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(400, "Kestrel:Endpoints:Https:Certificate", "Ok", "days from now")]
    [InlineData(10, "Kestrel:Endpoints:Https:Sni:*.example.org:Certificate", "Warning", " 9 days from now")]
    [InlineData(-1, "Kestrel:Certificates:Default", "Fault", "ended on")]
    public async Task Certificate_IsNamedWithTheDaysThatAreLeft(int days, string setting, string level, string text)
    {
        var (certificate, key) = (stage.PathOf($"tls-{days}.pem"), stage.PathOf($"tls-{days}.key"));
        using var secret = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=trace.example.org", secret, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(days));
        await File.WriteAllTextAsync(certificate, made.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(key, secret.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var findings = await stage.ExamineAsync(($"{setting}:Path", certificate), ($"{setting}:KeyPath", key));

        Assert.Contains(findings, f => f.Level.ToString() == level && f.Check == "tls" && f.Text.Contains(text, StringComparison.Ordinal));
        Assert.Contains(findings, f => f is { Level: FindingLevel.Fault, Check: "tls" } && f.Text.StartsWith($"{key} is open to other users", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FilesWithPasswords_ProxyThatIsNotTrusted_AndSignerWithoutTheAccount_AreSaid()
    {
        var (database, settings) = (stage.PathOf("database"), stage.PathOf("settings.json"));
        await File.WriteAllTextAsync(database, stage.Database, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(settings, """{"Kestrel":{"Certificates":{"Default":{"Password":"hidden"}}}}""", TestContext.Current.CancellationToken);
        foreach (var file in (string[])[database, settings])
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        var (held, other) = ("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", $"0x{new string('2', 40)}"); // anvil's first account

        var findings = await stage.ExamineAsync(
            settings, ("TrustChain:Database", ""), ("TrustChain:DatabaseFile", database), ("Proxy:TrustedNetworks:0", null), ("Anchoring:KeystoreFile", ""), ("Anchoring:PassPhraseFile", ""),
            ("Anchoring:ExternalSigner", stage.RpcUrl), ("Anchoring:Publisher", other));

        Assert.Contains(findings, f => f is { Level: FindingLevel.Fault, Check: "files" } && f.Text.StartsWith($"{database} is open to other users", StringComparison.Ordinal));
        Assert.Contains(findings, f => f is { Level: FindingLevel.Fault, Check: "files" } && f.Text.StartsWith($"{settings} is open to other users", StringComparison.Ordinal));
        Assert.Contains(findings, static f => f is { Level: FindingLevel.Warning, Check: "proxy" });
        Assert.Contains(findings, f => f is { Level: FindingLevel.Fault, Check: "signer" } && f.Text.EndsWith($"{other} is not among them", StringComparison.Ordinal));
        Assert.DoesNotContain(findings, static f => f.Text.Contains("hidden", StringComparison.Ordinal));
        await File.WriteAllTextAsync(settings, """{"TrustChain":{"Database":"Host=127.0.0.1;PWD=hidden"}}""", TestContext.Current.CancellationToken);
        findings = await stage.ExamineAsync(
            settings, ("TrustChain:Database", stage.Database), ("Anchoring:KeystoreFile", ""), ("Anchoring:PassPhraseFile", ""), ("Anchoring:ExternalSigner", stage.RpcUrl), ("Anchoring:Publisher", held));
        Assert.Contains(findings, static f => f is { Level: FindingLevel.Ok, Check: "signer" });
        Assert.Contains(findings, f => f is { Level: FindingLevel.Fault, Check: "files" } && f.Text.StartsWith($"{settings} is open to other users", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Database_EmptyOrNewerOrNotDurable_IsSaid()
    {
        var name = await stage.CreateDatabaseAsync();
        var connection = stage.ConnectionStringTo(name);

        var empty = await stage.ExamineAsync(("TrustChain:Database", connection));
        Assert.Contains(empty, static f => f is { Level: FindingLevel.Warning, Check: "schema", Text: "the database is empty" });

        const string Newer = "create table schema_migration (name text primary key, sha256 bytea not null); insert into schema_migration values ('9999_future', '')";
        await DoctorStage.ExecuteAsync(connection, $"alter database {name} set synchronous_commit = off; {Newer}");
        var newer = await stage.ExamineAsync(("TrustChain:Database", connection));
        Assert.Contains(newer, static f => f is { Level: FindingLevel.Fault, Check: "schema" } && f.Text.Contains("9999_future", StringComparison.Ordinal));
        Assert.Contains(newer, static f => f.Level == FindingLevel.Fault && f.Text.Contains("synchronous_commit off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PublisherWithoutCoinsAndWithoutRights_IsAFault()
    {
        using var temporary = new TemporaryFolder();
        using var folder = TrustChain.Devnet.DevnetFolder.Open(temporary.PathOf("keys"));
        var poor = OperatorKeys.Open(folder);

        var findings = await stage.ExamineAsync(("Anchoring:KeystoreFile", poor.PublisherFile), ("Anchoring:PassPhraseFile", poor.PassPhraseFile));

        Assert.Contains(findings, f => f is { Level: FindingLevel.Fault, Check: "contract" } && f.Text.EndsWith($"but ours is {poor.Publisher.Address}", StringComparison.Ordinal));
        Assert.Contains(findings, f => f is { Level: FindingLevel.Fault, Check: "balance" } && f.Mend!.Contains(poor.Publisher.Address.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnchorAheadOfTheDatabase_IsAFaultBeforeTheServerHalts()
    {
        using var chain = new ChainWitness(stage.RpcUrl);
        var registry = await Registry.DeployAsync(chain.Node, stage.Keys.Publisher, OperatorKeys.Origin, TestContext.Current.CancellationToken);
        await ForgedAnchor.AnchorByHandAsync(stage.RpcUrl, stage.Keys.Publisher, registry, 5);

        var findings = await stage.ExamineAsync(("Anchoring:Registry", registry.ToString()));

        Assert.Contains(findings, static f => f is { Level: FindingLevel.Fault, Check: "contract", Text: "it holds an anchor of 5 entries, but the database has only 0" });
    }

    [Fact]
    public async Task PartsThatTakeEveryConnectionAndNeverAnswer_AreFaultsAfterAWhile()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = ((IPEndPoint)silent.LocalEndpoint).Port;
        var clock = Stopwatch.StartNew();

        var findings = await stage.ExamineAsync(("TrustChain:Database", $"Host=127.0.0.1;Port={port};Username=a;Database=b"), ("Anchoring:RpcUrl", $"http://127.0.0.1:{port}"));

        Assert.Contains(findings, static f => f is { Level: FindingLevel.Fault, Check: "database" });
        Assert.Contains(findings, static f => f is { Level: FindingLevel.Fault, Check: "chain" });
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), $"It took {clock.Elapsed}.");
    }
}
