using System.Text.Json;
using System.Text.RegularExpressions;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Conformance;

namespace TrustChain.IntegrationTests.Telemetry;

/// <summary>
/// The rules and the dashboard by Prometheus' own grammar and checker of types (npm packages <c>@prometheus-io/…</c>), and the rules by the form that Prometheus reads. What the expressions name: <c>MetricsTests</c>.
/// </summary>
public sealed partial class AlertRulesTests
{
    private const string Rules = "deploy/alert-rules.yml";
    private const string Dashboard = "deploy/grafana-dashboard.json";

    /// <summary>Each alters one thing; the first two alter nothing.</summary>
    private static readonly (string File, string From, string To, string? Fault)[] Alterations =
    [
        (Rules, "", "", null),
        (Dashboard, "", "", null),
        (Rules, "max by (target) (trustchain_anchoring_lag_seconds) > 900", "max by (target) (trustchain_anchoring_lag_seconds > 900", "syntax"),
        (Rules, "up{job=\"trustchain\"} == 0", "up{job=trustchain} == 0", "syntax"),
        (Rules, "up{job=\"trustchain\"} == 0", "up{job=\"trustchain\"} ==", "syntax"),
        (Rules, "trustchain_database_up == 0", "trustchain_database_up[5m] == 0", "binary expression must contain only scalar and instant vector types"),
        (Rules, "abs(trustchain_database_clock_offset_seconds)", "absolute(trustchain_database_clock_offset_seconds)", "syntax"),
        (Rules, "increase(trustchain_partitions_failures_total[10m])", "increase(trustchain_partitions_failures_total)", "expected type matrix"),
        (Rules, "trustchain_partitions_failures_total[10m]", "trustchain_partitions_failures_total[10x]", "syntax"),
        (Rules, "avg_over_time(trustchain_capture_queue_age_seconds[2m])", "avg_over_time(trustchain_capture_queue_age_seconds[2m], 2)", "expected 1 argument"),
        (Rules, "histogram_quantile(0.99, sum", "histogram_quantile(sum", "expected"),
        (Rules, "expr: 'up{job=\"trustchain\"} == 0'", "expr: ''", "an expression is missing"),
        (Rules, "for: 2m", "for: 2 minutes", "for is no duration"),
        (Rules, "for: 2m", "For: 2m", "there is no For"),
        (Rules, "alert: TrustChainServerAway", "record: trustchain_server_away", "a recording rule has nothing of an alert"),
        (Rules, "alert: TrustChainServerAway", "name: TrustChainServerAway", "either alert or record"),
        (Rules, "severity: critical", "severity: 1", "severity is no name, or has no text"),
        (Rules, "severity: critical", "grave-ness: critical", "grave-ness is no name"),
        (Rules, "summary: The server is not reached", "summary: The server is not reached\n          summary: Twice", "unique"),
        (Rules, "  - name: trustchain", "  - title: trustchain", "its name is missing"),
        (Rules, "groups:", "group:", "there is no group"),
        (Dashboard, "max(trustchain_log_halted{", "max(trustchain_log_halted{{", "syntax"),
        (Dashboard, "[$__rate_interval]", "", "expected type matrix"),
        (Dashboard, "topk(12, ", "topk(", "expected"),
    ];

    [Fact]
    public async Task Rules_AndDashboard_AreWhatPrometheusTakes_AndWhatIsBrokenIsFound()
    {
        var folder = Directory.CreateTempSubdirectory("trustchain-rules-");
        try
        {
            var files = new List<string>();
            foreach (var (file, from, to, _) in Alterations)
            {
                var text = await File.ReadAllTextAsync(Repository.PathOf(file), TestContext.Current.CancellationToken);
                var at = text.IndexOf(InFile(file, from), StringComparison.Ordinal);
                Assert.True(at >= 0, $"{file} does not say {from}.");
                files.Add(Path.Combine(folder.FullName, $"{files.Count}{Path.GetExtension(file)}"));
                await File.WriteAllTextAsync(files[^1], string.Concat(text.AsSpan(0, at), InFile(file, to), text.AsSpan(at + InFile(file, from).Length)), TestContext.Current.CancellationToken);
            }

            var lines = (await NodeScripts.RunInAsync("Telemetry", "promql.mjs", files)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

            Assert.Equal(Alterations.Length, lines.Length);
            foreach (var ((file, from, to, expected), line) in Alterations.Zip(lines))
            {
                using var found = JsonDocument.Parse(line);
                var faults = found.RootElement.GetProperty("faults").EnumerateArray().Select(static f => f.GetString()!).ToList();
                Assert.True(expected is null ? faults.Count == 0 : faults.Any(f => f.Contains(expected, StringComparison.Ordinal)), $"{file} with {to} instead of {from}: {string.Join("; ", faults)}");
            }

            // Nothing was passed over: these are as many expressions as the files have by sight, where MetricsTests looks for what they name.
            Assert.Equal(RuleExpression().Count(await File.ReadAllTextAsync(Repository.PathOf(Rules), TestContext.Current.CancellationToken)), CountOf(lines[0]));
            Assert.Equal(PanelExpression().Count(await File.ReadAllTextAsync(Repository.PathOf(Dashboard), TestContext.Current.CancellationToken)), CountOf(lines[1]));
            Assert.True(CountOf(lines[0]) >= 20 && CountOf(lines[1]) >= 80, "These are too few expressions.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int CountOf(string line)
    {
        using var found = JsonDocument.Parse(line);
        return found.RootElement.GetProperty("expressions").GetArrayLength();
    }

    private static string InFile(string file, string text) => file == Dashboard ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text;

    [GeneratedRegex("^ +expr: '(.+)'$", RegexOptions.Multiline)]
    private static partial Regex RuleExpression();

    [GeneratedRegex("^ +\"expr\": \"", RegexOptions.Multiline)]
    private static partial Regex PanelExpression();
}
