using System.Text;
using System.Text.Json;
using TrustChain.Core.Devices.Encryption;
using TrustChain.Core.Devices.Grants;
using TrustChain.Core.Log;

namespace TrustChain.UnitTests.Devices;

public sealed class GrantTests
{
    private const string Device = "https://id.gs1.org/8004/4012345000009";

    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Today = new(2026, 11, 26);

    private static readonly GrantTerms Terms = new()
    {
        Purpose = GrantPurpose.Credit,
        Scope = ["operation", "position"],
        Precision = PlacePrecision.Coarse,
        Days = new DayRange(Today.AddDays(-10), Today.AddDays(10)),
    };

    [Fact]
    public void Grant_WhileInForce_CoversDaysUpToToday()
    {
        var grant = Grant.Request(Terms, Noon).Approve(Terms, Noon);
        Assert.Equal(GrantState.Granted, grant.StateAt(Noon));
        Assert.Equal(new DayRange(Today.AddDays(-10), Today), grant.DaysAt(Noon));
        Assert.Equal(new DayRange(Today.AddDays(-10), Today.AddDays(3)), grant.DaysAt(Noon.AddDays(3)));
        Assert.Equal(Terms.Days, grant.DaysAt(Noon.AddDays(30)));
        Assert.True(grant.IsLiveAt(Noon.AddDays(10)));
        Assert.False(grant.IsLiveAt(Noon.AddDays(11)));
    }

    [Fact]
    public void Grant_BeforeItsFirstDay_CoversNothing()
    {
        var grant = Grant.Offer(Terms with { Days = new DayRange(Today.AddDays(1), Today.AddDays(2)) }, Noon);
        Assert.Null(grant.DaysAt(Noon));
        Assert.False(grant.IsLiveAt(Noon));
        Assert.True(grant.IsLiveAt(Noon.AddHours(12)));
    }

    [Fact]
    public void Grant_Revoked_KeepsDaysUpToTheRevocationAndNoLiveData()
    {
        var grant = Grant.Offer(Terms, Noon).Revoke(Noon.AddDays(2));
        Assert.Equal(GrantState.Revoked, grant.StateAt(Noon.AddDays(2)));
        Assert.Equal(new DayRange(Today.AddDays(-10), Today.AddDays(2)), grant.DaysAt(Noon.AddDays(5)));
        Assert.False(grant.IsLiveAt(Noon.AddDays(2)));
        Assert.True(grant.HandsOver(new DayKeyName(Today.AddDays(2), KeyGroup.Area), Noon.AddDays(5)));
        Assert.False(grant.HandsOver(new DayKeyName(Today.AddDays(3), KeyGroup.Area), Noon.AddDays(5)));
        Assert.Same(grant, grant.Revoke(Noon.AddDays(3))); // A later end does not move an earlier one.
        Assert.Equal(Noon.AddDays(1), grant.Revoke(Noon.AddDays(1)).RevokedAt);
    }

    [Fact]
    public void Grant_OfAFormerOwner_CoversDaysBeforeTheOneOnWhichItLostTheDevice()
    {
        var fallen = Grant.Offer(Terms, Noon).Revoke(Noon.AddDays(2)).InOwnership(null, Noon.AddDays(2));
        Assert.Equal(new DayRange(Today.AddDays(-10), Today.AddDays(1)), fallen.DaysAt(Noon.AddDays(2)));
        Assert.Equal(new DayRange(Today.AddDays(-10), Today.AddDays(1)), fallen.DaysAt(Noon.AddDays(5)));
        Assert.False(fallen.HandsOver(new DayKeyName(Today.AddDays(2), KeyGroup.Area), Noon.AddDays(5)));
        Assert.True(fallen.HandsOver(new DayKeyName(Today.AddDays(1), KeyGroup.Area), Noon.AddDays(5)));

        // One that was revoked before ends with the day of the revocation, but never with that of the transfer.
        Assert.Equal(Today.AddDays(1), Grant.Offer(Terms, Noon).Revoke(Noon.AddDays(1)).InOwnership(null, Noon.AddDays(3)).DaysAt(Noon.AddDays(5))!.Value.Until);
        Assert.Equal(Today.AddDays(1), Grant.Offer(Terms, Noon).Revoke(Noon.AddDays(2)).InOwnership(null, Noon.AddDays(2).AddHours(3)).DaysAt(Noon.AddDays(5))!.Value.Until);
        Assert.Null(Grant.Offer(Terms with { Days = new DayRange(Today, Today.AddDays(10)) }, Noon).Revoke(Noon).InOwnership(null, Noon).DaysAt(Noon.AddDays(1)));
    }

