using System.Collections.Concurrent;

namespace TrustChain.Devnet;

/// <summary>
/// The one thread that starts processes. Linux sends the parent death signal when the thread that started the child ends, not the process;
/// a pool thread may end at any time and would take a healthy PostgreSQL with it. This thread ends with the process.
/// </summary>
internal static class SpawnThread
{
    private static readonly BlockingCollection<Action> Work = StartThread();

    public static Task<T> RunAsync<T>(Func<T> start)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                done.SetResult(start());
            }
#pragma warning disable CA1031 // Nothing is swallowed: the caller, who waits on another thread, gets it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                done.SetException(exception);
            }
        });
        return done.Task;
    }

    private static BlockingCollection<Action> StartThread()
    {
        var work = new BlockingCollection<Action>();
        var thread = new Thread(() =>
        {
            foreach (var action in work.GetConsumingEnumerable())
            {
                action();
            }
        })
        {
            IsBackground = true,
            Name = "starts processes",
        };
        thread.Start();
        return work;
    }
}
