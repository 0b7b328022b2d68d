using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using static TrustChain.UnitTests.Verification.EvidenceVectors;
using static TrustChain.UnitTests.Verification.LyingLog;

namespace TrustChain.UnitTests.Verification;

/// <summary>Forgeries of key entries, of their order, and of who agreed to them.</summary>
internal static partial class Forgeries
{
    private static IEnumerable<Forgery> KeyFields()
    {
        var altered = new[] { Failed(CheckNames.Key, "keys[0]", ReasonCodes.KeyAltered), Depends(CheckNames.KeyHistory, "keys[0]") };
        ExpectedCheck[] unreadable = [altered[0], NotListed(CheckNames.KeyHistory, "keys[0]"), .. Unsigned()];
        var garden = World.Garden;
        yield return Key("key-name", "The organisation's name in a key entry is altered.", "Green Hill", "Green Hull", altered);
        yield return Key("key-organisation", "The organisation in a key entry is altered.", "\"green-hill\"", "\"green-hull\"", altered);
        yield return Key("key-voucher", "Who vouches for the name is altered.", "\"vouchedBy\":\"operator\"", "\"vouchedBy\":\"did:web:green.example\"", altered);
        yield return Key("key-custody", "The custody in a key entry is altered.", "\"custody\":\"self\"", "\"custody\":\"custodial\"", [.. altered, .. Unsigned()]);
        yield return Key("key-kid", "The thumbprint in a key entry is altered.", garden.Kid, World.Farm.Kid, unreadable);
        yield return Key("key-purpose", "The purpose in a key entry is altered.", "\"statements\"", "\"everything\"", unreadable);
        yield return Key("key-act", "The act of a key entry is altered.", "\"register\"", "\"revoke\"", [altered[0], .. Unsigned()]);
        yield return Key("key-version", "The version of a key entry is altered.", "\"v\":1", "\"v\":2", unreadable);
        yield return Row(
            "key-swapped",
            "A key entry holds another key.",
            Single(b =>
            {
                AlterKey(b, 0, garden.Key.PublicKey.Jwk, World.Farm.Key.PublicKey.Jwk);
                AlterKey(b, 0, garden.Kid, World.Farm.Kid);
            }),
            [.. altered, .. Unsigned()]);
        yield return Row(
            "keys-exchanged",
            "The key entries of two organisations are exchanged.",
            Alter(World.Bundle(World.Single, World.Three[0]), static b =>
                (b.Keys[0], b.Keys[1]) = (b.Keys[0] with { Body = b.Keys[1].Body }, b.Keys[1] with { Body = b.Keys[0].Body })),
            [
                .. altered, Failed(CheckNames.Key, "keys[1]", ReasonCodes.KeyAltered), Depends(CheckNames.KeyHistory, "keys[1]"), .. Unsigned(), .. Unsigned("records[1]"),
            ]);
        yield return Row("key-leaf", "The leaf hash that a key entry claims is altered.", Single(static b => b.Keys[0] = b.Keys[0] with { Leaf = Flip(b.Keys[0].Leaf) }), [Unproven, .. altered]);
        yield return Row("key-moved", "A key entry claims another place in the log.", Single(static b => b.Keys[0] = b.Keys[0] with { Index = 2 }), [Unproven, SignatureFails(ReasonCodes.KeyMissing), .. Eventless()]);
        yield return Row(
            "key-left-out",
            "The key entry that a record names is left out.",
            Single(static b =>
            {
                b.Keys.Clear();
                b.Prove();
            }),
            [SignatureFails(ReasonCodes.KeyMissing), .. Eventless()]);
        ExpectedCheck[] second = [Failed(CheckNames.Key, "keys[1]", ReasonCodes.KeyAltered), Depends(CheckNames.KeyHistory, "keys[1]")];
        yield return Row("key-previous", "The previous entry that a key entry names is altered.", Alter(World.Bundle(World.MillAfter), static b => AlterKey(b, 1, "\"previous\":41", "\"previous\":40")), second);
        yield return Row("key-authorization", "One character of a key's agreement is altered.", Alter(World.Bundle(World.MillAfter), static b => AlterKey(b, 1, "\"authorization\":\"e", "\"authorization\":\"f")), second);

        static Forgery Key(string name, string what, string old, string with, IReadOnlyList<ExpectedCheck> differences) =>
            Row(name, what, Single(b => AlterKey(b, 0, old, with)), differences);
    }

