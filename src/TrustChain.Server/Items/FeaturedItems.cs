using TrustChain.Core.Batches;
using TrustChain.Core.Identifiers;
using TrustChain.Postgres.Items;
using TrustChain.Server.Capture;
using TrustChain.Server.Pages;

namespace TrustChain.Server.Items;

/// <summary>Items that the home page leads to: the newest registered batches of organisations whose template is public.</summary>
internal sealed class FeaturedItems(BatchStore batches, TemplateCatalog templates)
{
    public async Task<IReadOnlyList<HomeItem>> ListAsync(PageLanguage language, CancellationToken cancellationToken) =>
        [.. (await batches.ListNewestAsync(10, cancellationToken))
            .Where(b => b.Item.StartsWith(CanonicalDigitalLink.Domain, StringComparison.Ordinal))
            .Select(b => new HomeItem($"{b.Name} · {b.Item[(b.Item.LastIndexOf('/') + 1)..]}", b.Item[CanonicalDigitalLink.Domain.Length..], Remark(b, language)))];

    private Phrase? Remark(StoredBatch batch, PageLanguage language) => batch.State == nameof(BatchState.Recalled)
        ? language == PageLanguage.Chinese ? new Phrase("已召回", "zh-CN") : new Phrase("Recalled", "en")
        : templates.Find(batch.Template) is { } template ? new Phrase(template.Title.In(language.Code()), language.Tag()) : null;
}
