using TrustChain.Core.Log;
using TrustChain.Evm.Anchoring;
using TrustChain.Evm.Rpc;
using TrustChain.Postgres.Log;

namespace TrustChain.Server.Log;

/// <summary>
/// Compares the log with what the registry holds, at start and before signing. A database that is behind its own anchors or has another root under an
/// anchored size was restored from an old dump or altered: then nothing is signed or captured any more until people have looked. While the chain cannot be
/// asked the last answer counts; without any answer yet, nothing is signed. Safe for concurrent use.
/// </summary>
internal sealed partial class RegistryGuard(AnchorRegistry registry, LogStore log, TileCache tiles, LogHead head, TimeProvider time, ILogger<RegistryGuard> logger)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _one = new(1);
    private RegistryAnchor? _latest;
    private RegistryAnchor? _compared;
    private long _asked;
    private bool _saidUnreachable;

    /// <summary>Whether a checkpoint of this committed state may be signed.</summary>
    /// <param name="state">The committed state.</param>
    /// <param name="fresh">Ask the registry now, however recent its last answer: before an anchor is sent, which would hide the one before it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<bool> MaySignAsync(LogState state, bool fresh, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await RefreshAsync(fresh, cancellationToken);
            return await CompareAsync(state, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Whether the latest anchor of a target's registry is of this log's committed state; if not, the log is halted.</summary>
    public async Task<bool> AgreesAsync(string target, RegistryAnchor latest, LogState state, CancellationToken cancellationToken)
    {
        if (latest.Size > (ulong)state.Size)
        {
            // Between the caller's look at the database and the registry's answer another server may have grown and anchored the log.
            state = await log.GetStateAsync(cancellationToken);
        }
        if (latest.Size > (ulong)state.Size)
        {
            Halt($"The registry of {target} holds an anchor of {latest.Size} entries, but the database has only {state.Size}: it is older than its own anchors.");
            return false;
        }
        var root = (await tiles.BuildAsync(ProofPlan.Root((long)latest.Size), cancellationToken))[0];
        if (root != latest.Root)
        {
            Halt($"The registry of {target} holds another root for {latest.Size} entries than the database.");
            return false;
        }
        return true;
    }

    /// <summary>Whether the committed state holds a checkpoint that this machine served once; if not, the log is halted.</summary>
    public async Task ConfirmAsync(Checkpoint kept, LogState state, CancellationToken cancellationToken)
    {
        if (kept.Size > state.Size)
        {
            Halt($"The database has only {state.Size} of the {kept.Size} entries under the checkpoint that this machine keeps: it went back to an older state.");
        }
        else if (kept.Size > 0 && (await tiles.BuildAsync(ProofPlan.Root(kept.Size), cancellationToken))[0] != kept.Root)
        {
            Halt($"The database has another root for {kept.Size} entries than the checkpoint that this machine keeps.");
        }
    }

    private async Task<bool> CompareAsync(LogState state, CancellationToken cancellationToken)
    {
        if (head.Halted is not null || _latest is not { } latest)
        {
            return false;
        }
        if (latest.Size == 0 || latest == _compared)
        {
            return true;
        }
        if (!await AgreesAsync(Postgres.Anchoring.AnchorStore.Primary, latest, state, cancellationToken))
        {
            return false;
        }
        _compared = latest;
        return true;
    }

    private async Task RefreshAsync(bool fresh, CancellationToken cancellationToken)
    {
        if (!fresh && _latest is not null && time.GetElapsedTime(_asked) < Freshness)
        {
            return;
        }
        _asked = time.GetTimestamp();
        try
        {
            _latest = await registry.GetLatestAsync(BlockTag.Latest, cancellationToken);
            _saidUnreachable = false;
        }
        catch (RpcUnavailableException exception)
        {
            if (!_saidUnreachable)
            {
                Log.Unreachable(logger, exception.Message);
                _saidUnreachable = true;
            }
        }
        catch (Exception exception) when (exception is RegistryMismatchException or RpcErrorException)
        {
            Log.Mismatch(logger, exception.Message);
        }
    }

    /// <summary>Makes this server read-only, and says why where operators look.</summary>
    public void Halt(string reason)
    {
        if (head.Halted is null)
        {
            head.Halt(reason);
            Log.Halted(logger, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3000, LogLevel.Warning, "The chain cannot be asked; signing goes on only with what was seen before. {Reason}")]
        public static partial void Unreachable(ILogger logger, string reason);

        [LoggerMessage(3001, LogLevel.Error, "The registry contract does not answer as one: {Reason}")]
        public static partial void Mismatch(ILogger logger, string reason);

        [LoggerMessage(3002, LogLevel.Critical, "READ-ONLY: {Reason} Nothing is signed or captured until this is cleared; see docs/operations.md.")]
        public static partial void Halted(ILogger logger, string reason);
    }
}
