using System.Security.Cryptography;
using System.Text;
using TrustChain.Cli.Terminal;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;
using TrustChain.Evm.Keys;

namespace TrustChain.Cli.Witness;

/// <summary>
/// The latest checkpoint of each log that a witness vouches for, one file each, in a folder that belongs to one witness key and is open in one process.
/// A witness that lost this folder could be led to cosign a second history: it must not go on under its old key.
/// </summary>
internal sealed class WitnessState : IDisposable
{
    private const string KeyFile = "witness.key";
    private const string LockFile = "lock";

    private readonly string _folder;
    private readonly FileStream _lock;
    private readonly Dictionary<string, WitnessedLog> _logs = [];

    private WitnessState(string folder, FileStream heldLock) => (_folder, _lock) = (folder, heldLock);

    /// <summary>Opens the folder, which must exist; an empty one becomes this witness's.</summary>
    /// <exception cref="CliException">It is missing, in use, of another witness, or a file in it is damaged.</exception>
    public static WitnessState Open(string folder, WitnessVerifier witness, IEnumerable<NoteVerifier> logKeys)
    {
        if (!Directory.Exists(folder))
        {
            throw new CliException($"{folder} is missing. Make the folder if the witness is new; a witness whose state is lost needs a new key.");
        }
        try
        {
            var state = new WitnessState(folder, TakeLock(Path.Combine(folder, LockFile)));
            try
            {
                state.Claim(witness);
                foreach (var keys in logKeys.GroupBy(static k => k.Name))
                {
                    state._logs.Add(keys.Key, state.Load(keys.Key, [.. keys]));
                }
                return state;
            }
            catch
            {
                state.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{folder} cannot be used: {exception.Message}");
        }
    }

    /// <summary>The log of an origin; null when it is not witnessed.</summary>
    public WitnessedLog? Find(string origin) => _logs.GetValueOrDefault(origin);

    public void Dispose()
    {
        foreach (var log in _logs.Values)
        {
            log.Dispose();
        }
        _lock.Dispose();
    }

    private static FileStream TakeLock(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new CliException($"{file} is locked: another witness runs on this folder.");
        }
    }

    private void Claim(WitnessVerifier witness)
    {
        var file = Path.Combine(_folder, KeyFile);
        if (!File.Exists(file))
        {
            if (Directory.EnumerateFiles(_folder).Any(static f => Path.GetFileName(f) != LockFile))
            {
                throw new CliException($"{_folder} is not empty and not the state of a witness.");
            }
            DurableFile.Replace(file, Encoding.UTF8.GetBytes(witness.Text + "\n"));
        }
        else if (File.ReadAllText(file) is var owner && owner != witness.Text + "\n")
        {
            throw new CliException($"{_folder} is the state of the witness {owner.TrimEnd()}.");
        }
    }

    private WitnessedLog Load(string origin, IReadOnlyList<NoteVerifier> keys)
    {
        var file = Path.Combine(_folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(origin))) + ".checkpoint");
        if (!File.Exists(file))
        {
            return new WitnessedLog(origin, keys, file, null);
        }
        // The log's key may have been changed since, so its signature is not looked at: what counts is what was cosigned.
        return SignedNote.TryParse(File.ReadAllText(file), out var note) && Checkpoint.TryParse(note.Text, out var checkpoint) && checkpoint.Origin == origin
            ? new WitnessedLog(origin, keys, file, checkpoint)
            : throw new CliException($"{file} is damaged: it must hold the checkpoint of {origin} that was cosigned last.");
    }
}

/// <summary>One log with its lock: comparing with the latest checkpoint and replacing it happen under it, one request after the other.</summary>
internal sealed class WitnessedLog(string origin, IReadOnlyList<NoteVerifier> keys, string file, Checkpoint? latest) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private Checkpoint? _latest = latest;

    public string Origin => origin;

    /// <summary>The latest checkpoint vouched for; null when there is none.</summary>
    public Checkpoint? Latest => _latest;

    /// <summary>Judges a request, and when it is to be cosigned has made it the latest checkpoint, durably, before it returns.</summary>
    /// <exception cref="IOException">The state cannot be stored; nothing may be cosigned.</exception>
    /// <exception cref="UnauthorizedAccessException">As <see cref="IOException"/>.</exception>
    public async Task<WitnessDecision> DecideAsync(AddCheckpointRequest request, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var decision = WitnessRules.Decide(request, keys, _latest);
            if (decision is WitnessDecision.Cosign cosign && cosign.Checkpoint != _latest)
            {
                DurableFile.Replace(file, Encoding.UTF8.GetBytes(request.Checkpoint));
                _latest = cosign.Checkpoint;
            }
            else if (decision.IsSuspicious && !File.Exists(file + ".suspicious"))
            {
                // Signed by the log, so nobody else can fill the disk with it; the first one is kept.
                DurableFile.Replace(file + ".suspicious", request.ToUtf8());
            }
            return decision;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
