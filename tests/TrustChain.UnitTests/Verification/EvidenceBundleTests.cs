using System.Text;
using System.Text.Json.Nodes;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>Reading a bundle from somebody who means harm.</summary>
public sealed class EvidenceBundleTests
{
    private static readonly EvidenceWorld World = EvidenceVectors.Tea;

    public static IEnumerable<TheoryDataRow<string, string>> Broken() =>
    [
        ("$", "not json"),
        ("$", "[]"),
        ("$", "null"),
        ("$.type", "\"other\""),
        ("$.v", "2"),
        ("$.v", "\"1\""),
        ("$.log", "[]"),
        ("$.log.origin", "1"),
        ("$.log.chainId", "-1"),
        ("$.log.chainId", "1.5"),
        ("$.log.chainId", "1e2"),
        ("$.log.chainId", "99999999999999999999"),
        ("$.log.more", "1"),
        ("$.checkpoint", "null"),
        ("$.anchors", "{}"),
        ("$.anchors[0].root", "\"AAAA\""),
        ("$.anchors[0].root", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\""),
        ("$.anchors[0].time", "\"2026-04-20T00:43:00Z\""),
        ("$.anchors[0].time", "\"2026-04-20T00:43:00.000+00:00\""),
        ("$.anchors[0].time", "\"2026-02-30T00:43:00.000Z\""),
        ("$.anchors[0].more", "1"),
        ("$.proof[0]", "7"),
        ("$.keys[0].entry", "\"x\""),
        ("$.keys[0].entry", "{\"a\":1e999}"),
        ("$.keys[0].index", "-1"),
        ("$.keys[0].more", "1"),
        ("$.records[0].statement", "9"),
        ("$.records[0].statement", "-1"),
        ("$.records[0].event", "\"e30=\""),
        ("$.records[0].eventSalt", "\"\""),
        ("$.records[0].erasedAt", "\"yesterday\""),
        ("$.records[0].record", "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"),
        ("$.records[0].more", "1"),
        ("$.status[0].kind", "0"),
        ("$.status[0].kind", "256"),
        ("$.status[0].more", "1"),
    ];

    [Theory, MemberData(nameof(Broken))]
    public void Bundle_WithAMemberThatIsNotAllowed_IsMalformedAndNothingElse(string place, string value)
    {
        var valid = Encoding.UTF8.GetString(World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Single).Build().ToUtf8());
        var report = EvidenceVerifier.Verify(Encoding.UTF8.GetBytes(place == "$" ? value : Replace(valid, place, value)), null, null);
        Assert.Equal((CheckNames.Bundle, "bundle", Outcome.Failed, ReasonCodes.BundleMalformed), report.Checks.Select(static c => (c.Name, c.Subject, c.Outcome, c.Code)).Single());
    }

    [Theory]
    [InlineData("type")]
    [InlineData("v")]
    [InlineData("log")]
    [InlineData("checkpoint")]
    [InlineData("anchors")]
    [InlineData("proof")]
    [InlineData("keys")]
    [InlineData("statements")]
    [InlineData("records")]
    [InlineData("status")]
    public void Bundle_WithoutARequiredMember_IsMalformed(string name)
    {
        var json = JsonNode.Parse(World.Bundle(World.Single).Build().ToUtf8())!.AsObject();
        Assert.True(json.Remove(name));
        Assert.False(EvidenceBundle.TryParse(Encoding.UTF8.GetBytes(json.ToJsonString()), out _, out var error));
        Assert.Contains(name, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"type\":\"trustchain-evidence\"", "\"type\":\"trustchain-evidence\",\"type\":\"trustchain-evidence\"")]
    [InlineData("\"act\":\"register\"", "\"act\":\"register\",\"\\u0061ct\":\"register\"")]
    public void Bundle_ThatRepeatsAMember_IsMalformed(string once, string twice)
    {
        var json = Encoding.UTF8.GetString(World.Bundle(World.Single).Build().ToUtf8());
        Assert.Contains(once, json, StringComparison.Ordinal);
        Assert.False(EvidenceBundle.TryParse(Encoding.UTF8.GetBytes(json.Replace(once, twice, StringComparison.Ordinal)), out _, out _));
    }

    [Fact]
    public void Bundle_LargerThanTheLimit_IsMalformed()
    {
        var json = World.Bundle(World.Single).Build().ToUtf8();
        Assert.True(EvidenceBundle.TryParse(Padded(EvidenceBundle.MaxBytes), out _, out var error), error);
        Assert.False(EvidenceBundle.TryParse(Padded(EvidenceBundle.MaxBytes + 1), out _, out _));

        byte[] Padded(int length)
        {
            var padded = new byte[length];
            padded.AsSpan().Fill((byte)' ');
            json.CopyTo(padded.AsSpan());
            return padded;
        }
    }

    [Fact]
    public void Bundle_WhoseBodiesAreSpeltInAnotherWay_IsTheSameBundle()
    {
        var bundle = World.Bundle(World.Single).Build();
        var indented = JsonNode.Parse(bundle.ToUtf8())!.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true });
        Assert.True(EvidenceBundle.TryParse(Encoding.UTF8.GetBytes(indented), out var read, out var error), error);
        Assert.Equal(bundle.ToUtf8(), read.ToUtf8());
    }

    [Fact]
    public void Bundle_CutShortAnywhere_IsMalformedWithoutAnException()
    {
        var json = World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Single).Build().ToUtf8();
        for (var length = 0; length < json.Length; length += 7)
        {
            Assert.False(EvidenceBundle.TryParse(json.AsMemory(0, length), out _, out _));
        }
    }

    private static string Replace(string json, string place, string value)
    {
        // Written as text, because a parser would not keep what is wrong with the value.
        var root = JsonNode.Parse(json)!;
        const string Marker = "@@here@@";
        var path = place[2..].Split('.');
        JsonNode node = root;
        foreach (var name in path[..^1])
        {
            node = Step(node, name);
        }
        if (path[^1].EndsWith(']'))
        {
            node[path[^1].Split('[')[0]]!.AsArray()[0] = Marker;
        }
        else
        {
            node.AsObject()[path[^1]] = Marker;
        }
        return root.ToJsonString().Replace($"\"{Marker}\"", value, StringComparison.Ordinal);
    }

    private static JsonNode Step(JsonNode node, string name) => name.EndsWith(']') ? node[name.Split('[')[0]]!.AsArray()[0]! : node[name]!;
}
