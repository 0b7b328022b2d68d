using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using TrustChain.Core.Signing;
using TrustChain.Devnet;
using TrustChain.Evm.Keys;
using TrustChain.IntegrationTests.Accounts;
using TrustChain.IntegrationTests.Serving;
using TrustChain.Postgres.Database;
using TrustChain.UnitTests;

namespace TrustChain.IntegrationTests.Installation;

/// <summary>"Another pass phrase" of the runbook: while servers run, killed at every step, and with everything in the database open as before.</summary>
public sealed partial class PassPhraseTests(SharedStack stack)
{
    private const string Password = "correct horse battery";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PassPhrase_ChangedAndKilledAtEveryStep_LeavesEverythingOpen()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var company = await server.AddOrganisationAsync();
        var (login, secret) = await JoinAsync(server, company);
        await ExpectWorkingAsync(server, company);
        var (old, publisher) = (await ReadPassPhraseAsync(server), server.Keys.Publisher.Address);
        var before = Files(server).ToDictionary(static f => f, File.ReadAllBytes);

        foreach (var (step, changed) in ((string, int)[])[("pass-phrase.before-both", 0), ("pass-phrase.both", 0), ("pass-phrase.key", 1), ("pass-phrase.key", 2), ("pass-phrase.key", 3), ("pass-phrase.before-new", 3)])
        {
            var killed = await server.RunVerbAsync(["pass-phrase"], new Dictionary<string, string?> { [CrashPoint.Variable] = step });
            Assert.Equal(128 + (int)Signal.Kill, killed.ExitCode);
            Assert.Equal(changed, Files(server).Count(f => !File.ReadAllBytes(f).AsSpan().SequenceEqual(before[f])));
            await server.StopAsync();
            await server.StartAgainAsync(); // With the files as they are.
            await ExpectWorkingAsync(server, company);
        }

