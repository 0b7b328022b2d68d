using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Log;

/// <summary>The answers of C2SP tlog-witness, and the form of its request.</summary>
public sealed class WitnessRulesTests : IDisposable
{
    private const string Origin = "log.example/tea";

    private readonly SigningKey _key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
    private readonly Hash32[] _leaves = [.. Enumerable.Range(0, 300).Select(static i => MerkleTree.HashLeaf([(byte)i, (byte)(i >> 8)]))];

    public void Dispose() => _key.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 300)]
    [InlineData(1, 2)]
    [InlineData(7, 256)]
    [InlineData(256, 257)]
    [InlineData(300, 300)]
    public void ContinuedTree_IsCosigned(int old, int size)
    {
        var cosign = Assert.IsType<WitnessDecision.Cosign>(Decide(Request(old, size), old));
        Assert.Equal((size, Root(size)), (cosign.Checkpoint.Size, cosign.Checkpoint.Root));
        Assert.Equal(new Checkpoint(Origin, size, Root(size)).ToText(), cosign.Text);
    }

    [Fact]
    public void UnknownOrigin_Is404_WhateverSignsIt()
    {
        using var other = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var request = new AddCheckpointRequest(0, [], SignedNote.Sign(new Checkpoint("other.example/log", 5, Root(5)).ToText(), "other.example/log", other));
        Assert.IsType<WitnessDecision.UnknownLog>(Decide(request, 0));
    }

    [Fact]
    public void SignatureOfAnotherKey_Is403_AndBesideTheLogsItIsIgnored()
    {
        using var other = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var text = new Checkpoint(Origin, 5, Root(5)).ToText();
        var foreign = SignedNote.Sign(text, Origin, other);
        Assert.IsType<WitnessDecision.NotSigned>(Decide(new AddCheckpointRequest(0, [], foreign), 0));
        var both = SignedNote.Append(foreign, [SignedNote.Sign(text, Origin, _key)[(text.Length + 1)..]]);
        Assert.IsType<WitnessDecision.Cosign>(Decide(new AddCheckpointRequest(0, [], both), 0));
    }

    [Fact]
    public void SignatureOverAnotherText_Is403()
    {
        var note = SignedNote.Sign(new Checkpoint(Origin, 5, Root(5)).ToText(), Origin, _key).Replace("\n5\n", "\n6\n", StringComparison.Ordinal);
        Assert.IsType<WitnessDecision.NotSigned>(Decide(new AddCheckpointRequest(0, [], note), 0));
    }

    [Fact]
    public void OldSizeAboveTheCheckpoints_Is400() =>
        Assert.IsType<WitnessDecision.Malformed>(Decide(Request(5, 5) with { OldSize = 6 }, 6));

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(6)]
    public void AnotherOldSizeThanTheLatest_Is409_WithTheLatest(int latest) =>
        Assert.Equal(new WitnessDecision.Conflict(latest, false), Decide(Request(5, 9), latest));

    [Fact]
    public void SameSizeWithAnotherRoot_Is409_AndSuspicious()
    {
        var forged = new Checkpoint(Origin, 5, Root(6));
        var decision = Decide(new AddCheckpointRequest(5, [], SignedNote.Sign(forged.ToText(), Origin, _key)), 5);
        Assert.Equal(new WitnessDecision.Conflict(5, true), decision);
        Assert.True(decision.IsSuspicious);
    }

    [Fact]
    public void ProofThatDoesNotVerify_Is422_AndSuspicious()
    {
        var good = Request(5, 9);
        AddCheckpointRequest[] wrong =
        [
            good with { Proof = [.. good.Proof.Skip(1)] },
            good with { Proof = [.. good.Proof, MerkleTree.EmptyRoot] },
            good with { Proof = [MerkleTree.EmptyRoot, .. good.Proof.Skip(1)] },
            good with { Proof = [] },
            good with { Checkpoint = SignedNote.Sign(new Checkpoint(Origin, 9, Root(10)).ToText(), Origin, _key) },
        ];
        Assert.All(wrong, request => Assert.True(Assert.IsType<WitnessDecision.Inconsistent>(Decide(request, 5)).IsSuspicious));
        Assert.IsType<WitnessDecision.Inconsistent>(Decide(Request(0, 9) with { Proof = [Root(1)] }, 0)); // From 0 the proof is empty.
        Assert.IsType<WitnessDecision.Inconsistent>(Decide(Request(9, 9) with { Proof = [Root(1)] }, 9));
    }

    [Fact]
    public void Request_RoundTrips()
    {
        var request = Request(5, 300);
        Assert.True(AddCheckpointRequest.TryParse(request.ToUtf8(), out var read));
        Assert.Equal((request.OldSize, request.Checkpoint), (read.OldSize, read.Checkpoint));
        Assert.Equal(request.Proof, read.Proof);
        Assert.StartsWith("old 5\n", Encoding.UTF8.GetString(request.ToUtf8()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("old 5\n", "no empty line")]
    [InlineData("old 05\n\nnote\n", "leading zero")]
    [InlineData("old -1\n\nnote\n", "negative")]
    [InlineData("old +1\n\nnote\n", "sign")]
    [InlineData("old 9223372036854775808\n\nnote\n", "too large")]
    [InlineData("old  5\n\nnote\n", "two spaces")]
    [InlineData("new 5\n\nnote\n", "another word")]
    [InlineData("\n\nold 5\n\nnote\n", "empty line first")]
    [InlineData("old 5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF\n\nnote\n", "short hash")]
    [InlineData("old 5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n\nnote\n", "bits beyond the hash")]
    [InlineData("old 5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n\nnote\n", "carriage return")]
    public void Request_Malformed_IsRefused(string body, string why)
    {
        Assert.False(AddCheckpointRequest.TryParse(Encoding.UTF8.GetBytes(body), out _), why);
    }

    [Fact]
    public void Request_WithSixtyThreeHashes_IsRead_AndWithOneMoreRefused()
    {
        var request = Request(5, 9) with { Proof = [.. Enumerable.Repeat(MerkleTree.EmptyRoot, 63)] };
        Assert.True(AddCheckpointRequest.TryParse(request.ToUtf8(), out _));
        Assert.False(AddCheckpointRequest.TryParse((request with { Proof = [.. request.Proof, MerkleTree.EmptyRoot] }).ToUtf8(), out _));
        Assert.False(AddCheckpointRequest.TryParse([0xff, .. request.ToUtf8()], out _));
        Assert.False(AddCheckpointRequest.TryParse((request with { Checkpoint = new string('a', AddCheckpointRequest.MaxBytes) }).ToUtf8(), out _));
    }

    [Theory]
    [InlineData("0\n", 0)]
    [InlineData("20852163\n", 20852163)]
    [InlineData("20852163", -1)]
    [InlineData("01\n", -1)]
    [InlineData("1\n\n", -1)]
    [InlineData("\n", -1)]
    public void Conflict_IsReadStrictly(string body, long size)
    {
        Assert.Equal(size >= 0, AddCheckpointRequest.TryParseConflict(body, out var read));
        Assert.Equal(Math.Max(size, 0), read);
    }

    private WitnessDecision Decide(AddCheckpointRequest request, int latest) =>
        WitnessRules.Decide(request, [NoteVerifier.Create(Origin, _key.PublicKey)], latest == 0 ? null : new Checkpoint(Origin, latest, Root(latest)));

    private AddCheckpointRequest Request(int old, int size) => new(old, Consistency(old, size), SignedNote.Sign(new Checkpoint(Origin, size, Root(size)).ToText(), Origin, _key));

    private Hash32 Root(int size) => MerkleTree.ComputeRoot(_leaves.AsSpan(0, size));

    private IReadOnlyList<Hash32> Consistency(int old, int size) => ProofPlan.Consistency(old, size).Build(new TileSet(_leaves[..size]).Get);
}
