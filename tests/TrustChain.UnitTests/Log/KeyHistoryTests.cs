using System.Text;
using System.Text.Json;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.UnitTests.Verification;

namespace TrustChain.UnitTests.Log;

/// <summary>The rules for key entries, one by one: <c>docs/evidence-format.md</c> section 6.4.</summary>
public sealed class KeyHistoryTests
{
    private const string Origin = "log.example/tea";
    private const string Garden = "green-hill";

    private static readonly Signer First = new(Garden, "Green Hill Tea", SignatureAlgorithms.ES256, Custody.Self);
    private static readonly Signer Second = new(Garden, "Green Hill Tea", SignatureAlgorithms.EdDsa, Custody.Self, " 2");
    private static readonly Signer Third = new(Garden, "Green Hill Tea", SignatureAlgorithms.EdDsa, Custody.Self, " 3");
    private static readonly Signer Held = new(Garden, "Green Hill Tea", SignatureAlgorithms.ES256, Custody.Custodial, " held");
    private static readonly Signer HeldNext = new(Garden, "Green Hill Tea", SignatureAlgorithms.ES256, Custody.Custodial, " held 2");
    private static readonly Signer Stranger = new("stranger", "Stranger", SignatureAlgorithms.ES256, Custody.Self);

    private readonly KeyHistory _history = new(Garden, Origin);
    private long _next = 10;

    [Fact]
    public void FirstKey_NeedsNoAgreement_AndMayHaveNone()
    {
        Refuses(First.Agree(First.Entry(), Origin), "no earlier key");
        Refuses(First.Entry(previous: 3), "names 3 as the previous");
        Accepts(First.Entry());
        Assert.Equal((10, true), (_history.Last, _history.HasSelfHeld));
    }

    [Fact]
    public void SecondKey_NeedsTheAgreementOfAnEarlierOne()
    {
        Accepts(First.Entry());
        var entry = Second.Entry(10);
        Refuses(entry, "no key of the organisation's own");
        Refuses(Stranger.Agree(entry, Origin), "no key of the organisation's own");
        Refuses(Second.Agree(entry, Origin), "no key of the organisation's own");
        Refuses(First.Agree(entry, "log.example/other"), "its authorization is not");
        Refuses(entry with { Authorization = First.Agree(Third.Entry(10), Origin).Authorization }, "its authorization is not");
        Refuses(entry with { Authorization = First.Sign("epcis+jws", Origin, entry.ToAuthorizationPayload()) }, "its authorization is not");
        Refuses(entry with { Authorization = "a.b.c" }, "no key of the organisation's own");
        Accepts(First.Agree(entry, Origin));
    }

    [Fact]
    public void Entries_FormOneChain()
    {
        Accepts(First.Entry());
        Refuses(First.Agree(Second.Entry(), Origin), "names nothing as the previous");
        Accepts(First.Agree(Second.Entry(10), Origin));
        Refuses(First.Agree(Third.Entry(10), Origin), "names 10 as the previous"); // a fork
        Accepts(First.Agree(Third.Entry(11), Origin));
        Assert.Equal([First.Kid, Second.Kid, Third.Kid], _history.Keys.Select(static k => k.Key.Kid));
    }

    [Fact]
    public void EntryOfAnotherOrganisation_IsRefused() => Refuses(Stranger.Entry(), "not of green-hill");

    [Fact]
    public void SameKey_IsAdmittedOnce()
    {
        Accepts(First.Entry());
        Refuses(First.Agree(First.Entry(10), Origin), "admitted before");
        Accepts(End(First, 10));
        Refuses(First.Entry(11), "admitted before");
    }

