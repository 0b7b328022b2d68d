using System.Text;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using static TrustChain.UnitTests.Verification.EvidenceVectors;
using static TrustChain.UnitTests.Verification.LyingLog;

namespace TrustChain.UnitTests.Verification;

/// <summary>Forgeries of statements in CBOR.</summary>
internal static partial class Forgeries
{
    /// <summary>A good COSE_Sign1 of an honest log that somebody altered in the bundle.</summary>
    private static IEnumerable<Forgery> CoseInBundles()
    {
        var other = SignatureFails(ReasonCodes.StatementAltered);
        ExpectedCheck[] unreadable = [SignatureFails(ReasonCodes.StatementMalformed), .. Eventless(), NoDevice];
        yield return Altered("cose-reading", "A reading in a COSE_Sign1 is altered.", static m => m.With("65 76616C7565 F953B0", "65 76616C7565 F953B1"), other, EventHashDepends);
        yield return Altered("cose-number", "The number in a COSE_Sign1 is altered.", static m => m.With("63 736571 02", "63 736571 03"), other);
        yield return Altered("cose-number-one", "A COSE_Sign1 with a statement before it is given the first number.", static m => m.With("63 736571 02", "63 736571 01"), unreadable);
        yield return Altered("cose-number-zero", "A COSE_Sign1 has the number 0.", static m => m.With("63 736571 02", "63 736571 00"), unreadable);
        yield return Altered("cose-key", "The key that a COSE_Sign1 names is altered.", static m => m.With("045820" + Convert.ToHexString(Kid()[..4]), "045820" + Convert.ToHexString(Kid()[1..5])), other);
        yield return Altered("cose-signature", "The signature of a COSE_Sign1 is altered.", static m => [.. m[..^1], (byte)(m[^1] ^ 1)], other);
        yield return Altered("cose-cut", "A COSE_Sign1 lacks its last byte.", static m => m[..^1], unreadable);
        yield return Text("cose-padded", "The base64url of a COSE_Sign1 is padded.", static t => t + "=", unreadable);
        yield return Text("cose-dotted", "A COSE_Sign1 is cut into the three parts of a JWS.", static t => $"{t[..100]}.{t[100..200]}.{t[200..]}", unreadable[..^1]);
        yield return Text(
            "cose-as-jws",
            "What a COSE_Sign1 says is put into a JWS with its signature.",
            static t =>
            {
                Assert.True(Base64UrlText.TryDecode(t, out var bytes) && CoseSign1.TryParse(bytes, out var message, out _) && message.Payload.Length > 0);
                CoseSign1.TryParse(bytes, out message, out _);
                var header = $$"""{"alg":"ES256","aud":"{{message!.Audience}}","boot":"{{message.Find("boot")}}","clock":"{{message.Find("clock")}}","device":"{{message.Find("device")}}","kid":"{{message.Kid}}","prev":"{{message.Find("prev")}}","seq":"2","typ":"{{Statement.TelemetryType}}"}""";
                return $"{Base64UrlText.Encode(Encoding.UTF8.GetBytes(header))}.{Base64UrlText.Encode(message.Payload.Span)}.{Base64UrlText.Encode(bytes.AsSpan()[^64..])}";
            },
            other);

        static Forgery Altered(string name, string what, Func<byte[], byte[]> change, params IReadOnlyList<ExpectedCheck> differences) => Text(
            name,
            what,
            t =>
            {
                Assert.True(Base64UrlText.TryDecode(t, out var bytes));
                return Base64UrlText.Encode(change(bytes));
            },
            differences);

        static Forgery Text(string name, string what, Func<string, string> change, params IReadOnlyList<ExpectedCheck> differences)
        {
            var builder = Alter(Machines.Bundle(Machines.Meter, Machines.MeterSaid[1]), b => b.Statements[0] = change(b.Statements[0]));
            var isRead = differences.Contains(NoDevice);
            return Row(name, what, builder, differences) with
            {
                Trust = MachinesTrust,
                Chain = MachinesChain,
                Without = name is "cose-dotted" or "cose-as-jws" ? new Dictionary<string, IReadOnlyList<ExpectedCheck>>()
                    : Lacking(Cose, isRead ? [CoseFault.Unread(Record)[0]] : CoseFault.Unread(Record)),
            };
        }

        static byte[] Kid() => Base64UrlText.TryDecode(Machines.MeterKey.Kid, out var kid) ? kid : [];
    }

