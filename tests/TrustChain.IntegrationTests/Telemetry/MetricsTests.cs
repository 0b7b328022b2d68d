using System.Text.Json;
using System.Text.RegularExpressions;
using TrustChain.Devnet;
using TrustChain.IntegrationTests.Serving;

namespace TrustChain.IntegrationTests.Telemetry;

/// <summary>What <c>/metrics</c> says, who may read it, and that the documents, rules and dashboard name what is there.</summary>
[Collection(TelemetryServer.Name)]
public sealed partial class MetricsTests(TelemetryFixture fixture)
{
    [Fact]
    public async Task Metrics_OfARunningServer_AreThoseOfTheDocumentWithTypeAndUnit()
    {
        var families = await ReadAsync();
        var documented = DocumentRow().Matches(await File.ReadAllTextAsync(Repository.PathOf("docs/operations.md"), Cancellation))
            .ToDictionary(static m => m.Groups[1].Value, static m => (Type: m.Groups[2].Value, Unit: m.Groups[3].Value.Trim()));

        Assert.Equal(documented.Keys.Order(StringComparer.Ordinal), families.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, (type, unit)) in documented)
        {
            Assert.Equal((name, type), (name, families[name].Type));
            Assert.True(name.EndsWith("_total", StringComparison.Ordinal) == (type == "counter"), $"{name} is a {type}.");
            var stem = name.EndsWith("_total", StringComparison.Ordinal) ? name[..^6] : name;
            Assert.True(stem.EndsWith("_seconds", StringComparison.Ordinal) == (unit == "s"), $"{name} has the unit {unit}.");
            Assert.True((stem.EndsWith("_bytes", StringComparison.Ordinal) || stem.EndsWith("_bytes_total", StringComparison.Ordinal)) == (unit == "By"), $"{name} has the unit {unit}.");
        }
    }

    [Fact]
    public async Task Metrics_AfterOneRecord_TellItsLife()
    {
        var families = await ReadAsync();

        Assert.True(Value("trustchain_capture_accepted_total") >= 2);
        Assert.Equal(1, Value("trustchain_capture_refused_total", ("code", "invalid-events")));
        Assert.Equal(1, Value("trustchain_capture_refused_total", ("code", "key-unknown")));
        Assert.Equal(1, Value("trustchain_verification_failures_total", ("subject", "statement"), ("check", "key"), ("reason", "key-unknown")));
        Assert.Equal(2, families["trustchain_capture_events_total"].Samples.Sum(static s => s.Value));
        Assert.Equal(2, Value("trustchain_capture_records_total"));
        Assert.True(Value("trustchain_log_sequenced_total") >= 4);
        Assert.Equal(0, Value("trustchain_capture_queue_depth"));
        Assert.Equal(1, Value("trustchain_database_up"));
        Assert.InRange(Value("trustchain_database_clock_offset_seconds"), -1, 1);
        Assert.True(Value("trustchain_anchoring_size", ("target", "primary")) > 0);
        Assert.True(Value("trustchain_anchoring_balance_lasts_seconds", ("target", "primary")) > 0);
        Assert.True(Value("trustchain_evidence_bundles_total") >= 1);
        Assert.True(Value("trustchain_disk_free_bytes") > 0);
        // Requests by the route's template: no item, key or address that somebody asked for is a label, and nothing of the database's connection.
        var requests = families["http_server_request_duration_seconds"].Samples;
        Assert.Contains(requests, static s => s.Labels.GetValueOrDefault("http_route") == "/epcis/capture" && s.Labels["http_request_method"] == "POST");
        Assert.DoesNotContain(families.Values.SelectMany(static f => f.Samples).SelectMany(static s => s.Labels.Values), v => v.Contains(fixture.Company.Gtin, StringComparison.Ordinal) || v.Contains("Password=", StringComparison.OrdinalIgnoreCase));

        double Value(string name, params (string, string)[] labels) => families[name].Samples.Single(s => labels.All(l => s.Labels.GetValueOrDefault(l.Item1) == l.Item2)).Value;
    }

    [Fact]
    public async Task Metrics_BroughtByAProxy_AreAnUnknownPage()
    {
        foreach (var header in (string[])["X-Forwarded-For", "Forwarded", "Via"])
        {
            (await fixture.Server.SendAsync(HttpMethod.Get, "/metrics", headers: [(header, "198.51.100.7")])).ExpectProblem(404, "not-found");
        }
        var plain = await fixture.Server.GetAsync("/metrics");
        Assert.Equal("text/plain", plain.MediaType);
    }

    [Fact]
    public async Task RulesAndDashboard_NameMetricsThatAreThere_AndRunbooksThatExist()
    {
        var families = await ReadAsync();
        var rules = await File.ReadAllTextAsync(Repository.PathOf("deploy/alert-rules.yml"), Cancellation);
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.PathOf("deploy/grafana-dashboard.json"), Cancellation));
        var ruleExpressions = RuleExpression().Matches(rules).Select(static m => m.Groups[1].Value).ToList();
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(static p => p.GetProperty("type").GetString() != "row")
            .SelectMany(static p => p.GetProperty("targets").EnumerateArray()).Select(static t => t.GetProperty("expr").GetString()!).ToList();
        Assert.True(ruleExpressions.Count >= 10 && panels.Count >= 50);

        var named = ruleExpressions.Concat(panels).SelectMany(MetricsIn).ToHashSet();
        // What the scripts tell of is in the script that tells it.
        var backup = await File.ReadAllTextAsync(Repository.PathOf("deploy/backup.sh"), Cancellation);
        Assert.Equal([], named.Where(n => n != "up" && !families.ContainsKey(FamilyOf(n)) && !backup.Contains($"{n}{{kind=", StringComparison.Ordinal)));
        // And the dashboard shows everything that the server tells.
        Assert.Equal(["target_info"], families.Keys.Except(panels.SelectMany(MetricsIn).Select(FamilyOf)));

        var headings = Heading().Matches(await File.ReadAllTextAsync(Repository.PathOf("docs/operations.md"), Cancellation))
            .Select(static m => NotInAnchors().Replace(m.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-')).ToHashSet();
        var runbooks = Runbook().Matches(rules).Select(static m => m.Groups[1].Value).ToList();
        Assert.Equal(ruleExpressions.Count, runbooks.Count);
        Assert.Equal([], runbooks.Where(r => !headings.Contains(r)));

        string FamilyOf(string name) => HistogramPart().Replace(name, "") is var stem && families.TryGetValue(stem, out var family) && family.Type == "histogram" ? stem : name;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Once every figure is there that needs a look at database and chain.</summary>
    private async Task<IReadOnlyDictionary<string, MetricsFamily>> ReadAsync() => await Eventually.GetAsync("complete metrics", async () =>
    {
        var families = MetricsPage.Read((await fixture.Server.GetAsync("/metrics")).Expect(200).Body);
        return families["trustchain_database_up"].Samples[0].Value == 1
            && families["trustchain_anchoring_size"].Samples.Count > 0 && families["trustchain_anchoring_balance_lasts_seconds"].Samples.Count > 0 ? families : null;
    });

    /// <summary>Names of metrics in an expression: what is left without labels, strings, groupings and functions.</summary>
    private static IEnumerable<string> MetricsIn(string expression) =>
        Identifier().Matches(Aside().Replace(expression, " ")).Select(static m => m.Value).Where(static n => n is not ("and" or "or" or "unless" or "by"));

    [GeneratedRegex(@"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex DocumentRow();

    [GeneratedRegex("^ +expr: '(.+)'$", RegexOptions.Multiline)]
    private static partial Regex RuleExpression();

    [GeneratedRegex(@"^ +runbook: docs/operations\.md#([a-z0-9-]+)$", RegexOptions.Multiline)]
    private static partial Regex Runbook();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("[^a-z0-9 -]")]
    private static partial Regex NotInAnchors();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)|[0-9.]+(e[0-9]+)?")]
    private static partial Regex Aside();

    [GeneratedRegex(@"[a-z_]+\b(?! *\()")]
    private static partial Regex Identifier();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramPart();
}
