using System.Globalization;
using TrustChain.Core.Query;

namespace TrustChain.UnitTests.Query;

public sealed class ScheduleTests
{
    [Theory]
    [InlineData("hour=1;minute=5", "2026-04-05T00:00:00Z", "2026-04-05T01:05:00Z")]
    [InlineData("hour=1;minute=5", "2026-04-05T01:05:00Z", "2026-04-06T01:05:00Z")]
    [InlineData("hour=1;minute=5", "2026-04-05T01:04:59.999Z", "2026-04-05T01:05:00Z")]
    [InlineData("minute=5", "2026-04-05T01:05:30Z", "2026-04-05T02:05:00Z")]
    [InlineData("second=0", "2026-04-05T01:05:00Z", "2026-04-05T01:06:00Z")]
    [InlineData("second=0/30", "2026-04-05T01:05:00.1Z", "2026-04-05T01:05:30Z")]
    [InlineData("second=0/30", "2026-04-05T01:05:30Z", "2026-04-05T01:06:00Z")]
    [InlineData("second=[0-59]", "2026-04-05T01:05:30.5Z", "2026-04-05T01:05:31Z")]
    [InlineData("second=10,[20-22],50/5", "2026-04-05T01:05:22Z", "2026-04-05T01:05:50Z")]
    [InlineData("second=0,30;hour=2", "2026-04-05T02:59:30Z", "2026-04-06T02:00:00Z")]
    [InlineData("second=0,30;hour=2", "2026-04-05T02:10:00Z", "2026-04-05T02:10:30Z")]
    [InlineData("hour=23;minute=59;second=59", "2026-12-31T23:59:59Z", "2027-01-01T23:59:59Z")]
    [InlineData("dayOfMonth=1", "2026-04-05T00:00:00Z", "2026-05-01T00:00:00Z")]
    [InlineData("dayOfMonth=31", "2026-04-05T00:00:00Z", "2026-05-31T00:00:00Z")]
    [InlineData("dayOfMonth=31", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z")]
    [InlineData("dayOfMonth=30;hour=12", "2027-01-30T12:00:00Z", "2027-03-30T12:00:00Z")]
    [InlineData("dayOfMonth=29;month=2", "2026-04-05T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("dayOfMonth=29;month=2", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z")]
    [InlineData("dayOfMonth=29;month=2;dayOfWeek=1", "2072-03-01T00:00:00Z", "2112-02-29T00:00:00Z")]
    [InlineData("dayOfMonth=30,31;month=2,4", "2026-01-01T00:00:00Z", "2026-04-30T00:00:00Z")]
    [InlineData("month=1", "2026-01-31T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("month=12;dayOfMonth=31;hour=23", "2026-12-31T23:00:00Z", "2027-12-31T23:00:00Z")]
    [InlineData("dayOfWeek=1", "2026-04-05T00:00:00Z", "2026-04-06T00:00:00Z")] // 5 April 2026 is a Sunday
    [InlineData("dayOfWeek=7;hour=8", "2026-04-05T08:00:00Z", "2026-04-12T08:00:00Z")]
    [InlineData("dayOfWeek=[1-5];hour=8", "2026-04-03T09:00:00Z", "2026-04-06T08:00:00Z")]
    [InlineData("dayOfWeek=5;dayOfMonth=13", "2026-04-05T00:00:00Z", "2026-11-13T00:00:00Z")] // both, not either
    [InlineData("hour=0", "2026-04-05T07:30:00+08:00", "2026-04-05T00:00:00Z")]
    public void NextAfter_IsTheFirstMatchStrictlyAfter(string text, string after, string expected)
    {
        var next = Parse(text).NextAfter(Time(after));
        Assert.Equal(Time(expected), next);
        Assert.Equal(TimeSpan.Zero, next?.Offset);
    }

    [Theory]
    [InlineData("second=0", "9999-12-31T23:59:59.9999999Z")]
    [InlineData("second=0", "9999-12-31T23:59:00Z")]
    [InlineData("month=11", "9999-11-30T00:00:00Z")]
    [InlineData("dayOfMonth=29;month=2", "9996-02-29T00:00:00Z")]
    public void NextAfter_AtTheEndOfTheCalendar_IsNull(string text, string after) => Assert.Null(Parse(text).NextAfter(Time(after)));

    [Fact]
    public void NextAfter_OfEveryMatch_AgreesWithTryingEverySecond()
    {
        var schedule = Parse("second=7,[40-42];minute=0/25;hour=[22-23],3");
        var from = Time("2026-02-27T21:58:00Z");
        var expected = Enumerable.Range(1, 36 * 3600).Select(s => from.AddSeconds(s))
            .Where(static t => t.Second is 7 or 40 or 41 or 42 && t.Minute is 0 or 25 or 50 && t.Hour is 22 or 23 or 3).ToList();
        var found = new List<DateTimeOffset>();
        for (var next = schedule.NextAfter(from); next <= from.AddSeconds(36 * 3600); next = schedule.NextAfter(next.Value))
        {
            found.Add(next.Value);
        }
        Assert.Equal(expected, found);
    }

    [Theory]
    [InlineData("", "schedule")]
    [InlineData("second=60", "second")]
    [InlineData("second=-1", "second")]
    [InlineData("second=", "second")]
    [InlineData("second=,", "second")]
    [InlineData("second=1,", "second")]
    [InlineData("second= 1", "second")]
    [InlineData("second=001", "second")]
    [InlineData("second=*", "second")]
    [InlineData("second=1-5", "second")]
    [InlineData("second=[5-1]", "second")]
    [InlineData("second=[1-60]", "second")]
    [InlineData("second=[1]", "second")]
    [InlineData("second=[", "second")]
    [InlineData("second=0/0", "second")]
    [InlineData("second=0/99", "second")]
    [InlineData("second=/5", "second")]
    [InlineData("second=1/2/3", "second")]
    [InlineData("minute=60", "minute")]
    [InlineData("hour=24", "hour")]
    [InlineData("dayOfMonth=0", "dayOfMonth")]
    [InlineData("dayOfMonth=32", "dayOfMonth")]
    [InlineData("month=0", "month")]
    [InlineData("month=13", "month")]
    [InlineData("dayOfWeek=0", "dayOfWeek")]
    [InlineData("dayOfWeek=8", "dayOfWeek")]
    [InlineData("dayOfMonth=31;month=2", "dayOfMonth")]
    [InlineData("dayOfMonth=30;month=2", "dayOfMonth")]
    [InlineData("dayOfMonth=31;month=2,4,6,9,11", "dayOfMonth")]
    [InlineData("year=2026", "year")]
    public void TryParse_Fails_WhenAFieldIsWrong(string text, string field)
    {
        Assert.False(Schedule.TryParse(Fields(text), out var schedule, out var faults));
        Assert.Null(schedule);
        Assert.Equal(field, Assert.Single(faults).Parameter);
    }

    [Fact]
    public void TryParse_NamesEveryWrongField()
    {
        Assert.False(Schedule.TryParse(Fields("second=x;minute=y;hour=1"), out _, out var faults));
        Assert.Equal(["second", "minute"], faults.Select(static f => f.Parameter));
    }

    [Theory]
    [InlineData("true", "second=0", "stream")]
    [InlineData(null, null, "stream")]
    [InlineData("false", null, "stream")]
    [InlineData("yes", null, "stream")]
    public void Controls_Fail_UnlessEitherStreamOrSchedule(string? stream, string? schedule, string fault)
    {
        Assert.Null(SubscriptionControls.Parse(stream, schedule is null ? null : Fields(schedule), null, null, out var faults));
        Assert.Equal(fault, Assert.Single(faults).Parameter);
    }

    [Fact]
    public void Controls_ReadWhatIsGiven()
    {
        var controls = SubscriptionControls.Parse(null, Fields("second=5"), "true", "2026-04-05T08:00:00.000+08:00", out _);
        Assert.NotNull(controls?.Schedule);
        Assert.True(controls.ReportIfEmpty);
        Assert.Equal(Time("2026-04-05T00:00:00Z"), controls.InitialRecordTime);
        Assert.Null(SubscriptionControls.Parse("true", null, null, null, out _)!.Schedule);
        Assert.Null(SubscriptionControls.Parse("true", null, "1", "2026-04-05", out var faults));
        Assert.Equal(["reportIfEmpty", "initialRecordTime"], faults.Select(static f => f.Parameter));
    }

    private static Schedule Parse(string text)
    {
        Assert.True(Schedule.TryParse(Fields(text), out var schedule, out var faults), string.Join(' ', faults));
        return schedule;
    }

    private static Dictionary<string, string> Fields(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(static f => f.Split('=', 2)).ToDictionary(static f => f[0], static f => f[1]);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
