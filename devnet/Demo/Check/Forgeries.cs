using System.Text;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.Devnet.Demo.Check;

/// <summary>A copy of the evidence with one byte altered.</summary>
/// <param name="What">What was altered.</param>
/// <param name="Bundle">The copy.</param>
/// <param name="Name">The check that must fail.</param>
/// <param name="Code">Its reason code.</param>
internal sealed record Forgery(string What, byte[] Bundle, string Name, string Code);

/// <summary>Alters a bundle of one record in root form in one byte at a time; the copy stays a well-formed bundle.</summary>
internal static class Forgeries
{
    public static IReadOnlyList<Forgery> Of(byte[] bundle) =>
    [
        Make("the event", bundle, AlterEvent, CheckNames.Event, ReasonCodes.EventAltered),
        Make("the statement", bundle, AlterSignature, CheckNames.Signature, ReasonCodes.StatementAltered),
        Make("the record", bundle, static text => Replace(text, After(text, "\"receivedAt\":\"") + "2026-01-01T00:00:00.".Length), CheckNames.Record, ReasonCodes.RecordAltered),
        Make("a hash of the proof", bundle, static text => Replace(text, After(text, "\"proof\":[\"") + 5), CheckNames.Inclusion, ReasonCodes.InclusionProofInvalid),
        Make("the checkpoint", bundle, AlterCheckpoint, CheckNames.Checkpoint, ReasonCodes.CheckpointSignatureInvalid),
        Make("the anchor", bundle, static text => Replace(text, After(text, "\"root\":\"") + 5), CheckNames.Anchor, ReasonCodes.AnchorRootMismatch),
        Make("the key", bundle, static text => Replace(text, After(text, "\"x\":\"") + 5), CheckNames.Key, ReasonCodes.KeyAltered),
    ];

    private static Forgery Make(string what, byte[] bundle, Func<string, string> alter, string name, string code)
    {
        // In Latin-1 every byte is one character, so places in the text are places in the file.
        var forged = Encoding.Latin1.GetBytes(alter(Encoding.Latin1.GetString(bundle)));
        return forged.Length == bundle.Length && forged.Zip(bundle).Count(static pair => pair.First != pair.Second) == 1
            ? new Forgery(what, forged, name, code)
            : throw new InvalidOperationException($"The forgery of {what} does not differ in exactly one byte.");
    }

    /// <summary>Alters one byte of the event, in a group of base64url where that is one character as well.</summary>
    private static string AlterEvent(string text)
    {
        var start = After(text, "\"event\":\"");
        var end = text.IndexOf('"', start);
        if (!Base64UrlText.TryDecode(text.AsSpan(start, end - start), out var content))
        {
            throw new InvalidOperationException("The event is not in base64url.");
        }
        for (var i = 0; i < content.Length; i += 3)
        {
            if (content[i] is >= (byte)'0' and <= (byte)'3')
            {
                content[i] += 4; // Another digit, with the same low bits.
                return string.Concat(text.AsSpan(0, start), Base64UrlText.Encode(content), text.AsSpan(end));
            }
        }
        throw new InvalidOperationException("The event has no digit at a place where one character holds it.");
    }

    private static string AlterSignature(string text)
    {
        var end = text.IndexOf('"', After(text, "\"statements\":[\""));
        return Replace(text, text.LastIndexOf('.', end) + 20);
    }

    /// <summary>Alters the signature of the note, at a character that JSON does not escape.</summary>
    private static string AlterCheckpoint(string text)
    {
        var at = text.IndexOf('"', After(text, "\"checkpoint\":\"")) - 20;
        while (text.AsSpan(at - 6, 12).Contains('\\'))
        {
            at--;
        }
        return Replace(text, at);
    }

    private static int After(string text, string mark) =>
        text.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? at + mark.Length : throw new InvalidOperationException($"The bundle has no {mark}.");

    /// <summary>Another digit for a digit, another letter for anything else.</summary>
    private static string Replace(string text, int at)
    {
        var other = char.IsAsciiDigit(text[at]) ? (text[at] == '0' ? '1' : '0') : text[at] == 'A' ? 'B' : 'A';
        return string.Concat(text.AsSpan(0, at), [other], text.AsSpan(at + 1));
    }
}
