using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.Cli.Fsck;

/// <summary>A checkpoint with the note that proves it; the log's signature was verified when it was read.</summary>
internal sealed record SignedCheckpoint
{
    private SignedCheckpoint(Checkpoint checkpoint, string note) => (Checkpoint, Note) = (checkpoint, note);

    /// <summary>What is signed.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The note as it was served.</summary>
    public string Note { get; }

    /// <summary>Leaves.</summary>
    public long Size => Checkpoint.Size;

    /// <summary>The root.</summary>
    public Hash32 Root => Checkpoint.Root;

    /// <summary>Reads a note and checks the log's signature.</summary>
    /// <exception cref="LogFaultException">It is malformed, not signed by the key, or of another log.</exception>
    /// <exception cref="CliException">This machine cannot check the signature.</exception>
    public static SignedCheckpoint Read(string text, NoteVerifier verifier)
    {
        if (!SignedNote.TryParse(text, out var note) || !Checkpoint.TryParse(note.Text, out var checkpoint) || checkpoint.Size > TreeHistory.MaxSize)
        {
            throw Fault("The checkpoint is not a signed note of origin, size and root.");
        }
        return note.Verify(verifier) switch
        {
            SignatureCheck.CouldNotCheck => throw new CliException("This machine cannot check Ed25519 signatures."),
            SignatureCheck.Invalid => throw Fault($"The checkpoint of {checkpoint.Origin} is not signed by the key of {verifier.Name}."),
            _ when checkpoint.Origin != verifier.Name => throw Fault($"The checkpoint is of {checkpoint.Origin}, the key of {verifier.Name}."),
            _ when checkpoint.Size == 0 && checkpoint.Root != MerkleTree.EmptyRoot => throw Fault("The checkpoint of size 0 has not the root of the empty tree."),
            _ => new SignedCheckpoint(checkpoint, text),
        };
    }

    private static LogFaultException Fault(string message) => new(FaultCodes.BadCheckpoint, "checkpoint", message);
}
