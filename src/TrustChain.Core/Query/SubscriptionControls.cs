using System.Text;
using TrustChain.Core.Epcis;

namespace TrustChain.Core.Query;

/// <summary>When and how a subscriber is told (EPCIS 2.0 section 8.2.5.2).</summary>
/// <param name="Schedule">When the query runs; null: whenever a captured event matches.</param>
/// <param name="ReportIfEmpty">Whether a scheduled run without new events is reported. Without meaning for a stream.</param>
/// <param name="InitialRecordTime">Only events recorded from then on are told; null: from now.</param>
public sealed record SubscriptionControls(Schedule? Schedule, bool ReportIfEmpty, DateTimeOffset? InitialRecordTime)
{
    /// <summary>The controls, or null and what is wrong with them: exactly one of stream and schedule must be there.</summary>
    /// <param name="stream"><c>true</c> or <c>false</c>; null: not given.</param>
    /// <param name="schedule">Fields of the schedule; null: not given.</param>
    /// <param name="reportIfEmpty"><c>true</c> or <c>false</c>; null: not given, which is <c>false</c>.</param>
    /// <param name="initialRecordTime">RFC 3339 time with offset; null: not given.</param>
    /// <param name="faults">One for each member that is wrong.</param>
    public static SubscriptionControls? Parse(
        string? stream, IReadOnlyDictionary<string, string>? schedule, string? reportIfEmpty, string? initialRecordTime, out IReadOnlyList<QueryFault> faults)
    {
        var found = new List<QueryFault>();
        faults = found;
        var isStream = ReadBoolean("stream", stream, found);
        var reports = ReadBoolean("reportIfEmpty", reportIfEmpty, found);
        DateTimeOffset? initial = null;
        if (initialRecordTime is not null)
        {
            if (EpcisTime.TryParse(Encoding.UTF8.GetBytes(initialRecordTime), out var instant))
            {
                initial = instant;
            }
            else
            {
                found.Add(new QueryFault("initialRecordTime", "is a time with offset such as 2026-04-05T08:00:00.000+08:00."));
            }
        }
        Schedule? times = null;
        if (schedule is not null)
        {
            if (isStream)
            {
                found.Add(new QueryFault("stream", "and a schedule exclude each other."));
            }
            if (!Schedule.TryParse(schedule, out times, out var wrong))
            {
                found.AddRange(wrong);
            }
        }
        else if (!isStream && found.Count == 0)
        {
            found.Add(new QueryFault("stream", "must be true, or a schedule must say when to run the query."));
        }
        return found.Count == 0 ? new SubscriptionControls(times, reports, initial) : null;
    }

    private static bool ReadBoolean(string name, string? text, List<QueryFault> faults)
    {
        if (text is not (null or "true" or "false"))
        {
            faults.Add(new QueryFault(name, "is true or false."));
        }
        return text == "true";
    }
}