    [Fact]
    public void Grant_OfALaterOwner_OpensKeysOfDaysThatBeganWithIt()
    {
        var grant = Grant.Offer(Terms, Noon).InOwnership(Noon.AddDays(-3), null);
        Assert.Equal(new DayRange(Today.AddDays(-10), Today), grant.DaysAt(Noon));
        Assert.Equal(new DayRange(Today.AddDays(-2), Today), grant.KeyDaysAt(Noon));
        Assert.False(grant.HandsOver(new DayKeyName(Today.AddDays(-3), KeyGroup.Area), Noon)); // The key of that day opens what the former owner's device said.
        Assert.True(grant.HandsOver(new DayKeyName(Today.AddDays(-2), KeyGroup.Area), Noon));
        Assert.Null(Grant.Offer(Terms, Noon).InOwnership(Noon, null).KeyDaysAt(Noon));
        Assert.Equal(grant.DaysAt(Noon), Grant.Offer(Terms, Noon).KeyDaysAt(Noon)); // The first owner's are all its own.
    }

    [Fact]
    public void Grant_Expired_CoversNothing()
    {
        var grant = Grant.Offer(Terms with { Expires = Noon.AddDays(1) }, Noon);
        Assert.NotNull(grant.DaysAt(Noon.AddDays(1).AddMilliseconds(-1)));
        Assert.Null(grant.DaysAt(Noon.AddDays(1)));
        Assert.False(grant.IsLiveAt(Noon.AddDays(1)));
        Assert.Equal(GrantState.Expired, grant.Revoke(Noon).StateAt(Noon.AddDays(1)));
        Assert.Equal("it is expired", grant.FindRevocationFault(Noon.AddDays(1)));
    }

    [Fact]
    public void Grant_AskedForAndNotGiven_CoversNothing()
    {
        var request = Grant.Request(Terms, Noon);
        Assert.Null(request.DaysAt(Noon));
        Assert.Null(request.Refuse(Noon).DaysAt(Noon));
        Assert.False(request.HandsOver(new DayKeyName(Today, KeyGroup.Operation), Noon));
        Assert.False(request.IsLiveAt(Noon));
    }

    [Fact]
    public void Request_RefusedOrUnanswered_LooksTheSameToWhoAsked()
    {
        var open = Grant.Request(Terms, Noon);
        var refused = open.Refuse(Noon.AddHours(1));
        Assert.Equal(GrantState.Refused, refused.StateAt(Noon.AddHours(2)));
        for (var hours = 0; hours < 24 * 40; hours += 7)
        {
            Assert.Equal(open.StateForGranteeAt(Noon.AddHours(hours)), refused.StateForGranteeAt(Noon.AddHours(hours)));
        }
        Assert.Equal(GrantState.Lapsed, refused.StateForGranteeAt(Noon + Grant.RequestLifetime));
    }

    [Fact]
    public void Step_ThatMayNotComeNext_IsNamed()
    {
        var request = Grant.Request(Terms, Noon);
        Assert.Null(request.FindApprovalFault(Terms, Noon));
        Assert.Null(request.FindRefusalFault(Noon));
        Assert.Equal("it is requested", request.FindRevocationFault(Noon));
        Assert.Equal("it is lapsed", request.FindApprovalFault(Terms, Noon + Grant.RequestLifetime));
        Assert.Equal("it is lapsed", request.FindRefusalFault(Noon + Grant.RequestLifetime));
        Assert.Equal("it is refused", request.Refuse(Noon).FindApprovalFault(Terms, Noon));
        Assert.Equal("it is granted", request.Approve(Terms, Noon).FindApprovalFault(Terms, Noon));
        Assert.Equal("it is granted", request.Approve(Terms, Noon).FindRefusalFault(Noon));
        Assert.Null(request.Approve(Terms, Noon).FindRevocationFault(Noon));
        Assert.Equal("it is revoked", Grant.Offer(Terms, Noon).Revoke(Noon).FindRevocationFault(Noon));
        Assert.Equal("the terms give more than was asked for", request.FindApprovalFault(Terms with { Precision = PlacePrecision.Exact }, Noon));
        Assert.Equal("it would have expired already", request.FindApprovalFault(Terms with { Expires = Noon }, Noon));
    }

