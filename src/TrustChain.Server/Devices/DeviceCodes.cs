using System.Security.Cryptography;
using System.Text;

namespace TrustChain.Server.Devices;

/// <summary>Claim codes: 130 random bits in the letters and digits that nobody mistakes for another, in groups of five.</summary>
internal static class DeviceCodes
{
    private const string Alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"; // 32: no 0, 1, I, O

    /// <summary>How long a code is good for.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>A new code.</summary>
    public static string Make() => string.Join('-', Enumerable.Range(0, 5).Select(static _ => RandomNumberGenerator.GetString(Alphabet, 5)).Append(RandomNumberGenerator.GetString(Alphabet, 1)));

    /// <summary>What is stored of it: SHA-256 of its letters and digits; null for what is no code. Case and hyphens do not count.</summary>
    public static byte[]? Hash(string code)
    {
        if (code.Length > 64)
        {
            return null;
        }
        var bare = code.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();
        return bare.Length == 26 && bare.All(static c => Alphabet.Contains(c, StringComparison.Ordinal)) ? SHA256.HashData(Encoding.ASCII.GetBytes(bare)) : null;
    }
}
