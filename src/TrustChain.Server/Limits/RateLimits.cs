using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace TrustChain.Server.Limits;

/// <summary>
/// How fast each sender may go on. The rates are the deployment's; each server lets through its share, the whole divided by the servers that live. A request
/// with an API key counts on the key and its organisation, one without on its address, so that many people behind one address do not use up what a company
/// among them has.
/// </summary>
internal sealed class RateLimits(IOptions<LimitsOptions> options, LiveServers servers, TimeProvider time)
{
    private readonly TokenTable _addresses = new(1 << 18);
    private readonly TokenTable _keys = new(1 << 16);
    private readonly TokenTable _organisations = new(1 << 14);
    private readonly TokenTable _guesses = new(1 << 17);

    /// <summary>
    /// Digests of headers that were good lately, each in the place that its last bits name: they pass although somebody at the same address guesses. Who
    /// overwrites whom does not matter much, and a torn read is impossible.
    /// </summary>
    private readonly ulong[] _good = new ulong[1 << 16];

    private readonly IReadOnlyList<System.Net.IPNetwork> _exempt = options.Value.ReadExempt() ?? []; // Options are validated.

    private double Now => 1 + ((double)time.GetTimestamp() / time.TimestampFrequency);

    private LimitsOptions Options => options.Value;

    /// <summary>Whether no rate holds for a request: it comes from an exempt network, and nobody forwarded it there.</summary>
    public bool IsExempt(HttpContext context) =>
        NetworkAddress.IsIn(context.Connection.RemoteIpAddress, _exempt)
        && context.Request.Headers is var headers && !headers.ContainsKey("X-Forwarded-For") && !headers.ContainsKey("Forwarded");

    /// <summary>Before a header is looked up: null, or how long its address has to wait because of failed authentications.</summary>
    public TimeSpan? CheckGuesses(HttpContext context)
    {
        if (_guesses.Take(AddressOf(context), 0, ShareOf(Options.FailedAuthentication), Now) is not { } wait)
        {
            return null;
        }
        var key = KeyOf(context);
        return Volatile.Read(ref PlaceOf(key)) == key ? null : wait;
    }

    /// <summary>An authentication failed.</summary>
    public void ChargeGuess(HttpContext context)
    {
        _guesses.Charge(AddressOf(context), 1, ShareOf(Options.FailedAuthentication), Now);
        Volatile.Write(ref PlaceOf(KeyOf(context)), 0);
    }

    /// <summary>An authentication went well.</summary>
    public void Remember(HttpContext context)
    {
        var key = KeyOf(context);
        Volatile.Write(ref PlaceOf(key), key);
    }

    /// <summary>Null, or how long the sender has to wait.</summary>
    public (TimeSpan Wait, string Limit)? Take(HttpContext context, int? organisation, double cost)
    {
        var now = Now;
        if (organisation is null)
        {
            return _addresses.Take(AddressOf(context), cost, ShareOf(Options.PerAddress), now) is { } wait ? (wait, "address") : null;
        }
        if (HasKey(context) && _keys.Take(KeyOf(context), cost, ShareOf(Options.PerKey), now) is { } keyWait)
        {
            return (keyWait, "key");
        }
        return _organisations.Take((ulong)organisation.Value, cost, ShareOf(Options.PerOrganisation), now) is { } organisationWait ? (organisationWait, "organisation") : null;
    }

    /// <summary>Takes what became known only afterwards.</summary>
    public void Charge(HttpContext context, int? organisation, double cost)
    {
        var now = Now;
        if (organisation is null)
        {
            _addresses.Charge(AddressOf(context), cost, ShareOf(Options.PerAddress), now);
            return;
        }
        if (HasKey(context))
        {
            _keys.Charge(KeyOf(context), cost, ShareOf(Options.PerKey), now);
        }
        _organisations.Charge((ulong)organisation.Value, cost, ShareOf(Options.PerOrganisation), now);
    }

    private ref ulong PlaceOf(ulong key) => ref _good[key & 0xFFFF];

    private Rate ShareOf(RateOptions rate) => new(rate.PerSecond / servers.Count, Math.Max(1, rate.Burst / servers.Count));

    private static bool HasKey(HttpContext context) => context.Request.Headers.Authorization.Count > 0;

    private static ulong AddressOf(HttpContext context) => NetworkAddress.ToKey(context.Connection.RemoteIpAddress);

    private static ulong KeyOf(HttpContext context) => DigestOf(context.Request.Headers.Authorization.ToString());

    private static ulong DigestOf(string text) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
