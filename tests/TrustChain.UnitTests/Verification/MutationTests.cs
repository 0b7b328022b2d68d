using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>
/// Thousands of random changes to good bundles, of single bytes and of single members: none that passes says anything that the good bundle did not say, and the three verifiers
/// agree on the verdict. The seed is fixed.
/// </summary>
public sealed class MutationTests
{
    private const int Changes = 3000;
    private const int ChangesForOthers = 400;

    private static readonly EvidenceWorld World = EvidenceVectors.Tea;

    private static readonly byte[] Chain = RecordedChain.Record(EvidenceWorld.AnchoredSizes, World.Log, EvidenceVectors.Machines.Log);

    private static readonly IReadOnlyList<(byte[] Json, byte[] Trust)> Good =
    [
        (World.Bundle(World.Single).Build().ToUtf8(), Forgeries.PlainTrust),
        (World.Bundle([40, EvidenceWorld.Size], [World.Certificate, World.Recall], World.Single, World.Three[1], World.Document[0]).Build().ToUtf8(), Forgeries.PlainTrust),
        (World.Bundle(World.MillBefore, World.MillAfter).With(World.History(World.MillRetirement)).Prove().Build().ToUtf8(), Forgeries.PlainTrust),
        (World.Bundle(World.DepotAfterRecovery, World.CoopCustodial).Build().ToUtf8(), Forgeries.PlainTrust),
        (World.Bundle(World.Three[2]).CosignedBy(Witness.East, Witness.West).Build().ToUtf8(), EvidenceVectors.WitnessedTrust.ToUtf8()),
        (EvidenceVectors.Machines.Bundle(EvidenceVectors.Machines.Press, EvidenceVectors.Machines.PressSaid[1], EvidenceVectors.Machines.PressRotated).Build().ToUtf8(), EvidenceVectors.Machines.Log.Trust.ToUtf8()),
        (EvidenceVectors.Machines.Bundle(EvidenceVectors.Machines.Lathe, EvidenceVectors.Machines.LatheTransferred).Build().ToUtf8(), EvidenceVectors.Machines.Log.Trust.ToUtf8()),
        (EvidenceVectors.Machines.Bundle(EvidenceVectors.Machines.Meter, EvidenceVectors.Machines.MeterSaid[1]).Build().ToUtf8(), EvidenceVectors.Machines.Log.Trust.ToUtf8()),
    ];

    [Fact]
    public void NoChangeThatPasses_SaysAnythingNew()
    {
        var claims = Good.Select(static g => Claims(g.Json)!).ToList();
        foreach (var (json, trust) in Good)
        {
            Assert.Equal(Outcome.Passed, ForgeryTests.Verify(json, trust, Chain).Outcome);
        }
        var passed = 0;
        foreach (var (which, changed) in Mutate(Changes))
        {
            if (ForgeryTests.Verify(changed, Good[which].Trust, Chain).Outcome == Outcome.Passed)
            {
                passed++;
                var news = Claims(changed)!.Except(claims[which]).ToList();
                Assert.True(news.Count == 0, $"A changed bundle passed: {string.Join('\n', news)}\n{Encoding.UTF8.GetString(changed)}");
            }
        }
        Assert.True(passed < Changes / 4, $"{passed} of {Changes} changes passed: too many mean nothing.");
    }

    [Fact]
    public async Task AllVerifiers_AgreeOnTheVerdict()
    {
        var changes = Mutate(ChangesForOthers).ToList();
        var cases = changes.Select(static c => new VerifierCase(c.Changed, Good[c.Which].Trust, Chain)).ToList();
        var python = await OtherVerifiers.RunPythonAsync(cases);
        var browser = await OtherVerifiers.RunBrowserAsync(cases);
        var differences = new List<string>();
        for (var i = 0; i < cases.Count; i++)
        {
            var report = ForgeryTests.Verify(cases[i].Bundle, cases[i].Trust!, Chain);
            var ours = Verdict(report.Checks.Select(static c => $"{c.Name} {c.Subject} {ForgeryTests.Word(c.Outcome)} {c.Code}"));
            foreach (var (name, lines) in new[] { ("Python", python[i].Lines), ("browser", browser[i].Lines) })
            {
                if (Verdict(lines) != ours)
                {
                    differences.Add($"{i} {name}: {Verdict(lines)}, ours: {ours}\n{string.Join('\n', report.Checks.Select(static c => $"{c.Name} {c.Subject} {ForgeryTests.Word(c.Outcome)} {c.Code}".TrimEnd()).Except(lines))}\n--\n{string.Join('\n', lines)}\n{Encoding.UTF8.GetString(cases[i].Bundle)}");
                }
            }
        }
        Assert.True(differences.Count == 0, string.Join("\n\n", differences));
    }

