using System.Diagnostics;
using System.Text.Json;

namespace TrustChain.Cli.Bench;

/// <summary>How long requests took, in milliseconds.</summary>
internal sealed class Latencies
{
    private readonly List<double> _milliseconds = [];
    private readonly Lock _lock = new();
    private bool _sorted = true;

    /// <summary>All of several.</summary>
    public static Latencies Join(IEnumerable<Latencies> several)
    {
        var all = new Latencies { _sorted = false };
        foreach (var one in several)
        {
            lock (one._lock)
            {
                all._milliseconds.AddRange(one._milliseconds);
            }
        }
        return all;
    }

    /// <summary>Requests measured.</summary>
    public int Count => _milliseconds.Count;

    /// <summary>Adds the time since <paramref name="started"/> (a <see cref="Stopwatch"/> timestamp). Safe from several threads.</summary>
    public void AddSince(long started)
    {
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        lock (_lock)
        {
            _milliseconds.Add(elapsed);
            _sorted = false;
        }
    }

    /// <summary>The value that a share of the requests does not exceed; 0 when there is none.</summary>
    /// <param name="share">0 to 1: 0.5 is the median.</param>
    public double Percentile(double share)
    {
        lock (_lock)
        {
            if (!_sorted)
            {
                _milliseconds.Sort();
                _sorted = true;
            }
            return _milliseconds.Count == 0 ? 0 : _milliseconds[Math.Clamp((int)Math.Ceiling(share * _milliseconds.Count) - 1, 0, _milliseconds.Count - 1)];
        }
    }

    /// <summary>Median and p99 for people.</summary>
    public override string ToString() => FormattableString.Invariant($"median {Percentile(0.5):0.0} ms, p99 {Percentile(0.99):0.0} ms");

    /// <summary>Median and p99 for machines, as an object member.</summary>
    public void WriteTo(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", Count);
        json.WriteNumber("median", Math.Round(Percentile(0.5), 2));
        json.WriteNumber("p99", Math.Round(Percentile(0.99), 2));
        json.WriteEndObject();
    }
}
