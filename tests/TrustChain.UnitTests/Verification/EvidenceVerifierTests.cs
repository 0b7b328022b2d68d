using TrustChain.Core.Log;
using TrustChain.Core.Verification;

namespace TrustChain.UnitTests.Verification;

/// <summary>What the vectors do not show: missing knowledge, nodes that say something else, and more than one fault.</summary>
public sealed class EvidenceVerifierTests
{
    private static readonly EvidenceWorld World = EvidenceVectors.Tea;

    [Fact]
    public void Bundle_WithoutTrustFile_PassesAllButIdentity()
    {
        var bundle = World.Bundle(World.Single).Build();
        var report = EvidenceVerifier.Verify(bundle, null, Chain(bundle));
        Assert.Equal(["identity bundle no-trust-file"], NotPassed(report));
        Assert.Equal(Outcome.CouldNotCheck, report.Outcome);
    }

    [Fact]
    public void Bundle_WithoutChain_CannotCheckAnchors()
    {
        var bundle = World.Bundle(World.Single).Build();
        foreach (var chain in new[] { null, new ChainObservation { Unavailable = "connection refused" } })
        {
            var report = EvidenceVerifier.Verify(bundle, World.Log.Trust, chain);
            Assert.Equal(["anchor anchors[0] chain-unreachable", "anchored records[0] depends-on-failed-check"], NotPassed(report));
            Assert.Equal(Outcome.CouldNotCheck, report.Outcome);
        }
    }

    [Fact]
    public void Node_OfAnotherChainWithTheSameId_IsNoticedByItsGenesis()
    {
        var bundle = World.Bundle(World.Single).Build();
        var report = EvidenceVerifier.Verify(bundle, World.Log.Trust, Chain(bundle) with { Genesis = "0x" + new string('0', 64) });
        Assert.Equal(["identity bundle foreign-log"], NotPassed(report));
    }

    [Theory]
    [InlineData("chain", "chain-mismatch")]
    [InlineData("code", "registry-missing")]
    [InlineData("origin", "registry-origin-mismatch")]
    [InlineData("root", "anchor-not-found")]
    [InlineData("otherRoot", "anchor-root-mismatch")]
    [InlineData("reverted", "anchor-transaction-mismatch")]
    [InlineData("to", "anchor-transaction-mismatch")]
    [InlineData("blockHash", "anchor-transaction-mismatch")]
    [InlineData("time", "anchor-transaction-mismatch")]
    public void Node_ThatSaysSomethingElse_FailsTheAnchor(string what, string code)
    {
        var bundle = World.Bundle(World.Single).Build();
        var chain = Chain(bundle);
        var anchor = chain.Anchors[0];
        var transaction = anchor.Transaction!;
        chain = what switch
        {
            "chain" => chain with { ChainId = 1 },
            "code" => With(anchor with { HasCode = false }),
            "origin" => With(anchor with { OriginHash = Fixed.Hash("x") }),
            "root" => With(anchor with { RootAt = default }),
            "otherRoot" => With(anchor with { RootAt = Fixed.Hash("x") }),
            "reverted" => With(anchor with { Transaction = transaction with { Succeeded = false } }),
            "to" => With(anchor with { Transaction = transaction with { To = "0x" + new string('1', 40) } }),
            "blockHash" => With(anchor with { Transaction = transaction with { BlockHash = "0x" + new string('1', 64) } }),
            _ => With(anchor with { Transaction = transaction with { BlockTime = transaction.BlockTime.AddSeconds(1) } }),
        };
        var report = EvidenceVerifier.Verify(bundle, World.Log.Trust, chain);
        Assert.Equal([$"anchor anchors[0] {code}", "anchored records[0] depends-on-failed-check"], NotPassed(report));
        Assert.Equal(Outcome.Failed, report.Outcome);

        ChainObservation With(AnchorObservation other) => chain with { Anchors = [other] };
    }

    [Fact]
    public void Node_ThatDoesNotKnowTheTransaction_LeavesOnlyTheTimeOpen()
    {
        var bundle = World.Bundle(World.Single).Build();
        var chain = Chain(bundle);
        var report = EvidenceVerifier.Verify(bundle, World.Log.Trust, chain with { Anchors = [chain.Anchors[0] with { Transaction = null }] });
        Assert.Equal(["anchor anchors[0] anchor-transaction-not-found"], NotPassed(report));
    }