    /// <summary>The operator logs something as a key entry that is none.</summary>
    private static IEnumerable<Forgery> LoggedKeys()
    {
        yield return Malformed("logged-key-of-unknown-act", "The operator logs a key entry of an act that there is not.", "\"act\":\"register\"", "\"act\":\"praise\"");
        yield return Malformed("logged-key-with-member", "The operator logs a key entry with a member of its own.", "\"act\"", "\"Act\":1,\"act\"");
        yield return Malformed("logged-key-purpose", "The operator logs a key for another purpose.", "\"statements\"", "\"everything\"");
        yield return Malformed("logged-key-voucher", "The operator logs a key that nobody known vouches for.", "\"operator\"", "\"somebody\"");
        yield return Malformed("logged-key-kid", "The operator logs a key under another key's thumbprint.", Garden.Kid, Stranger.Kid);
        yield return Malformed("logged-key-previous-as-text", "The operator logs a previous entry that is no number.", "\"purpose\"", "\"previous\":\"2\",\"purpose\"");
        yield return Malformed("logged-key-custody", "The operator logs a custody that there is not.", "\"custody\":\"self\"", "\"custody\":\"shared\"");
        yield return Malformed("logged-key-off-curve", "The operator logs a key that is no point of its curve.", "\"y\":\"", "\"y\":\"A", trim: true);

        static Forgery Malformed(string name, string what, string old, string with, bool trim = false)
        {
            var log = new LyingLog();
            var body = Encoding.UTF8.GetString(Garden.KeyEntryBody());
            if (trim)
            {
                // One character more at the front of y, one less at its end.
                var end = body.IndexOf('"', body.IndexOf("\"y\":\"", StringComparison.Ordinal) + 5);
                body = body.Remove(end - 1, 1);
                body = body.Replace(Garden.Kid, ThumbprintOf(body.Replace(old, with, StringComparison.Ordinal)), StringComparison.Ordinal);
            }
            Assert.Contains(old, body, StringComparison.Ordinal);
            var altered = log.Enter(EntryKind.Key, body.Replace(old, with, StringComparison.Ordinal));
            log.Writer.Admit(Garden);
            var record = log.Say(Garden, alter: r => r with { KeyEntry = altered.Index });
            return Lie(
                name,
                what,
                log,
                log.Bundle([altered], [record]),
                [
                    Failed(CheckNames.Key, "keys[0]", ReasonCodes.KeyMalformed),
                    .. altered.Body.AsSpan().IndexOf("\"act\":\"register\""u8) >= 0 ? [NotListed(CheckNames.KeyHistory, "keys[0]")] : (IReadOnlyList<ExpectedCheck>)[],
                    .. Unsigned(),
                ]);
        }

        static string ThumbprintOf(string body)
        {
            var from = body.IndexOf("{\"crv\"", StringComparison.Ordinal);
            return Hash32.Compute(Encoding.ASCII.GetBytes(body[from..(body.IndexOf('}', from) + 1)])).ToBase64Url();
        }
    }