    [Fact]
    public void KeysThatTheServiceHolds_StandBesideTheOrganisationsOwn()
    {
        Accepts(Held.Entry());
        Assert.False(_history.HasSelfHeld);
        Accepts(First.Entry(10)); // the first of its own
        Accepts(HeldNext.Entry(11)); // the service may always hold another
        Refuses(First.Agree(Second.Entry(12), Origin) with { Custody = Custody.Custodial }, "neither recovered nor authorized");
        Refuses(Held.Agree(Second.Entry(12), Origin), "no key of the organisation's own");
        Accepts(First.Agree(Second.Entry(12), Origin));
    }

    [Fact]
    public void Key_IsEndedOnce_ButARetiredOneMayTurnOutStolen()
    {
        Accepts(First.Entry());
        Refuses(End(First, 10) with { KeyEntry = 9 }, "does not admit");
        Refuses(End(Second, 10), "does not admit");
        Refuses(End(First, 10) with { CompromisedSince = 12 }, "not in the log yet");
        Accepts(End(First, 10));
        Refuses(End(First, 11), "ended before");
        Accepts(End(First, 11) with { CompromisedSince = 12 });
        Refuses(End(First, 12) with { CompromisedSince = 10 }, "ended before");
        Assert.Equal((11, 12), (_history.Find(10)!.RevokedBy, _history.Find(10)!.CompromisedSince));
    }

    [Fact]
    public void End_ByTheOrganisation_NeedsItsAgreement()
    {
        Accepts(Held.Entry());
        Accepts(First.Entry(10));
        Accepts(First.Agree(Second.Entry(11), Origin));
        var end = End(First, 12, entry: 11) with { By = KeyRevocation.ByOrganisation };
        Refuses(end, "no key of the organisation's own");
        Refuses(Stranger.Agree(end, Origin), "no key of the organisation's own");
        Refuses(Second.Agree(end, Origin) with { CompromisedSince = 12 }, "its authorization is not");
        Refuses(Second.Agree(end with { By = KeyRevocation.ByOperator }, Origin), "needs no authorization");
        Refuses(end with { By = "somebody" }, "does not end keys");
        Accepts(Second.Agree(end, Origin));
        Refuses(First.Agree(Third.Entry(13), Origin), "no key of the organisation's own"); // ended
        Accepts(End(Held, 13, entry: 10) with { By = KeyRevocation.ByOrganisation }); // a key that the service holds needs none
    }

    [Fact]
    public void End_AtATime_IsAgreedToByThatTime()
    {
        Accepts(First.Entry());
        var end = End(First, 10) with { By = KeyRevocation.ByOrganisation, CompromisedSince = 5, CompromisedAt = "2026-04-12T09:00:00.000Z" };
        var agreed = First.Agree(end, Origin);
        Refuses(agreed with { CompromisedAt = "2026-04-12T10:00:00.000Z" }, "its authorization is not");
        Accepts(agreed with { CompromisedSince = 6 }); // which entry that was is for whoever reads the chain
    }

    [Fact]
    public void Recovery_IsAnnouncedThenCarriedOut_AndRemembered()
    {
        Refuses(Announce(First, 9), "names 9 as the previous");
        Accepts(First.Entry());
        Refuses(Announce(First, 10), "admitted before");
        Accepts(Announce(Second, 10)); // 11
        Assert.Equal([11L], _history.OpenRecoveries.Select(static r => r.Key));
        Refuses(Third.Entry(11, recovery: 11), "does not announce"); // another key
        Refuses(Second.Entry(11, recovery: 10), "does not announce"); // another entry
        Refuses(First.Agree(Second.Entry(11, recovery: 11), Origin), "does not announce"); // with an agreement too
        Accepts(Second.Entry(11, recovery: 11));
        Assert.Empty(_history.OpenRecoveries);
        Refuses(Third.Entry(12, recovery: 11), "does not announce"); // a second time
        Accepts(Second.Agree(Third.Entry(12), Origin));
        Assert.Equal([false, true, true], _history.Keys.Select(static k => k.AfterRecovery));
    }

    [Fact]
    public void Recovery_OfWhatWasNeverLost_IsRefused()
    {
        Accepts(Held.Entry());
        Refuses(Announce(First, 10), "no key of its own");
    }

