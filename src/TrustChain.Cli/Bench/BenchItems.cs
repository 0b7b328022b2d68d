using System.Globalization;
using TrustChain.Core.Identifiers;

namespace TrustChain.Cli.Bench;

/// <summary>The serialised products of one run, below a company prefix of nine digits that no other organisation has.</summary>
internal sealed class BenchItems(string companyPrefix, int count)
{
    private const int SerialsPerProduct = 1000;

    /// <summary>Digits of the prefix: three are left for the product.</summary>
    public const int PrefixLength = 9;

    /// <summary>Most items below one prefix.</summary>
    public const int MaxCount = 1000 * SerialsPerProduct;

    /// <summary>How many there are.</summary>
    public int Count => count;

    /// <summary>Canonical Digital Link of an item.</summary>
    public string Uri(int item) => CanonicalDigitalLink.Domain + Path(item);

    /// <summary>Path of an item's page.</summary>
    public string Path(int item)
    {
        var digits = string.Create(CultureInfo.InvariantCulture, $"0{companyPrefix}{item / SerialsPerProduct:000}");
        return string.Create(CultureInfo.InvariantCulture, $"/01/{digits}{CheckDigit.Compute(digits)}/21/{(item % SerialsPerProduct) + 1000}");
    }
}