        var ended = await server.RunVerbAsync(["pass-phrase"]);
        Assert.True(ended.ExitCode == 0, ended.Output);
        var now = await ReadPassPhraseAsync(server);
        Assert.Matches("^[0-9a-f]{32}$", now);
        Assert.NotEqual(old, now);
        Assert.DoesNotContain(now, ended.Output, StringComparison.Ordinal);
        Assert.Throws<CryptographicException>(() => EncryptedKeyFile.Decrypt(File.ReadAllText(server.Keys.LogKeyFile), old));
        Assert.Throws<CryptographicException>(() => EncryptedKeyFile.Decrypt(File.ReadAllText(server.Keys.CustodialKeyFile), old));
        Assert.Equal(KeystoreFailure.WrongPassPhrase, Keystore.Decrypt(await File.ReadAllBytesAsync(server.Keys.PublisherFile, Cancellation), Encoding.UTF8.GetBytes(old)).Failure);
        Assert.Equal(publisher, Keystore.Decrypt(await File.ReadAllBytesAsync(server.Keys.PublisherFile, Cancellation), Encoding.UTF8.GetBytes(now)).Key!.Address); // It opens.
        Assert.All(Files(server).Append(server.Keys.PassPhraseFile), static f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(server.Keys.PassPhraseFile)!, "*.new")); // A file has a folder.
        Assert.False(File.Exists(server.Keys.PassPhraseFile + ".lock"));
        // What opens backups is not gone, and nobody else's to read.
        var kept = server.Keys.PassPhraseFile + ".former";
        Assert.Contains(kept, ended.Output, StringComparison.Ordinal);
        Assert.Equal(old + "\n", await File.ReadAllTextAsync(kept, Cancellation));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));

        await server.StopAsync();
        await server.StartAgainAsync();
        await ExpectWorkingAsync(server, company);
        using var browser = new Browser(server.BaseUrl);
        await browser.GetAsync("/account/sign-in");
        (await browser.PostAsync("/account/sign-in", ("login", login), ("password", Password))).Expect(200, "/account/sign-in/code");
        (await browser.PostAsync("/account/sign-in/code", ("code", OneTimeCode.Now(secret)))).Expect(200, "/account"); // What is sealed in the database is under the same keys.
        var checkpoint = await server.GetCoveringCheckpointAsync();
        await server.GetFinalAnchorAsync(checkpoint.Size);
    }

    [Fact]
    public async Task PassPhrase_GivenByFile_IsTakenOrRefusedWhole()
    {
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        var (before, old, folder) = (Files(server).ToDictionary(static f => f, File.ReadAllBytes), await ReadPassPhraseAsync(server), Path.GetDirectoryName(server.Keys.PassPhraseFile)!); // A file has a folder.
        var given = Path.Combine(folder, "next");
        foreach (var (text, exitCode) in ((string, int)[])[("short", 2), ("two lines of\nwords", 2), (" a space before it", 2), (old, 1)])
        {
            await File.WriteAllTextAsync(given, text + "\n", Cancellation);
            Assert.Equal(exitCode, (await server.RunVerbAsync(["pass-phrase", "--new", given])).ExitCode);
        }
        Assert.Equal(1, (await server.RunVerbAsync(["pass-phrase", "--new", given + "-missing"])).ExitCode);
        Assert.Equal(2, (await server.RunVerbAsync(["pass-phrase", "--of", given])).ExitCode);
        Assert.Equal(2, (await server.RunVerbAsync(["pass-phrase", "in the clear"])).ExitCode);

        // A key file that does not open stops it before anything is written.
        var log = await File.ReadAllTextAsync(server.Keys.LogKeyFile, Cancellation);
        await File.WriteAllTextAsync(server.Keys.LogKeyFile, EncryptedKeyFile.Encrypt("{}", "another pass phrase", 1_000), Cancellation);
        var closed = await server.RunVerbAsync(["pass-phrase"]);
        Assert.Equal(1, closed.ExitCode);
        Assert.Contains(server.Keys.LogKeyFile, closed.Output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(server.Keys.LogKeyFile, log, Cancellation);
        Assert.Equal(old, await ReadPassPhraseAsync(server));
        Assert.All(before, static f => Assert.Equal(f.Value, File.ReadAllBytes(f.Key)));

        // Two at once would each encrypt what the other cannot open.
        using (new FileStream(server.Keys.PassPhraseFile + ".lock", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
        {
            Assert.Equal(1, (await server.RunVerbAsync(["pass-phrase"])).ExitCode);
        }
        var former = Path.Combine(folder, "custodial-key-former.jwe");
        await File.WriteAllTextAsync(former, EncryptedKeyFile.Encrypt($$"""{"k":"{{Base64UrlText.Encode(new byte[32])}}","kty":"oct"}""", old, 1_000), Cancellation);
        server.Environment["TrustChain__FormerCustodialKeyFiles__0"] = former;
        await File.WriteAllTextAsync(given, "茶 leaves, plucked by hand\n", Cancellation);
        var done = await server.RunVerbAsync(["pass-phrase", "--new", given]);
        Assert.True(done.ExitCode == 0, done.Output);
        Assert.Equal("茶 leaves, plucked by hand", await ReadPassPhraseAsync(server));
        Assert.Contains("\"oct\"", EncryptedKeyFile.Decrypt(await File.ReadAllTextAsync(former, Cancellation), "茶 leaves, plucked by hand"), StringComparison.Ordinal);
        await server.StopAsync();
        await server.StartAgainAsync();
    }

    /// <summary>A service that runs as somebody else could not read what root owns.</summary>
    [Fact]
    public async Task PassPhrase_ChangedByRoot_LeavesFilesToTheirOwner()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can give files to somebody, and only there is it seen whether they are given back.");
        await using var server = await RunningServer.StartAsync(stack.Postgres, stack.Anvil);
        string[] files = [.. Files(server), server.Keys.PassPhraseFile];
        var before = files.ToDictionary(static f => f, File.ReadAllBytes);
        await RunAsync("chown", ["65534:65533", .. files]);

        var changed = await server.RunVerbAsync(["pass-phrase"]);

        Assert.True(changed.ExitCode == 0, changed.Output);
        Assert.All(before, static f => Assert.NotEqual(f.Value, File.ReadAllBytes(f.Key)));
        files = [.. files, server.Keys.PassPhraseFile + ".former"];
        Assert.Equal(Enumerable.Repeat("65534:65533 600", files.Length), (await RunAsync("stat", ["-c", "%u:%g %a", .. files])).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task<string> RunAsync(string program, IEnumerable<string> arguments)
    {
        var (exitCode, output, errors) = await Programs.RunAsync(Tools.Get(program), arguments, Path.GetTempPath());
        Assert.True(exitCode == 0, $"{program}: {output}{errors}");
        return output;
    }

    private static async Task ExpectWorkingAsync(RunningServer server, TestOrganisation company)
    {
        (await company.CaptureAsync(Events.Document(Events.Commissioning(company.NewItem())))).Expect(202); // The service signs.
        await server.GetCoveringCheckpointAsync(); // So does the log.
    }

    private static string[] Files(RunningServer server) => [server.Keys.LogKeyFile, server.Keys.CustodialKeyFile, server.Keys.PublisherFile];

    private static async Task<string> ReadPassPhraseAsync(RunningServer server) => (await File.ReadAllTextAsync(server.Keys.PassPhraseFile, Cancellation)).TrimEnd('\n');

    /// <summary>Somebody with one-time codes, whose secret is sealed in the database.</summary>
    private static async Task<(string Login, string Secret)> JoinAsync(RunningServer server, TestOrganisation company)
    {
        var (token, login) = (await Invitations.AddAsync(server.Database, company.Id, "viewer"), $"wu-{Guid.NewGuid():N}");
        using var browser = new Browser(server.BaseUrl);
        await browser.GetAsync($"/account/join?token={token}");
        (await browser.PostAsync("/account/join", ("token", token), ("name", "Wu"), ("login", login), ("password", Password))).Expect(200, "/account");
        var secret = SecretText().Match((await browser.GetAsync("/account/codes")).Text).Groups[1].Value;
        (await browser.PostAsync("/account/codes", ("code", OneTimeCode.Now(secret)))).Expect(200, "/account/codes");
        return (login, secret);
    }

    [GeneratedRegex("into the app: <code>([A-Z2-7]+)</code>")]
    private static partial Regex SecretText();
}