    /// <summary>The operator logs what is no statement, or not the device's.</summary>
    private static IEnumerable<Forgery> LoggedCose()
    {
        foreach (var fault in CoseFaults.All)
        {
            var forgery = Said($"telemetry-cose-{fault.Name}", fault.What, fault.Telling, fault.Found);
            yield return forgery with { Without = fault.Without(StatementOf(forgery)) };
        }
        ExpectedCheck[] unreadable = [SignatureFails(ReasonCodes.StatementMalformed), .. Eventless(), NoDevice];
        yield return Unread(Said("telemetry-cose-about-another-device", "A device says something about another device in CBOR.", new Telling { IsCose = true, Event = static e => e.Replace("/21/loom-1", "/21/loom-2", StringComparison.Ordinal) }, DeviceFails));
        yield return Unread(Said("telemetry-cose-signed-by-another-key", "Another key signed a COSE_Sign1 in a device's name.", new Telling { IsCose = true, By = DeviceThird }, SignatureFails(ReasonCodes.SignatureInvalid)));
        yield return Unread(Said("telemetry-cose-for-another-log", "A COSE_Sign1 was signed for another log.", new Telling { IsCose = true, Header = static h => h.Replace(EvidenceWorld.TeaOrigin, "log.example/elsewhere", StringComparison.Ordinal) }, SignatureFails(ReasonCodes.AudienceMismatch)));
        yield return Unread(Said("telemetry-cose-for-no-log", "A COSE_Sign1 was signed for no log.", new Telling { IsCose = true, Header = static h => h.Replace($"\"aud\":\"{EvidenceWorld.TeaOrigin}\",", "", StringComparison.Ordinal) }, SignatureFails(ReasonCodes.AudienceMismatch)));
        yield return Unread(Said("telemetry-cose-of-a-document", "The payload of a COSE_Sign1 is a whole document.", new Telling { IsCose = true, Event = static e => $$$"""{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-04-12T08:00:00Z","epcisBody":{"eventList":[{{{e}}}]}}""" }, unreadable), 1);
        yield return Unread(Said("telemetry-cose-without-clock", "A COSE_Sign1 does not say what the device's clock said.", new Telling { IsCose = true, CoseHeader = static h => [(byte)(h[0] - 1), .. h[1..].With("65636C6F636B 7818" + Hex(Clock(h)), "")] }, unreadable), 1);
        yield return Unread(Said("telemetry-cose-clock-respelt", "The clock in a COSE_Sign1 is spelt without milliseconds.", new Telling { IsCose = true, CoseHeader = static h => h.With("65636C6F636B 7818" + Hex(Clock(h)), "65636C6F636B 74" + Hex([.. Clock(h)[..19], (byte)'Z'])) }, unreadable), 1);
        yield return Unread(Said("telemetry-cose-number-too-high", "A COSE_Sign1 has a number beyond the largest.", new Telling { IsCose = true, CoseHeader = static h => h.With("64 626F6F74 01", "64 626F6F74 1B 0020000000000000") }, unreadable), 1);
        var posing = new LyingLog();
        var garden = posing.Writer.Admit(Garden);
        var posed = Loom(posing).Say(Garden, new Telling { IsCose = true });
        yield return Unread(Lie("telemetry-cose-by-an-organisation", "An organisation's key signs a COSE_Sign1.", posing, posing.Bundle([garden], [posed]), SignatureFails(ReasonCodes.KeyMismatch), DeviceDepends));

        static Forgery Said(string name, string what, Telling telling, params IReadOnlyList<ExpectedCheck> found) =>
            Loom(name, what, static d => d.Enrol(Garden, DeviceNext), DeviceNext, found, telling: _ => telling);

        static Forgery Unread(Forgery forgery, int most = 4) => forgery with { Without = Lacking(Cose, CoseFault.Unread(Record)[..most]) };

        static string StatementOf(Forgery forgery) => EvidenceBundle.TryParse(forgery.Bundle, out var bundle, out var error) ? bundle.Statements[bundle.Records[0].Statement!.Value] : throw new InvalidOperationException(error);

        static string Hex(byte[] bytes) => Convert.ToHexString(bytes);

        static byte[] Clock(byte[] header) => header.AsSpan(header.AsSpan().IndexOf("clock"u8) + 7, 24).ToArray();
    }
}
