using System.Collections.Concurrent;
using TrustChain.Core.Log;
using TrustChain.Core.Signing;

namespace TrustChain.FaultTests.Stage;

/// <summary>A stranger who asks every server for its checkpoint all the time and keeps what was signed.</summary>
internal sealed class CheckpointWatcher : IAsyncDisposable
{
    private readonly Site _site;
    private readonly ConcurrentDictionary<long, string> _bySize = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(Site.Cancel);
    private readonly List<Task> _watching;

    public CheckpointWatcher(Site site)
    {
        _site = site;
        _watching = [.. Enumerable.Range(0, site.ServerCount).Select(server => Task.Run(() => WatchAsync(server)))];
    }

    /// <summary>The signed notes.</summary>
    public IEnumerable<string> Seen => _bySize.Values;

    /// <summary>The checkpoint of a note, its signature checked.</summary>
    public static Checkpoint Read(string text, Site site)
    {
        Assert.True(SignedNote.TryParse(text, out var note), text);
        Assert.Equal(SignatureCheck.Valid, note.Verify(site.Keys.LogVerifier));
        Assert.True(Checkpoint.TryParse(note.Text, out var checkpoint), note.Text);
        return checkpoint;
    }

    /// <summary>Forgets what it saw: a database restored from an old dump is another history.</summary>
    public IReadOnlyDictionary<long, string> Take()
    {
        var seen = new Dictionary<long, string>(_bySize);
        _bySize.Clear();
        return seen;
    }

    public async Task ThrowIfContradictedAsync()
    {
        if (_watching.Find(static w => w.IsFaulted) is { } failed)
        {
            await failed;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_watching.Select(static w => w.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)));
        _stop.Dispose();
    }

    private async Task WatchAsync(int server)
    {
        while (true)
        {
            try
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                patience.CancelAfter(TimeSpan.FromSeconds(5)); // A halted server takes the request and says nothing.
                using var answer = await _site.Client.GetAsync(_site.BaseUrl(server) + "/log/checkpoint", patience.Token);
                if (answer.IsSuccessStatusCode)
                {
                    var text = await answer.Content.ReadAsStringAsync(patience.Token);
                    var checkpoint = Read(text, _site);
                    var first = _bySize.GetOrAdd(checkpoint.Size, text);
                    Assert.Equal(Read(first, _site), checkpoint);
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !_stop.IsCancellationRequested)
            {
                // The server is away, as these tests want it to be.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(25), _stop.Token);
        }
    }
}
