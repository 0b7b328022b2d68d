using System.Globalization;
using TrustChain.Core.Identifiers;

namespace TrustChain.Devnet.Demo;

/// <summary>The things of the tea demo: lots of leaf and tea, tins, a case, and places. All keys are from the organisations' own prefixes.</summary>
/// <param name="season">Year of the harvest.</param>
internal sealed class TeaItems(int season)
{
    public const string ProductName = "云雾山明前绿茶 Yunwu Mountain Green Tea";
    public const string Origin = "云雾县云雾山 海拔八百米 Yunwu Mountain, 800 m";
    public const string Variety = "龙井43 Longjing 43";

    private readonly string _year = (season % 100).ToString("00", CultureInfo.InvariantCulture);

    /// <summary>GTIN of a tin of 100 grams, and of the made tea it is filled with.</summary>
    public static string TinGtin { get; } = Gtin(TeaOrganisations.Factory, 0, 1);

    public static string MadeTeaGtin { get; } = Gtin(TeaOrganisations.Factory, 0, 20);

    public string YunwuLot => $"YW{_year}0328";

    public string MadeTeaLot => $"MQ{_year}0329";

    public string YunwuLeaf => Lot(Gtin(TeaOrganisations.Yunwu, 0, 11), YunwuLot);

    public string LongxiLeaf => Lot(Gtin(TeaOrganisations.Longxi, 0, 11), $"LX{_year}0328");

    public string Withered => Lot(Gtin(TeaOrganisations.Factory, 0, 12), $"W{_year}0328");

    public string Fixed => Lot(Gtin(TeaOrganisations.Factory, 0, 13), $"F{_year}0329");

    public string Rolled => Lot(Gtin(TeaOrganisations.Factory, 0, 14), $"R{_year}0329");

    public string MadeTea => Lot(MadeTeaGtin, MadeTeaLot);

    /// <summary>Six of the tins. The first is the one the demo leads to, the last one is recalled for a while.</summary>
    public IReadOnlyList<string> Tins =>
        [.. Enumerable.Range(1, 6).Select(n => string.Create(CultureInfo.InvariantCulture, $"{CanonicalDigitalLink.Domain}/01/{TinGtin}/21/{_year}0412{n:0000}"))];

    public string Case => $"{CanonicalDigitalLink.Domain}/00/{WithCheckDigit($"1{TeaOrganisations.Factory.CompanyPrefix}{_year}0413001")}";

    /// <summary>Those that everybody may follow.</summary>
    public IReadOnlyList<(string Name, string Uri)> All =>
    [
        .. Tins.Select(static (tin, i) => ($"tin {i + 1}", tin)),
        ("the made tea", MadeTea), ("the rolled leaf", Rolled), ("the fixed leaf", Fixed), ("the withered leaf", Withered),
        ("the leaf of Yunwu", YunwuLeaf), ("the leaf of Longxi", LongxiLeaf), ("the case", Case),
    ];

    /// <summary>Path of an item's page.</summary>
    public static string PathOf(string item) => item[CanonicalDigitalLink.Domain.Length..];

    /// <summary>A place, as a GLN of its organisation.</summary>
    public static string Place(TeaOrganisation organisation, int number) => $"{CanonicalDigitalLink.Domain}/414/{Gln(organisation, number)}";

    /// <summary>A party, as a GLN of its own.</summary>
    public static string Party(TeaOrganisation organisation) => $"{CanonicalDigitalLink.Domain}/417/{Gln(organisation, 0)}";

    /// <summary>GLN of an organisation.</summary>
    public static string Gln(TeaOrganisation organisation, int number) =>
        WithCheckDigit(string.Create(CultureInfo.InvariantCulture, $"{organisation.CompanyPrefix}{number:00000}"));

    private static string Gtin(TeaOrganisation organisation, int indicator, int reference) =>
        WithCheckDigit(string.Create(CultureInfo.InvariantCulture, $"{indicator}{organisation.CompanyPrefix}{reference:00000}"));

    private static string Lot(string gtin, string lot) => $"{CanonicalDigitalLink.Domain}/01/{gtin}/10/{lot}";

    private static string WithCheckDigit(string digits) => digits + CheckDigit.Compute(digits);
}
