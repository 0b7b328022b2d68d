namespace TrustChain.Core.Epcis.Xml;

/// <summary>The form of what <see cref="EpcisXmlWriter"/> writes.</summary>
public sealed record EpcisXmlWriteOptions
{
    /// <summary>EPCIS 2.0, or 1.2 for clients that know no newer one. Default 2.0.</summary>
    public EpcisXmlVersion Version { get; init; } = EpcisXmlVersion.V2;

    /// <summary>How standard vocabulary of the CBV is spelt.</summary>
    public EpcisXmlCbvFormat CbvFormat { get; init; } = EpcisXmlCbvFormat.NoPreference;
}

/// <summary>Something of the JSON that the XML does not have.</summary>
/// <param name="JsonPointer">JSON Pointer (RFC 6901) to the value left out, from the text given; empty for the whole event.</param>
/// <param name="Reason">One sentence for people.</param>
public sealed record EpcisXmlLoss(string JsonPointer, string Reason);
