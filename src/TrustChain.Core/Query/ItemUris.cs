using TrustChain.Core.Identifiers;

namespace TrustChain.Core.Query;

/// <summary>The one spelling under which a URI is indexed and compared.</summary>
public static class ItemUris
{
    /// <summary>
    /// The URI with its percent escapes in upper case (RFC 3986 section 6.2.2.1): the event hash keeps escapes as they were written, but <c>%2f</c> and
    /// <c>%2F</c> are one item.
    /// </summary>
    public static string Normalise(string canonicalUri)
    {
        if (!canonicalUri.Contains('%', StringComparison.Ordinal))
        {
            return canonicalUri;
        }
        return string.Create(canonicalUri.Length, canonicalUri, static (output, uri) =>
        {
            for (var i = 0; i < uri.Length; i++)
            {
                var escaped = (i >= 1 && uri[i - 1] == '%') || (i >= 2 && uri[i - 2] == '%');
                output[i] = escaped && char.IsAsciiHexDigit(uri[i]) ? char.ToUpperInvariant(uri[i]) : uri[i];
            }
        });
    }

    /// <summary>Canonical Digital Link of a GS1 key in any URI form, any other URI as it is; normalised.</summary>
    public static string Canonicalise(string uri) => Normalise(CanonicalDigitalLink.TryCanonicalise(uri, out var canonical) ? canonical : uri);
}
