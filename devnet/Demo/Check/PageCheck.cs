namespace TrustChain.Devnet.Demo.Check;

/// <summary>What the pages must say, in both languages.</summary>
internal sealed class PageCheck(DemoClient client, TeaDemo demo, CheckReport report)
{
    private sealed record Wording(
        string Language,
        string Checked,
        string Recalled,
        string Lifted,
        string Valid,
        string Expired,
        string Withdrawn,
        string Custodial,
        string Private,
        IReadOnlyList<string> Steps);

    private static readonly Wording[] Languages =
    [
        new("zh", "已核验", "已召回", "解除", "当前有效", "已到期", "已撤销", "由本平台代企业签名", "施肥方案",
            ["采摘", "采摘", "萎凋", "杀青", "揉捻", "干燥", "批次登记", "检验", "包装", "包装", "发货", "收货", "拆箱", "零售"]),
        new("en", "Checked", "Recalled", "Lifted", "Valid today", "Ended", "Withdrawn", "Signed by this service on the producer's behalf", "Fertilising plan",
            ["Plucking", "Plucking", "Withering", "Fixing (kill-green)", "Rolling", "Drying", "Batch registered", "Inspection", "Packing", "Packing", "Shipping", "Receiving",
                "Unpacking", "Retail sale"]),
    ];

    /// <summary>The first tin, whose story ends well.</summary>
    public async Task TinAsync(CancellationToken cancellationToken)
    {
        foreach (var wording in Languages)
        {
            var page = await PageText.GetAsync(client, demo.Items.Tins[0], wording.Language, null, cancellationToken);
            var words = page.Words;
            report.Add($"The tin's page ({wording.Language}) says that its records were checked", page.Answer == wording.Checked ? null : $"it says \"{page.Answer}\"");
            report.Add($"The tin's page ({wording.Language}) tells product, origin and variety", Lacks(words, TeaItems.ProductName, TeaItems.Origin, TeaItems.Variety));
            report.Add($"The tin's page ({wording.Language}) tells the way from both gardens to the shop in order", Steps(page, wording));
            var names = TeaOrganisations.All.Where(static o => o != TeaOrganisations.Carrier).Select(static o => o.Name);
            report.Add($"The tin's page ({wording.Language}) names everybody who says something public", Lacks(words, names));
            report.Add($"The tin's page ({wording.Language}) marks the one step that the service signed", Lacks(words, wording.Custodial));
            Certificates(page, wording);
        }
    }

    /// <summary>The recall of the last tin, while it is in force and after.</summary>
    public async Task RecallAsync(CancellationToken cancellationToken)
    {
        await demo.RecallAsync(client, () => LookAsync(inForce: true), cancellationToken);
        await LookAsync(inForce: false);

        async Task LookAsync(bool inForce)
        {
            foreach (var wording in Languages)
            {
                var page = await PageText.GetAsync(client, demo.Items.Tins[^1], wording.Language, null, cancellationToken);
                var other = await PageText.GetAsync(client, demo.Items.Tins[0], wording.Language, null, cancellationToken);
                var fault = (page.Answer == wording.Recalled) != inForce ? $"it says \"{page.Answer}\""
                    : !inForce && !page.Cards.Any(c => c.Contains(wording.Lifted, StringComparison.Ordinal)) ? "no notice says that it was lifted"
                    : other.Answer == wording.Recalled ? "another tin is called recalled"
                    : null;
                var claim = inForce ? "says so at once, and the first tin's does not" : "no longer says so once the recall is lifted, and keeps the notice";
                report.Add($"The recalled tin's page ({wording.Language}) {claim}", fault);
            }
        }
    }

    /// <summary>The private step is on the page of its owner only.</summary>
    public async Task PrivateStepAsync(CancellationToken cancellationToken)
    {
        foreach (var wording in Languages)
        {
            var anybody = (await PageText.GetAsync(client, demo.Items.YunwuLeaf, wording.Language, null, cancellationToken)).Steps;
            var owner = (await PageText.GetAsync(client, demo.Items.YunwuLeaf, wording.Language, demo.ApiKeyOf(TeaOrganisations.Yunwu), cancellationToken)).Steps;
            var fault = Has(anybody) ? "anybody sees it" : !Has(owner) ? "its owner does not see it" : null;
            report.Add($"The page of the leaf ({wording.Language}) shows the fertilising plan to its garden and to nobody else", fault);

            bool Has(IReadOnlyList<string> steps) => steps.Any(s => s.Contains(wording.Private, StringComparison.Ordinal));
        }
    }

    private void Certificates(PageText page, Wording wording)
    {
        var cards = page.Cards;
        foreach (var certificate in TeaPapers.Certificates(demo.State.Season, demo.Items))
        {
            var (what, word) = certificate.RevokedBecause is not null ? ("withdrawn", wording.Withdrawn)
                : certificate.Kind == "green-food" ? ("ended", wording.Expired)
                : ("valid", wording.Valid);
            var card = cards.FirstOrDefault(c => c.StartsWith(certificate.Name, StringComparison.Ordinal));
            string[] states = [wording.Valid, wording.Expired, wording.Withdrawn];
            var said = card is null ? [] : states.Where(s => card.Contains(s, StringComparison.Ordinal)).ToList();
            var fault = card is null ? "it is not on the page" : said is [var only] && only == word && card.Contains(certificate.Number, StringComparison.Ordinal) ? null : card;
            report.Add($"The tin's page ({wording.Language}) shows the {certificate.Kind} certificate as {what}", fault);
        }
    }

    /// <summary>Packings of other tins from the same lot may stand between; the rest must be there in order.</summary>
    private static string? Steps(PageText page, Wording wording)
    {
        var expected = 0;
        foreach (var title in page.Steps)
        {
            if (expected < wording.Steps.Count && title.StartsWith(wording.Steps[expected], StringComparison.Ordinal))
            {
                expected++;
            }
        }
        return expected == wording.Steps.Count ? null : $"\"{wording.Steps[expected]}\" is missing among {string.Join(", ", page.Steps)}";
    }

    private static string? Lacks(string words, params IEnumerable<string> expected) =>
        expected.FirstOrDefault(e => !words.Contains(e, StringComparison.Ordinal)) is { } missing ? $"\"{missing}\" is missing" : null;
}
