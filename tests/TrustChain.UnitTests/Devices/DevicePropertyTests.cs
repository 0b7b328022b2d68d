using FsCheck;
using FsCheck.Fluent;
using TrustChain.Core.Devices;
using static TrustChain.UnitTests.Devices.DeviceWorld;

namespace TrustChain.UnitTests.Devices;

/// <summary>What holds for whatever a device says, honest or not.</summary>
public sealed class DevicePropertyTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(12);

    [Fact]
    public void Day_IsTheSameInWhateverOrderItsStatementsCome() => Check.One(Cases, Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
    {
        var device = Wild(seed);
        var expected = device.Compute(1).ToJson();
        var shuffled = device.Statements.ToArray();
        new Random(seed).Shuffle(shuffled);
        return expected.AsSpan().SequenceEqual(device.Compute(1, shuffled).ToJson());
    }));

    [Fact]
    public void Day_IsReadAsItIsWritten() => Check.One(Cases, Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
    {
        var json = Wild(seed).Compute(1).ToJson();
        return json.AsSpan().SequenceEqual(DeviceDay.Parse(json).ToJson());
    }));

    [Fact]
    public void Summary_IsReadAsItIsWritten() => Check.One(Cases, Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed => Wild(seed).Statements.All(static s =>
    {
        var bytes = s.Summary.ToBytes();
        var read = TelemetrySummary.Parse(bytes);
        return bytes.AsSpan().SequenceEqual(read.ToBytes()) && read.Measures.SequenceEqual(s.Summary.Measures) && read.Hours.SequenceEqual(s.Summary.Hours)
            && read.Runs.SequenceEqual(s.Summary.Runs) && read.Position == s.Summary.Position && read.RunningSeconds == s.Summary.RunningSeconds;
    })));

    [Fact]
    public void HostileSummary_IsReadOrRefused_AndItsDayComputed() => Check.One(Cases.WithMaxTest(400), Prop.ForAll(ArbMap.Default.ArbFor<int>(), static seed =>
    {
        var random = new Random(seed);
        var device = Devices[(seed & 3)];
        var facts = device.Statements[random.Next(24)];
        var bytes = facts.Summary.ToBytes();
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }
        try
        {
            var summary = TelemetrySummary.Parse(bytes.AsSpan(0, random.Next(3) == 0 ? random.Next(bytes.Length) : bytes.Length));
            var json = DeviceDay.Compute(Machine, summary.Day, null, [facts with { Summary = summary }], null).ToJson();
            DeviceDay.Parse(json);
        }
        catch (FormatException)
        {
            // As documented.
        }
        return true;
    }));

    [Fact]
    public void HostileDay_IsReadOrRefused()
    {
        var good = Devices[0].Compute().ToJson();
        Check.One(Cases.WithMaxTest(400), Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var random = new Random(seed);
            var bytes = good.ToArray();
            for (var change = random.Next(1, 5); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)"{}[]\",:\\u0e-.1nt "[random.Next(17)];
            }
            try
            {
                DevicePeriod.Compute(Machine, Day, Day, [DeviceDay.Parse(bytes)], null, Midnight.AddDays(2));
            }
            catch (FormatException)
            {
                // As documented.
            }
            return true;
        }));
    }

    [Fact]
    public void HourOfFiveMeasures_TakesLessThanFourHundredBytes()
    {
        var sizes = Devices[0].Statements.Select(static s => s.Summary.ToBytes().Length).ToList();
        Assert.True(sizes.Max() < 400, $"{sizes.Max()} bytes");
        TestContext.Current.TestOutputHelper?.WriteLine($"summary of an hour: {sizes.Min()} to {sizes.Max()} bytes");
    }

    [Fact]
    public void Figures_DoNotHangOnTheCulture()
    {
        var expected = Devices[1].Compute().ToJson();
        var culture = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NegativeSign = "~";
        var before = System.Globalization.CultureInfo.CurrentCulture;
        System.Globalization.CultureInfo.CurrentCulture = culture;
        try
        {
            Assert.Equal(expected, Devices[1].Compute().ToJson());
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }
    }

    private static readonly HonestDevice[] Devices = [new HonestDevice().Work(0, 24), Wild(1), Wild(2), Wild(3)];

    /// <summary>A device that lies in all ways at random, over two days.</summary>
    private static HonestDevice Wild(int seed)
    {
        var random = new Random(seed);
        var odds = random.NextDouble() * 0.1;
        bool Now() => random.NextDouble() < odds;
        var device = new HonestDevice(seed) { Measures = _ => !Now() };
        device.Delay = _ => TimeSpan.FromSeconds(random.Next(-500, 50_000));
        device.Change = (_, values) =>
        {
            foreach (var name in values.Keys.ToList())
            {
                if (Now())
                {
                    values.Remove(name);
                    values.Remove(name switch { "longitude" => "latitude", "latitude" => "longitude", _ => name });
                }
                else if (values.ContainsKey(name) && Now())
                {
                    values[name] = name is "latitude" or "longitude" ? random.Next(-90, 90) : name is "hours" or "energy" ? random.Next(0, 1_000_000) : (random.NextDouble() - 0.5) * 200;
                }
            }
            if (values.Count == 0)
            {
                values["running"] = 1;
            }
        };
        for (var hour = 10; hour < 40; hour += 2)
        {
            device.Work(hour, hour + 2);
            if (Now())
            {
                device.SwapKey();
            }
            device.Boot += random.Next(-1, 2);
            device.Sequence += Now() ? random.Next(1, 4) : 0;
            device.Drift = TimeSpan.FromSeconds(random.Next(-200, 200));
        }
        return device;
    }
}
