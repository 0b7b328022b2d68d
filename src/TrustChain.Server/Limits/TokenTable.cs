using System.Numerics;
using System.Security.Cryptography;

namespace TrustChain.Server.Limits;

/// <summary>A token bucket's rate on this server.</summary>
/// <param name="PerSecond">Tokens that come back each second; 0 for no limit.</param>
/// <param name="Burst">Most tokens there are.</param>
internal readonly record struct Rate(double PerSecond, double Burst);

/// <summary>
/// Token buckets by key in a table that never grows: millions of addresses cost no more memory than none. Each key belongs to one row of eight buckets; when
/// a row is full, the fullest bucket is given to the new key, since forgetting it changes least. A bucket may go below zero: then nothing is taken until it
/// is above, so costs that are known only afterwards count too.
/// </summary>
internal sealed class TokenTable
{
    private const int RowSize = 8;
    private const int LockCount = 256;

    private readonly Bucket[] _buckets;
    private readonly Lock[] _locks = [.. Enumerable.Range(0, LockCount).Select(static _ => new Lock())];
    private readonly int _rowMask;

    /// <summary>Nobody outside knows it, so nobody can fill one row on purpose.</summary>
    private readonly ulong _seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    /// <param name="capacity">Buckets; 24 bytes each.</param>
    public TokenTable(int capacity)
    {
        var rows = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, capacity / RowSize));
        _rowMask = rows - 1;
        _buckets = new Bucket[rows * RowSize];
    }

    private struct Bucket
    {
        public ulong Key;
        public double Tokens;

        /// <summary>When the tokens were counted, in seconds; 0: never used.</summary>
        public double At;
    }

    /// <summary>Takes tokens if there are any.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="cost">How many; may be more than there are, or 0 to ask only.</param>
    /// <param name="rate">What they come back at.</param>
    /// <param name="now">Seconds, always rising, more than 0.</param>
    /// <returns>Null, or how long to wait until there are some.</returns>
    public TimeSpan? Take(ulong key, double cost, Rate rate, double now) => Change(key, cost, rate, now, isForced: false);

    /// <summary>Takes tokens whether there are any or not.</summary>
    public void Charge(ulong key, double cost, Rate rate, double now) => Change(key, cost, rate, now, isForced: true);

    private TimeSpan? Change(ulong key, double cost, Rate rate, double now, bool isForced)
    {
        if (rate.PerSecond == 0)
        {
            return null;
        }
        var mixed = (key ^ _seed) * 0x9E3779B97F4A7C15UL;
        mixed = (mixed ^ (mixed >> 32)) * _seed;
        var row = (int)(mixed >> 33) & _rowMask;
        lock (_locks[row & (LockCount - 1)])
        {
            ref var bucket = ref Find(_buckets.AsSpan(row * RowSize, RowSize), key, rate, now);
            if (bucket.Tokens < 1 && !isForced)
            {
                return TimeSpan.FromSeconds((1 - bucket.Tokens) / rate.PerSecond);
            }
            bucket.Tokens -= cost;
            return null;
        }
    }

    private static ref Bucket Find(Span<Bucket> row, ulong key, Rate rate, double now)
    {
        var fullest = 0;
        for (var i = 0; i < row.Length; i++)
        {
            ref var bucket = ref row[i];
            if (bucket.At == 0)
            {
                bucket = new Bucket { Key = key, Tokens = rate.Burst, At = now };
                return ref bucket;
            }
            bucket.Tokens = Math.Min(rate.Burst, bucket.Tokens + (Math.Max(0, now - bucket.At) * rate.PerSecond));
            bucket.At = Math.Max(now, bucket.At);
            if (bucket.Key == key)
            {
                return ref bucket;
            }
            if (bucket.Tokens > row[fullest].Tokens)
            {
                fullest = i;
            }
        }
        row[fullest] = new Bucket { Key = key, Tokens = rate.Burst, At = now };
        return ref row[fullest];
    }
}
