using TrustChain.Core.Identifiers;
using TrustChain.Core.Query;
using TrustChain.Postgres.Capture;
using TrustChain.Server.Hosting;

namespace TrustChain.Server.Items;

/// <summary>Reads the item that a request is about.</summary>
internal static class ItemUri
{
    /// <summary>Canonical URI of a GS1 key in any of its forms, or any other absolute URI as it is; null with a fault for anything else.</summary>
    public static string? Read(string text, JsonFields fields, string member = "item")
    {
        if (Gs1Identifier.TryParse(text, out var id, out var error))
        {
            if (id.CheckDigitOk != false)
            {
                return ItemUris.Normalise(id.DigitalLink);
            }
            fields.Fault(member, "has a wrong check digit.");
            return null;
        }
        var looksLikeGs1 = text.StartsWith("urn:epc:", StringComparison.OrdinalIgnoreCase) || text.StartsWith('(')
            || text.StartsWith(CanonicalDigitalLink.Domain, StringComparison.OrdinalIgnoreCase);
        if (!looksLikeGs1 && Uri.IsWellFormedUriString(text, UriKind.Absolute))
        {
            return ItemUris.Normalise(text);
        }
        fields.Fault(member, looksLikeGs1 ? $"is not a valid GS1 identifier: {error}" : "must be an absolute URI.");
        return null;
    }
}
