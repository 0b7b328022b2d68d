using System.Buffers.Text;
using System.Text.Json.Nodes;
using TrustChain.EndToEndTests.Stage;

namespace TrustChain.EndToEndTests;

/// <summary>The evidence reaches the browser changed, by whoever stands between or runs the server: the button must say so.</summary>
public sealed class TamperingTests(TestSite site)
{
    [Theory]
    [InlineData("event", "Content of the steps", "event-altered")]
    [InlineData("record", "Records", "record-altered")]
    [InlineData("signature", "Signatures of the statements", "statement-altered")]
    [InlineData("proof", "Entries in the log", "inclusion-proof-invalid")]
    [InlineData("key", "Signing keys", "key-altered")]
    [InlineData("certificate", "Certificates, recalls and devices", "status-altered")]
    [InlineData("checkpoint", "Signature of the log", "checkpoint-signature-invalid")]
    [InlineData("anchor", "Anchor on the public chain", "anchor-root-mismatch")]
    public async Task Verify_PartAltered_FailsWithTheCode(string part, string check, string code)
    {
        await using var visitor = await site.WelcomeAsync();
        await visitor.AlterAsync("/evidence", text => Alter(text, part));
        await visitor.OpenAsync(Goods.Tea);

        await visitor.VerifyAsync();

        Assert.StartsWith("✕ Failed Do not rely on this.", await visitor.ReadResultAsync(), StringComparison.Ordinal);
        Assert.StartsWith("✕ Failed Do not rely on this.", await visitor.ReadAnswerAsync(), StringComparison.Ordinal); // also where the server's own answer stood
        var line = Assert.Single(await visitor.ReadChecksAsync(), line => line.Name == check);
        Assert.Contains("✕ Failed", line.Outcomes, StringComparison.Ordinal);
        Assert.Contains(code, line.Codes);
        Assert.Contains(code, await visitor.ReadAsync(), StringComparison.Ordinal); // unfolded, where people see it
    }

    [Fact]
    public async Task Verify_TrustFileOfAnotherLog_Fails()
    {
        await using var visitor = await site.WelcomeAsync();
        await visitor.AlterAsync("/log/trust", static text =>
        {
            var trust = JsonNode.Parse(text)!; // JSON of the server.
            trust["origin"] = "log.example/other";
            return trust.ToJsonString();
        });
        await visitor.OpenAsync(Goods.Tea);

        await visitor.VerifyAsync();

        var line = Assert.Single(await visitor.ReadChecksAsync(), static line => line.Name == "Log, chain and contract");
        Assert.Equal(["foreign-log"], line.Codes);
    }

    [Fact]
    public async Task Verify_EvidenceCutShort_FailsAsMalformed()
    {
        await using var visitor = await site.WelcomeAsync();
        await visitor.AlterAsync("/evidence", static text => text[..(text.Length / 2)]);
        await visitor.OpenAsync(Goods.Tea);

        await visitor.VerifyAsync();

        Assert.StartsWith("✕ Failed", await visitor.ReadResultAsync(), StringComparison.Ordinal);
        Assert.Contains("bundle-malformed", (await visitor.ReadChecksAsync()).SelectMany(static line => line.Codes));
    }

    private static string Alter(string text, string part)
    {
        var bundle = JsonNode.Parse(text)!.AsObject(); // JSON of the server, as are its members below.
        switch (part)
        {
            case "event":
                Change(bundle["records"]![0]!, "event");
                break;
            case "record":
                Change(bundle["records"]![0]!, "salt");
                break;
            case "signature":
                var jws = (string)bundle["statements"]![0]!;
                var signature = jws.LastIndexOf('.') + 1;
                bundle["statements"]![0] = jws[..signature] + Flip(jws[signature..]);
                break;
            case "proof":
                bundle["proof"]![0] = Flip((string)bundle["proof"]![0]!);
                break;
            case "key":
                bundle["keys"]![0]!["entry"]!["name"] = "Somebody else";
                break;
            case "certificate":
                bundle["status"]![0]!["entry"]!["payload"]!["number"] = "CN-2026-0816";
                break;
            case "checkpoint":
                var note = (string)bundle["checkpoint"]!;
                var line = note.LastIndexOf(' ') + 1;
                var bytes = Convert.FromBase64String(note[line..].Trim());
                bytes[^1] ^= 1;
                bundle["checkpoint"] = note[..line] + Convert.ToBase64String(bytes) + "\n";
                break;
            case "anchor":
                Change(bundle["anchors"]![0]!, "root");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(part), part, null);
        }
        return bundle.ToJsonString();
    }

    private static void Change(JsonNode node, string member) => node[member] = Flip((string)node[member]!);

    /// <summary>One bit in the middle of base64url, so that the text stays well-formed.</summary>
    private static string Flip(string text)
    {
        var bytes = Base64Url.DecodeFromChars(text);
        bytes[bytes.Length / 2] ^= 1;
        return Base64Url.EncodeToString(bytes);
    }
}
