using System.Text.Json;
using TrustChain.Cli;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Core.Verification;
using TrustChain.IntegrationTests.Devnet;

namespace TrustChain.IntegrationTests.Cli;

/// <summary>The command line run inside the test, in a folder of its own: for tests that need it very often.</summary>
internal sealed class AuditCli : IDisposable
{
    /// <summary>Of a chain that nobody asks.</summary>
    public const long ChainId = 31337;

    /// <summary>A contract there.</summary>
    public const string Registry = "0x1111111111111111111111111111111111111111";

    private readonly TemporaryFolder _folder = new();

    public string PathOf(string file) => _folder.PathOf(file);

    public string TrustFile => PathOf("trust.json");

    public void Trust(NoteVerifier verifier) =>
        File.WriteAllBytes(TrustFile, new TrustFile(verifier.Name, verifier.Text, ChainId, Registry, "0x" + new string('2', 64)).ToUtf8());

    public async Task<CliResult> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var exitCode = await CommandTree.RunAsync(arguments, new Shell(output, errors, static () => Stream.Null), TestContext.Current.CancellationToken);
        return new CliResult(string.Join(' ', arguments), exitCode, output.ToString().Trim(), errors.ToString().Trim());
    }

    /// <summary>Runs fsck with JSON.</summary>
    public Task<CliResult> FsckAsync(string server, string? state, params string[] more) =>
        RunAsync(["fsck", "--json", "--server", server, "--trust", TrustFile, .. state is null ? (string[])[] : ["--state", PathOf(state)], .. more]);

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// What a stranger does with the evidence of a fork, by the rules of docs/auditing.md and with no code of the program: both notes are signed, and the
    /// subtrees lead to the later root and to another root of the earlier size than was signed.
    /// </summary>
    public static void RequireProvesFork(string file, NoteVerifier verifier)
    {
        var json = JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
        Assert.Equal("fork", json.GetProperty("code").GetString());
        Assert.Equal(verifier.Text, json.GetProperty("logKey").GetString());
        var checkpoints = json.GetProperty("checkpoints").EnumerateArray().Select(note =>
        {
            Assert.True(SignedNote.TryParse(note.GetString()!, out var parsed));
            Assert.Equal(SignatureCheck.Valid, parsed.Verify(verifier));
            Assert.True(Checkpoint.TryParse(parsed.Text, out var checkpoint));
            return checkpoint;
        }).ToList();
        Assert.Equal(2, checkpoints.Count);
        var subtrees = new Queue<Hash32>(json.GetProperty("subtrees").EnumerateArray().Select(static h => Hash32.TryParseBase64Url(h.GetString(), out var hash) ? hash : default));
        var (first, whole) = subtrees.Count == 0 ? (checkpoints[1].Root, checkpoints[1].Root) : Roots(0, checkpoints[1].Size, checkpoints[0].Size, subtrees);
        Assert.Empty(subtrees);
        Assert.Equal(checkpoints[1].Root, whole);
        Assert.True(checkpoints[0].Size <= checkpoints[1].Size);
        Assert.NotEqual(checkpoints[0].Root, first);
    }

    private static (Hash32 First, Hash32 Whole) Roots(long start, long end, long earlier, Queue<Hash32> subtrees)
    {
        var width = end - start;
        if ((width & (width - 1)) == 0 && (end <= earlier || start >= earlier))
        {
            var root = subtrees.Dequeue();
            return (root, root);
        }
        var half = 1L;
        while (half * 2 < width)
        {
            half *= 2;
        }
        var left = Roots(start, start + half, earlier, subtrees);
        var right = Roots(start + half, end, earlier, subtrees);
        var first = end <= earlier || earlier > start + half ? MerkleTree.HashNode(left.First, right.First) : left.First;
        return (first, MerkleTree.HashNode(left.Whole, right.Whole));
    }
}