    [Fact]
    public void Restore_OfTimesThatAreOfNoGrant_Throws()
    {
        Assert.Equal(GrantState.Granted, Grant.Restore(Terms, Noon, null, Noon, null).StateAt(Noon));
        Assert.Throws<ArgumentException>(() => Grant.Restore(Terms, null, null, null, null));
        Assert.Throws<ArgumentException>(() => Grant.Restore(Terms, Noon, Noon, Noon, null));
        Assert.Throws<ArgumentException>(() => Grant.Restore(Terms, Noon, null, null, Noon));
        Assert.Throws<ArgumentException>(() => Grant.Restore(Terms, null, Noon, null, null));
    }

    [Fact]
    public void Terms_WithinOthers_GiveNothingMore()
    {
        Assert.True(Terms.IsWithin(Terms));
        Assert.True((Terms with { Scope = ["operation"], Precision = PlacePrecision.None, Expires = Noon }).IsWithin(Terms));
        Assert.True(Terms.IsWithin(Terms with { Scope = ["all"] }));
        Assert.True((Terms with { Days = new DayRange(Today, Today) }).IsWithin(Terms));
        foreach (var more in (GrantTerms[])
                 [
                     Terms with { Purpose = GrantPurpose.Insurance }, Terms with { Scope = ["all"] }, Terms with { Scope = ["operation", "position", "rider"] }, Terms with { Precision = PlacePrecision.Exact },
                     Terms with { Days = new DayRange(Today.AddDays(-11), Today) }, Terms with { Days = new DayRange(Today, Today.AddDays(11)) },
                 ])
        {
            Assert.False(more.IsWithin(Terms));
        }
        Assert.False(Terms.IsWithin(Terms with { Expires = Noon }));
        Assert.False((Terms with { Expires = Noon.AddDays(1) }).IsWithin(Terms with { Expires = Noon }));
    }

    [Fact]
    public void Scope_DecidesWhatIsReadAndWhichKeysGo()
    {
        Assert.True(Terms.Covers(KeyGroup.Operation, "operatingHours"));
        Assert.True(Terms.Covers(KeyGroup.Position, "latitude"));
        Assert.False(Terms.Covers(KeyGroup.Rider, "riderId"));
        Assert.False(Terms.HandsOver(KeyGroup.Position)); // A coarse grant does not open what is exact.
        Assert.True(Terms.HandsOver(KeyGroup.Area));
        Assert.True(Terms.HandsOver(KeyGroup.Operation));
        Assert.False(Terms.HandsOver(KeyGroup.Rider));
        var one = Terms with { Scope = ["measure:riderId"], Precision = PlacePrecision.None };
        Assert.True(one.Covers(KeyGroup.Rider, "riderId"));
        Assert.False(one.Covers(KeyGroup.Rider, "riderWeight"));
        Assert.False(one.Covers(KeyGroup.Operation, "operatingHours"));
        Assert.False(one.Covers(KeyGroup.Position, "latitude"));
        Assert.DoesNotContain(Enum.GetValues<KeyGroup>(), one.HandsOver);
        var all = Terms with { Scope = ["all"], Precision = PlacePrecision.Exact };
        Assert.All(Enum.GetValues<KeyGroup>(), group => Assert.True(all.HandsOver(group) && all.Covers(group, "x")));
    }