    /// <summary>The garden has a key of its own, and the operator admits another as the rules do not allow.</summary>
    private static IEnumerable<Forgery> Histories()
    {
        yield return Second("key-without-agreement", "The operator admits a second key, and the first did not agree.", static (_, entry) => entry);
        yield return Second("key-agreed-by-a-stranger", "A key of another organisation agreed.", static (log, entry) => Stranger.Agree(entry, log.Origin));
        yield return Second("key-agreed-by-itself", "The new key itself agreed.", static (log, entry) => GardenNext.Agree(entry, log.Origin));
        yield return Second("agreement-to-another-key", "The agreement was to another key.", static (log, entry) => entry with
        {
            Authorization = Garden.Sign(KeyChange.AuthorizationType, log.Origin, KeyEntry.ToAuthorizationPayload(Garden.Organisation, GardenThird.Kid, entry.Previous)),
        });
        yield return Second("agreement-used-again", "The agreement named another previous entry.", static (log, entry) => entry with
        {
            Authorization = Garden.Sign(KeyChange.AuthorizationType, log.Origin, KeyEntry.ToAuthorizationPayload(Garden.Organisation, GardenNext.Kid, 1)),
        });
        yield return Second("agreement-for-another-log", "The agreement was made for another log.", static (_, entry) => Garden.Agree(entry, "log.example/elsewhere"));
        yield return Second("agreement-of-another-type", "A statement of another type is passed off as agreement.", static (log, entry) => entry with
        {
            Authorization = Garden.Sign(Statement.DocumentType, log.Origin, entry.ToAuthorizationPayload()),
        });
        yield return Second("agreement-with-member", "The agreement's header has a member more.", static (log, entry) => entry with
        {
            Authorization = Garden.SignUnder(
                $$"""{"alg":"ES256","aud":"{{log.Origin}}","iat":"now","kid":"{{Garden.Kid}}","typ":"key+jws"}""", entry.ToAuthorizationPayload()),
        });
        yield return Second("agreement-signature", "The agreement's signature is another key's.", static (log, entry) =>
        {
            var parts = Garden.Agree(entry, log.Origin).Authorization!.Split('.');
            return entry with { Authorization = $"{parts[0]}.{parts[1]}.{Stranger.Agree(entry, log.Origin).Authorization!.Split('.')[2]}" };
        });
        yield return Second("agreement-cut", "The agreement is cut off.", static (log, entry) => entry with { Authorization = Garden.Agree(entry, log.Origin).Authorization![..100] });
        yield return Second("history-begun-again", "A key entry names no previous one, as if it were the first.", static (log, entry) => Garden.Agree(entry with { Previous = null }, log.Origin));
        yield return Second("history-from-the-future", "A key entry names a previous one that comes after it.", static (log, entry) => Garden.Agree(entry with { Previous = 9 }, log.Origin));
        yield return Second("key-that-the-service-holds-with-agreement", "A key that the service holds comes with an agreement.", static (log, entry) => Garden.Agree(entry with { Custody = Custody.Custodial }, log.Origin), Custody.Custodial);
        yield return Second("key-admitted-twice", "The same key is admitted again.", static (log, entry) => Garden.Agree(entry with { Key = Garden.Key.PublicKey }, log.Origin), signer: Garden);
        var first = new LyingLog();
        var admitted = first.Writer.Change(Garden.Agree(Garden.Entry(), first.Origin));
        yield return Lie("first-key-agreed-to", "An organisation's first key comes with an agreement that nobody can have given.", first, first.Bundle([admitted], [first.Say(Garden)]), Failed(CheckNames.KeyHistory, "keys[0]", ReasonCodes.KeyUnauthorised));
        var held = new LyingLog();
        var keys = new List<LoggedEntry> { held.Writer.Admit(GardenHeld), held.Writer.Admit(Garden) };
        keys.Add(held.Writer.Change(GardenHeld.Agree(GardenNext.Entry(keys[1].Index), held.Origin)));
        yield return Lie("key-agreed-by-the-service", "A key that the service holds agreed to a key of the organisation's own.", held, held.Bundle(keys, [held.Say(GardenNext)]), Failed(CheckNames.KeyHistory, "keys[2]", ReasonCodes.KeyUnauthorised));

        static Forgery Second(string name, string what, Func<LyingLog, KeyEntry, KeyEntry> change, Custody custody = Custody.Self, Signer? signer = null)
        {
            var log = new LyingLog();
            var first = log.Writer.Admit(Garden);
            var second = log.Writer.Change(change(log, GardenNext.Entry(first.Index)));
            var record = log.Say(signer ?? GardenNext, custody == Custody.Self ? null : payload => GardenNext.Sign(Statement.RootType, log.Origin, payload), r => r with { Custody = custody });
            return Lie(name, what, log, log.Bundle([first, second], [record]), Failed(CheckNames.KeyHistory, "keys[1]", ReasonCodes.KeyUnauthorised));
        }
    }

