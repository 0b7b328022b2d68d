using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Devices;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Log;
using static TrustChain.UnitTests.Devices.DeviceWorld;

namespace TrustChain.UnitTests.Devices;

/// <summary>Encrypted places, judged by who has the keys.</summary>
public sealed class ServicePlacesTests
{
    private static readonly DeviceMasterKey Master = new([.. Enumerable.Range(0, 32).Select(static i => (byte)i)], Device);

    // Within 5 km of 26.5, 118.5 is inside.
    private static readonly DeviceTemplate Readable = Encrypted("service-readable");
    private static readonly DeviceTemplate Sealed = Encrypted("sealed");

    private sealed record Fix(DateTimeOffset Time, double Latitude, double Longitude);

    [Fact]
    public void EncryptedPlaces_AreJudgedAsIfTheyWereOpen()
    {
        // Out of the area in the morning, a jump within a statement, and another over midnight.
        var random = new Random(7);
        Fix[] fixes =
        [
            .. Enumerable.Range(-60, 60).Select(m => new Fix(Midnight.AddMinutes(m), 26.9 + (random.NextDouble() / 1000), 118.5)),
            .. Enumerable.Range(0, 600).Select(m => new Fix(Midnight.AddMinutes(m), 26.5 + (m is > 200 and < 400 ? 0.0008 * Math.Min(m - 200, 400 - m) : 0) + (m == 430 ? 0.04 : 0), 118.5 + (random.NextDouble() / 1000))),
        ];
        var open = Facts(fixes, Machine, null, out _);
        var hidden = Facts(fixes, Readable, Master, out var places);
        var expected = Findings(DeviceDay.Compute(Machine, Day, Before(open), OfDay(open), null));
        Assert.Contains(expected, static f => f.Code == FindingCodes.OutsideGeofence);
        Assert.Equal(2, expected.Count(static f => f.Code == FindingCodes.SpeedImpossible)); // The fastest move of the statement that jumps, and over midnight.

        var judged = DayPlaces.Judge(Readable, Day, new StatementsBefore(Before(hidden)), OfDay(hidden), places);

        Assert.Equal((600, 600, true), (judged.Encrypted, judged.Read, judged.IsComplete));
        Assert.Equal(expected.Select(Show), judged.Findings.Select(Show));
        // The day itself says nothing of it, and has the bytes that who has no key computes.
        Assert.Empty(Findings(DeviceDay.Compute(Readable, Day, Before(hidden), OfDay(hidden), null)));
    }

    [Fact]
    public void Places_WithoutEveryKey_AreNotComplete()
    {
        Fix[] fixes = [new(Midnight.AddHours(-1), 26.5, 118.5), new(Midnight.AddHours(1), 26.5, 118.5), new(Midnight.AddHours(2), 26.6, 118.5)];
        var facts = Facts(fixes, Readable, Master, out var places);
        var withoutBefore = places.Where(p => p.Key != facts[0].RecordId).ToDictionary();
        var judged = DayPlaces.Judge(Readable, Day, new StatementsBefore(facts[0]), OfDay(facts), withoutBefore);
        Assert.Equal((2, 2, false), (judged.Encrypted, judged.Read, judged.IsComplete));
        var one = places.Where(p => p.Key == facts[2].RecordId).ToDictionary();
        judged = DayPlaces.Judge(Readable, Day, new StatementsBefore(facts[0]), OfDay(facts), one);
        Assert.Equal((2, 1, false), (judged.Encrypted, judged.Read, judged.IsComplete));
        Assert.Equal([FindingCodes.OutsideGeofence], judged.Findings.Select(static f => f.Code)); // What can be read is judged.
    }

    [Fact]
    public void Value_IsReadInWhicheverSpellingTheReportHas()
    {
        var latitude = Readable.IndexOf("latitude");
        var spellings = Readable.Lookup.Spellings(latitude).ToList();
        Assert.Equal(4, spellings.Count);
        var key = Master.Derive(Day, KeyGroup.Position);
        foreach (var (type, component) in spellings)
        {
            Assert.True(EncryptedReport.TryDecrypt(Value(new ReportContext(Device, Midnight, type, component)), key, Device, Midnight, Readable, latitude, out var value));
            Assert.Equal(new MeasuredValue.Number(26.5, "DD"), value);
        }
        foreach (var elsewhere in (ReportContext[])[new(Device, Midnight, "Angle", "longitude"), new(Device, Midnight, "Angle"), new(Device, Midnight.AddSeconds(1), "Angle", "latitude"), new(Device, Midnight, "Speed", "latitude")])
        {
            Assert.False(EncryptedReport.TryDecrypt(Value(elsewhere), key, Device, Midnight, Readable, latitude, out _));
        }

        EncryptedValue Value(ReportContext context) =>
            EncryptedValue.TryParse(EncryptedValue.Encrypt(key, context, new MeasuredValue.Number(26.5, "DD")), out var value, out var error) ? value : throw new InvalidOperationException(error);
    }

