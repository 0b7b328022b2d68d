using TrustChain.Core.Devices;

namespace TrustChain.UnitTests.Devices;

/// <summary>Scheduled time and expected readings against counting one by one.</summary>
public sealed class DeviceScheduleTests
{
    [Theory]
    [InlineData("always")]
    [InlineData("08-16")]
    [InlineData("22-06")]
    [InlineData("16-00")]
    [InlineData("00-24")]
    public void TimeAndReadings_AreThoseOfCounting(string text)
    {
        Assert.True(DeviceSchedule.TryParse(text, out var schedule));
        var random = new Random(3);
        for (var i = 0; i < 50; i++)
        {
            const long Minute = 60_000;
            var from = random.Next(0, 3 * 1440) * Minute;
            var until = from + (random.Next(-10, 3 * 1440) * Minute);
            var (time, readings) = (0L, 0L);
            for (var moment = from; moment < until; moment += Minute)
            {
                time += Holds(text, moment) ? Minute : 0;
                // Places of seven minutes: 205 of them in a day, and five minutes over.
                var inDay = moment % DeviceSchedule.Day;
                var middle = ((inDay / (7 * Minute)) * 7 * Minute) + (7 * Minute / 2);
                readings += middle >= inDay && middle < inDay + Minute && middle < 205 * 7 * Minute && Holds(text, moment - inDay + middle) ? 1 : 0;
            }
            Assert.Equal((time, readings), (schedule.TimeBetween(from, until), schedule.ReadingsBetween(from, until, 7 * Minute)));
        }
    }

    [Fact]
    public void Clip_LeavesTheScheduledEnds()
    {
        Assert.True(DeviceSchedule.TryParse("22-06", out var schedule));
        const long Hour = 3_600_000;
        Assert.Equal((22 * Hour, 30 * Hour), schedule.Clip(8 * Hour, 40 * Hour));
        Assert.Equal((23 * Hour, 25 * Hour), schedule.Clip(23 * Hour, 25 * Hour));
        Assert.Equal((0, 48 * Hour), DeviceSchedule.Always.Clip(0, 48 * Hour));
    }

    private static bool Holds(string text, long moment)
    {
        var hour = moment / 3_600_000 % 24;
        return text switch { "08-16" => hour is >= 8 and < 16, "22-06" => hour is >= 22 or < 6, "16-00" => hour >= 16, _ => true };
    }
}