    private static IEnumerable<Forgery> Recoveries()
    {
        yield return Recovered("recovery-never-announced", "The operator recovers a name without having announced it.", static (log, last) => [GardenNext.Entry(last, recovery: 1)]);
        yield return Recovered("recovery-of-another-key", "The operator admits another key than the one announced.", static (log, last) => [Announce(GardenThird, last), GardenNext.Entry(last + 1, recovery: last + 1)]);
        yield return Recovered("recovery-with-agreement", "A recovery comes with an agreement.", static (log, last) => [Announce(GardenNext, last), Garden.Agree(GardenNext.Entry(last + 1, recovery: last + 1), log.Origin)]);
        yield return Recovered("recovery-twice", "One announced recovery is carried out with two keys.", static (log, last) => [Announce(GardenThird, last), GardenThird.Entry(last + 1, recovery: last + 1), GardenNext.Entry(last + 2, recovery: last + 1)],
            Passed(CheckNames.KeyHistory, "keys[2]", ReasonCodes.KeyRecovered));
        yield return Recovered("recovery-objected-to", "The operator carries out a recovery that the organisation had objected to.", static (log, last) =>
        [
            Announce(GardenNext, last), Garden.Agree(new KeyObjection(Garden.Organisation, last + 1, last + 1, null), log.Origin), GardenNext.Entry(last + 2, recovery: last + 1),
        ]);
        yield return Recovered("objection-of-a-stranger", "A stranger objects to a recovery, and it is carried out all the same.", static (log, last) =>
        [
            Announce(GardenNext, last), Stranger.Agree(new KeyObjection(Garden.Organisation, last + 1, last + 1, null), log.Origin), GardenNext.Entry(last + 2, recovery: last + 1),
        ]);
        yield return Recovered("objection-to-nothing", "An objection to a recovery that was never announced, and a key after it.", static (log, last) =>
        [
            Garden.Agree(new KeyObjection(Garden.Organisation, 1, last, null), log.Origin), Garden.Agree(GardenNext.Entry(last + 1), log.Origin),
        ]);
        yield return Recovered("recovery-of-a-known-key", "A recovery announces a key that was admitted before, and a key follows.", static (log, last) =>
        [
            Announce(Garden, last), Garden.Agree(GardenNext.Entry(last + 1), log.Origin),
        ]);
        var log = new LyingLog();
        var keys = new List<LoggedEntry> { log.Writer.Admit(GardenHeld) };
        keys.Add(log.Writer.Change(Announce(GardenNext, keys[0].Index)));
        keys.Add(log.Writer.Admit(GardenNext, recovery: keys[1].Index));
        yield return Lie("recovery-of-what-was-never-lost", "The operator recovers a name that never had a key of its own.", log, log.Bundle(keys, [log.Say(GardenNext)]), Failed(CheckNames.KeyHistory, "keys[2]", ReasonCodes.KeyUnauthorised));

        static KeyRecovery Announce(Signer signer, long previous) => new(signer.Organisation, signer.Key.PublicKey, 60, "lost", previous);

        static Forgery Recovered(string name, string what, Func<LyingLog, long, IReadOnlyList<KeyChange>> changes, params IReadOnlyList<ExpectedCheck> also) =>
            After(name, what, changes, also);
    }