    [Fact]
    public void Objection_ClosesAnOpenRecovery()
    {
        Accepts(First.Entry());
        Accepts(Announce(Second, 10)); // 11
        var objection = new KeyObjection(Garden, 11, 11, null);
        Refuses(objection with { Recovery = 10 }, "announces no recovery");
        Refuses(Stranger.Agree(objection, Origin), "no key of the organisation's own");
        Refuses(Second.Agree(objection, Origin), "no key of the organisation's own"); // the announced key has no say yet
        Accepts(First.Agree(objection, Origin));
        Refuses(Second.Entry(12, recovery: 11), "or it was objected to");
        Refuses(First.Agree(objection with { Previous = 12 }, Origin), "announces no recovery");
        Accepts(Announce(Second, 12)); // a new announcement is open again
        Accepts(Second.Entry(13, recovery: 13));
    }

    [Fact]
    public void Objection_ByAKeyThatTheOperatorAloneEnded_Counts_AndNothingElseOfIt()
    {
        Accepts(First.Entry());
        Accepts(new KeyRevocation(Garden, First.Key.PublicKey.Kid, 10, KeyRevocation.ByOperator, null, 10, null)); // 11
        Accepts(Announce(Second, 11)); // 12
        Refuses(First.Agree(Third.Entry(12), Origin), "no key of the organisation's own");
        Accepts(First.Agree(new KeyObjection(Garden, 12, 12, null), Origin));
        Refuses(Second.Entry(13, recovery: 12), "or it was objected to");
    }

    [Fact]
    public void Objection_ByAKeyThatTheOrganisationEnded_DoesNotCount()
    {
        Accepts(First.Entry()); // 10
        Accepts(First.Agree(Second.Entry(10), Origin)); // 11
        Accepts(Second.Agree(new KeyRevocation(Garden, First.Key.PublicKey.Kid, 10, KeyRevocation.ByOrganisation, null, 11, null), Origin)); // 12
        Accepts(new KeyRevocation(Garden, First.Key.PublicKey.Kid, 10, KeyRevocation.ByOperator, 11, 12, null)); // 13: said to be compromised, by the operator
        Accepts(Announce(Third, 13)); // 14
        Refuses(First.Agree(new KeyObjection(Garden, 14, 14, null), Origin), "no key of the organisation's own");
        Accepts(Second.Agree(new KeyObjection(Garden, 14, 14, null), Origin));
    }

