using TrustChain.Core.Log;

namespace TrustChain.Core.Epcis;

/// <summary>The CBV 2.0 event hash (section 8.9.2): says what is stated, not who states it.</summary>
public static class EventHash
{
    private const string UriStart = "ni:///sha-256;";
    private const string UriEnd = "?ver=CBV2.0";

    /// <summary>The hash as <c>ni:///sha-256;…?ver=CBV2.0</c> with 64 lower-case hexadecimal digits.</summary>
    public static string ToUri(Hash32 hash) => $"{UriStart}{hash.ToHex()}{UriEnd}";

    /// <summary>Reads <c>ni:///sha-256;…?ver=CBV2.0</c>; hexadecimal digits of either case.</summary>
    public static bool TryParseUri(ReadOnlySpan<char> uri, out Hash32 hash)
    {
        hash = default;
        return uri.StartsWith(UriStart, StringComparison.Ordinal) && uri.EndsWith(UriEnd, StringComparison.Ordinal)
            && uri.Length == UriStart.Length + (Hash32.Size * 2) + UriEnd.Length
            && Hash32.TryParseHex(uri.Slice(UriStart.Length, Hash32.Size * 2), out hash);
    }

    /// <summary>The text whose UTF-8 bytes are hashed. For explanations and tests: the event is read anew.</summary>
    public static string ComputePreHash(EpcisEvent epcisEvent) => EpcisReader.ComputePreHash(epcisEvent.ToStandaloneUtf8());
}