    /// <summary>A key is ended as the rules do not allow, and the next one is admitted as if nothing were.</summary>
    private static IEnumerable<Forgery> Ends()
    {
        yield return After("key-ended-twice", "A key is retired twice.", static (log, last) => [End(last), End(last + 1), GardenNext.Entry(last + 2)]);
        yield return After("key-of-nobody-ended", "A key is ended that was never admitted.", static (log, last) => [End(last) with { Kid = Stranger.Kid }, Garden.Agree(GardenNext.Entry(last + 1), log.Origin)]);
        yield return After("key-of-another-entry-ended", "A key is ended under the entry of another.", static (log, last) => [End(last) with { KeyEntry = 1 }, Garden.Agree(GardenNext.Entry(last + 1), log.Origin)]);
        yield return After("key-compromised-in-future", "A key is said to be in wrong hands from an entry on that does not exist yet.", static (log, last) => [End(last) with { CompromisedSince = 99 }, GardenNext.Entry(last + 1)]);
        yield return After("key-ended-in-the-organisations-name", "The operator ends a key in the organisation's name, which did not agree.", static (log, last) => [End(last) with { By = KeyRevocation.ByOrganisation }, Garden.Agree(GardenNext.Entry(last + 1), log.Origin)]);
        yield return After("key-ended-by-operator-with-agreement", "The operator ends a key and shows an agreement that is not needed.", static (log, last) => [Garden.Agree(End(last), log.Origin), Garden.Agree(GardenNext.Entry(last + 1), log.Origin)]);
        yield return After("key-ended-by-agreement-to-less", "A key was agreed to be retired, and is said to be compromised.", static (log, last) =>
        [
            Garden.Agree(End(last) with { By = KeyRevocation.ByOrganisation }, log.Origin) with { CompromisedSince = last + 1 }, GardenNext.Entry(last + 1),
        ]);
        yield return After("key-agreed-by-a-retired-one", "A key agrees that was retired before.", static (log, last) => [End(last), Garden.Agree(GardenNext.Entry(last + 1), log.Origin)]);

        static KeyRevocation End(long previous) => new(Garden.Organisation, Garden.Kid, 3, KeyRevocation.ByOperator, null, previous, null);
    }

    /// <summary>The garden's key is admitted, then come some changes, the last of which admits <see cref="GardenNext"/> and breaks a rule or follows one that does.</summary>
    private static Forgery After(string name, string what, Func<LyingLog, long, IReadOnlyList<KeyChange>> changes, params IReadOnlyList<ExpectedCheck> also)
    {
        var log = new LyingLog();
        var keys = new List<LoggedEntry> { log.Writer.Admit(Garden) };
        keys.AddRange(changes(log, keys[0].Index).ToList().Select(log.Writer.Change));
        return Lie(name, what, log, log.Bundle(keys, [log.Say(GardenNext)]), [.. also, Failed(CheckNames.KeyHistory, $"keys[{keys.Count - 1}]", ReasonCodes.KeyUnauthorised)]);
    }

    private static IEnumerable<Forgery> Thefts()
    {
        var compromised = Failed(CheckNames.KeyStatus, Record, ReasonCodes.KeyCompromised);
        yield return Row("key-compromised", "Signed with a key that was in wrong hands.", World.Bundle([EvidenceWorld.Size], [World.Compromise], World.AfterCompromise), compromised);
        yield return Row("key-retired", "The operator logged a record under a key that it had retired.", World.Bundle([EvidenceWorld.Size], [World.Retirement], World.AfterRetirement), Failed(CheckNames.KeyStatus, Record, ReasonCodes.KeyRevoked));
        yield return Row("key-retired-by-its-owner", "Signed with a key that the organisation had retired.", World.Bundle(World.MillRetired).With(World.History(World.MillRetirement)).Prove(), Failed(CheckNames.KeyStatus, Record, ReasonCodes.KeyRevoked));
        yield return Row("key-of-a-thief", "Signed with a key that a thief had admitted with the stolen one.", World.Bundle(World.DepotStolen).With(World.History(World.DepotCompromise)).Prove(), compromised);
        yield return Row("key-of-a-thief-by-status", "The same, with the revocation among the status entries.", World.Bundle([EvidenceWorld.Size], [World.DepotCompromise], World.DepotStolen), compromised);
        var log = new LyingLog();
        var keys = new List<LoggedEntry> { log.Writer.Admit(Garden), log.Writer.Admit(GardenNext, by: Garden), log.Writer.Admit(GardenThird, by: GardenNext) };
        var record = log.Say(GardenThird);
        keys.Add(log.Writer.Revoke(Garden, keys[1].Index));
        yield return Lie("second-key-of-a-thief", "Signed with a key that the thief's first one had agreed to.", log, log.Bundle(keys, [record]), compromised);
        yield return Row("key-forked", "Two key entries of one organisation name the same previous one.", World.Bundle(World.FerryHonest, World.FerryForked), Failed(CheckNames.KeyHistory, "keys[2]", ReasonCodes.KeyUnauthorised));
    }
}
