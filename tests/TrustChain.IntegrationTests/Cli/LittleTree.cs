using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>A log that exists only in a test: it signs whatever it is told to, two histories too.</summary>
internal sealed class LittleTree : IDisposable
{
    public const string Origin = "log.example/little";

    private readonly SigningKey _key = SigningKey.Generate(SignatureAlgorithms.EdDsa);

    public NoteVerifier Verifier => NoteVerifier.Create(Origin, _key.PublicKey);

    public AddCheckpointRequest Request(int old, int size, int fork = 0) => new(old, Proof(old, Leaves(size, fork)), Note(size, fork));

    /// <param name="size">Entries.</param>
    /// <param name="fork">Number of the history.</param>
    public string Note(int size, int fork = 0) => SignedNote.Sign(Text(size, fork), Origin, _key);

    public static string Text(int size, int fork = 0) => new Checkpoint(Origin, size, MerkleTree.ComputeRoot(Leaves(size, fork))).ToText();

    public void Dispose() => _key.Dispose();

    private static Hash32[] Leaves(int size, int fork) => [.. Enumerable.Range(0, size).Select(i => MerkleTree.HashLeaf([(byte)i, (byte)fork]))];

    /// <summary>By the definition of RFC 9162 section 2.1.4.1.</summary>
    private static List<Hash32> Proof(int old, Hash32[] leaves)
    {
        return old == 0 || old == leaves.Length ? [] : Subproof(old, leaves, true);

        static List<Hash32> Subproof(int m, Hash32[] d, bool complete)
        {
            if (m == d.Length)
            {
                return complete ? [] : [MerkleTree.ComputeRoot(d)];
            }
            var k = 1;
            while (k * 2 < d.Length)
            {
                k *= 2;
            }
            return m <= k ? [.. Subproof(m, d[..k], complete), MerkleTree.ComputeRoot(d[k..])] : [.. Subproof(m - k, d[k..], false), MerkleTree.ComputeRoot(d[..k])];
        }
    }
}
