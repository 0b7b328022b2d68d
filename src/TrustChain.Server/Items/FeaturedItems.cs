using TrustChain.Core.Identifiers;
using TrustChain.Postgres.Items;
using TrustChain.Server.Capture;
using TrustChain.Server.Pages;

namespace TrustChain.Server.Items;

/// <summary>Items that the home page leads to: the newest registered batches of organisations whose template is public.</summary>
internal sealed class FeaturedItems(BatchStore batches, TemplateCatalog templates)
{
    public async Task<IReadOnlyList<HomeItem>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await batches.ListNewestAsync(10, cancellationToken))
            .Where(b => b.Item.StartsWith(CanonicalDigitalLink.Domain, StringComparison.Ordinal))
            .Select(b => new HomeItem(b.Name, b.Item[CanonicalDigitalLink.Domain.Length..], templates.Find(b.Template) is { } t ? new Phrase($"{t.Title.Zh} · {t.Title.En}") : null))];
}