    /// <summary>The verdict without event hashes, which the others do not compute.</summary>
    private static string Verdict(IEnumerable<string> lines)
    {
        var rest = lines.Where(static l => !l.StartsWith("eventHash ", StringComparison.Ordinal)).ToList();
        return rest.Exists(static l => l.Contains(" failed ", StringComparison.Ordinal)) ? "failed"
            : rest.Exists(static l => l.Contains(" could-not-check ", StringComparison.Ordinal)) ? "could-not-check"
            : "passed";
    }

    private static IEnumerable<(int Which, byte[] Changed)> Mutate(int count)
    {
        var random = new Random(20260421);
        for (var i = 0; i < count; i++)
        {
            var which = random.Next(Good.Count);
            yield return (which, i % 2 == 0 ? ChangeByte(Good[which].Json, random) : ChangeMember(Good[which].Json, random));
        }
    }

    private static byte[] ChangeByte(byte[] json, Random random)
    {
        var changed = (byte[])json.Clone();
        var place = random.Next(changed.Length);
        var before = changed[place];
        do
        {
            changed[place] = random.Next(4) == 0 ? (byte)random.Next(256) : (byte)"ABCabc0123456789-_{}[],:\"\\ "[random.Next(27)];
        }
        while (changed[place] == before);
        return changed;
    }

