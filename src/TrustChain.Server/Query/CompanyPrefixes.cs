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

/// <summary>The prefixes of all organisations, read again every ten seconds.</summary>
internal sealed class CompanyPrefixes(OrganisationStore organisations, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private volatile CompanyPrefixLengths? _known;
    private long _readAt;

    public async ValueTask<CompanyPrefixLengths> GetAsync(CancellationToken cancellationToken)
    {
        if (_known is { } known && time.GetElapsedTime(Volatile.Read(ref _readAt)) < Lifetime)
        {
            return known;
        }
        var claims = await organisations.ListClaimsAsync(null, cancellationToken);
        Volatile.Write(ref _readAt, time.GetTimestamp());
        return _known = new CompanyPrefixLengths(claims.Where(static c => c.Kind == ClaimKind.Gcp).Select(static c => c.Value).ToHashSet());
    }
}