    [Theory]
    [InlineData(26.5, "DD", KeyGroup.Position, 1)]
    [InlineData(91, "DD", KeyGroup.Position, 0)]
    [InlineData(0.46, "C81", KeyGroup.Position, 0)]
    [InlineData(26.5, "DD", KeyGroup.Area, 0)] // rounded, so that it may lie outside where the device did not
    [InlineData(26.5, "DD", KeyGroup.Rider, 0)]
    public void Position_ThatIsNone_IsNotRead(double latitude, string unit, KeyGroup group, int read)
    {
        var key = Master.Derive(Day, group);
        var json = Bytes(Event((Midnight,
        [
            Report("Angle", "latitude", EncryptedValue.Encrypt(key, new ReportContext(Device, Midnight, "Angle", "latitude"), new MeasuredValue.Number(latitude, unit))),
            Report("Angle", "longitude", EncryptedValue.Encrypt(key, new ReportContext(Device, Midnight, "Angle", "longitude"), new MeasuredValue.Number(118.5, "DD"))),
        ])));
        var places = StatementPlaces.Of(Read(json, Readable), Readable, Device, new Dictionary<DayKeyName, DayKey> { [key.Name] = key });
        Assert.Equal((1, read), (places.Encrypted, places.Read));
    }

    [Fact]
    public void Verdicts_AreTheServicesOnlyWhereItReadEverything()
    {
        var facts = Facts([new(Midnight.AddHours(1), 26.5, 118.5), new(Midnight.AddHours(2), 26.5, 118.5)], Readable, Master, out _);
        Assert.Equal(("could-not-check sealed", null), Place(Readable, new ServicePlaces([], []))); // computed before anybody looked at places
        Assert.Equal(("could-not-check sealed", null), Place(Readable, Of(2, 1)));
        Assert.Equal(("could-not-check sealed", null), Place(Readable, Of(1, 1))); // of fewer than the day has
        Assert.Equal(("passed ok", "service"), Place(Readable, Of(2, 2)));
        Assert.Equal(("failed outside-geofence", "service"), Place(Readable, Of(2, 1, Finding(FindingCodes.OutsideGeofence))));
        Assert.Equal(("failed outside-geofence", "service"), Place(Readable, Of(2, 2, Finding(FindingCodes.OutsideGeofence))));
        Assert.Equal(("passed ok", "service"), Place(Readable, Of(2, 2, Finding(FindingCodes.SpeedImpossible))));
        Assert.Equal(("could-not-check not-in-template", null), Place(Encrypted("service-readable", static t => t.Remove("geofence")), Of(2, 2)));
        Assert.Equal(("could-not-check sealed", null), Place(Sealed, Of(2, 2))); // whatever is in the database

        (string, string?) Place(DeviceTemplate template, ServicePlaces places)
        {
            DeviceDay[] days = [DeviceDay.Compute(template, Day, null, facts, null)];
            var before = DevicePeriod.Compute(template, Day, Day, days, null, Midnight.AddHours(3));
            var period = places.Complete(before, template, days);
            Assert.Equal(before.Verdicts.Where(static v => v.Check is not ("place" or "speed")), period.Verdicts.Where(static v => v.Check is not ("place" or "speed")));
            var verdict = period.Verdicts.Single(static v => v.Check == "place");
            return ($"{(verdict.Outcome == VerdictOutcome.CouldNotCheck ? "could-not-check" : verdict.Outcome.ToString().ToLowerInvariant())} {verdict.Code}", verdict.Basis);
        }

        static ServicePlaces Of(int encrypted, int read, params Finding[] findings) => new([new PlacesOfDay(Day, encrypted, read, 0)], findings);

        static Finding Finding(string code) => new(code, FindingSeverity.Alarm, Midnight, Midnight, null, "Far away.", [1000]);
    }

    [Fact]
    public void PlacesThatWereRead_AreRounded_EachOnce_InTheOrderInWhichTheyWereLeft()
    {
        Fix[] fixes = [new(Midnight.AddHours(-1), 40, 100), new(Midnight.AddHours(1), 26.51, 118.54), new(Midnight.AddHours(1.5), -26.55, -118.55), new(Midnight.AddHours(2), 26.49, 118.46)];
        var facts = Facts(fixes, Readable, Master, out var places);
        var judged = DayPlaces.Judge(Readable, Day, new StatementsBefore(facts[0]), OfDay(facts), places);
        Assert.Equal([new RoughPlace(-266, -1186), new RoughPlace(265, 1185)], judged.Places); // Not that of the day before.
        Assert.Empty(DayPlaces.Judge(Readable, Day, new StatementsBefore(facts[0]), OfDay(facts), new Dictionary<long, StatementPlaces>()).Places);

        // At most a hundred, the last ones.
        var many = DayPlaces.Join(Enumerable.Range(0, 150).Select(static i => new RoughPlace(i, 0)));
        Assert.Equal((DayPlaces.MaxPlaces, new RoughPlace(50, 0), new RoughPlace(149, 0)), (many.Count, many[0], many[^1]));
    }

