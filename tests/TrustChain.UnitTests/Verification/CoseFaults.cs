using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>A statement in CBOR that no verifier takes, though the operator logged it.</summary>
/// <param name="Name">Ends the name of its vector and of its forgery.</param>
/// <param name="What">What is wrong, as a sentence.</param>
/// <param name="Code">What the check of the signature answers.</param>
/// <param name="Telling">How it comes about.</param>
internal sealed record CoseFault(string Name, string What, string Code, Telling Telling)
{
    /// <summary>What is to be answered to a record of it, beside what is to a good one.</summary>
    public IReadOnlyList<ExpectedCheck> Found =>
    [
        EvidenceVectors.Failed(CheckNames.Signature, Record, Code),
        .. Code == ReasonCodes.StatementMalformed ? [.. Eventless, EvidenceVectors.NotListed(CheckNames.Device, Record)] : Name == "payload-altered" ? Eventless[1..] : (ExpectedCheck[])[],
    ];

    /// <summary>The same for a verifier that does without CBOR.</summary>
    /// <param name="statement">In base64url.</param>
    public IReadOnlyDictionary<string, IReadOnlyList<ExpectedCheck>> Without(string statement) => !statement.StartsWith("0o", StringComparison.Ordinal)
        ? new Dictionary<string, IReadOnlyList<ExpectedCheck>>()
        : EvidenceVectors.Lacking(EvidenceVectors.Cose, Code == ReasonCodes.StatementMalformed ? [Unread(Record)[0]] : Unread(Record));

    /// <summary>What a verifier that does without CBOR answers to a record.</summary>
    public static ExpectedCheck[] Unread(string record) =>
    [
        EvidenceVectors.Unknown(CheckNames.Signature, record, ReasonCodes.AlgorithmNotAvailable),
        .. ((string[])[CheckNames.Event, CheckNames.EventHash, CheckNames.Device]).Select(check => EvidenceVectors.Depends(check, record)),
    ];

    private const string Record = "records[0]";

    private static ExpectedCheck[] Eventless => [EvidenceVectors.Depends(CheckNames.Event, Record), EvidenceVectors.Depends(CheckNames.EventHash, Record)];
}

/// <summary>What can be wrong with a statement in CBOR.</summary>
internal static class CoseFaults
{
    // "value" and the two values that the event has.
    private const string FirstValue = "65 76616C7565 F953B0";
    private const string SecondValue = "65 76616C7565 0C";

    public static IReadOnlyList<CoseFault> All { get; } =
    [
        .. Signatures(), .. Messages(), .. Headers(), .. Payloads(),
    ];

    /// <summary>Those of which there is a vector; of the others the tests make a forgery in every run.</summary>
    public static IReadOnlyList<CoseFault> Published { get; } = [.. All.Where(static f => f.Name is
        "payload-altered" or "header-altered" or "algorithm-unknown" or "unprotected" or "indefinite" or "tag-respelt" or "trailing" or "header-unknown" or "number-as-text"
        or "key-twice" or "payload-indefinite" or "not-a-number" or "tagged" or "integer-respelt" or "deep")];

    private static IEnumerable<CoseFault> Signatures()
    {
        const string Invalid = ReasonCodes.SignatureInvalid;
        yield return new("payload-altered", "A reading in a COSE_Sign1 was altered after it was signed.", Invalid, After(static m => m.With(FirstValue, "65 76616C7565 F953B1")));
        yield return new("header-altered", "The number in a COSE_Sign1 was altered after it was signed.", Invalid, After(static m => m.With("64 626F6F74 01", "64 626F6F74 02")));
        yield return new("signature-cut", "The signature of a COSE_Sign1 lacks its last byte.", Invalid, After(static m => m[..^1].With("5840" + Convert.ToHexString(m.AsSpan(m.Length - 64, 4)), "583F" + Convert.ToHexString(m.AsSpan(m.Length - 64, 4)))));
        yield return new("algorithm-unknown", "A COSE_Sign1 names an algorithm that no verifier knows, and no key here has.", Invalid, Head(static h => h.With("01 26 63 617564", "01 38 22 63 617564")));
    }

    private static IEnumerable<CoseFault> Messages()
    {
        yield return Malformed("unprotected", "A COSE_Sign1 has an unprotected header, which is not signed.", After(static m => m.With("A0 59", "A1 04 41 31 59")));
        yield return Malformed("indefinite", "The array of a COSE_Sign1 has no definite length.", After(static m => [0xD2, 0x9F, .. m[2..], 0xFF]));
        yield return Malformed("untagged", "A COSE_Sign1 has no tag.", After(static m => m[1..]));
        yield return Malformed("tag", "A COSE_Mac0 stands where a COSE_Sign1 should.", After(static m => [0xD1, .. m[1..]]));
        yield return Malformed("tag-respelt", "The tag of a COSE_Sign1 is not in its shortest form.", After(static m => [0xD8, 0x12, .. m[1..]]));
        yield return Malformed("length-respelt", "A length in a COSE_Sign1 is not in its shortest form.", After(static m => m.With("5840" + Convert.ToHexString(m.AsSpan(m.Length - 64, 4)), "590040" + Convert.ToHexString(m.AsSpan(m.Length - 64, 4)))));
        yield return Malformed("trailing", "A byte follows a COSE_Sign1.", After(static m => [.. m, 0x00]));
        yield return Malformed("fifth", "A COSE_Sign1 has a fifth part.", After(static m => [0xD2, 0x85, .. m[2..], 0x40]));
        yield return Malformed("detached", "A COSE_Sign1 has its payload elsewhere.", After(static m => Detach(m)));
    }

