using System.Text.Encodings.Web;
using System.Text.Json;
using TrustChain.Postgres.Anchoring;
using TrustChain.Server.Anchoring;
using TrustChain.Server.Commands;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Doctor;

/// <summary>
/// <c>doctor</c>: looks at everything the server needs, says of each part how it stands and what to mend, and changes nothing. Every part has its time,
/// so that one that does not answer holds up nothing for long.
/// </summary>
internal static class DoctorCommand
{
    /// <summary>How long one part may take as a whole; single requests have less.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>0 without a fault, else 1.</returns>
    public static async Task<int> RunAsync(WebApplicationBuilder builder, bool json)
    {
        builder.Logging.ClearProviders(); // The report alone is on standard output.
        await using var app = builder.Build();
        var report = await ExamineAsync(app.Services, app.Configuration, TimeProvider.System, CancellationToken.None);
        Console.Write(json ? ToJson(report) : ToText(report));
        return report.HasFault ? 1 : 0;
    }

    /// <param name="services">Of the host as it would serve; only the validators of its settings are used.</param>
    /// <param name="configuration">All sources.</param>
    /// <param name="time">This machine's clock.</param>
    /// <param name="cancellationToken">Ends the examination.</param>
    public static async Task<DoctorReport> ExamineAsync(IServiceProvider services, IConfiguration configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        var report = new DoctorReport();
        ConfigurationCheck.Run(report, services, configuration);
        ServerOptions server;
        AnchoringOptions anchoring;
        try
        {
            server = configuration.GetSection(ServerOptions.Section).Get<ServerOptions>() ?? new ServerOptions();
            anchoring = configuration.GetSection(AnchoringOptions.Section).Get<AnchoringOptions>() ?? new AnchoringOptions();
        }
        catch (InvalidOperationException)
        {
            report.Skip("everything else", "a setting has a value of another type"); // The line before names it.
            return report;
        }
        ExposureCheck.Run(report, server, configuration, time);
        using var keys = await KeyCheck.RunAsync(report, server, anchoring, cancellationToken);
        await using var database = new DatabaseCheck(report, server, keys, time);
        await BoundAsync(report, "database", database.RunAsync, cancellationToken);
        using var http = new HttpClient();
        await ExamineChainAsync(AnchorStore.Primary, anchoring);
        foreach (var (name, options) in anchoring.Targets.Where(static t => t.Value.Kind == AnchorTargetKind.Evm))
        {
            await ExamineChainAsync(name, options);
        }
        DiskCheck.Run(report, database.Server, database.IsLocal);
        return report;

        Task ExamineChainAsync(string name, AnchorTargetOptions options) => BoundAsync(
            report, name == AnchorStore.Primary ? "chain" : $"chain {name}", new ChainCheck(report, name, options, server, keys, database, http, time).RunAsync, cancellationToken);
    }

    private static async Task BoundAsync(DoctorReport report, string check, Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            // A name server that does not answer is waited for without regard to tokens.
            await run(patience.Token).WaitAsync(Patience + TimeSpan.FromSeconds(1), cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            report.Fault(check, $"gave no whole answer within {Patience.TotalSeconds:0} s", "see whether it is overloaded or a firewall drops what is sent to it");
        }
    }

    private static string ToText(DoctorReport report)
    {
        var lines = report.Findings.Select(static f => $"{f.Level.ToString().ToLowerInvariant(),-8} {f.Check}: {f.Text}{(f.Mend is null ? "" : $"\n         -> {f.Mend}")}\n");
        var faults = report.Findings.Count(static f => f.Level == FindingLevel.Fault);
        var warnings = report.Findings.Count(static f => f.Level == FindingLevel.Warning);
        return string.Concat(lines) + $"{faults} faults, {warnings} warnings\n";
    }

    private static string ToJson(DoctorReport report) => JsonSerializer.Serialize(
        new { ok = !report.HasFault, findings = report.Findings.Select(static f => new { check = f.Check, level = f.Level.ToString().ToLowerInvariant(), text = f.Text, mend = f.Mend }) },
        Readable) + "\n";
}