    [Fact]
    public void RoughPlaces_AreWhatGrantsRoundTo_FromTheCellAlone()
    {
        var random = new Random(11);
        for (var i = 0; i < 10_000; i++)
        {
            var place = new Place(Math.Round((random.NextDouble() * 180) - 90, 6) + 1e-7, Math.Round((random.NextDouble() * 360) - 180, 6) + 1e-7); // on no border
            var point = GeoPoint.Of(place.Latitude, place.Longitude);
            Assert.Equal(place.Coarsen(), RoughPlace.Of(point).Degrees);
            Assert.Equal(place.Coarsen(), RoughPlace.Of(point.Coarse).Degrees);
            var cell = place.ToCell();
            Assert.Equal(point.Coarse, GeoPoint.Of(cell.Latitude, cell.Longitude).Coarse);
        }
    }

    [Fact]
    public void PassedPlaces_RestOnTheStatementsOfTheDaysThatHaveSome()
    {
        var facts = Facts([new(Midnight.AddHours(1), 26.5, 118.5), new(Midnight.AddHours(2), 26.5, 118.5), new(Midnight.AddHours(3), 26.5, 118.5)], Readable, Master, out _);
        DeviceDay[] days = [DeviceDay.Compute(Readable, Day, null, facts, null)];
        var period = new ServicePlaces([new PlacesOfDay(Day, 3, 3, 0)], []).Complete(DevicePeriod.Compute(Readable, Day, Day, days, null, Midnight.AddHours(4)), Readable, days);
        var place = period.Verdicts.Single(static v => v.Check == "place");
        Assert.Equal([1001, 1003], place.Records);
        Assert.Equal((1, new StatementRun(0, 1, 3)), (place.MoreRecords, Assert.Single(place.Runs)));
    }

    private static DeviceTemplate Encrypted(string privacy, Action<JsonObject>? change = null) => Template(t =>
    {
        t["privacy"] = privacy;
        t["measures"]![6]!["privacy"] = "encrypted";
        t["measures"]![7]!["privacy"] = "encrypted";
        change?.Invoke(t);
    });

    /// <summary>Statements of an hour each.</summary>
    private static List<StatementFacts> Facts(IEnumerable<Fix> fixes, DeviceTemplate template, DeviceMasterKey? master, out Dictionary<long, StatementPlaces> places)
    {
        var facts = new List<StatementFacts>();
        places = [];
        foreach (var hour in fixes.GroupBy(static f => (f.Time.Date, f.Time.Hour)))
        {
            var key = master?.Derive(DateOnly.FromDateTime(hour.Key.Date), KeyGroup.Position);
            var json = Bytes(Event([.. hour.Select(f => (f.Time, (JsonObject[])[Coordinate(f, "latitude", f.Latitude, key), Coordinate(f, "longitude", f.Longitude, key)]))]));
            var telemetry = Read(json, template);
            var number = facts.Count + 1;
            facts.Add(new StatementFacts(
                1000 + number, 0, number, Hash32.Compute(Encoding.ASCII.GetBytes($"{number}")), number == 1 ? null : facts[^1].Digest, 1, telemetry.Last, telemetry.Last, false,
                TelemetrySummary.Parse(TelemetrySummary.Of(telemetry, template).ToBytes())));
            if (key is not null)
            {
                places.Add(facts[^1].RecordId, StatementPlaces.Of(telemetry, template, Device, new Dictionary<DayKeyName, DayKey> { [key.Name] = key }));
            }
        }
        return facts;
    }

    private static JsonObject Coordinate(Fix fix, string component, double degrees, DayKey? key) => key is null
        ? Report("Angle", component, F(degrees), "DD")
        : Report("Angle", component, EncryptedValue.Encrypt(key, new ReportContext(Device, fix.Time, "Angle", component), new MeasuredValue.Number(degrees, "DD")));

    private static StatementFacts? Before(List<StatementFacts> facts) => facts.LastOrDefault(static f => f.Summary.Day < Day);

    private static List<StatementFacts> OfDay(List<StatementFacts> facts) => [.. facts.Where(static f => f.Summary.Day == Day)];

    private static List<Finding> Findings(DeviceDay day) => [.. day.Findings.Where(static f => FindingCodes.OfPlaces.Contains(f.Code))];

    private static string Show(Finding finding) => $"{finding.Key} {finding.Severity} {finding.Until:O} {finding.Detail} {string.Join(',', finding.Records)} {finding.MoreRecords}";
}
