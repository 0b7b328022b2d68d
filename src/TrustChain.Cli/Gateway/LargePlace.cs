namespace TrustChain.Cli.Gateway;

/// <summary>The right to have one large packet in memory, of its sender and of all: given back when the statement is answered.</summary>
internal sealed class LargePlace : IDisposable
{
    private readonly SemaphoreSlim _own;
    private readonly SemaphoreSlim _all;
    private int _isFree;

    private LargePlace(SemaphoreSlim own, SemaphoreSlim all) => (_own, _all) = (own, all);

    /// <summary>Waits for one.</summary>
    /// <param name="own">Places of the sender.</param>
    /// <param name="all">Places of all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<LargePlace> TakeAsync(SemaphoreSlim own, SemaphoreSlim all, CancellationToken cancellationToken)
    {
        await own.WaitAsync(cancellationToken);
        try
        {
            await all.WaitAsync(cancellationToken);
        }
        catch
        {
            own.Release();
            throw;
        }
        return new LargePlace(own, all);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isFree, 1) == 0)
        {
            _all.Release();
            _own.Release();
        }
    }
}