    [Theory]
    [InlineData("""{"expires":"2027-01-01T00:00:00.000Z","from":"2026-11-16","precision":"coarse","purpose":"credit","scope":["operation","position"],"until":"2026-12-06"}""", null)]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"regulator","scope":["measure:operatingHours","rider"],"until":"2026-11-16"}""", null)]
    [InlineData("""{"from":"2026-11-16","precision":"exact","purpose":"resale","scope":["all"],"until":"2036-11-15"}""", null)]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["all"],"until":"2026-11-16"}""", "precision")]
    [InlineData("""{"from":"2026-11-16","precision":"exact","purpose":"resale","scope":["rider"],"until":"2026-11-16"}""", "precision")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["position"],"until":"2026-11-16"}""", "precision")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["riders"],"until":"2026-11-16"}""", "scope")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["rider","operation"],"until":"2026-11-16"}""", "scope")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["rider","rider"],"until":"2026-11-16"}""", "scope")]
    [InlineData("""{"from":"2026-11-16","precision":"exact","purpose":"resale","scope":["all","rider"],"until":"2026-11-16"}""", "scope")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":[],"until":"2026-11-16"}""", "scope")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":"rider","until":"2026-11-16"}""", "scope")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["measure:"],"until":"2026-11-16"}""", "scope")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["measure:a b"],"until":"2026-11-16"}""", "scope")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"fun","scope":["rider"],"until":"2026-11-16"}""", "purpose")]
    [InlineData("""{"from":"2026-11-17","precision":"none","purpose":"resale","scope":["rider"],"until":"2026-11-16"}""", "days")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["rider"],"until":"2036-11-17"}""", "days")]
    [InlineData("""{"from":"0001-01-01","precision":"none","purpose":"resale","scope":["rider"],"until":"0001-01-10"}""", "days")]
    [InlineData("""{"from":"9999-12-30","precision":"none","purpose":"resale","scope":["rider"],"until":"9999-12-31"}""", "days")]
    [InlineData("""{"from":"2026-11-16T00:00:00Z","precision":"none","purpose":"resale","scope":["rider"],"until":"2026-11-16"}""", "days")]
    [InlineData("""{"expires":"soon","from":"2026-11-16","precision":"none","purpose":"resale","scope":["rider"],"until":"2026-11-16"}""", "expires")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["rider"],"until":"2026-11-16","x":1}""", "members")]
    [InlineData("""{"from":"2026-11-16","precision":"none","purpose":"resale","scope":["rider"]}""", "members")]
    [InlineData("[]", "members")]
    public void Terms_AreReadStrictly(string json, string? named)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Equal(named is null, GrantTerms.TryParse(document.RootElement, out var terms, out var error));
        if (named is null)
        {
            Assert.Equal(json, Encoding.UTF8.GetString(terms!.ToJcs()));
        }
        else
        {
            Assert.Contains(named, error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(GrantActKind.Request, "bank", true, false)]
    [InlineData(GrantActKind.Grant, "owner", true, true)]
    [InlineData(GrantActKind.Revoke, "owner", false, false)]
    public void Act_RoundTripsWithExactlyItsMembers(GrantActKind kind, string organisation, bool hasTerms, bool hasRequest)
    {
        var act = new GrantAct
        {
            Act = kind,
            Grant = GrantAct.NewId(),
            Device = Device,
            Grantee = "bank",
            Organisation = organisation,
            Terms = hasTerms ? Terms : null,
            Request = hasRequest ? Hash32.Compute([1]) : null,
        };
        Assert.Equal(act, Read(act));
        Assert.Null(Read(act with { Terms = hasTerms ? null : Terms }));
        Assert.Null(Read(act with { Organisation = organisation == "bank" ? "owner" : "bank" }));
        Assert.Equal(kind == GrantActKind.Grant, Read(act with { Request = Hash32.Compute([2]) }) is not null);
        Assert.Null(Read(act with { Grant = "short" }));
        Assert.Null(Read(act with { Device = "" }));
    }

    [Fact]
    public void Access_RoundTripsInAFullHourAlone()
    {
        var entry = new AccessEntry(GrantAct.NewId(), Device, "bank", AccessEntry.HourOf(Noon.AddMinutes(59)), new DayRange(Today, Today), AccessKind.Keys);
        Assert.Equal(Noon, entry.Hour);
        Assert.Equal(entry, ReadAccess(entry));
        Assert.Null(ReadAccess(entry with { Hour = Noon.AddMinutes(1) }));
        Assert.Null(ReadAccess(entry with { Days = new DayRange(Today, Today.AddDays(-1)) }));
        Assert.Null(ReadAccess(entry with { Grant = "x" }));

        // Without a grant an auditor's, of what those may see alone.
        var audit = entry with { Grant = null, Kind = AccessKind.Verdicts };
        Assert.Equal(audit, ReadAccess(audit));
        Assert.Equal(audit with { Kind = AccessKind.Device }, ReadAccess(audit with { Kind = AccessKind.Device }));
        Assert.Null(ReadAccess(audit with { Kind = AccessKind.Data }));
        Assert.Null(ReadAccess(entry with { Kind = AccessKind.Verdicts }));
    }

    [Fact]
    public void SaltedEntry_ShowsItsKindAndNothingElse()
    {
        var salt = new byte[LogEntry.SaltSize];
        var entry = LogEntry.ForSalted(EntryKind.Access, salt, "{}"u8);
        Assert.Equal([LogEntry.Version, 0x06, .. Hash32.Compute([.. salt, .. "{}"u8]).ToArray()], entry);
        salt[0] = 1;
        Assert.NotEqual(entry, LogEntry.ForSalted(EntryKind.Access, salt, "{}"u8));
    }

    private static GrantAct? Read(GrantAct act)
    {
        using var document = JsonDocument.Parse(act.ToJcs());
        return GrantAct.TryParse(document.RootElement, out var read) ? read : null;
    }

    private static AccessEntry? ReadAccess(AccessEntry entry)
    {
        using var document = JsonDocument.Parse(entry.ToJcs());
        return AccessEntry.TryParse(document.RootElement, out var read) ? read : null;
    }
}
