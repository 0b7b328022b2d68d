using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TrustChain.UnitTests.Architecture;

/// <summary>The arrows between projects, and lists in the documents that must agree with the code. Reads the repository's own files.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["src/TrustChain.Core"] = [],
        ["src/TrustChain.Postgres"] = ["TrustChain.Core"],
        ["src/TrustChain.Evm"] = ["TrustChain.Core"],
        ["src/TrustChain.DeviceClient"] = [],
        ["src/TrustChain.Cli"] = ["TrustChain.Core", "TrustChain.DeviceClient", "TrustChain.Evm"],
        ["src/TrustChain.Server"] = ["TrustChain.Core", "TrustChain.Evm", "TrustChain.Postgres"],
        ["devnet"] = ["TrustChain.Core", "TrustChain.Evm"],
    };

    private static string Root { get; } = FindRoot();

    [Theory]
    [InlineData("src/TrustChain.Core")]
    [InlineData("src/TrustChain.Postgres")]
    [InlineData("src/TrustChain.Evm")]
    [InlineData("src/TrustChain.DeviceClient")]
    [InlineData("src/TrustChain.Cli")]
    [InlineData("src/TrustChain.Server")]
    [InlineData("devnet")]
    public void Project_ReferencesNoMoreThanItsArrows(string folder)
    {
        var project = XDocument.Load(Directory.GetFiles(Path.Combine(Root, folder), "*.csproj").Single());
        // A reference without its assembly only orders the build: devnet starts those programs as processes.
        var references = project.Descendants("ProjectReference").Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false")
            .Select(r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!)).Order(StringComparer.Ordinal);
        Assert.Equal(Arrows[folder], references);
    }

    [Fact]
    public void Solution_HasNoProjectOutsideTheTable()
    {
        var projects = Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories).Length;
        Assert.Equal(Arrows.Count - 1, projects);
    }

    [Fact]
    public void DeviceClient_IsFewFilesThatNeedNothingElse()
    {
        var folder = Path.Combine(Root, "src/TrustChain.DeviceClient");
        var files = Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories).Where(static f => !f.Contains("/obj/", StringComparison.Ordinal)).Select(static f => Path.GetFileName(f));
        Assert.Equal(["TelemetryCbor.cs", "TelemetryDevice.Keys.cs", "TelemetryDevice.cs", "TelemetryEncryption.cs", "TelemetryFormat.cs"], files.Order(StringComparer.Ordinal));
        Assert.Empty(XDocument.Load(Directory.GetFiles(folder, "*.csproj").Single()).Descendants("PackageReference"));
    }

    [Fact]
    public void Core_ReadsNoClockAndDoesNoInputOrOutput()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Root, "src/TrustChain.Core"), "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal)))
        {
            Assert.False(Forbidden().IsMatch(File.ReadAllText(file)), $"{file} reads a clock, a file or the network.");
        }
    }

    [Fact]
    public void ProblemCodes_AreThoseOfTheDocument()
    {
        var source = File.ReadAllText(Path.Combine(Root, "src/TrustChain.Server/Hosting/Problems.cs"));
        var codes = CodeConstant().Matches(source).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal).ToList();
        var documented = CodeRow().Matches(File.ReadAllText(Path.Combine(Root, "docs/api/problems.md"))).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.NotEmpty(codes);
        Assert.Equal(codes, documented);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TrustChain.sln")))
            {
                return folder.FullName;
            }
        }
        throw new DirectoryNotFoundException("TrustChain.sln was not found above the tests.");
    }

    [GeneratedRegex(@"DateTime(Offset)?\.(Utc)?Now|TimeProvider|System\.IO\.File|File\.(Read|Write|Open)|HttpClient|Socket|Console\.")]
    private static partial Regex Forbidden();

    [GeneratedRegex("""public const string \w+ = "([a-z-]+)";""")]
    private static partial Regex CodeConstant();

    [GeneratedRegex(@"^\| `([a-z-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex CodeRow();
}
