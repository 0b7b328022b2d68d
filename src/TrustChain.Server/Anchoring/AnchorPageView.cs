using System.Globalization;
using TrustChain.Postgres.Anchoring;
using TrustChain.Server.Pages;

namespace TrustChain.Server.Anchoring;

/// <summary>Turns reports into what the page shows.</summary>
internal static class AnchorPageView
{
    private const decimal WeiPerCoin = 1_000_000_000_000_000_000m;
    private const int FailuresShown = 10;

    public static AnchorTargetView From(TargetReport report, DateTimeOffset now) => new()
    {
        Name = report.Name,
        ChainId = report.IsEvm ? report.Options.ChainId : null,
        // Paths of authorities may carry access keys.
        Place = report.IsEvm ? report.Options.Registry : new Uri(report.Options.Url).GetLeftPart(UriPartial.Authority),
        State = report.State,
        LagEntries = report.LagEntries,
        WaitingSince = report.LagEntries == 0 ? null : now - report.Lag,
        Latency = report.Options.EffectiveLatency,
        CostPerRecord = report.CostPerRecord / WeiPerCoin,
        SpentToday = (decimal?)report.SpentToday / WeiPerCoin,
        MaxSpendPerDay = report.IsEvm ? report.Options.MaxSpendPerDay : null,
        Currency = report.Options.Currency,
        Failures = [.. report.Failures.Take(FailuresShown).Select(static f => new AnchorFailureView(f.Code, f.Detail, f.BeganAt, f.EndedAt))],
        Anchors = [.. report.Anchors.Select(line => new AnchorRow(
            line.Size, AnchorStore.Name(line.State), line.Time, line.Contract?.Block, line.Contract?.Transaction ?? "",
            line is { Contract: null, State: AnchorState.Final } ? $"/log/timestamps/{report.Name}/{line.Size.ToString(CultureInfo.InvariantCulture)}" : null))],
    };
}
