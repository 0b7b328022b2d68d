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
    public string Path(int item) => string.Create(CultureInfo.InvariantCulture, $"/01/{Gtin(item)}/21/{(item % SerialsPerProduct) + 1000}");

    /// <summary>Canonical Digital Link of a lot.</summary>
    public string Lot(int lot) => string.Create(CultureInfo.InvariantCulture, $"{CanonicalDigitalLink.Domain}/01/{Gtin(lot)}/10/L{(lot % SerialsPerProduct) + 1000}");

    private string Gtin(int number)
    {
        var digits = string.Create(CultureInfo.InvariantCulture, $"0{companyPrefix}{number / SerialsPerProduct:000}");
        return digits + CheckDigit.Compute(digits);
    }
}
