using System.Diagnostics;

namespace TrustChain.IntegrationTests.Serving;

/// <summary>Waits for a condition that other processes bring about, and says which one did not come.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <param name="awaited">What is awaited, to follow "within 30 s there was no".</param>
    /// <param name="probe">Null or false: not yet.</param>
    /// <param name="patience">How long to wait; 30 s when null.</param>
    public static async Task<T> GetAsync<T>(string awaited, Func<Task<T?>> probe, TimeSpan? patience = null)
        where T : class
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < (patience ?? Patience))
        {
            if (await probe() is { } found)
            {
                return found;
            }
            await Task.Delay(Interval, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException($"Within {(patience ?? Patience).TotalSeconds:0} s there was no {awaited}.");
    }

    public static Task TrueAsync(string awaited, Func<Task<bool>> probe) => GetAsync(awaited, async () => await probe() ? "" : null);
}
