using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>One fault, one failed check: what rests on the faulty part says that it could not be told.</summary>
public sealed class EvidenceBlameTests
{
    private static readonly EvidenceWorld World = EvidenceVectors.Tea;

    [Fact]
    public void CheckpointSize_Altered_LeavesOpenWhatRestsOnIt()
    {
        // Nothing ties a tree of another size to the chain or to the entries.
        foreach (var size in new[] { "20", "7", "6", "1" })
        {
            var builder = World.Bundle(World.Single);
            builder.Checkpoint = builder.Checkpoint.Replace($"\n{EvidenceWorld.Size}\n", $"\n{size}\n", StringComparison.Ordinal);
            Assert.Equal(
                [
                    "checkpoint bundle checkpoint-signature-invalid",
                    "anchor anchors[0] depends-on-failed-check",
                    "inclusion bundle depends-on-failed-check",
                    "anchored records[0] depends-on-failed-check",
                ],
                NotPassed(builder));
        }
    }

    [Fact]
    public void RecordCount_Altered_IsTheRecordsFaultAlone()
    {
        var builder = World.Bundle(World.Three[1]);
        Alter(builder, "\"count\":3", "\"count\":4");
        Assert.Equal(
            ["record records[0] record-altered", "signature records[0] depends-on-failed-check"],
            NotPassed(builder).Where(static c => !c.StartsWith("event", StringComparison.Ordinal)));
    }

    [Fact]
    public void SignedDocument_Altered_IsTheStatementsFaultAlone()
    {
        var builder = World.Bundle(World.Document[1]);
        var parts = builder.Statements[0].Split('.');
        Assert.True(Core.Signing.Base64UrlText.TryDecode(parts[1], out var payload));
        var altered = Encoding.UTF8.GetString(payload).Replace("/21/7", "/21/8", StringComparison.Ordinal);
        builder.Statements[0] = $"{parts[0]}.{Core.Signing.Base64UrlText.Encode(Encoding.UTF8.GetBytes(altered))}.{parts[2]}";
        Assert.Equal(["signature records[0] statement-altered", "eventHash records[0] depends-on-failed-check"], NotPassed(builder));
    }

    [Fact]
    public void Revocation_Altered_DecidesNothing()
    {
        var builder = World.Bundle([EvidenceWorld.Size], [World.Compromise], World.BeforeCompromise);
        var body = Encoding.UTF8.GetString(World.Compromise.Body).Replace("\"compromisedSince\":15", "\"compromisedSince\":14", StringComparison.Ordinal);
        builder.Status[0] = builder.Status[0] with { Body = Encoding.UTF8.GetBytes(body) };
        Assert.Equal(["keyStatus records[0] depends-on-failed-check", "status status[0] status-altered"], NotPassed(builder));
    }

