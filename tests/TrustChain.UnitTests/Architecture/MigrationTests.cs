using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace TrustChain.UnitTests.Architecture;

/// <summary>Migrations only go forward: what was released stays to the byte, and what is new leaves servers of the version before at work.</summary>
public sealed partial class MigrationTests
{
    private const string PreviousVersion = "3aaa5a1490bc8d93c8b6873e7082b93e6a4ae7a3"; // 0.1.0-preview.1, by its commit: not every clone has tags

    private static readonly string Folder = Path.Combine(Root(), "src/TrustChain.Postgres/Migrations");

    [Fact]
    public void Migrations_AreNumberedWithoutGap()
    {
        var numbers = Scripts().Select(static s => int.Parse(Path.GetFileName(s)[..4], System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal(Enumerable.Range(1, Scripts().Count), numbers);
    }

    [Fact]
    public void ReleasedMigrations_AreUnchangedAndComeFirst()
    {
        var released = File.ReadAllLines(Path.Combine(Folder, "released.sha256")).Select(static l => l.Split("  ")).ToList();

        Assert.Equal(released.Select(static r => r[1]), Scripts().Select(Path.GetFileName).Take(released.Count));
        foreach (var line in released)
        {
            // Databases out there hold this digest and refuse a program with another: make a new migration instead.
            Assert.Equal(line[0], DigestOf(File.ReadAllText(Path.Combine(Folder, line[1]))));
        }
    }

    [Fact]
    public async Task ReleasedMigrations_AreThoseOfTheVersionBefore()
    {
        var listed = await GitAsync("ls-tree", "--name-only", PreviousVersion, "src/TrustChain.Postgres/Migrations/");
        Assert.SkipWhen(listed is null, $"The version before ({PreviousVersion}) is not in this clone.");
        var scripts = listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static l => l.EndsWith(".sql", StringComparison.Ordinal)).ToList();
        var released = File.ReadAllText(Path.Combine(Folder, "released.sha256"));

        Assert.NotEmpty(scripts);
        foreach (var script in scripts)
        {
            Assert.Contains($"{DigestOf((await GitAsync("show", $"{PreviousVersion}:{script}"))!)}  {Path.GetFileName(script)}", released, StringComparison.Ordinal); // It was just listed.
        }
    }

    [Fact]
    public void NewMigrations_TakeNothingAwayThatServersOfTheVersionBeforeUse()
    {
        var released = File.ReadAllLines(Path.Combine(Folder, "released.sha256")).Length;
        foreach (var script in Scripts().Skip(released))
        {
            var sql = Comment().Replace(File.ReadAllText(script), "");
            Assert.False(TakesAway().IsMatch(sql), $"{script}: {TakesAway().Match(sql).Value}; see \"Upgrading\" in docs/operations.md.");
        }
    }

    private static List<string> Scripts() => [.. Directory.GetFiles(Folder, "*.sql").Order(StringComparer.Ordinal)];

    private static string DigestOf(string script) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n"))));

    /// <summary>What git says; null when it refuses or is not there.</summary>
    private static async Task<string?> GitAsync(params string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", Root(), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!; // UseShellExecute is off.
            var errors = git.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await git.WaitForExitAsync(TestContext.Current.CancellationToken);
            await errors;
            return git.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // git is not installed.
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "TrustChain.sln"))) // Tests run below it.
        {
            folder = folder.Parent;
        }
        return folder.FullName;
    }

    [GeneratedRegex("--[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex("drop (table|column|function|sequence)|rename column|alter column \\w+ (type|set not null)", RegexOptions.IgnoreCase)]
    private static partial Regex TakesAway();
}
