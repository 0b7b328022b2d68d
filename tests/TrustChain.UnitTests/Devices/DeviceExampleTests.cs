using System.Text.RegularExpressions;

namespace TrustChain.UnitTests.Devices;

/// <summary>The example of the document is the one that is compiled here.</summary>
public sealed partial class DeviceExampleTests
{
    [Fact]
    public void Document_HasTheExampleThatIsCompiled()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "TrustChain.sln")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException("TrustChain.sln was not found above the tests.");
        }
        var compiled = File.ReadAllLines(Path.Combine(root.FullName, "tests/TrustChain.UnitTests/Devices/DeviceExample.cs"))[1..];
        var shown = Example().Match(File.ReadAllText(Path.Combine(root.FullName, "docs/device-client.md"))).Groups[1].Value;
        Assert.Equal(string.Join('\n', compiled).Trim(), shown.Trim());
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
