using TrustChain.Core.Identifiers;
using TrustChain.Postgres.Organisations;

namespace TrustChain.Server.Query;

/// <summary>How long the company prefixes are that organisations here claim: what it takes to write an EPC URN.</summary>
internal sealed class CompanyPrefixLengths(IReadOnlySet<string> prefixes)
{
    public static CompanyPrefixLengths None { get; } = new(new HashSet<string>());

    /// <summary>The length of the claimed prefix that a canonical Digital Link begins with; null when nobody claims one.</summary>
    public int? Find(string canonicalUri)
    {
        var digits = CompanyPrefix.DigitsOf(canonicalUri);
        for (var length = Math.Min(12, digits.Length); length >= 6; length--)
        {
            if (prefixes.Contains(digits[..length].ToString()))
            {
                return length;
            }
        }
        return null;
    }
}

/// <summary>The prefixes of all organisations, read again every ten seconds; while one request reads, the others go on with what is known.</summary>
internal sealed class CompanyPrefixes(OrganisationStore organisations, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private volatile CompanyPrefixLengths? _known;
    private long _readAt;
    private int _readers;

    public async ValueTask<CompanyPrefixLengths> GetAsync(CancellationToken cancellationToken)
    {
        if (_known is { } known && (time.GetElapsedTime(Volatile.Read(ref _readAt)) < Lifetime || Volatile.Read(ref _readers) > 0))
        {
            return known;
        }
        Interlocked.Increment(ref _readers);
        try
        {
            var prefixes = await organisations.ListCompanyPrefixesAsync(cancellationToken);
            Volatile.Write(ref _readAt, time.GetTimestamp());
            return _known = new CompanyPrefixLengths(prefixes);
        }
        finally
        {
            Interlocked.Decrement(ref _readers);
        }
    }
}