    private static IEnumerable<CoseFault> Headers()
    {
        yield return Malformed("type", "A COSE_Sign1 is of another type.", Head(static h => h.With("2B 636F7365", "2B 63626F72")));
        yield return Malformed("critical", "A COSE_Sign1 says that parameters are critical.", Head(static h => [(byte)(h[0] + 1), .. h[1..], 0x02, 0x81, 0x04]));
        yield return Malformed("header-unknown", "A COSE_Sign1 has a header parameter that no version knows.", Head(static h => [(byte)(h[0] + 1), .. h[1..], 0x63, 0x69, 0x61, 0x74, 0x01]));
        yield return Malformed("header-twice", "A header parameter of a COSE_Sign1 stands twice.", Head(static h => [(byte)(h[0] + 1), .. h[1..], 0x01, 0x27]));
        yield return Malformed("header-named-alg", "A COSE_Sign1 has its algorithm under the name that a JWS gives it.", Head(static h => [(byte)(h[0] + 1), .. h[1..], 0x63, 0x61, 0x6C, 0x67, 0x26]));
        yield return Malformed("number-as-text", "The number in a COSE_Sign1 is a text.", Head(static h => h.With("64 626F6F74 01", "64 626F6F74 61 31")));
        yield return Malformed("number-negative", "The number in a COSE_Sign1 is negative.", Head(static h => h.With("64 626F6F74 01", "64 626F6F74 20")));
        yield return Malformed("kid-as-text", "The key in a COSE_Sign1 is named by a text.", Head(static h => h.With("04 58 20", "04 78 20")));
        yield return Malformed("alg-as-text", "The algorithm in a COSE_Sign1 is named by a text.", Head(static h => h.With("01 26 63 617564", "01 65 4553323536 63 617564")));
        yield return Malformed("header-array", "The protected header of a COSE_Sign1 is an array.", Head(static _ => [0x80]));
        yield return Malformed("header-empty", "A COSE_Sign1 has an empty protected header.", Head(static _ => []));
    }

    private static IEnumerable<CoseFault> Payloads()
    {
        yield return Malformed("key-twice", "A key of a map in the payload of a COSE_Sign1 stands twice.", Body(static p => [(byte)(p[0] + 1), .. p[1..], 0x64, 0x74, 0x79, 0x70, 0x65, 0x61, 0x78]));
        yield return Malformed("key-number", "A key of a map in the payload of a COSE_Sign1 is a number.", Body(static p => [(byte)(p[0] + 1), .. p[1..], 0x01, 0x01]));
        yield return Malformed("payload-indefinite", "A map in the payload of a COSE_Sign1 has no definite length.", Body(static p => [0xBF, .. p[1..], 0xFF]));
        yield return Malformed("payload-trailing", "A byte follows the event in the payload of a COSE_Sign1.", Body(static p => [.. p, 0xF6]));
        yield return Malformed("not-a-number", "A value in the payload of a COSE_Sign1 is no number.", Body(static p => p.With(FirstValue, "65 76616C7565 F97E00")));
        yield return Malformed("infinite", "A value in the payload of a COSE_Sign1 is infinite.", Body(static p => p.With(FirstValue, "65 76616C7565 FA7F800000")));
        yield return Malformed("undefined", "A value in the payload of a COSE_Sign1 is undefined.", Body(static p => p.With(SecondValue, "65 76616C7565 F7")));
        yield return Malformed("simple", "A value in the payload of a COSE_Sign1 is a simple value without meaning.", Body(static p => p.With(SecondValue, "65 76616C7565 F8 20")));
        yield return Malformed("bytes", "A value in the payload of a COSE_Sign1 is a byte string.", Body(static p => p.With(SecondValue, "65 76616C7565 41 0C")));
        yield return Malformed("tagged", "A value in the payload of a COSE_Sign1 is a bignum.", Body(static p => p.With(SecondValue, "65 76616C7565 C2 41 0C")));
        yield return Malformed("integer-respelt", "An integer in the payload of a COSE_Sign1 is not in its shortest form.", Body(static p => p.With(SecondValue, "65 76616C7565 18 0C")));
        yield return Malformed("utf8", "A text in the payload of a COSE_Sign1 is no UTF-8.", Body(static p => p.With("63 4B4D48", "63 EDA080")));
        yield return Malformed("deep", "Arrays in the payload of a COSE_Sign1 are nested 65 deep.", Body(static p => [(byte)(p[0] + 1), .. p[1..], 0x61, 0x78, .. Enumerable.Repeat((byte)0x81, 63), 0x80]));
        yield return Malformed("payload-array", "The payload of a COSE_Sign1 is an array.", Body(static p => [0x81, .. p]));
        yield return Malformed("payload-empty", "A COSE_Sign1 has an empty payload.", Body(static _ => []));
    }

    private static CoseFault Malformed(string name, string what, Telling telling) => new(name, what, ReasonCodes.StatementMalformed, telling);

    private static Telling After(Func<byte[], byte[]> change) => new() { IsCose = true, CoseMessage = change };

    private static Telling Head(Func<byte[], byte[]> change) => new() { IsCose = true, CoseHeader = change };

    private static Telling Body(Func<byte[], byte[]> change) => new() { IsCose = true, CosePayload = change };

    /// <summary>The message with nil for its payload.</summary>
    private static byte[] Detach(byte[] message)
    {
        var reader = new System.Formats.Cbor.CborReader(message);
        reader.ReadTag();
        reader.ReadStartArray();
        return CoseText.Message(reader.ReadByteString(), [], Signature(reader)).With("A0 40", "A0 F6");

        static byte[] Signature(System.Formats.Cbor.CborReader reader)
        {
            reader.SkipValue();
            reader.SkipValue();
            return reader.ReadByteString();
        }
    }
}
