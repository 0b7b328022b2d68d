using System.Text.RegularExpressions;

namespace TrustChain.UnitTests.Architecture;

/// <summary>Every message of the server has an event id of its own in its feature's range. Reads the repository's own files.</summary>
public sealed partial class LoggingTests
{
    /// <summary>First thousand or hundred of each folder; the list in docs/operations.md.</summary>
    private static readonly Dictionary<string, (int From, int To)[]> Ranges = new()
    {
        ["Hosting"] = [(1000, 1999)],
        ["Capture"] = [(2000, 2999)],
        ["Log"] = [(3000, 3199)],
        ["Witness"] = [(3200, 3299)],
        ["Anchoring"] = [(4000, 4999)],
        ["Subscriptions"] = [(5000, 5049)],
        ["Limits"] = [(5050, 5099)],
        ["Telemetry"] = [(5100, 5199)],
        ["Accounts"] = [(5200, 5299)],
        ["Partitions"] = [(5300, 5399)],
        ["Standby"] = [(5400, 5499)],
        ["Devices"] = [(5500, 5599)],
    };

    [Fact]
    public void Messages_AreGeneratedAndHaveIdsOfTheirFeature()
    {
        var ids = new Dictionary<int, string>();
        var server = Path.Combine(Root(), "src/TrustChain.Server");
        foreach (var file in Directory.GetFiles(server, "*.cs", SearchOption.AllDirectories).Where(static f => !f.Contains("/obj/", StringComparison.Ordinal)))
        {
            var source = File.ReadAllText(file);
            Assert.False(DirectCall().IsMatch(source), $"{file} logs without LoggerMessage.");
            var feature = Path.GetRelativePath(server, file).Split('/')[0];
            foreach (Match message in Message().Matches(source))
            {
                var id = int.Parse(message.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(ids.TryAdd(id, file), $"Event {id} is in {file} and {ids.GetValueOrDefault(id)}.");
                Assert.True(Ranges.TryGetValue(feature, out var ranges), $"{file} writes messages, and {feature} has no range.");
                Assert.Contains(ranges, r => id >= r.From && id <= r.To);
            }
        }
        Assert.True(ids.Count > 40);
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

    [GeneratedRegex(@"\[LoggerMessage\((\d+),")]
    private static partial Regex Message();

    [GeneratedRegex(@"\.Log(Trace|Debug|Information|Warning|Error|Critical)\(")]
    private static partial Regex DirectCall();
}
