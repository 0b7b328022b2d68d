using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace TrustChain.FaultTests.Stage;

/// <summary>
/// People without credentials who read without pause what the public may read, each time from another address, and companies that claim namespaces, which no proxy may
/// send twice. Nothing is tried again here: whatever is not answered as it should be has failed, and is kept.
/// </summary>
internal sealed class Visitors(Site site, string apiKey, string item) : IAsyncDisposable
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(10);

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 64 }) { Timeout = TimeSpan.FromSeconds(100) };
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(Site.Cancel);
    private readonly ConcurrentQueue<string> _failed = new();
    private readonly List<Task> _visits = [];
    private int _number;
    private int _sent;

    public int Sent => Volatile.Read(ref _sent);

    public IReadOnlyCollection<string> Failed => _failed;

    /// <summary>Told the time of each answer.</summary>
    public Action<TimeSpan> Answered { get; set; } = static _ => { };

    public void Start(int readers, int companies)
    {
        for (var i = 0; i < readers; i++)
        {
            _visits.Add(Task.Run(() => VisitAsync(MakeRead)));
        }
        for (var i = 0; i < companies; i++)
        {
            _visits.Add(Task.Run(() => VisitAsync(MakeClaim)));
        }
    }

    /// <summary>Ends all visits once they have their answers.</summary>
    public async Task LeaveAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_visits);
        _visits.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        _client.Dispose();
        _stop.Dispose();
    }

    private async Task VisitAsync(Func<HttpRequestMessage> make)
    {
        while (!_stop.IsCancellationRequested)
        {
            using var request = make();
            var clock = Stopwatch.StartNew();
            Interlocked.Increment(ref _sent);
            try
            {
                using var answer = await _client.SendAsync(request, Site.Cancel); // What was begun is waited for.
                var body = await answer.Content.ReadAsStringAsync(Site.Cancel);
                if (!answer.IsSuccessStatusCode)
                {
                    _failed.Enqueue($"{request.Method} {request.RequestUri?.PathAndQuery} {(int)answer.StatusCode} {body[..Math.Min(body.Length, 300)]}");
                }
                Answered(clock.Elapsed);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !Site.Cancel.IsCancellationRequested)
            {
                _failed.Enqueue($"{request.Method} {request.RequestUri?.PathAndQuery} {exception.Message}");
            }
            await Task.Delay(Breath, Site.Cancel);
        }
    }

    private HttpRequestMessage MakeRead()
    {
        var number = Interlocked.Increment(ref _number);
        var escaped = Uri.EscapeDataString(item);
        var path = (number % 6) switch
        {
            0 => "/log/checkpoint",
            1 => "/log/tile/0/000.p/1",
            2 => $"/evidence?item={escaped}",
            3 => $"/epcis/epcs/{escaped}/events?perPage=10",
            4 => "/log/tile/entries/000.p/1",
            _ => new Uri(item).AbsolutePath,
        };
        var request = new HttpRequestMessage(HttpMethod.Get, site.EntranceTo(0) + path);
        request.Headers.Add("X-Forwarded-For", string.Create(CultureInfo.InvariantCulture, $"198.18.{number / 256 % 256}.{number % 256}"));
        return request;
    }

    private HttpRequestMessage MakeClaim()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, site.EntranceTo(0) + "/api/claims")
        {
            Content = JsonContent.Create(new { kind = "namespace", value = string.Create(CultureInfo.InvariantCulture, $"https://company.example/{Interlocked.Increment(ref _number)}/") }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        return request;
    }
}
