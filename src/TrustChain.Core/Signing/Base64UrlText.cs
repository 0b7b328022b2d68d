using System.Buffers.Text;

namespace TrustChain.Core.Signing;

/// <summary>base64url without padding (RFC 7515 appendix C), strict: no padding, no white space, and the unused bits of the last character are zero.</summary>
public static class Base64UrlText
{
    /// <summary>Encodes without padding.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>Decodes, or answers false when the text is not the one canonical encoding of some bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length % 4 == 1 || text.ContainsAnyExcept(Alphabet))
        {
            return false;
        }
        var decoded = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        // Done also means that the unused bits of the last character are zero: anything else is invalid data.
        if (Base64Url.DecodeFromChars(text, decoded, out var consumed, out var written) != System.Buffers.OperationStatus.Done || consumed != text.Length)
        {
            return false;
        }
        bytes = decoded.Length == written ? decoded : decoded[..written];
        return true;
    }

    private static readonly System.Buffers.SearchValues<char> Alphabet =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
