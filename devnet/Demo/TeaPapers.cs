using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrustChain.Core.Log;

namespace TrustChain.Devnet.Demo;

/// <summary>A certificate of the tea demo.</summary>
/// <param name="Kind">Kind by the tea template.</param>
/// <param name="Name">Its name in both languages.</param>
/// <param name="Number">Its number.</param>
/// <param name="By">Who issues it.</param>
/// <param name="Item">What it is about.</param>
/// <param name="From">First day, in UTC as the pages show it.</param>
/// <param name="Until">Last day, likewise.</param>
/// <param name="RevokedBecause">Why it was withdrawn, if it was.</param>
internal sealed record TeaCertificate(
    string Kind, string Name, string Number, TeaOrganisation By, string Item, DateOnly From, DateOnly Until, string? RevokedBecause = null)
{
    /// <summary>Name of the certificate on the devnet.</summary>
    public string Id => $"tea-{Kind}-{Number.ToLowerInvariant()}";

    /// <summary>What its issuer signs.</summary>
    /// <param name="document">Digest of the certificate as a document, if there is one.</param>
    public JsonObject ToStatement(string? document)
    {
        var json = new JsonObject
        {
            ["act"] = "issue",
            ["certificate"] = Id,
            ["issuer"] = By.Id,
            ["item"] = Item,
            ["name"] = Name,
            ["number"] = Number,
            ["type"] = Kind,
            ["v"] = 1,
            ["validFrom"] = Record.FormatTime(new DateTimeOffset(From, default, TimeSpan.Zero)),
            ["validUntil"] = Record.FormatTime(new DateTimeOffset(Until, new TimeOnly(23, 59, 59), TimeSpan.Zero)),
        };
        if (document is not null)
        {
            json["document"] = document;
        }
        return json;
    }

    /// <summary>What its issuer signs to withdraw it.</summary>
    public JsonObject ToRevocation() => new()
    {
        ["act"] = "revoke",
        ["certificate"] = Id,
        ["issuer"] = By.Id,
        ["reason"] = RevokedBecause,
        ["v"] = 1,
    };
}

/// <summary>The certificates and documents of the tea demo: seven kinds, one expired, one withdrawn.</summary>
internal static class TeaPapers
{
    public const string InspectionReport = "inspection-report";
    public const string OrganicCertificate = "organic-certificate";

    public static IReadOnlyList<TeaCertificate> Certificates(int season, TeaItems items) =>
    [
        new("organic", "有机产品认证证书 Organic product certificate", $"QH-OP-{season}-0117", TeaOrganisations.Certifier, items.YunwuLeaf, new(season - 1, 6, 1), new(season + 4, 5, 31)),
        new("green-food", "绿色食品证书 Green food certificate", $"QH-GF-{season - 4}-0532", TeaOrganisations.Certifier, items.LongxiLeaf, new(season - 4, 1, 1), new(season - 1, 12, 31)),
        new("geographical-indication", "云雾山茶地理标志 Yunwu Mountain Tea", $"YW-GI-{season - 2}-008", TeaOrganisations.Association, items.MadeTea, new(season - 2, 3, 1), new(season + 8, 2, 28)),
        new("food-safety", "食品安全管理体系认证 Food safety management", $"QH-FS-{season - 1}-0209", TeaOrganisations.Certifier, items.MadeTea, new(season - 1, 9, 1), new(season + 5, 8, 31),
            "监督审核未按期进行 The yearly audit did not take place"),
        new("pesticide-residue", "农药残留检测证书 Pesticide residue certificate", $"QY-PR-{season}-0402", TeaOrganisations.Laboratory, items.MadeTea, new(season, 4, 2), new(season + 5, 4, 1)),
        new("origin", "产地证明 Certificate of origin", $"YW-CO-{season}-0329", TeaOrganisations.Association, items.MadeTea, new(season, 3, 29), new(season + 5, 3, 28)),
        new("fair-trade", "公平贸易认证 Fair trade certificate", $"QH-FT-{season - 1}-0044", TeaOrganisations.Certifier, items.LongxiLeaf, new(season - 1, 3, 1), new(season + 5, 2, 28)),
    ];

    /// <summary>The laboratory's report as a PDF.</summary>
    public static byte[] WriteReport(int season, TeaItems items) => Pdf.Write(
    [
        "Inspection report QY-" + season.ToString(CultureInfo.InvariantCulture) + "-0402",
        "检验报告", "",
        TeaOrganisations.Laboratory.Name, $"Lot / batch: {items.MadeTeaLot}, GTIN {TeaItems.MadeTeaGtin}", TeaItems.ProductName, "",
        "Sampled: 0.5 kg of 46.2 kg", "抽样：四十六点二千克中取半千克", "",
        "Water: 5.2 % (limit 7.0 %)", "Total ash: 5.6 % (limit 7.0 %)", "Crude fibre: 10.8 % (limit 16.0 %)",
        "Water extract: 41.3 % (at least 34.0 %)", "Lead: 0.41 mg/kg (limit 5.0 mg/kg)", "71 pesticides: none above its limit", "",
        "结论：所检项目合格。", "Result: all items tested are within their limits.", "",
        "This document belongs to a demonstration; all names are made up.",
    ]);

    /// <summary>The organic certificate as a PDF.</summary>
    public static byte[] WriteCertificate(TeaCertificate certificate, TeaItems items) => Pdf.Write(
    [
        "Organic product certificate", certificate.Name, "", $"Number: {certificate.Number}", $"Lot: {items.YunwuLot}", TeaOrganisations.Yunwu.Name, certificate.By.Name, "",
        string.Create(CultureInfo.InvariantCulture, $"Valid from {certificate.From:yyyy-MM-dd} to {certificate.Until:yyyy-MM-dd}"), "",
        "This document belongs to a demonstration; all names are made up.",
    ]);

    /// <summary>What the factory signs to recall an item.</summary>
    public static JsonObject Recall(string id, string item) => new()
    {
        ["act"] = "set",
        ["instructions"] = "请勿饮用，凭罐退换 Do not drink it; bring the tin back to the shop",
        ["item"] = item,
        ["organisation"] = TeaOrganisations.Factory.Id,
        ["reason"] = "罐盖密封可能不良 The lid may not close tightly",
        ["recall"] = id,
        ["v"] = 1,
    };

    /// <summary>What the factory signs to lift it.</summary>
    public static JsonObject Lift(string id) => new()
    {
        ["act"] = "lift",
        ["organisation"] = TeaOrganisations.Factory.Id,
        ["reason"] = "复检合格 Found in order on inspection",
        ["recall"] = id,
        ["v"] = 1,
    };

    /// <summary>A statement's bytes in canonical form, as they are signed.</summary>
    public static byte[] Canonical(JsonObject statement)
    {
        using var document = JsonDocument.Parse(DemoClient.ToUtf8(statement));
        return Core.Canonical.Jcs.Canonicalize(document.RootElement);
    }
}