    [Fact]
    public void Histories_ReadEveryEntry_AndKeepAKeyToOneOrganisation()
    {
        var histories = new KeyHistories(Origin);
        Assert.IsType<KeyChangeResult.Accepted>(histories.Apply(1, First.Entry().ToJcs()));
        Assert.IsType<KeyChangeResult.Accepted>(histories.Apply(2, Stranger.Entry().ToJcs()));
        var taken = Assert.IsType<KeyChangeResult.Refused>(histories.Apply(3, (Stranger.Entry(2) with { Key = First.Key.PublicKey }).ToJcs()));
        Assert.Contains("belongs to green-hill", taken.Rule, StringComparison.Ordinal);
        Assert.Contains("known act", Assert.IsType<KeyChangeResult.Refused>(histories.Apply(4, "{\"act\":\"praise\"}"u8.ToArray())).Rule, StringComparison.Ordinal);
        Assert.Contains("well-formed", Assert.IsType<KeyChangeResult.Refused>(histories.Apply(5, "{"u8.ToArray())).Rule, StringComparison.Ordinal);
        Assert.Contains("known act", Assert.IsType<KeyChangeResult.Refused>(histories.Apply(6, "{\"act\":\"\\ud800\"}"u8.ToArray())).Rule, StringComparison.Ordinal);
        Assert.Equal(["green-hill", "stranger"], histories.ByOrganisation.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(1, histories.ByOrganisation[Garden].Last);
    }

    [Fact]
    public void EveryAct_ReadAndWritten_IsTheSame()
    {
        foreach (var change in new KeyChange[]
        {
            First.Entry(), First.Entry(3, "did:web:example.org"), First.Agree(Second.Entry(4, "dns:example.org"), Origin), Second.Entry(4, recovery: 4), Held.Entry(),
            End(First, 4), First.Agree(End(First, 4) with { By = KeyRevocation.ByOrganisation, CompromisedSince = 2, CompromisedAt = "2026-04-12T09:00:00.000Z" }, Origin),
            Announce(Second, 5), First.Agree(new KeyObjection(Garden, 5, 5, null), Origin),
        })
        {
            var jcs = change.ToJcs();
            using var document = JsonDocument.Parse(jcs);
            Assert.True(KeyChange.TryParse(document.RootElement, out var read));
            Assert.Equal(change.GetType(), read.GetType());
            Assert.Equal(Encoding.UTF8.GetString(jcs), Encoding.UTF8.GetString(read.ToJcs()));
            Assert.Equal(Core.Canonical.Jcs.Canonicalize(document.RootElement), jcs);
        }
    }

    [Theory]
    [InlineData("\"operator\"", "\"somebody\"")]
    [InlineData("\"operator\"", "\"did:web:\"")]
    [InlineData("\"operator\"", "\"dns:\"")]
    [InlineData("\"statements\"", "\"everything\"")]
    [InlineData("\"v\":1", "\"v\":2")]
    [InlineData("\"v\":1", "\"v\":1,\"more\":1")]
    [InlineData("\"custody\":\"self\"", "\"custody\":\"shared\"")]
    [InlineData("\"register\"", "\"revoke\"")]
    [InlineData("\"name\":\"Green Hill Tea\",", "")]
    [InlineData("\"purpose\"", "\"previous\":-1,\"purpose\"")]
    public void Entry_OfAnotherForm_IsNone(string old, string with)
    {
        var json = Encoding.UTF8.GetString(First.Entry().ToJcs());
        Assert.Contains(old, json, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(json.Replace(old, with, StringComparison.Ordinal));
        Assert.False(KeyChange.TryParse(document.RootElement, out _));
    }

    [Theory]
    [InlineData("\"by\":\"operator\"", "\"by\":\"somebody\"")]
    [InlineData("\"compromisedSince\":2,", "")] // a time without an index
    [InlineData("09:00:00.000Z", "09:00:00Z")]
    [InlineData("\"keyEntry\":10", "\"keyEntry\":\"10\"")]
    public void Revocation_OfAnotherForm_IsNone(string old, string with)
    {
        var json = Encoding.UTF8.GetString((End(First, 4) with { CompromisedSince = 2, CompromisedAt = "2026-04-12T09:00:00.000Z" }).ToJcs());
        Assert.Contains(old, json, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(json.Replace(old, with, StringComparison.Ordinal));
        Assert.False(KeyChange.TryParse(document.RootElement, out _));
    }

    private static KeyRevocation End(Signer signer, long previous, long entry = 10) =>
        new(signer.Organisation, signer.Kid, entry, KeyRevocation.ByOperator, null, previous, null);

    private static KeyRecovery Announce(Signer signer, long previous) => new(signer.Organisation, signer.Key.PublicKey, 259_200, "lost", previous);

    private void Accepts(KeyChange change)
    {
        var result = _history.Apply(_next, change);
        Assert.True(result is KeyChangeResult.Accepted, (result as KeyChangeResult.Refused)?.Rule);
        Assert.Equal(_next, _history.Last);
        _next++;
    }

    private void Refuses(KeyChange change, string rule)
    {
        var last = _history.Last;
        Assert.Contains(rule, Assert.IsType<KeyChangeResult.Refused>(_history.Apply(_next, change)).Rule, StringComparison.Ordinal);
        Assert.Equal(last, _history.Last);
    }
}