    [Fact]
    public void KeyEntryOfACertificate_Swapped_IsTheKeysFaultAlone()
    {
        var builder = World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Custodial);
        var place = builder.Keys.FindIndex(k => k.Index == World.KeyOf(World.Garden).Index);
        var body = Encoding.UTF8.GetString(builder.Keys[place].Body.Span).Replace($"\"kid\":\"{World.Garden.Kid[0]}", "\"kid\":\"A", StringComparison.Ordinal);
        builder.Keys[place] = builder.Keys[place] with { Body = Encoding.UTF8.GetBytes(body) };
        Assert.Equal([$"key keys[{place}] key-altered", "status status[0] depends-on-failed-check"], NotPassed(builder));
    }

    [Fact]
    public void CertificateWithoutItsKeyEntry_IsMissingIt()
    {
        var builder = World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Custodial);
        builder.Keys.RemoveAll(k => k.Index == World.KeyOf(World.Garden).Index);
        builder.Prove();
        Assert.Equal(["status status[0] key-missing"], NotPassed(builder));
    }

    [Theory]
    [InlineData("\"name\":\"Green Hill Tea\"", "\"name\":\"\\ud800\"")]
    [InlineData("\"name\":\"Green Hill Tea\"", "\"\\udc00\":\"x\"")]
    [InlineData("\"type\":", "\"\\ud800\":1,\"type\":")]
    [InlineData("\"origin\":\"log.example/tea\"", "\"origin\":\"\\ud800\"")]
    public void Bundle_WithALoneSurrogate_IsMalformed(string valid, string broken)
    {
        var json = Encoding.UTF8.GetString(World.Bundle(World.Single).Build().ToUtf8());
        Assert.Contains(valid, json, StringComparison.Ordinal);
        var report = EvidenceVerifier.Verify(Encoding.UTF8.GetBytes(json.Replace(valid, broken, StringComparison.Ordinal)), null, null);
        Assert.Equal(ReasonCodes.BundleMalformed, Assert.Single(report.Checks).Code);
    }

    [Fact]
    public void Coordinate_ThatIsNotCanonicalBase64Url_MakesTheKeyEntryMalformedWithoutAnException()
    {
        var builder = World.Bundle(World.Single);
        var body = Encoding.UTF8.GetString(builder.Keys[0].Body.Span);
        foreach (var wrong in new[] { "x\":\"*", "x\":\" ", "x\":\"=" })
        {
            var altered = body.Replace("\"x\":\"8", $"\"{wrong}", StringComparison.Ordinal);
            Assert.NotEqual(body, altered);
            builder.Keys[0] = builder.Keys[0] with
            {
                Body = Encoding.UTF8.GetBytes(altered),
                Leaf = MerkleTree.HashLeaf(LogEntry.ForPublic(EntryKind.Key, Encoding.UTF8.GetBytes(altered))),
            };
            Assert.Contains("key keys[0] key-malformed", NotPassed(builder));
        }
    }

    [Fact]
    public void Bundle_WithAnyByteAltered_IsReadOrRefusedWithoutAnException_AndNeverPasses()
    {
        var trust = World.Log.Trust;
        var chain = RecordedChain.Read(RecordedChain.Record(World));
        var json = World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Single).Build().ToUtf8();
        Assert.Equal(Outcome.Passed, OutcomeOf(json));
        for (var i = 0; i < json.Length; i++)
        {
            var altered = (byte[])json.Clone();
            altered[i] = (json[i], json[Math.Min(i + 1, json.Length - 1)]) switch
            {
                // The last character before padding in a checkpoint has low bits that mean nothing: alter the others.
                ( >= (byte)'A' and <= (byte)'D', (byte)'=') => (byte)'Q',
                (_, (byte)'=') => (byte)'A',
                ((byte)'1', _) => (byte)'2',
                _ => (byte)'1',
            };
            Assert.True(OutcomeOf(altered) != Outcome.Passed, $"A change at byte {i} went unnoticed: {Encoding.UTF8.GetString(json.AsSpan()[Math.Max(0, i - 30)..i])}");
        }

        Outcome OutcomeOf(byte[] utf8) => EvidenceVerifier.Verify(utf8, trust, EvidenceBundle.TryParse(utf8, out var bundle, out _) ? chain.Observe(bundle) : null).Outcome;
    }

    private static void Alter(BundleBuilder builder, string old, string with)
    {
        var text = Encoding.UTF8.GetString(builder.Records[0].Record.Span);
        Assert.Contains(old, text, StringComparison.Ordinal);
        builder.Records[0] = builder.Records[0] with { Record = Encoding.UTF8.GetBytes(text.Replace(old, with, StringComparison.Ordinal)) };
    }

    private static IEnumerable<string> NotPassed(BundleBuilder builder)
    {
        var bundle = builder.Build();
        var chain = RecordedChain.Read(RecordedChain.Record(World)).Observe(bundle);
        return EvidenceVerifier.Verify(bundle, World.Log.Trust, chain).Checks.Where(static c => c.Outcome != Outcome.Passed).Select(static c => $"{c.Name} {c.Subject} {c.Code}");
    }
}
