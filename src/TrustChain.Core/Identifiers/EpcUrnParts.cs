namespace TrustChain.Core.Identifiers;

/// <summary>Which URN family an EPC URN belongs to.</summary>
internal enum EpcUrnForm
{
    /// <summary><c>urn:epc:id:</c>: one instance.</summary>
    Instance,

    /// <summary><c>urn:epc:class:</c>: a lot of a trade item.</summary>
    Lot,

    /// <summary><c>urn:epc:idpat:</c> with <c>*</c> for the serial: the class of all instances.</summary>
    Pattern,
}

/// <summary>The parts of an EPC URN as slices of it; read by <see cref="EpcUrn.TryRead"/>, which has checked lengths and characters.</summary>
internal readonly ref struct EpcUrnParts
{
    /// <summary>The scheme named in the URN.</summary>
    public required EpcScheme Scheme { get; init; }

    /// <summary>The URN family.</summary>
    public required EpcUrnForm Form { get; init; }

    /// <summary>Company prefix, 6 to 12 digits.</summary>
    public required ReadOnlySpan<char> Prefix { get; init; }

    /// <summary>Reference as written: digits (may be empty), or text with its escapes.</summary>
    public required ReadOnlySpan<char> Reference { get; init; }

    /// <summary>Piece number of an ITIP, two digits; else empty.</summary>
    public ReadOnlySpan<char> Piece { get; init; }

    /// <summary>Number of pieces of an ITIP, two digits; else empty.</summary>
    public ReadOnlySpan<char> Total { get; init; }

    /// <summary>Serial, extension or lot as written, with its escapes; empty for a pattern and for schemes without one.</summary>
    public ReadOnlySpan<char> Serial { get; init; }
}