    [Fact]
    public void Addresses_InUpperCase_AreTheSame()
    {
        var builder = World.Bundle(World.Single);
        var upper = "0x" + builder.Identity.Registry[2..].ToUpperInvariant();
        var lower = builder.Build();
        builder.Identity = builder.Identity with { Registry = upper };
        Assert.Empty(NotPassed(EvidenceVerifier.Verify(builder.Build(), World.Log.Trust, Chain(lower))));
    }

    [Fact]
    public void CheckpointRoot_Altered_IsBlamedOnTheCheckpointAlone()
    {
        var builder = World.Bundle(World.Single);
        var root = builder.Checkpoint.Split('\n')[2];
        builder.Checkpoint = builder.Checkpoint.Replace(root, (root[0] == 'A' ? 'B' : 'A') + root[1..], StringComparison.Ordinal);
        Assert.NotEqual(World.Log.Note(EvidenceWorld.Size), builder.Checkpoint);
        Assert.Equal(["checkpoint bundle checkpoint-signature-invalid"], NotPassed(Verify(builder)));
    }

    [Fact]
    public void Checkpoint_OfAnotherOrigin_IsNotTheLogs()
    {
        var builder = World.Bundle(World.Single);
        builder.Checkpoint = EvidenceVectors.Other.Log.Note(EvidenceWorld.Size, World.Log.Root(EvidenceWorld.Size));
        Assert.Equal(["checkpoint bundle checkpoint-signature-invalid"], NotPassed(Verify(builder)));
    }

    [Fact]
    public void Checkpoint_WithAWitnessSignatureBeforeTheLogs_Passes()
    {
        var builder = World.Bundle(World.Single);
        var lines = EvidenceVectors.Other.Log.Note(EvidenceWorld.Size).Split("\n\n")[1];
        builder.Checkpoint = builder.Checkpoint.Replace("\n\n", "\n\n" + lines, StringComparison.Ordinal);
        Assert.Empty(NotPassed(Verify(builder)));
    }

    [Fact]
    public void Checkpoint_Unreadable_LeavesInclusionOpen()
    {
        var builder = World.Bundle(World.Single);
        builder.Checkpoint = "x";
        Assert.Equal(["checkpoint bundle checkpoint-malformed", "inclusion bundle depends-on-failed-check"], NotPassed(Verify(builder)));
    }

    [Fact]
    public void Leaf_ClaimedTwiceWithTwoHashes_FailsInclusion()
    {
        var builder = World.Bundle(World.Single);
        builder.Keys.Add(builder.Keys[0] with { Leaf = Fixed.Hash("x") });
        Assert.Contains("inclusion bundle inclusion-proof-invalid", NotPassed(Verify(builder)));
    }

    [Fact]
    public void Record_ThatNamesAKeyAdmittedAfterIt_Fails()
    {
        var builder = World.Bundle(World.Single);
        builder.Keys[0] = builder.Keys[0] with { Index = 30 };
        builder.Records[0] = builder.Records[0] with { Record = With(World.Single.Record with { KeyEntry = 30 }, out var leaf, World.Single.Salt), Leaf = leaf };
        Assert.Contains("signature records[0] key-mismatch", NotPassed(Verify(builder)));
    }

    [Fact]
    public void Record_ThatCallsACustodialKeySelfHeld_Fails()
    {
        var builder = World.Bundle(World.Custodial);
        builder.Records[0] = builder.Records[0] with { Record = With(World.Custodial.Record with { Custody = Custody.Self }, out var leaf, World.Custodial.Salt), Leaf = leaf };
        Assert.Contains("signature records[0] key-mismatch", NotPassed(Verify(builder)));
    }

    [Fact]
    public void Record_OfAnotherPosition_DoesNotFitTheEventsProof()
    {
        var builder = World.Bundle(World.Three[1]);
        builder.Records[0] = builder.Records[0] with { Record = With(World.Three[1].Record with { Position = 2 }, out var leaf, World.Three[1].Salt), Leaf = leaf };
        Assert.Contains("event records[0] event-altered", NotPassed(Verify(builder)));
    }

    [Fact]
    public void Record_ThatIsNoRecord_IsMalformed()
    {
        var builder = World.Bundle(World.Single);
        var body = "{\"v\":1}"u8.ToArray();
        builder.Records[0] = builder.Records[0] with { Record = body, Leaf = MerkleTree.HashLeaf(LogEntry.ForEvent(World.Single.Salt.ToArray(), body)) };
        Assert.Contains("record records[0] record-malformed", NotPassed(Verify(builder)));
    }

