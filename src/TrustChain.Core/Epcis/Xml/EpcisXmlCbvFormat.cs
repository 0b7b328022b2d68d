namespace TrustChain.Core.Epcis.Xml;

/// <summary>
/// How standard vocabulary of the CBV is spelt in written XML: the values of the header <c>GS1-CBV-XML-Format</c> of the EPCIS 2.0 REST bindings. The
/// GS1 Web Vocabulary (sensor types) and sensor components have web URIs only.
/// </summary>
public enum EpcisXmlCbvFormat
{
    /// <summary><c>No_Preference</c>: web URIs in EPCIS 2.0, URNs in 1.2, which knows no other.</summary>
    NoPreference,

    /// <summary><c>Always_Web_URI</c>: <c>https://ref.gs1.org/cbv/BizStep-shipping</c>, stored URNs too.</summary>
    AlwaysWebUri,

    /// <summary><c>Always_URN</c>: <c>urn:epcglobal:cbv:bizstep:shipping</c>, stored web URIs too.</summary>
    AlwaysUrn,

    /// <summary>
    /// <c>Never_Translates</c>: URIs as stored. Bare words, which XML does not have, are written as with <see cref="NoPreference"/>.
    /// </summary>
    NeverTranslates,
}
