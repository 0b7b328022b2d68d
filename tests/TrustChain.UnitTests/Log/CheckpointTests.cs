using System.Text;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.UnitTests.Log;

public sealed class CheckpointTests
{
    public static IEnumerable<TheoryDataRow<string>> Published() => Vectors.Rows(() =>
    {
        using var vectors = Vectors.Read("merkle/tlog-checkpoints.json");
        return vectors.RootElement.GetProperty("checkpoints").EnumerateObject().Select(m => m.Name).ToList();
    });

    [Theory, MemberData(nameof(Published))]
    public void PublishedCheckpoint_Verifies_AndItsRootIsThatOfTheLeaves(string size)
    {
        using var vectors = Vectors.Read("merkle/tlog-checkpoints.json");
        var root = vectors.RootElement;
        Assert.True(NoteVerifier.TryParse(root.GetProperty("verifierKey").GetString()!, out var verifier));
        Assert.True(SignedNote.TryParse(root.GetProperty("checkpoints").GetProperty(size).GetString()!, out var note));
        Assert.Equal(SignatureCheck.Valid, note.Verify(verifier));
        Assert.True(Checkpoint.TryParse(note.Text, out var checkpoint));
        var leaves = root.GetProperty("leavesUtf8").EnumerateArray().Take(int.Parse(size)).Select(l => MerkleTree.HashLeaf(Encoding.UTF8.GetBytes(l.GetString()!))).ToArray();
        Assert.Equal(MerkleTree.ComputeRoot(leaves), checkpoint.Root);
        Assert.Equal(int.Parse(size), checkpoint.Size);
        Assert.Equal(note.Text, checkpoint.ToText());
    }

    [Fact]
    public void SignedCheckpoint_RoundTrips_AndAnyAlteredByteFails()
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var verifier = NoteVerifier.Create("example.org/log", key.PublicKey);
        Assert.True(NoteVerifier.TryParse(verifier.Text, out var read));
        Assert.Equal(verifier.Text, read.Text);
        var note = SignedNote.Sign(new Checkpoint("example.org/log", 42, MerkleTree.HashLeaf([1])).ToText(), "example.org/log", key);
        Assert.True(SignedNote.TryParse(note, out var parsed));
        Assert.Equal(SignatureCheck.Valid, parsed.Verify(read));
        for (var i = 0; i < note.Length; i++)
        {
            // 'A' and 'Q' differ in the highest bit alone: the lowest bits of a signature's last character mean nothing (docs/evidence-format.md section 2).
            var altered = note[..i] + (note[i] == 'A' ? 'Q' : 'A') + note[(i + 1)..];
            Assert.False(SignedNote.TryParse(altered, out var other) && other.Verify(read) == SignatureCheck.Valid, $"A change at {i} went unnoticed.");
        }
    }

    [Theory]
    [InlineData("origin\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "no last newline")]
    [InlineData("origin\n05\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "leading zero")]
    [InlineData("origin\n-5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "negative")]
    [InlineData("origin\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n", "short root")]
    [InlineData("\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "no origin")]
    [InlineData("origin\n5\n", "no root")]
    public void Checkpoint_Malformed_IsRefused(string text, string why)
    {
        Assert.False(Checkpoint.TryParse(text, out _), why);
    }

    [Fact]
    public void Receipt_RoundTrips_AndAnotherKeyDoesNotVerifyIt()
    {
        using var key = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        using var other = SigningKey.Generate(SignatureAlgorithms.EdDsa);
        var receipt = new Receipt("example.org/log", MerkleTree.HashLeaf([4]), new DateTimeOffset(2026, 5, 4, 3, 2, 1, 7, TimeSpan.Zero), new DateTimeOffset(2026, 5, 4, 3, 3, 1, 7, TimeSpan.Zero));
        var compact = receipt.Sign(key);
        Assert.Equal(SignatureCheck.Valid, Receipt.Verify(compact, key.PublicKey, out var read));
        Assert.Equal(receipt, read);
        Assert.Equal(SignatureCheck.Invalid, Receipt.Verify(compact, other.PublicKey, out _));
    }
}
