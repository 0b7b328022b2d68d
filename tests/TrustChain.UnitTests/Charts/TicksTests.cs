using System.Globalization;
using TrustChain.Server.Pages.Charts;

namespace TrustChain.UnitTests.Charts;

/// <summary>Axes: round values, in every range that a device can bring about.</summary>
public sealed class TicksTests
{
    [Theory]
    [InlineData(0, 100, "0 20 40 60 80 100")]
    [InlineData(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(3, 17, "0 5 10 15 20")]
    [InlineData(-7, 7, "-10 -5 0 5 10")]
    [InlineData(80, 100, "80 85 90 95 100")]
    [InlineData(1234.5, 1235.5, "1\u202f234.4 1\u202f234.6 1\u202f234.8 1\u202f235.0 1\u202f235.2 1\u202f235.4 1\u202f235.6")]
    public void Ticks_AreRoundAndReachAroundTheValues(double min, double max, string expected)
    {
        var ticks = Ticks.Compute(min, max, 5);

        Assert.Equal(expected, string.Join(' ', ticks.Select(t => Ticks.Format(t, ticks[1] - ticks[0]))));
        Assert.True(ticks[0] <= min && ticks[^1] >= max);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 5)]
    [InlineData(-1e-300, 1e-300)]
    [InlineData(1e15, 1e15)]
    [InlineData(-1.7e308, 1.7e308)]
    [InlineData(5, 1)]
    public void Ticks_OfAnyFiniteRange_AreFewAndAscend(double min, double max)
    {
        var ticks = Ticks.Compute(min, max, 5);

        Assert.InRange(ticks.Count, 2, 20);
        Assert.All(ticks.Zip(ticks.Skip(1)), static pair => Assert.True(pair.First < pair.Second));
        Assert.All(ticks, static t => Assert.True(double.IsFinite(t)));
    }

    [Fact]
    public void Ticks_OfWhatIsNotFinite_AreRefused() => Assert.Throws<ArgumentOutOfRangeException>(static () => Ticks.Compute(0, double.NaN, 5));

    [Fact]
    public void Scale_MapsInsideItsEnds_EvenOfTheLargestNumbers()
    {
        Assert.Equal(50, new LinearScale(0, 10, 0, 100).Map(5));
        Assert.Equal(100, new LinearScale(0, 10, 0, 100).Map(99));
        Assert.Equal(75, new LinearScale(0, 10, 100, 0).Map(2.5));
        Assert.Equal(5, new LinearScale(7, 7, 0, 10).Map(7));
        Assert.Equal(50, new LinearScale(double.MinValue, double.MaxValue, 0, 100).Map(0));
    }

    [Fact]
    public void Numbers_AreTheSameInEveryCulture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (other.NumberFormat.NumberDecimalSeparator, other.NumberFormat.NumberGroupSeparator, other.NumberFormat.NegativeSign) = (",", ".", "~");
            CultureInfo.CurrentCulture = other;
            Assert.Equal("~1,5", (-1.5).ToString(other));

            Assert.Equal("1234.57", SvgWriter.Number(1234.567));
            Assert.Equal("-1.5", SvgWriter.Number(-1.5));
            Assert.Equal("1\u202f234.5", Ticks.Format(1234.5, 0.5));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
