using System.Text;
using Microsoft.Extensions.Options;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Postgres.Log;
using TrustChain.Server.Hosting;
using TrustChain.Server.Signing;

namespace TrustChain.Server.Log;

/// <summary>
/// The newest checkpoint that this machine served, in a file of its own beside the database: a database that is restored to an older state does not take it along. It is on the disk before
/// anybody is shown it. Nothing where no file is configured.
/// </summary>
internal sealed class KeptCheckpoint(IOptions<ServerOptions> options, KeyRing ring)
{
    private readonly string _path = options.Value.CheckpointFile;
    private long _size;

    /// <summary>What was kept; null where nothing was yet.</summary>
    /// <exception cref="WrongLogException">The file holds no checkpoint of this log under its key.</exception>
    public Checkpoint? Read()
    {
        if (_path.Length == 0 || !File.Exists(_path))
        {
            return null;
        }
        var text = File.ReadAllText(_path);
        if (!SignedNote.TryParse(text, out var note) || note.Verify(ring.Verifier) != SignatureCheck.Valid
            || !Checkpoint.TryParse(note.Text, out var checkpoint) || checkpoint.Origin != options.Value.Origin)
        {
            throw new WrongLogException($"{_path} holds no checkpoint of this log under its key; move it away if it belongs to another.");
        }
        _size = checkpoint.Size;
        return checkpoint;
    }

    /// <summary>Keeps a checkpoint that is larger than the one before; used by one at a time.</summary>
    /// <exception cref="IOException">It cannot be written: then it must not be served either.</exception>
    public void Keep(StoredCheckpoint checkpoint)
    {
        if (_path.Length == 0 || checkpoint.Size <= _size)
        {
            return;
        }
        var temporary = _path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(Encoding.UTF8.GetBytes(checkpoint.Note));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, _path, overwrite: true);
        _size = checkpoint.Size;
    }
}