    [Fact]
    public void KeyEntry_OfNoKnownAct_IsMalformed()
    {
        var builder = World.Bundle(World.Single);
        var body = "{\"act\":\"praise\",\"organisation\":\"green-hill\",\"v\":1}"u8.ToArray();
        builder.Keys[0] = builder.Keys[0] with { Body = body, Leaf = MerkleTree.HashLeaf(LogEntry.ForPublic(EntryKind.Key, body)) };
        var notPassed = NotPassed(Verify(builder)).ToList();
        Assert.Contains("key keys[0] key-malformed", notPassed);
        Assert.Contains("signature records[0] depends-on-failed-check", notPassed);
    }

    [Fact]
    public void KeyEntry_ThatAdmitsNoKey_IsNotTheRecords()
    {
        var builder = World.Bundle(World.Single);
        var body = World.Compromise.Body;
        builder.Keys[0] = builder.Keys[0] with { Body = body, Leaf = MerkleTree.HashLeaf(LogEntry.ForPublic(EntryKind.Key, body)) };
        var notPassed = NotPassed(Verify(builder)).ToList();
        Assert.DoesNotContain(notPassed, static line => line.StartsWith("key ", StringComparison.Ordinal) || line.StartsWith("keyHistory", StringComparison.Ordinal));
        Assert.Contains("signature records[0] key-missing", notPassed);
    }

    [Fact]
    public void Statement_SignedByAnotherKeyInTheSameName_DoesNotVerify()
    {
        var forger = new Signer("forger", "Green Hill Tea", Core.Signing.SignatureAlgorithms.ES256, Custody.Self);
        var builder = World.Bundle(World.Single);
        var payload = builder.Statements[0].Split('.');
        var signature = forger.Sign(Core.Signing.Statement.RootType, EvidenceWorld.TeaOrigin, "{}"u8).Split('.')[2];
        builder.Statements[0] = $"{payload[0]}.{payload[1]}.{signature}";
        var record = World.Single.Record with { Statement = Hash32.Compute(System.Text.Encoding.ASCII.GetBytes(builder.Statements[0])) };
        builder.Records[0] = builder.Records[0] with { Record = With(record, out var leaf, World.Single.Salt), Leaf = leaf };
        Assert.Contains("signature records[0] signature-invalid", NotPassed(Verify(builder)));
    }

    [Fact]
    public void Statement_Malformed_IsSaidSo()
    {
        var builder = World.Bundle(World.Single);
        builder.Statements[0] = "a.b";
        Assert.Contains("signature records[0] statement-malformed", NotPassed(Verify(builder)));
    }

    [Fact]
    public void Event_LeftOutWithoutErasure_IsMissing()
    {
        var builder = World.Bundle(World.Single);
        builder.Records[0] = builder.Records[0] with { Event = null, EventSalt = null, EventProof = [] };
        Assert.Equal(["event records[0] event-missing", "eventHash records[0] depends-on-failed-check"], NotPassed(Verify(builder)));
    }

    [Fact]
    public void Certificate_ShownAsARecall_Fails()
    {
        var builder = World.Bundle([EvidenceWorld.Size], [World.Certificate], World.Single);
        builder.Status[0] = builder.Status[0] with { Kind = EntryKind.Recall, Leaf = MerkleTree.HashLeaf(LogEntry.ForPublic(EntryKind.Recall, World.Certificate.Body)) };
        Assert.Equal(["inclusion bundle inclusion-proof-invalid", "status status[0] status-signature-invalid"], NotPassed(Verify(builder)));
    }

    private static VerificationReport Verify(BundleBuilder builder)
    {
        var bundle = builder.Build();
        return EvidenceVerifier.Verify(bundle, World.Log.Trust, Chain(bundle));
    }

    private static ChainObservation Chain(EvidenceBundle bundle) => RecordedChain.Read(RecordedChain.Record(World)).Observe(bundle);

    private static IEnumerable<string> NotPassed(VerificationReport report) =>
        report.Checks.Where(static c => c.Outcome != Outcome.Passed).Select(static c => $"{c.Name} {c.Subject} {c.Code}");

    private static byte[] With(Core.Log.Record record, out Hash32 leaf, Hash32 salt)
    {
        leaf = MerkleTree.HashLeaf(LogEntry.ForEvent(salt.ToArray(), record.ToJcs()));
        return record.ToJcs();
    }
}
