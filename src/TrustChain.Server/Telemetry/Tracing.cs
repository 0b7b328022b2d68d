using System.Diagnostics;

namespace TrustChain.Server.Telemetry;

/// <summary>
/// Spans along the life of an event: capture, parse, verify, commit; then, by workers and so in traces of their own, sequence, checkpoint, anchor, anchor
/// final; and evidence. They carry counts, sizes and names of targets, never content. While nobody listens a span is null and costs a comparison.
/// </summary>
internal static class Tracing
{
    public const string SourceName = "TrustChain";

    /// <summary>Tag: events of a statement, entries of a pass, records of a bundle.</summary>
    public const string Entries = "trustchain.entries";

    /// <summary>Tag: entries of the log, by which spans of workers can be told to belong together.</summary>
    public const string LogSize = "trustchain.log.size";

    /// <summary>Tag: name of an anchoring target.</summary>
    public const string Target = "trustchain.target";

    private static readonly ActivitySource Source = new(SourceName);

    public static Activity? Start(string name) => Source.StartActivity(name);

    /// <summary>A span of something that began earlier and was not known to be worth telling.</summary>
    public static Activity? StartAt(string name, DateTimeOffset began) => Source.StartActivity(ActivityKind.Internal, startTime: began, name: name);

    public static Activity? StartAnchor(string name, string target, long size) => Start(name)?.SetTag(Target, target).SetTag(LogSize, size);
}