    /// <summary>Changes one member or item anywhere, also inside entries and, half of the time, with the leaf hash made to fit.</summary>
    private static byte[] ChangeMember(byte[] json, Random random)
    {
        var root = JsonNode.Parse(json)!;
        var nodes = new List<JsonNode>();
        Collect(root, nodes);
        var node = nodes[random.Next(nodes.Count)];
        var other = nodes[random.Next(nodes.Count)];
        switch (random.Next(7))
        {
            case 0:
                Remove(node);
                break;
            case 1 when node.Parent is JsonArray list:
                list.Add(node.DeepClone());
                break;
            case 2 when node.Parent is JsonArray { Count: > 1 } list:
                var first = list[0]!.DeepClone();
                list[0] = list[^1]!.DeepClone();
                list[^1] = first;
                break;
            case 3 or 4 when node is JsonValue value && value.GetValueKind() == JsonValueKind.String:
                Put(node, ChangeText(value.GetValue<string>(), random));
                break;
            case 5 when node is JsonValue value && value.GetValueKind() == JsonValueKind.Number:
                Put(node, value.GetValue<long>() + random.Next(-3, 4));
                break;
            default:
                Put(node, other.DeepClone());
                break;
        }
        if (random.Next(2) == 0)
        {
            FitLeaves(root);
        }
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static string ChangeText(string text, Random random)
    {
        if (text.Length == 0)
        {
            return "x";
        }
        var place = random.Next(text.Length);
        return random.Next(4) switch
        {
            0 => text[..place],
            1 => text.Insert(place, "A"),
            2 => text.ToUpperInvariant(),
            _ => $"{text[..place]}{(text[place] == 'Q' ? 'g' : 'Q')}{text[(place + 1)..]}",
        };
    }

    private static void Collect(JsonNode node, List<JsonNode> nodes)
    {
        var children = node switch { JsonObject o => o.Select(static m => m.Value), JsonArray a => a, _ => [] };
        foreach (var child in children)
        {
            if (child is not null)
            {
                nodes.Add(child);
                Collect(child, nodes);
            }
        }
    }

    private static void Remove(JsonNode node)
    {
        if (node.Parent is JsonObject parent)
        {
            parent.Remove(node.GetPropertyName());
        }
        else
        {
            node.Parent!.AsArray().Remove(node);
        }
    }

    private static void Put(JsonNode node, JsonNode? with) => node.ReplaceWith(with);

    /// <summary>A forger can always make the claimed leaf hash fit the altered entry.</summary>
    private static void FitLeaves(JsonNode root)
    {
        foreach (var key in Objects(root, "keys"))
        {
            if (key["entry"] is JsonObject entry)
            {
                key["leaf"] = MerkleTree.HashLeaf(LogEntry.ForPublic(EntryKind.Key, Canonical(entry))).ToBase64Url();
            }
        }
        foreach (var status in Objects(root, "status"))
        {
            if (status["entry"] is JsonObject entry && status["kind"] is JsonValue kind && kind.TryGetValue<byte>(out var number))
            {
                status["leaf"] = MerkleTree.HashLeaf(LogEntry.ForPublic((EntryKind)number, Canonical(entry))).ToBase64Url();
            }
        }
        foreach (var record in Objects(root, "records"))
        {
            if (record["record"] is JsonObject body && record["salt"] is JsonValue salt && salt.GetValueKind() == JsonValueKind.String && Hash32.TryParseBase64Url(salt.GetValue<string>(), out var bytes))
            {
                record["leaf"] = MerkleTree.HashLeaf(LogEntry.ForEvent(bytes.ToArray(), Canonical(body))).ToBase64Url();
            }
        }

        static IEnumerable<JsonObject> Objects(JsonNode root, string list) => root is JsonObject o && o[list] is JsonArray array ? array.OfType<JsonObject>() : [];

        static byte[] Canonical(JsonObject json)
        {
            using var document = JsonDocument.Parse(json.ToJsonString());
            return Core.Canonical.Jcs.Canonicalize(document.RootElement);
        }
    }

    /// <summary>
    /// Everything that a bundle claims, with what means the same spelt alike. Its page, its item, the order of its lists and what it leaves out are no claims; proofs lead to claims
    /// and are none. Null when it is no bundle.
    /// </summary>
    private static HashSet<string>? Claims(byte[] json)
    {
        if (!EvidenceBundle.TryParse(json, out var bundle, out _))
        {
            return null;
        }
        Assert.True(SignedNote.TryParse(bundle.Checkpoint, out var note));
        var claims = new HashSet<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"log {bundle.Log.Origin} {bundle.Log.Key} {bundle.Log.ChainId} {bundle.Log.Registry.ToLowerInvariant()}"),
            $"checkpoint {note.Text}",
        };
        claims.UnionWith(bundle.Anchors.Select(static a => (a with { Consistency = [], Registry = a.Registry.ToLowerInvariant(), Transaction = a.Transaction.ToLowerInvariant(), BlockHash = a.BlockHash.ToLowerInvariant() }).ToString()));
        claims.UnionWith(bundle.Timestamps.Select(static t => $"timestamp {t.Size} {t.Root} {Convert.ToHexString(t.Token.Span)}"));
        claims.UnionWith(bundle.Keys.Select(static k => $"key {k.Index} {k.Leaf} {Encoding.UTF8.GetString(k.Body.Span)}"));
        claims.UnionWith(bundle.Records.Select(r =>
            $"record {r.Index} {r.Leaf} {Encoding.UTF8.GetString(r.Record.Span)} {r.Salt} {Text(r.Statement)} {(r.EventSalt is null ? "" : Convert.ToHexString(r.Event.GetValueOrDefault().Span))} {(r.Event is null ? null : r.EventSalt)}"));
        claims.UnionWith(bundle.Status.Select(s => $"status {s.Index} {s.Leaf} {s.Kind} {Encoding.UTF8.GetString(s.Body.Span)} {Text(s.Kind == EntryKind.Key ? null : s.Statement)}"));
        return claims;

        string Text(int? place) => place is { } at ? bundle.Statements[at] : "";
    }
}
